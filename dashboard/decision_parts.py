"""The parts of the Decision page, and the sheet that prints."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from analytics import distance, entry, profile
from analytics.index import Ranking
from analytics.potential import PotentialFit
from dashboard import answers, components, links, load, sheet
from dashboard.filters import MarketFilters
from dashboard.language import _, current, number, share, with_unit

LAW = "RL.EST"
CRITERIA_WEIGHT = 2.0
NO_CHANGE = ((), ())
"""Design and weights of the recipe itself."""


@dataclass(frozen=True)
class Case:
    """Everything the sheet of one market rests on."""

    iso3: str
    name: str
    ranking: Ranking
    decision: entry.Decision
    modes: pd.DataFrame
    law: float
    p_shortlist: float
    low: int
    high: int
    potential: PotentialFit | None


def case(iso3: str, choice: MarketFilters, weights: dict[str, float], potential: PotentialFit | None) -> Case:
    """Decide for one ranked market. Raises index.NotRanked, ValueError for weights that mean nothing."""
    ranking = load.ranking(choice.recipe, choice.year)
    found = load.robustness(choice.recipe, choice.year, *NO_CHANGE)
    rules = entry.rules()
    likely = float(found.p_top(rules.shortlist)[iso3])
    law = load.latest((LAW,), choice.year, ranking.recipe.window).set_index("iso3")["value"].rank(pct=True).get(iso3)
    law = float("nan") if law is None else float(law)
    most = None
    if potential is not None and iso3 in potential.estimates.index:
        upper = float(potential.estimates.at[iso3, "untapped_high"])
        most = None if pd.isna(upper) else upper
    return Case(
        iso3=iso3,
        name=load.markets().at[iso3, "name"],
        ranking=ranking,
        decision=entry.decide(likely, law, most, rules),
        modes=entry.mode_scores(0.5 if pd.isna(law) else law, likely, weights),
        law=law,
        p_shortlist=likely,
        low=int(found.ranks.at[iso3, "low"]),
        high=int(found.ranks.at[iso3, "high"]),
        potential=potential,
    )


def verdicts() -> dict[str, str]:
    return {"go": _("Go"), "pilot": _("Pilot"), "wait": _("Wait")}


def reason(found: Case) -> str:
    """The rule that fired, with the figures it looked at."""
    rules = entry.rules()
    words = {
        "certain": _("It is among the first {shortlist} in {p} of the ways to build the index, {certain} are enough."),
        "promising": _(
            "It is among the first {shortlist} in {p} of the ways to build the index; {certain} would be needed to go."
        ),
        "unlikely": _(
            "It is among the first {shortlist} in only {p} of the ways to build the index; a pilot needs {possible}."
        ),
        "weak law": _(
            "The rule of law is weaker than in most markets (ahead of {law}); no more than a pilot is advised."
        ),
        "saturated": _("The model finds no untapped potential: the whole interval lies below zero."),
    }
    return words[found.decision.rule].format(
        shortlist=rules.shortlist,
        p=share(found.p_shortlist),
        certain=share(rules.certain),
        possible=share(rules.possible),
        law=share(found.law),
    )


def flip_sentence(found: Case) -> str:
    """The smallest change that would give another verdict."""
    figure, verdict, needed = found.decision.flip
    words = {
        "p_shortlist": _("It would be “{verdict}” if that share were {needed} instead of {now}."),
        "law_ahead_of": _(
            "It would be “{verdict}” if its rule of law were ahead of {needed} of markets instead of {now}."
        ),
        "untapped_high": _("It would be “{verdict}” if the potential's interval reached above zero."),
    }
    return words[figure].format(
        verdict=verdicts()[verdict], needed=share(needed), now=share(found.decision.facts[figure])
    )


def mode_names() -> dict[str, str]:
    return {
        "export": _("Exporting"),
        "licensing": _("Licensing"),
        "joint_venture": _("Joint venture"),
        "wholly_owned": _("Wholly owned"),
    }


def criteria_names() -> dict[str, str]:
    return {
        "control": _("Control"),
        "commitment": _("Commitment"),
        "speed": _("Speed"),
        "reversibility": _("Reversibility"),
        "ip_risk": _("IP risk"),
        "law_need": _("Need for law"),
    }


def mode_weights() -> dict[str, float]:
    """How much each criterion of the entry mode counts; visible and editable."""
    with st.expander(_("Weights of the entry mode"), icon=":material/tune:"):
        chosen = {}
        for column, (key, title) in zip(st.columns(3) * 2, criteria_names().items(), strict=True):
            with column:
                usual = float(entry.default_weights()[key])
                chosen[key] = links.slider(title, 0.0, CRITERIA_WEIGHT, f"m_{key}", usual)
    return chosen


def distance_table(iso3: str, home: str, year: int) -> tuple[tuple[str, ...], ...]:
    """CAGE measures of a market from home, in words, with its place among all markets."""
    found = load.distances(home, year)
    own, nearer = found.loc[iso3], (found < found.loc[iso3]).sum() / (found.notna().sum() - 1)
    texts = {
        "language": (_("Common language"), share(1 - own["language"])),
        "memberships": (_("Shared memberships"), share(1 - own["memberships"])),
        "currency": (_("Currency"), _("same") if own["currency"] == 0 else _("another")),
        "kilometres": (_("Distance between capitals"), f"{number(own['kilometres'])} km"),
        "time zone": (_("Clock difference"), _("{hours} hours").format(hours=number(own["time zone"]))),
        "border": (_("Common border"), _("yes") if own["border"] == 0 else _("no")),
        "income": (_("Income per person, ratio"), number(float(pd.Series(own["income"]).apply("exp").iloc[0]), 2)),
        "euclidean": (_("All together"), number(own["euclidean"], 2)),
        "mahalanobis": (_("All together, overlaps discounted (Mahalanobis)"), number(own["mahalanobis"], 2)),
    }
    head = (_("From home"), _("Figure"), _("Markets nearer"))
    return (head, *((title, text, share(nearer[key])) for key, (title, text) in texts.items()))


def distance_effect(iso3: str, home: str, choice: MarketFilters, weight: float) -> str:
    """What the distance from home does to the rank."""
    scores = load.ranking(choice.recipe, choice.year).scores["score"]
    ranks = distance.ranks_with_distance(scores, load.distances(home, choice.year)["euclidean"], weight).loc[iso3]
    return _("With distance weighing {weight}, its rank goes from {before} to {after}.").format(
        weight=share(weight), before=int(ranks["rank_before"]), after=int(ranks["rank_after"])
    )


def potential_sentence(found: Case) -> str:
    """What markets like this one have, with its interval, against what it has; or that it was not estimated."""
    if found.potential is None:
        return ""
    if found.iso3 not in found.potential.estimates.index:
        return _("No potential was estimated for this market.")
    row = found.potential.estimates.loc[found.iso3]
    told = _("{outcome}, {unit}: {predicted} is usual for a market like this (90 %: {low} to {high})").format(
        outcome=_(found.potential.outcome_title),
        unit=_(found.potential.outcome_unit),
        predicted=number(row["predicted"]),
        low=number(row["low"]),
        high=number(row["high"]),
    )
    reported = _("; {actual} was reported for {year}.").format(actual=number(row["actual"]), year=found.potential.year)
    return told + (_("; none is reported.") if pd.isna(row["actual"]) else reported)


def as_sheet(found: Case, choice: MarketFilters, home: str, weight: float) -> sheet.Sheet:
    """The whole sheet in the reader's language."""
    standings = profile.standings(found.ranking, found.iso3)
    lines = [
        (
            answers.ingredient_title(found.ranking, s.key),
            with_unit(s.value, answers.ingredient_unit(found.ranking, s.key)),
            str(s.year),
            share(s.ahead_of),
        )
        for s in [*standings[:3], *standings[-3:]]
    ]
    titles = criteria_names()
    mode_rows = [
        (mode_names()[mode], f"{row['score']:.0f}", *(f"{row[key]:.2f}" for key in titles))
        for mode, row in found.modes.iterrows()
    ]
    rank = int(found.ranking.scores.at[found.iso3, "rank"])
    return sheet.Sheet(
        title=_("{market}: {industry}, {year}").format(
            market=found.name, industry=_(found.ranking.recipe.title), year=choice.year
        ),
        verdict=_("{verdict}; enter by {mode}").format(
            verdict=verdicts()[found.decision.verdict], mode=mode_names()[found.modes.index[0]].lower()
        ),
        sentences=tuple(
            sentence
            for sentence in (
                reason(found),
                flip_sentence(found),
                _("Rank {rank} of {count}, between {low} and {high} however the index is built (5-95 %).").format(
                    rank=rank, count=len(found.ranking.scores), low=found.low, high=found.high
                ),
                potential_sentence(found),
                distance_effect(found.iso3, home, choice, weight),
            )
            if sentence
        ),
        tables=(
            (_("Strongest and weakest figures"), ((_("Figure"), _("Value"), _("Year"), _("Markets behind")), *lines)),
            (_("Entry modes"), ((_("Mode"), _("Score"), *titles.values()), *mode_rows)),
            (
                _("Distance from {home}").format(home=load.markets().at[home, "name"]),
                distance_table(found.iso3, home, choice.year),
            ),
        ),
        foot=components.ranking_source(found.ranking)
        + " "
        + _("Associations, not causes; thresholds and traits are judgements, see analytics/strategy.toml."),
        language=current(),
    )


def show(printed: sheet.Sheet, found: Case) -> None:
    """The sheet on the page."""
    st.title(printed.title)
    icon = {"go": ":material/check_circle:", "pilot": ":material/science:", "wait": ":material/pause_circle:"}
    st.subheader(f"{icon[found.decision.verdict]} {printed.verdict}")
    for sentence in printed.sentences:
        st.write(sentence)
    for heading, rows in printed.tables:
        st.subheader(heading)
        st.dataframe(pd.DataFrame(rows[1:], columns=rows[0]), hide_index=True)
    st.caption(printed.foot)
    name = f"lepton-atlas-{found.iso3}-{found.ranking.recipe.name}"
    with st.container(horizontal=True):
        st.download_button(
            _("Print as PDF"),
            lambda: sheet.as_pdf(printed),
            f"{name}.pdf",
            "application/pdf",
            icon=":material/print:",
            key=f"pdf_{found.iso3}",
            type="primary",
            on_click="ignore",
        )
        st.download_button(
            _("Save as HTML"),
            lambda: sheet.as_html(printed).encode(),
            f"{name}.html",
            "text/html",
            icon=":material/html:",
            key=f"html_{found.iso3}",
            on_click="ignore",
        )
