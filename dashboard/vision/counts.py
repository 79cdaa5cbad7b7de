"""One picture in which things are counted: the answer, the picture with outlines over it, counts, sizes, cost."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard import components, engineers
from dashboard.charts import pictures
from dashboard.i18n.translation import _, number, share
from dashboard.markup import literal
from dashboard.vision import answers
from dashboard.vision import pictures as vision_lab_pictures
from dashboard.vision.answers import LIKELY, Seen, Thing
from dashboard.vision.pictures import Chosen

COLOURS = {"nucleus": "#E69F00", "RBC": "#0072B2", "WBC": "#E69F00", "Platelets": "#009E73"}
MIN_SIZES = 4
TRUE = ":material/fact_check: "


def things(task: str, chosen: Chosen) -> None:
    """Answer, picture, counts, sizes, cost. task: "nuclei" or "cells"."""
    seen = answers.ask(task, chosen)
    st.title(answers.headline(task, seen))
    no_device()
    answers.banner(task, seen)
    about(seen, chosen)
    _drawn(task, chosen, seen)
    foot(task, seen, chosen)


def no_device() -> None:
    """What a hospital has to know before it reads a number."""
    st.markdown(_("**Not a medical device.** For research and demonstration; a person must check every result."))


def foot(task: str, seen: Seen, chosen: Chosen) -> None:
    """How good the model is for such a picture, and what it cost to look for those who run it."""
    if told := answers.quality(task, seen):
        st.caption(told)
    engineers.details(answers.cost(seen, chosen) or _("No model has answered."))


def about(seen: Seen, chosen: Chosen) -> None:
    """What to know of the picture before its answer is believed."""
    if seen.problem:
        told = seen.problem if seen.ours else literal(seen.problem)
        engineers.problem(told, _("The model that looks at such pictures cannot answer at present."))
    if told := vision_lab_pictures.noted(chosen):
        st.caption(told)


@st.fragment  # the slider draws this part again, and runs no network
def _drawn(task: str, chosen: Chosen, seen: Seen) -> None:
    if seen.unlike:  # nothing that was found in it is worth showing
        picture(chosen, chosen.address, [], lambda: table([]))
        return
    address, label = chosen.address, None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="vision_controls"):
        least = least_confidence(task, bool(seen.found))
        where = st.toggle(
            _("Heat map"), key=f"vision_where_{task}", disabled=bool(seen.problem),
            help=_("Which places of the picture speak most for what was found."),
        )  # fmt: skip
        if where and task == "cells":
            label = _looked_for(task)
        um = _scale(task)
    if where and not seen.problem:
        address = looked_at(task, chosen, label)
    shown = [one for one in seen.found if one.confidence >= least]
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        picture(chosen, address, [_shape(task, one, um) for one in shown], lambda: table(shown, um))
    with right:
        _truth(chosen)
    if not seen.found:
        return
    with right:
        _counts(task, seen, shown, least)
        if task == "nuclei" and len(shown) >= MIN_SIZES:
            _sizes(shown, um)


def _truth(chosen: Chosen) -> None:
    """What is on the picture in truth, where somebody counted or this program drew it."""
    if not chosen.truth:
        return
    there = _(", ").join(answers.counted(kind, count) for kind, count in chosen.truth if count)
    if chosen.drawn:
        template = _("In truth the drawing holds {things}.")
    elif "nucleus" in dict(chosen.truth):
        template = _("People counted {things} in it.")
    else:
        template = _("People labelled {things} in it; they left out some at the edge or under others.")
    st.markdown(TRUE + template.format(things=there))


def looked_at(task: str, chosen: Chosen, label: str | None = None) -> str:
    """The `encoded` address of the picture under where the network looked; of the picture alone, where nobody knows."""
    told = answers.heat(task, chosen, label)
    if isinstance(told, str):
        st.info(told, icon=":material/info:")
        return chosen.address
    return pictures.encoded(pictures.heated(chosen.pixels, told))


def least_confidence(task: str, something: bool, default: float = LIKELY) -> float:
    """The slider: what is less likely is not drawn. something: whether there is anything to draw."""
    percent = st.slider(
        _("Hide below, %"), 0, 99, round(100 * default), key=f"vision_least_{task}", persist_state="session",
        width=260, disabled=not something, help=_("Less likely finds are not drawn. The count stays the same."),
    )  # fmt: skip
    return percent / 100


def _looked_for(task: str) -> str | None:
    kinds = {"": _("All kinds")} | {k: answers.kinds_name(k) for k in answers.kinds(task)}
    chosen = st.segmented_control(
        _("Kind"), list(kinds), default="", key="vision_kind", format_func=kinds.get, label_visibility="collapsed",
        required=True,
    )  # fmt: skip
    return chosen or None


def _scale(task: str) -> float | None:
    """Micrometres a pixel of the picture brought, where the reader knows."""
    if task != "nuclei":
        return None
    return st.number_input(
        _("µm per pixel"), min_value=0.001, max_value=100.0, value=None, step=None, format="%.4g", width=140,
        key="vision_um", placeholder=_("unknown"), persist_state="session",
        help=_("Sizes are then given in square micrometres."),
    )  # fmt: skip


def picture(
    chosen: Chosen,
    address: str,
    shapes: list[pictures.Shape],
    rows: Callable[[], pd.DataFrame],
    medical: bool = True,
) -> None:
    """The picture (its `encoded` address) under its shapes, and their rows to take away."""
    components.chart(
        pictures.overlay(address, chosen.pixels.shape[:2], shapes, components.look(), chosen.digest),
        rows,
        "vision_things",
        _("The picture with what was found drawn over it"),
        vision_lab_pictures.source(chosen),
        pictures.CONFIG,
    )
    png(chosen, shapes, medical)


def png(chosen: Chosen, shapes: list[pictures.Shape], medical: bool = False) -> None:
    """The picture with its outlines, to take away; with the notice on it where it is of cells."""
    st.download_button(
        _("Download PNG"), lambda: pictures.drawn_over(chosen.pixels, shapes, pictures.NOTICE if medical else ""),
        "lepton-atlas-picture.png", "image/png",
        icon=":material/image:", key="png_vision", on_click="ignore", type="tertiary",
    )  # fmt: skip


def _shape(task: str, one: Thing, um: float | None) -> pictures.Shape:
    name = answers.kind_name(one.kind)
    told = [_("{kind} {number}: {share} likely").format(kind=name, number=one.number, share=share(one.confidence))]
    if task == "nuclei":
        told.append(_("area {area}").format(area=_area(one.area, um)))
    if one.second and one.second[0] != one.kind:
        told.append(
            _("seen alone: {kind}, {share}").format(kind=answers.kind_name(one.second[0]), share=share(one.second[1]))
        )
    return pictures.Shape(one.outline, COLOURS[one.kind], tuple(told), dashed=_doubted(one))


def _doubted(one: Thing) -> bool:
    return one.confidence < LIKELY or bool(one.second and one.second[0] != one.kind)


def _area(pixels: float, um: float | None) -> str:
    if um:
        return _("{area} µm²").format(area=number(pixels * um**2))
    return _("{area} pixels").format(area=number(pixels))


def _counts(task: str, seen: Seen, shown: list[Thing], least: float) -> None:
    told = answers.expected(task, seen.found)
    st.subheader(_("How many are there?"))
    rows = [(answers.kinds_name(kind), *told[kind]) for kind in told]
    components.chart(
        pictures.counts(rows, [COLOURS[kind] for kind in told], _("Expected number"), components.look()),
        pd.DataFrame(
            [(kind, *(round(value, 2) for value in told[kind])) for kind in told],
            columns=["kind", "expected", "low", "high"],
        ),
        "vision_counts",
        _("How many of each kind are expected, with 95 % intervals"),
        _("The count adds up probabilities; the range (95 %) reflects errors on test images."),
    )
    if usual := _usually(task, told):
        st.caption(usual)
    line = _("Showing {shown} of {all}, those at least {least} likely.").format(
        shown=number(len(shown), 9), all=number(len(seen.found), 9), least=share(least)
    )
    if apart := sum(bool(one.second and one.second[0] != one.kind) for one in shown):
        line += " " + _("Dotted ({n}): the second model disagrees.").format(n=number(apart, 9))
    st.markdown(line)


def _usually(task: str, told: dict[str, tuple[float, float, float]]) -> str:
    """How far counts of what was found are usually off, by kind; "" where nobody measured."""
    usual = answers.usually_off(task)
    template = _("{kind} within {share}")
    parts = [
        template.format(kind=answers.kinds_name(kind).lower(), share=share(usual[kind]))
        for kind, (mean, _low, _high) in told.items()
        if kind in usual and round(mean) > 0
    ]
    return _("Usually right (4 of 5 test images): {parts}.").format(parts=_(", ").join(parts)) if parts else ""


def _sizes(shown: list[Thing], um: float | None) -> None:
    factor, unit = (um**2, _("µm²")) if um else (1.0, _("pixels"))
    areas = [one.area * factor for one in shown]
    middle = float(pd.Series(areas).median())
    st.subheader(_("How large are they?"))
    components.chart(
        pictures.sizes(areas, (f"{_('Area')}, {unit}", _("Drawn")), components.look()),
        lambda: table(shown, um),
        "vision_sizes",
        _("How many of what is drawn are of which size"),
        _("Of what is drawn; the dotted line is the median, {middle} {unit}.").format(middle=number(middle), unit=unit),
    )


def notice() -> str:
    """What every exported row and picture of cells says."""
    return _("Not a medical device; a person must check every result.")


def table(shown: list[Thing], um: float | None = None) -> pd.DataFrame:
    """A row a thing: kind, confidence, centre, area and box in pixels of the picture brought."""
    rows = []
    for one in shown:
        row = {
            "number": one.number, "kind": one.kind, "confidence": round(one.confidence, 4),
            "x": round(one.centre[0], 1), "y": round(one.centre[1], 1), "area_px": round(one.area, 1),
        }  # fmt: skip
        if um:
            row["area_um2"] = round(one.area * um**2, 3)
        row |= dict(zip(("left", "top", "right", "bottom"), (round(v, 1) for v in one.box), strict=True))
        if one.kind in COLOURS:
            row["notice"] = notice()
        if one.second:
            row |= {"second_kind": one.second[0], "second_confidence": round(one.second[1], 4)}
        rows.append(row)
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else ["number", "kind", "confidence"])
