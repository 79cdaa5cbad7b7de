"""The parts of the Decision page, and the sheet that prints."""

import pandas as pd
import streamlit as st

from analytics.index.composite import Ranking
from analytics.market import distance, entry_mode
from dashboard import cases, components, load, ranking_words, widgets
from dashboard.board import one_pager
from dashboard.cases import Case
from dashboard.charts import rankings
from dashboard.filters import MarketFilters
from dashboard.i18n.translation import _, current, number, sentence, share, with_unit
from dashboard.markup import literal
from data import gates

CRITERIA_WEIGHT = 2.0


def criteria_names() -> dict[str, str]:
    """What the criteria of an entry mode are called, worded so that more is better."""
    return {
        "control": _("Control"),
        "commitment": _("Little at stake"),
        "speed": _("Speed"),
        "reversibility": _("Easy to leave"),
        "ip_risk": _("Protects IP"),
        "law_need": _("Copes with weak law"),
        "local_knowledge": _("Local knowledge"),
    }


def mode_weights() -> dict[str, float] | None:
    """How much each criterion of the entry mode counts; None when none was moved."""
    usual = entry_mode.default_weights()
    with st.expander(_("How much each criterion counts for the way in"), icon=":material/tune:"):
        chosen = {}
        for position, (key, title) in enumerate(criteria_names().items()):
            if position % 4 == 0:
                columns = st.columns(4)
            with columns[position % 4]:
                chosen[key] = widgets.slider(title, 0.0, CRITERIA_WEIGHT, f"m_{key}", float(usual[key]))
    return None if chosen == dict(usual) else chosen


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
        "euclidean": (_("Overall distance"), number(own["euclidean"], 2)),
        "mahalanobis": (_("Overall distance, overlaps discounted"), number(own["mahalanobis"], 2)),
    }
    head = (_("From home"), _("Figure"), _("Closer countries"))
    return (head, *((title, text, share(nearer[key])) for key, (title, text) in texts.items()))


def distance_effect(iso3: str, home: str, choice: MarketFilters, weight: float) -> str:
    """What the distance from home does to the rank."""
    scores = load.ranking(choice.recipe, choice.year).scores["score"]
    ranks = distance.ranks_with_distance(scores, load.distances(home, choice.year)["euclidean"], weight).loc[iso3]
    return _("If distance from home counts {weight}, its rank goes from {before} to {after}.").format(
        weight=share(weight), before=int(ranks["rank_before"]), after=int(ranks["rank_after"])
    )


def as_sheet(case: Case, choice: MarketFilters, home: str, weight: float) -> one_pager.Sheet:
    """The whole sheet in the reader's language."""
    standings = load.standings(case.ranking, case.iso3)
    lines = [
        (
            ranking_words.ingredient_title(case.ranking, s.key),
            with_unit(s.value, ranking_words.ingredient_unit(case.ranking, s.key)),
            str(s.year),
            share(s.ahead_of),
        )
        for s in [*standings[:3], *standings[-3:]]
    ]
    titles = criteria_names()
    mode_rows = [
        (cases.mode_names()[mode], f"{row['score']:.0f}", *(f"{row[key]:.2f}" for key in titles))
        for mode, row in case.advice.modes.iterrows()
    ]
    ways = (
        (_("Ways in (criteria 0–1, more is better)"), ((_("Mode"), _("Score, 0–100"), *titles.values()), *mode_rows)),
    )
    stops = [cases.gate_sentence(gate) for gate in case.gates] or [cases.no_gate()]
    return one_pager.Sheet(
        title=sentence(_("{market} – {verdict}").format(market=case.spoken, verdict=cases.verdict(case))),
        verdict=_("{industry}, {year}").format(industry=_(case.ranking.recipe.title), year=choice.year),
        sentences=tuple(
            text
            for text in (
                f"{cases.reason(case)} {cases.flip_sentence(case)}".strip(),
                cases.rank_sentence(case),
                cases.mode_sentence(case),
                *stops,
                cases.potential_sentence(case),
                distance_effect(case.iso3, home, choice, weight),
            )
            if text
        ),
        tables=(
            (
                _("Strongest and weakest figures"),
                ((_("Figure"), _("Value"), _("Year"), _("Better than")), *lines),
            ),
            *(ways if mode_rows else ()),
            (
                _("Distance from {home}").format(home=load.markets().at[home, "name"]),
                distance_table(case.iso3, home, choice.year),
            ),
        ),
        foot=components.ranking_source(case.ranking)
        + " "
        + _(
            "Associations, not causes. Thresholds and criteria are judgements of this dashboard; gates are no legal "
            "advice."
        ),
        language=current(),
    )


def show(printed: one_pager.Sheet, case: Case) -> None:
    """The sheet on the page: the verdict as title, one picture, reasons, then the tables."""
    icon = {
        "go": ":material/check_circle:",
        "pilot": ":material/science:",
        "wait": ":material/pause_circle:",
        "blocked": ":material/block:",
        "no advice": ":material/help:",
    }
    st.title(printed.title)
    st.caption(f"{icon[case.advice.verdict]} {printed.verdict}")
    rules = entry_mode.rules()
    components.chart(
        rankings.distribution(
            list(case.distribution),
            case.rank,
            rules.shortlist,
            components.look(),
            (_("Rank"), _("Share of index variants"), _("end of the top {count}").format(count=rules.shortlist)),
        ),
        pd.DataFrame({"rank": range(1, len(case.distribution) + 1), "share": case.distribution}),
        f"ranks_{case.iso3}",
        _("How often the country takes each rank over all index variants"),
        components.ranking_source(case.ranking),
    )
    for text in printed.sentences:
        st.markdown(f"- {text}")
    for heading, rows in printed.tables:
        st.subheader(heading)
        cells = [[literal(cell) for cell in row] for row in rows[1:]]  # wraps in a narrow window, so that all is seen
        st.table(pd.DataFrame(cells, columns=rows[0]), hide_index=True)
    st.caption(printed.foot)
    name = f"lepton-atlas-{case.iso3}-{case.ranking.recipe.name}"
    with st.container(horizontal=True):
        st.download_button(
            _("Print as PDF"),
            lambda: one_pager.as_pdf(printed),
            f"{name}.pdf",
            "application/pdf",
            icon=":material/print:",
            key=f"pdf_{case.iso3}",
            type="primary",
            on_click="ignore",
        )
        st.download_button(
            _("Save as HTML"),
            lambda: one_pager.as_html(printed).encode(),
            f"{name}.html",
            "text/html",
            icon=":material/html:",
            key=f"html_{case.iso3}",
            on_click="ignore",
        )


def unranked(iso3: str, choice: MarketFilters, ranking: Ranking) -> None:
    """A market that was asked for and has no rank: said, never replaced by another; its gates all the same."""
    st.title(sentence(cases.why_unranked(iso3, choice, ranking)))
    for gate in gates.between(load.settings()["home_market"], iso3, choice.recipe):
        st.markdown(f"- {cases.gate_sentence(gate)}")
