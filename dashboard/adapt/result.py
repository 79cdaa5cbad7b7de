"""The Adapt page after a training: what changed and how sure that is, what was forgotten, a sentence to try, a name."""

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import components, engineers, fitness_words, load
from dashboard.adapt import state, training
from dashboard.charts import adapt as charts
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, locale, number, percent, share
from dashboard.inference import text as language_lab_answers
from models import fitness
from models.text.adapter_request import Learned

if TYPE_CHECKING:
    from models.training.jobs import Job

FORGETS = 2.0
"""Points of macro-F1 on general rows from which forgetting is warned of."""
MAX_NAME, MAX_TEXT = 80, 200


def result(job: "Job") -> None:
    """Before and after, then register or discard."""
    learned: Learned = job.snapshot.result
    made, language = learned.made, learned.language
    before, after = overall(made.before), overall(made.after)
    name = _language_name(language)
    st.title(_headline(name, before, after, made.after["n"]))
    st.write(_held_back() if made.held_back else _verdict(before, after, made.after["n"]))
    fitness_words.banner(fitness.verdict_on(after[0], made.after["n"]), name)
    _figures(learned, before, after)
    _forgetting(learned)
    _by_class(learned, before, after, name)
    _try(learned, name)
    if made.held_back:
        _discard()
    else:
        _register(learned)
    with st.expander(_("Details for engineers"), icon=":material/build:"):
        fit = made.fit
        how = _("Rank {rank}, learning rate {rate}, at most {epochs} epochs; {best}.").format(
            rank=made.config.rank,
            rate=number(learned.settings.rate, 2),
            epochs=learned.settings.epochs,
            best=_("best before the first")
            if fit.best_epoch is None
            else _("best after epoch {epoch}").format(epoch=fit.best_epoch + 1),
        )
        st.caption(how)
        training.curves(job.snapshot)


def overall(report: dict[str, Any]) -> tuple[float, float, float]:
    """Macro-F1 over all languages of a report, with its 95 % interval.

    Each language's interval is taken as normal, and the languages as independent: the interval of their mean.
    """
    rows = list(report["per_language"].values())
    if len(rows) == 1:
        return rows[0]["macro_f1"], rows[0]["low"], rows[0]["high"]
    half = math.sqrt(sum(((row["high"] - row["low"]) / 2) ** 2 for row in rows)) / len(rows)
    return report["macro_f1"], report["macro_f1"] - half, report["macro_f1"] + half


def _language_name(code: str) -> str:
    from models.text import languages

    return languages.name(code, locale())


def _headline(name: str, before: tuple[float, ...], after: tuple[float, ...], n: int) -> str:
    return _("{language}: F1 {before} before, {after} after, on {n} test examples").format(
        language=name, before=fitness_words.score(before[0]), after=fitness_words.score(after[0]), n=number(n, 9)
    )


def _verdict(before: tuple[float, float, float], after: tuple[float, float, float], n: int) -> str:
    if after[0] < before[0]:
        told = _("It reads these texts worse than before. Discard it, or train with other examples.")
    elif after[0] == before[0]:
        told = _("It reads these texts as well as before, and no better.")
    elif after[1] > before[2]:
        told = _("It reads these texts better than before: the ranges (95 %) do not overlap.")
    else:
        told = _("It looks better, but the ranges (95 %) overlap: {n} test examples are too few to be sure.").format(
            n=number(n, 9)
        )
    if n < 100:
        told += " " + _("Only {n} test examples: results are rough.").format(n=n)
    return told


def _held_back() -> str:
    return _(
        "Training brought no improvement, so there is nothing to save and no model was changed. More examples would "
        "help."
    )


def _figures(learned: Learned, before: tuple[float, ...], after: tuple[float, ...]) -> None:
    made = learned.made
    change = 100 * (after[0] - before[0])
    range_ = _("95 %: {low} to {high}")
    shown = (
        (
            _("F1 before"),
            number(before[0], 2),
            range_.format(low=number(before[1], 2), high=number(before[2], 2)),
        ),
        (_("F1 after"), number(after[0], 2), range_.format(low=number(after[1], 2), high=number(after[2], 2))),
        (_("Change"), _("{n} points").format(n=f"{change:+.1f}".replace("-", "−")), ""),
        (_("Share of the model trained"), _percent(made.share), _("{n} numbers").format(n=number(made.parameters, 9))),
        (
            _("Training"),
            _("{n} s").format(n=number(made.fit.seconds, 2)),
            _("on {device}").format(device=made.fit.device.upper()),
        ),
    )
    with st.container(horizontal=True, gap="large", key="adapt_figures"):
        for label, value, beside in shown:
            st.metric(label, value, beside or None, delta_color="off", delta_arrow="off", width="content")


def _percent(value: float) -> str:
    return percent(number(100 * value, 2))


def _forgetting(learned: Learned) -> None:
    """What it costs on the languages it was not trained for; said also where nobody could measure it."""
    made = learned.made
    if made.forgetting is None:
        st.warning(
            _("Loss on other languages could not be measured."),
            icon=":material/visibility_off:",
        )
        engineers.details(spelt(learned.missing))
        return
    before, after = overall(made.general_before), overall(made.general_after)
    told = _(
        "Other languages ({languages}, {n} test examples): F1 {before} before ({before_low} to {before_high}), {after} "
        "after ({after_low} to {after_high}): {lost}. {repeated} of their examples were trained again."
    ).format(
        n=number(made.general_after["n"], 9),
        languages=len(made.general_after["per_language"]),
        before=number(before[0], 3),
        before_low=number(before[1], 3),
        before_high=number(before[2], 3),
        after=number(after[0], 3),
        after_low=number(after[1], 3),
        after_high=number(after[2], 3),
        lost=(_("{points} points lost") if made.forgetting > 0 else _("nothing lost, {points} points gained")).format(
            points=number(abs(made.forgetting), 2)
        ),
        repeated=number(learned.general, 9),
    )
    if made.forgetting >= FORGETS:
        st.warning(told, icon=":material/psychology_alt:")
    else:
        st.info(told, icon=":material/psychology:")


def _by_class(
    learned: Learned, before: tuple[float, float, float], after: tuple[float, float, float], name: str
) -> None:
    """Which class got better: points before and after, and what the figures are."""
    st.subheader(_("Before and after, by class"))
    made = learned.made
    rows = [_row(_("{language}, all classes").format(language=name), before, after, made.after["n"])]
    for label in made.model.labels:
        old, new = (report["per_class"].get(label) for report in (made.before, made.after))
        if new is None or old is None:
            continue
        title = language_lab_answers.label_name(state.TASK, label)
        rows.append(_row(title, (old["f1"], math.nan, math.nan), (new["f1"], math.nan, math.nan), new["n"]))
    if made.general_before is not None and made.general_after is not None:
        n = made.general_after["n"]
        rows.append(_row(_("Other languages"), overall(made.general_before), overall(made.general_after), n))
    table = pd.DataFrame(rows)
    template = _("{title}, {when}: F1 {score} on {n} rows")
    hover = {
        side: [
            template.format(title=row["title"], when=when, score=number(row[side], 2), n=number(row["n"], 9))
            for row in rows
        ]
        for side, when in (("before", _("before")), ("after", _("after")))
    }
    components.chart(
        charts.paired(table, (_("Before"), _("After"), _("F1")), hover, components.look()),
        table.round(4),
        "adapt_classes",
        _("F1 of each class and of other languages, before and after"),
        _(
            "Lines: 95 % intervals, bootstrap over rows; single classes have none, and few rows each. Rows: {source}."
        ).format(source=learned.source.name),
    )


def _row(title: str, before: tuple[float, float, float], after: tuple[float, float, float], n: int) -> dict[str, Any]:
    row: dict[str, Any] = {"title": title, "n": n}
    for side, (score, low, high) in (("before", before), ("after", after)):
        row |= {side: score, f"{side}_low": low, f"{side}_high": high}
    return row


# ------------------------------------------------------------------ a sentence, before and after


def _try(learned: Learned, name: str) -> None:
    """A sentence, answered by the model under it and by the adapted one."""
    st.subheader(_("Try it"))
    typed = st.text_input(
        _("A sentence in {language}").format(language=name),
        _sample(learned.language),
        key="adapt_sentence",
        max_chars=2000,
    )
    if not typed:
        return
    text = language_lab_answers.given(typed)
    if not text.readable:
        st.info(_("Write some words: digits, marks and emoji alone say nothing to these models."))
        return
    old = language_lab_answers.ask(learned.base, text.text, learned.language)
    new = learned.made.model.predict([text.text], [learned.language])[0]
    sides = ((_("Before"), old.answer, old.problem), (_("After"), new, ""))
    for cell, (when, answer, problem) in zip(st.columns(2, gap="large"), sides, strict=True):
        with cell:
            if answer is None:
                st.markdown(f"**{when}**")
                st.info(problem, icon=":material/info:")
                continue
            said_by = language_lab_answers.label_name(state.TASK, answer.label)
            st.markdown(f"**{when} · {said_by}**" + ("" if answer.sure else " · " + _("not sure")))
            for label in learned.made.model.labels:
                chance = answer.probabilities.get(label, 0.0)
                title = language_lab_answers.label_name(state.TASK, label)
                st.progress(min(max(chance, 0.0), 1.0), text=f"{title} · {share(chance)}")


def _sample(language: str) -> str:
    """A sentence of our own in a language (BCP 47), "" where we have none: never one of the reader's rows."""
    own = language.split("-")[0]
    return next((sample.pleased for sample in language_lab_answers.samples() if sample.language == own), "")


# ------------------------------------------------------------------ register or discard


def _register(learned: Learned) -> None:
    """A name, whose rows these were, and the button; or discard."""
    st.subheader(_("Save?"))
    with st.form("adapt_register", border=True):
        columns = st.columns(3)
        with columns[0]:
            name = st.text_input(
                _("Name"),
                _free(f"{learned.base}-{learned.language}".lower()),
                max_chars=MAX_NAME,
                key="adapt_name",
                help=_("Lower-case letters, digits, '.', '_' and '-'."),
            )
        with columns[1]:
            source = st.text_input(_("Source of the rows"), learned.source.name, max_chars=MAX_TEXT, key="adapt_source")
        with columns[2]:
            licence = st.text_input(
                _("Their licence"),
                learned.source.licence,
                max_chars=MAX_TEXT,
                key="adapt_licence",
                placeholder=_("CC BY 4.0, our own, ..."),
            )
        if st.form_submit_button(_("Save the adapter"), type="primary", icon=":material/save:", key="adapt_save") and (
            problem := _saved(learned, name.strip(), source.strip(), licence.strip())
        ):
            st.error(problem, icon=":material/error:")
    _discard()


def _discard() -> None:
    if st.button(_("Discard it"), icon=":material/delete:", key="adapt_discard", type="tertiary"):
        state.leave()
        st.rerun()


def _free(name: str) -> str:
    """A name that is not taken yet."""
    taken = load.model_names()
    found, place = name, 2
    while found in taken:
        found, place = f"{name}-{place}", place + 1
    return found


def _saved(learned: Learned, name: str, source: str, licence: str) -> str:
    """Register it and start anew; or why it cannot be."""
    from models import cards, errors
    from models.text import adapter_training

    if not source or not licence:
        return _("Give the source and licence of these examples: the model card names both.")
    rows = sum(learned.made.rows.values())
    try:
        adapter_training.register(learned.made, name, learned.language, cards.Source(source, licence, "", rows))
    except errors.ModelError as error:
        return spelt(error)
    state.leave()
    st.session_state[state.REGISTERED] = name
    st.rerun()
    return ""
