"""What a scenario does: its assumptions, the figures before and after, warnings, the map, the movers."""

import pandas as pd
import streamlit as st

from analytics.scenario import outcome as outcomes
from analytics.scenario.base import ScenarioBase
from analytics.scenario.document import Scenario
from analytics.scenario.outcome import ScenarioResult
from dashboard import components, load, places, widgets
from dashboard.board import downloads as board_parts
from dashboard.charts import maps, scenarios
from dashboard.i18n.translation import _, number, percent, share
from dashboard.markup import literal
from dashboard.scenarios import board, state, words

ZOOM = 260
"""Pixels of the box that says which part of the map is shown."""


def assumed(current: Scenario) -> None:
    """Every assumption, each with a button that takes it back."""
    if not current.shocks:
        return
    with st.container(horizontal=True, key="assumptions"):
        for position, shock in enumerate(current.shocks):
            st.button(
                literal(words.told(shock)),
                icon=":material/close:",
                key=f"drop_{position}",
                help=_("Take this back"),
                on_click=lambda place=shock.place: state.change(state.now().without(place)),
            )


def headline(result: ScenarioResult, iso3: str, names: pd.Series, is_plain: bool) -> None:
    """The answer. is_plain: nothing is assumed yet."""
    components.answer(_("Change an assumption to start") if is_plain else words.headline(result, iso3, names[iso3]))


def outcome(result: ScenarioResult, ground: ScenarioBase, current: Scenario, iso3: str, names: pd.Series) -> None:
    """How sure the answer is, its figures, and what a reader must know before believing them."""
    summary(result, iso3, names, state.is_plain(current))
    figures(result, ground, iso3)
    flags(result, ground, current, iso3, names)


def summary(result: ScenarioResult, iso3: str, names: pd.Series, is_plain: bool) -> None:
    """How sure the answer is, and who else moves."""
    moves = words.summary(result, names)
    st.write(moves if is_plain else f"{words.certainty(result, iso3)} {moves}")


def figures(result: ScenarioResult, ground: ScenarioBase, iso3: str) -> None:
    """Rank, score and potential of the market in question, before and after."""
    row = result.markets.loc[iso3]
    cells = st.columns(3 if ground.estimate is None else 4)
    cells[0].metric(
        _("Rank"),
        f"{int(row['rank'])} ({int(row['rank_low'])}–{int(row['rank_high'])})",
        int(row["rank_before"] - row["rank"]) or None,
        help=_("5–95 % over all index variants: weights, scaling, missing data, outliers and aggregation."),
    )
    gained = round(float(row["score"] - row["score_before"]), 1)
    cells[1].metric(_("Score"), f"{row['score']:.1f}", f"{gained:+.1f}" if gained else None)
    cells[2].metric(_("Chance of a better rank"), share(float(row["p_improves"])), help=words.chance(result, iso3))
    if ground.estimate is not None:
        fit = ground.estimate.fit
        change = row["potential"] / row["potential_before"] - 1 if row["potential_before"] > 0 else 0.0
        moved = round(float(change) * 100, 1)
        cells[3].metric(
            _("Potential"),
            number(row["potential"]),
            percent(f"{moved:+.1f}") if moved else None,
            help=_("{outcome}, {unit}; 90 %: {low} to {high}; before: {before}").format(
                outcome=_(fit.outcome_title),
                unit=_(fit.outcome_unit),
                low=number(row["potential_low"]),
                high=number(row["potential_high"]),
                before=number(row["potential_before"]),
            ),
        )


def subject(result: ScenarioResult, market: str) -> str:
    """The market the answer is about: the one on the sliders, else the one whose rank moves most, else the first."""
    if market:
        return market
    moved = (result.markets["rank"] - result.markets["rank_before"]).abs()
    return str(moved.idxmax()) if moved.any() else str(result.markets.index[0])


def flags(result: ScenarioResult, ground: ScenarioBase, current: Scenario, iso3: str, names: pd.Series) -> None:
    """What a reader must know before believing it."""
    if warning := words.outside(result, iso3, names):
        st.warning(warning, icon=":material/travel_explore:")
    for sentence in words.notes(result.notes, names):
        st.warning(sentence, icon=":material/warning:")
    if ground.outlook is not None and ground.estimate is not None:
        st.caption(_("The potential is not projected: it is that of the model's own year, changed by the assumptions."))
    for sentence in (words.moved_along(result, iso3), words.alone(current, result)):
        if sentence:
            st.caption(sentence)


def export(result: ScenarioResult, ground: ScenarioBase, current: Scenario, iso3: str, names: pd.Series) -> None:
    """The scenario for the board: slides, one file to read anywhere, pages to print."""
    with st.popover(_("Board export"), icon=":material/slideshow:"):
        st.write(_("Slides with charts that can be edited, one HTML file, or a PDF: the figures of this page."))
        board_parts.board_downloads(lambda: board.scenario_board(result, ground, current, iso3, names), current.name)


def movers(result: ScenarioResult, ground: ScenarioBase, iso3: str, names: pd.Series) -> None:
    """Who moves most, the market in question always among them."""
    table, keep = result.markets, board.movers(result, iso3)
    if keep.empty:
        return
    columns = ["rank_before", "rank", "rank_low", "rank_high", "score_before", "score", "p_improves"]
    components.chart(
        scenarios.movers(table.loc[keep, columns], names, components.look(), _("Who moves most: rank, 5–95 %")),
        lambda: table[columns].round(3).reset_index(names="iso3").assign(market=lambda rows: rows["iso3"].map(names)),
        "movers",
        _("Ranks before and after of the markets that move most"),
        source(ground, result.scenario),
    )


def world(result: ScenarioResult, ground: ScenarioBase, iso3: str, names: pd.Series) -> None:
    """Ranks before and after on the map."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = widgets.segmented(
            _("Map"),
            ("change", "before", "after"),
            "map",
            "change",
            {"change": _("Change of rank"), "before": _("Score before"), "after": _("Score after")}.get,
            label_visibility="collapsed",
        )
        groups = {"": _("The whole world")} | places.group_labels()
        zoom = widgets.selectbox(
            _("Zoom to"), tuple(groups), "zoom", "", groups.get, label_visibility="collapsed", width=ZOOM
        )
    table = result.markets
    said = names.reindex(table.index).to_list()
    ranks = zip(said, table["rank_before"].to_list(), table["rank"].to_list(), strict=True)
    hover = pd.Series([f"<b>{name}</b><br>{before} → {after}" for name, before, after in ranks], table.index)
    labels = {"score": _("Score, 0–100"), "missing": _("Not ranked or not shown")}
    capitals, outlined = load.markets()[["latitude", "longitude"]], load.map_markets()
    if shown == "change":
        labels["score"] = _("Places gained or lost")
        change = table["rank_before"] - table["rank"]
        figure = scenarios.change_map(change, hover, capitals, outlined, iso3, components.look(), labels)
    else:
        values = table["score_before" if shown == "before" else "score"]
        figure = maps.score_map(values, names, hover, capitals, outlined, iso3, components.look(), labels)
    if zoom:
        figure["layout"]["geo"] |= maps.frame(capitals.reindex(sorted(load.group_members((zoom,)))).dropna())
    components.chart(
        figure,
        lambda: table[["score_before", "score"]].round(2).reset_index(names="iso3"),
        "scenario_map",
        _("World map of ranks before and after the scenario"),
        components.ranking_source(ground.ranking) + " " + _("Boundaries: United Nations, as shipped with plotly.js."),
        config=maps.CONFIG,
    )


def contributions(ground: ScenarioBase, current: Scenario, iso3: str) -> None:
    """What each assumption adds to the score."""
    if len(current.shocks) < 2:
        return
    with st.expander(_("What each assumption adds to the score"), key="contributions", on_change="rerun") as shown:
        if shown.open:
            parts = outcomes.contributions(ground, current).loc[iso3].round(2)
            told = [words.told(shock) for shock in current.shocks]
            st.dataframe(pd.DataFrame({_("Assumption"): told, _("Points"): parts}), hide_index=True)


def associations(current: Scenario) -> None:
    """Which figures move with which, by how much, and which links were not used and why."""
    base, before = current.base, state.standing(current).before
    found = load.propagations(base.recipe, base.year, before)
    with st.expander(_("What moves along with what"), key="associations", on_change="rerun") as shown:
        if not shown.open:
            return
        table = pd.DataFrame(
            {
                _("When this moves"): [words.indicator_name(link.source) for link in found],
                _("this moves too"): [words.indicator_name(link.target) for link in found],
                _("by (90 %)"): [
                    _("{middle} ({low} to {high})").format(
                        middle=number(link.coefficient), low=number(link.low), high=number(link.high)
                    )
                    for link in found
                ],
                _("In"): [_scales(link.source_scale, link.target_scale) for link in found],
                _("Markets"): [link.n_markets for link in found],
                _("Used"): [_("used") if link.used else _(link.reason) for link in found],
                _("Because"): [_(link.why) for link in found],
            }
        )
        st.dataframe(table, hide_index=True)
        st.caption(
            _(
                "Each market compared with itself over 15 years, less what all had in common (two-way fixed effects, "
                "errors clustered by market): associated with, not caused by. Other figures move alone."
            )
        )


def _scales(source: str, target: str) -> str:
    words_of = {
        ("log", "log"): _("% for 1 %"),
        ("log", "level"): _("points for a log point"),
        ("level", "log"): _("log points for a point"),
        ("level", "level"): _("points for a point"),
    }
    return words_of[source, target]


def carried_forward(ground: ScenarioBase) -> None:
    """By which method each figure was carried forward, and how that did on the past."""
    if ground.outlook is None:
        return
    with st.expander(_("How each figure was projected"), key="carried", on_change="rerun") as shown:
        if not shown.open:
            return
        methods = ground.outlook.methods.reindex(ground.figures.columns).dropna(subset=["method"])
        table = pd.DataFrame(
            {
                _("Indicator"): [words.indicator_name(code) for code in methods.index],
                _("Method"): [_(method).capitalize() for method in methods["method"]],
                _("Error, damped trend"): methods["mae_damped"].round(4).to_numpy(),
                _("Error, last value"): methods["mae_last"].round(4).to_numpy(),
                _("90 % intervals that held"): [share(value) for value in methods["coverage"]],
            }
        )
        st.dataframe(table, hide_index=True)
        st.caption(
            _(
                "Mean absolute errors on earlier years, on the scale the figure was projected on (logarithm, logit "
                "or unchanged). Damped trend (Gardner and McKenzie 1985) is used where it beats the last value."
            )
        )


def source(ground: ScenarioBase, current: Scenario) -> str:
    """Publishers and vintage, and how the figures were carried forward."""
    text = components.ranking_source(ground.ranking)
    text += " " + _("Scenario: {name}.").format(name=state.now().name)
    if ground.outlook is None:
        return text
    methods = ground.outlook.methods["method"].value_counts()
    return (
        text
        + " "
        + _(
            "Projected {years} years ahead: {damped} indicators by damped trend, {last} by their last value, which "
            "did as well when tested on past years."
        ).format(
            years=current.horizon, damped=int(methods.get("damped trend", 0)), last=int(methods.get("last value", 0))
        )
    )
