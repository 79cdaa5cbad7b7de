"""The parts of the Model cards page, each one question about a model."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from analytics import fairness
from dashboard import components, engineers, fitness_words, load, model_figures
from dashboard.cards import dot_plots, review, summary
from dashboard.charts import cards as charts
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, compact, listing, number, share
from dashboard.inference import text as language_lab_answers
from dashboard.markup import code, literal

if TYPE_CHECKING:
    from models.cards import Card

NAMED = 3
CONFUSED = 20


def no_models() -> None:
    st.title(_("No model is trained yet"))
    engineers.problem(
        _("Train one with `python -m models train NAME`; it appears here with its card."),
        _("None is installed on this machine. An engineer can train one; it then appears here with its card."),
    )
    st.stop()


def called(name: str) -> str:
    """A model as people choose it: its title; its own name where there is no card to read."""
    card = language_lab_answers.card_of(name)
    return language_lab_answers.sentence(card, card.title) if card else name


def headline(card: "Card") -> str:
    """The answer: how good the model is, and for whom least."""
    score = model_figures.score_of(card.metrics)
    table = comparable(card)
    title = literal(language_lab_answers.sentence(card, card.title))
    if not card.metrics:
        return title
    named = {"title": title, "score": fitness_words.score(score)}
    if table.empty:
        return _("{title}: {name} {score}").format(**named, name=model_figures.score_name(card))
    worst = table.iloc[0]
    return _("{title}: {name} {score}; weakest for {group}, {worst}").format(
        **named, name=model_figures.score_name(card), group=worst["title"], worst=fitness_words.score(worst["score"])
    )


def comparable(card: "Card") -> pd.DataFrame:
    """The groups a headline may speak of, the weakest first: two at least, each with enough test cases; else none."""
    by = model_figures.grouping(card)
    table = model_figures.judged(card, by) if by else pd.DataFrame()
    return table if len(table) > 1 else table.head(0)


def figures(card: "Card", size: int) -> None:
    """Purpose, and the five figures one asks for first."""
    st.write(literal(language_lab_answers.sentence(card, card.purpose)))
    summary.summary(card)
    on_disk = (_("Size on disk"), _("{mb} MB").format(mb=number(size / 2**20, 3)))
    if not card.metrics:
        beside = listing([literal(called(name)) for name in card.config.get("tasks", {})])
        st.write(_("It answers beside other models, and is judged with them: {models}.").format(models=beside))
        st.metric(*on_disk)
        return
    table = comparable(card)
    shown = (
        (model_figures.score_name(card), fitness_words.score(model_figures.score_of(card.metrics))),
        *([(_("Accuracy"), share(card.metrics["accuracy"]))] if "accuracy" in card.metrics else []),
        *((title, fitness_words.score(value)) for title, value, _low, _high in model_figures.others(card)),
        *([(_("Fairness gap"), fitness_words.score(fairness.gap(table).gap))] if len(table) else []),
        (_("Calibration error"), fitness_words.score(card.metrics.get("ece"))),
        (_tested(card), number(card.metrics.get("n", float("nan")), 9)),
        on_disk,
    )
    with st.container(horizontal=True, gap="large", key="cards_figures"):
        for label, value in shown:
            st.metric(label, value, width="content")


def _tested(card: "Card") -> str:
    titles = {"texts": _("Test texts"), "pictures": _("Test pictures"), "lines": _("Test lines")}
    return titles[model_figures.of_what(card)]


def by_group(card: "Card") -> None:
    """Scores by language, kind or class as a sorted dot plot, the weakest first; of pictures by condition too."""
    by = model_figures.grouping(card)
    if by is None:
        st.info(_("The card has no scores by language or class."), icon=":material/info:")
        return
    titles = {
        "per_language": _("How good is it in each language?"),
        "per_script": _("How good is it in each script?"),
        "per_kind": _("How good is it for each kind?"),
        "per_class": _("How good is it for each class?"),
    }
    st.subheader(titles[by])
    table = model_figures.groups(card, by)
    score = model_figures.score_of(card.metrics)
    note = _("On the held-out test split; lines are 95 % intervals, the dotted line is the whole model. {source}")
    dot_plots.draw(
        table,
        "cards_groups",
        model_figures.score_name(card),
        float("nan") if score is None else score,
        (_("Scores by group, the weakest first"), note.format(source=_source(card))),
    )
    dot_plots.conditions(card)
    dot_plots.crowding(card)


def fair(card: "Card") -> None:
    """The gap between best and worst; whether small languages are worse off; where a reader misreads prices."""
    by = model_figures.grouping(card)
    if by is None:
        return
    table = comparable(card)
    st.subheader(_("Is it as good for everyone?"))
    if table.empty:
        st.write(_("Fewer than two groups have enough test cases to be compared."))
    else:
        st.write(_gap_in_words(table))
    few = model_figures.groups(card, by)
    if not (few := few[~few["judged"]]).empty:
        st.caption(summary.too_few(few))
    dot_plots.prices(card)
    if by != "per_language":
        return
    if table.empty:
        return
    table = table.assign(size=model_figures.speakers(table))
    known = table.dropna(subset=["size"])
    found = fairness.association(known["score"], known["size"])
    if found is None:
        st.caption(_("Too few of its languages have a known number of speakers to say more."))
        return
    if found.low > 0:
        verdict = _("Languages with more speakers are associated with better scores")
    elif found.high < 0:
        verdict = _("Languages with more speakers are associated with worse scores")
    else:
        verdict = _("The number of speakers is not clearly associated with the score")
    st.write(
        _("{verdict}: rank correlation {rho} ({low} to {high}) over {n} languages.").format(
            verdict=verdict,
            rho=number(found.rho, 2),
            low=number(found.low, 2),
            high=number(found.high, 2),
            n=found.n,
        )
    )
    named = {*known.index[:NAMED], *known["score"].nlargest(2).index, *known["size"].nlargest(1).index}
    template = _("<b>{language}</b><br>{people} speakers, {score}")
    hover = [
        template.format(language=row.title, people=compact(row.people), score=fitness_words.score(row.score))
        for row in known[["title", "score"]].assign(people=known["size"]).itertuples()
    ]
    components.chart(
        charts.against_size(
            known, hover, named, (_("Speakers (logarithmic)"), model_figures.score_name(card)), components.look()
        ),
        known.round(4).reset_index(names="language"),
        "cards_speakers",
        _("Score of each language against its speakers"),
        _("Speakers: Unicode CLDR 48 (Unicode-3.0), shares of the markets' people."),
    )


def _gap_in_words(table: pd.DataFrame) -> str:
    """From the weakest to the best, and what of it chance does not explain."""
    gap = fairness.gap(table)
    told = _("Scores range from {low} ({worst}) to {high} ({best}).").format(
        best=table.at[gap.best, "title"],
        worst=table.at[gap.worst, "title"],
        low=fitness_words.score(table.at[gap.worst, "score"]),
        high=fitness_words.score(table.at[gap.best, "score"]),
    )
    bounded = table.dropna(subset=["low", "high"])
    if len(bounded) > 1 and (certain := fairness.gap(bounded).certain) > 0:
        return (
            told
            + " "
            + _("A gap of at least {certain} is more than chance.").format(certain=fitness_words.score(certain))
        )
    return told + " " + _("The difference may be chance.")


def calibrated(card: "Card") -> None:
    """Whether answers given as 80 % sure are right in 80 of 100 cases."""
    st.subheader(_("Is its confidence reliable?"))
    table = model_figures.bins(card)
    if table.empty:
        st.info(_("The card has no calibration."), icon=":material/info:")
        return
    table = table.join(fairness.wilson(table["accuracy"], table["n"]))
    template = _("Said {said}, right {right} (95 %: {low} to {high}); {n} answers")
    hover = [
        template.format(
            said=share(row.confidence),
            right=share(row.accuracy),
            low=share(row.low),
            high=share(row.high),
            n=number(row.n, 9),
        )
        for row in table.itertuples()
    ]
    components.chart(
        charts.calibration(table, hover, (_("Probability given"), _("Share that is right")), components.look()),
        table.round(4),
        "cards_calibration",
        _("How often answers are right, by the probability given"),
        _("On the test split; the expected calibration error is {ece}. Lines are 95 % intervals (Wilson).").format(
            ece=number(card.metrics.get("ece", float("nan")), 2)
        ),
    )


def engineering(card: "Card", sha256: str) -> None:
    """What only engineers ask for: smaller forms, other models tried, how it was trained, which weights."""
    with st.expander(_("Details for engineers"), icon=":material/build:"):
        _smaller(card)
        st.markdown(f"**{_('How it was trained')}**")
        st.json(dict(card.training), expanded=1)
        st.caption(
            _("Version {version}, {family}. Weights `{sha}`.").format(
                version=literal(card.version), family=code(card.family), sha=sha256[:12] or "–"
            )
        )


def _smaller(card: "Card") -> None:
    """What compressing it costs, and what else was tried."""
    table = model_figures.forms(card)
    if len(table):
        st.subheader(_("Size against accuracy"))
        table = table.assign(
            title=[
                _("{name}, {mb} MB").format(name=name, mb=number(size / 2**20, 3))
                for name, size in table["bytes"].items()
            ]
        )
        template = _(
            "<b>{form}</b><br>{score}, {ms} ms for one, {rate} a second together; agrees with the original: {agree}"
        )
        hover = [
            template.format(
                form=row.title,
                score=fitness_words.score(row.score),
                ms=number(row.cost, 2),
                rate=number(row.per_s, 3),
                agree=share(row.agreement),
            )
            for row in table.itertuples()
        ]
        components.chart(
            charts.trade(
                table,
                fairness.frontier(table["cost"], table["score"]),
                hover,
                (_("Milliseconds, one at a time"), model_figures.score_name(card)),
                components.look(),
            ),
            table.round(4).reset_index(names="form"),
            "cards_forms",
            _("Score against latency of each form of the model"),
            _("Measured on the machine that trained it. The line joins what no other beats in both."),
        )
    others = model_figures.tried(card)
    if len(others):
        st.markdown(_("**Also tried, on the same test split**"))
        st.dataframe(
            others,
            hide_index=True,
            placeholder="–",
            column_config={
                "name": _("Model"),
                "score": st.column_config.NumberColumn(model_figures.score_name(card), format="%.3f"),
                "parameters": st.column_config.NumberColumn(_("Parameters"), format="compact"),
                "seconds": st.column_config.NumberColumn(_("Training, s"), format="%.0f"),
            },
        )


def confused(card: "Card") -> None:
    """Which class is taken for which."""
    counts = model_figures.confusion(card)
    if counts is None or len(counts) > CONFUSED:
        return
    title, source = _("Confusion matrix"), _("Shares of each true class, test split.")
    if card.task == "cells":
        title = _("Confusion matrix of single cells")
        source = _("Cells cut out where they are labelled, not as the detector finds them: shares of each true kind.")
    st.subheader(title)
    shares = counts.div(counts.sum(axis=1).where(lambda total: total > 0, 1), axis=0)
    components.chart(
        charts.confusion(shares, counts.to_numpy().tolist(), (_("Answer given"), _("In truth")), components.look()),
        counts.reset_index(names="truth"),
        "cards_confusion",
        _("How often each class is taken for each"),
        source,
    )


def provenance(card: "Card") -> None:
    """Data with licence, and limits: what a reviewer reads."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(_("What did it learn from?"))
        rows = [(source.name, source.licence, source.rows, source.url) for source in card.data]
        st.dataframe(
            pd.DataFrame(rows, columns=["name", "licence", "rows", "url"]),
            hide_index=True,
            column_config={
                "name": _("Data"),
                "licence": _("Licence"),
                "rows": st.column_config.NumberColumn(_("Rows"), format="localized"),
                "url": st.column_config.LinkColumn(_("Where"), display_text=_("its page")),
            },
        )
        parts = [f"{_split(name)} {number(count, 9)}" for name, count in card.splits.items()]
        if parts:
            st.caption(_("Rows by split: {splits}.").format(splits=", ".join(parts)))
    with right:
        st.subheader(_("Where does it fail?"))
        for limit in card.limits:
            st.markdown(f"- {literal(language_lab_answers.sentence(card, limit))}")


def _split(name: str) -> str:
    return {"train": _("training"), "dev": _("development"), "test": _("test")}.get(name, name)


def _source(card: "Card") -> str:
    named = "; ".join(f"{source.name} ({source.licence})" for source in card.data)
    return _("Data: {sources}.").format(sources=named) if named else ""


def all_of_them(names: tuple[str, ...]) -> None:
    """Every model in a row: how good, how fair, how large, whether signed off; the damaged ones with their fault."""
    st.subheader(_("Every model"))
    rows, faults = [], []
    for name in names:
        if fault := load.model_fault(name):
            faults.append((name, fault))
            continue
        card = load.model_card(name)
        table = comparable(card)
        rows.append(
            {
                "name": name,
                "title": language_lab_answers.sentence(card, card.title),
                "score": model_figures.score_of(card.metrics),
                "weakest": table.iloc[0]["title"] if len(table) else "–",
                "gap": fairness.gap(table).gap if len(table) else None,
                "ece": card.metrics.get("ece"),
                "mb": load.model_bytes(name) / 2**20,
                "review": review.state(name, card),
            }
        )
    decimals = {"score": _("Score"), "gap": _("Fairness gap"), "ece": _("Calibration error")}
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        placeholder="–",
        column_config={
            "name": _("Name"),
            "title": _("Model"),
            "weakest": _("Weakest for"),
            "mb": st.column_config.NumberColumn(_("MB"), format="%.1f"),
            "review": _("Review"),
        }
        | {key: st.column_config.NumberColumn(title, format="%.2f") for key, title in decimals.items()},
    )
    for name, fault in faults:
        st.error(_("{model} cannot be used").format(model=name), icon=":material/error:")
        engineers.details(f"`{name}`: {spelt(fault)}")
