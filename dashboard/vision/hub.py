"""One picture seen by models of somebody else's, where the machine's owner named some: what it shows, what is on it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import components, engineers, theme
from dashboard.charts import pictures
from dashboard.i18n.translation import _, number, share
from dashboard.markup import literal
from dashboard.vision import answers, counts
from dashboard.vision import pictures as vision_lab_pictures
from dashboard.vision.answers import HUB, LIKELY, Seen, Thing
from dashboard.vision.pictures import Chosen
from models import hub

MAX_NAMED = 4
"""Kinds of things that the headline names."""
SHOWN = 0.01
"""Probability from which a label has its bar; the table holds the others."""
MAX_LABELLED = 20
"""Boxes that still have room for their labels."""


def tasks() -> dict[str, str]:
    """What the named models can be asked for, by task; nothing by default."""
    titles = {"whole": _("Whole picture"), "objects": _("Objects")}
    return {task: title for task, title in titles.items() if hub.wanted(HUB[task])}


def whole(chosen: Chosen) -> None:
    """What the picture as a whole shows: the likeliest labels."""
    seen = answers.ask("whole", chosen)
    st.title(_headline_whole(seen))
    _about("whole", seen, chosen)
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        components.chart(
            pictures.overlay(chosen.address, chosen.pixels.shape[:2], [], components.look(), chosen.digest),
            lambda: labels(seen),
            "vision_labels",
            _("The picture that was looked at"),
            vision_lab_pictures.source(chosen),
            pictures.CONFIG,
        )
    if seen.found:
        with right:
            st.subheader(_("What does it show?"))
            for one in [one for one in seen.found if one.probability >= SHOWN] or seen.found[:1]:
                st.progress(
                    min(max(one.probability, 0.0), 1.0), text=f"{literal(one.label)} · {share(one.probability)}"
                )
            st.caption(
                _("The likeliest of the labels it knows, in its own words; whatever it is shown, it names some.")
            )
    _foot(seen, chosen)


def objects(chosen: Chosen) -> None:
    """Which things are on the picture, and where."""
    seen = answers.ask("objects", chosen)
    st.title(_headline_objects(seen))
    _about("objects", seen, chosen)
    _drawn(chosen, seen)
    _foot(seen, chosen)


@st.fragment  # the slider draws this part again, and runs no network
def _drawn(chosen: Chosen, seen: Seen) -> None:
    least = counts.least_confidence("objects", bool(seen.found))
    shown = [one for one in seen.found if one.confidence >= least]
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        shapes = _shapes(shown, _colours(seen.found))
        counts.picture(chosen, chosen.address, shapes, lambda: counts.table(shown), medical=False)
    if not seen.found:
        return
    with right:
        st.subheader(_("What is where?"))
        if shown:
            st.dataframe(
                pd.DataFrame(
                    {
                        _("Kind"): [one.kind for one in shown],
                        _("Confidence"): [round(one.confidence, 3) for one in shown],
                    }
                ),
                hide_index=True,
                column_config={
                    _("Confidence"): st.column_config.ProgressColumn(
                        format="percent", min_value=0, max_value=1, width=90
                    )
                },
            )
        st.caption(
            _(
                "{shown} of {all} boxes are drawn: those with a confidence of at least {least}. Words and confidence "
                "are the model's own; nothing was calibrated here."
            ).format(shown=number(len(shown), 9), all=number(len(seen.found), 9), least=share(least))
        )


def _about(task: str, seen: Seen, chosen: Chosen) -> None:
    if not seen.problem:
        whose(task)
    counts.about(seen, chosen)


def whose(task: str) -> None:
    """That the model of a task is not ours, and where it comes from; nothing where its name is none."""
    name = hub.wanted(HUB[task])
    if hub.folder(name):
        told = _("This model is not ours: {model}, from a folder on this machine. Its quality was not judged here.")
        told = told.format(model=literal(hub.title(name)))
    elif hub.is_id(name):
        told = _(
            "This model is not ours: [{model}](https://huggingface.co/{model}) of the Hugging Face hub, under its own "
            "licence. Its quality was not judged here."
        ).format(model=name)
    else:
        return
    st.info(told, icon=":material/public:")


def _foot(seen: Seen, chosen: Chosen) -> None:
    engineers.details(answers.cost(seen, chosen) or _("No model has answered."))


def _colours(things: Sequence[Thing]) -> dict[str, str]:
    """A colour a kind, the most frequent first, whatever is shown of them."""
    kinds = [kind for kind, _count in Counter(one.kind for one in things).most_common()]
    return {kind: theme.CATEGORIES[place % len(theme.CATEGORIES)] for place, kind in enumerate(kinds)}


def _shapes(shown: Sequence[Thing], colours: dict[str, str]) -> list[pictures.Shape]:
    labelled, made = len(shown) <= MAX_LABELLED, []
    for one in shown:
        told = _("{kind} {number}: confidence {share}")
        told = told.format(kind=one.kind, number=one.number, share=share(one.confidence))
        made.append(
            pictures.Shape(
                one.outline, colours[one.kind], (told,), one.kind if labelled else "", dashed=one.confidence < LIKELY
            )
        )
    return made


def _headline_whole(seen: Seen) -> str:
    if not seen.found:
        return _("No model has looked at this yet")
    first = seen.found[0]
    told = _("Most likely {label}, {share}") if first.probability >= LIKELY else _("Perhaps {label}, {share}")
    return told.format(label=literal(first.label), share=share(first.probability))


def _headline_objects(seen: Seen) -> str:
    if seen.problem:
        return _("No model has looked at this yet")
    told = counted(seen.found)
    return _("Found: {what}").format(what=literal(told)) if told else _("No object found")


def counted(things: Sequence[Thing]) -> str:
    """The things that are likelier than not, by kind, the most frequent first; "" for none."""
    kinds = Counter(one.kind for one in things if one.confidence >= LIKELY).most_common()
    told = [kind if count == 1 else f"{kind} × {number(count, 9)}" for kind, count in kinds[:MAX_NAMED]]
    if len(kinds) > MAX_NAMED:
        told.append(_("{n} more kinds").format(n=number(len(kinds) - MAX_NAMED, 9)))
    return _(", ").join(told)


def labels(seen: Seen) -> pd.DataFrame:
    """A row a label: the label and its probability, the likeliest first."""
    rows = [(one.label, round(one.probability, 4)) for one in seen.found]
    return pd.DataFrame(rows, columns=["label", "probability"])


def row(task: str, seen: Seen) -> dict[str, Any]:
    """What a table of several pictures tells of one."""
    if task == "objects":
        sure = sum(one.confidence >= LIKELY for one in seen.found)
        return {"objects": counted(seen.found), "count": sure, "problem": ""}
    first = seen.found[0]
    return {"label": first.label, "probability": round(first.probability, 4), "problem": ""}
