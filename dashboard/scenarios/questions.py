"""Questions about a scenario: which figure matters, two at once, reaching a target, not knowing, comparing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from analytics import scales
from analytics.index import recipe
from analytics.index.composite import NotRanked
from analytics.json_documents import DocumentError
from analytics.scenario import document as scenario_document
from analytics.scenario import goal_seek as goal_seeks
from analytics.scenario import history as histories
from analytics.scenario import outcome as outcomes
from analytics.scenario import shocks as scenario_shocks
from analytics.scenario import sweeps
from analytics.scenario.base import ScenarioBase, ScenarioError
from analytics.scenario.document import BaseKey, Scenario, Uncertain
from analytics.scenario.forecast import ForecastError
from analytics.scenario.outcome import ScenarioResult
from dashboard import components, load, widgets
from dashboard.charts import scenarios
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, compact, number, share, with_unit
from dashboard.markup import literal
from dashboard.scenarios import parts, state, words
from dashboard.scenarios.parts import export, source
from dashboard.scenarios.toolbar import SHELF, outcome
from data import shelf

BARS = 14
CELLS = 7
MAX_COMPARED = 4


def _measures(ground: ScenarioBase, iso3: str) -> tuple[str, ...]:
    has = ground.estimate is not None and iso3 in ground.estimate.fit.features.index
    return ("score", "rank", "potential") if has else ("score", "rank")


def _measure_choice(ground: ScenarioBase, iso3: str, key: str) -> str:
    return widgets.segmented(_("Measure"), _measures(ground, iso3), key, "score", _titles().get)


def _titles() -> dict[str, str]:
    return {"score": _("Score"), "rank": _("Rank"), "potential": _("Potential")}


def tornado(ground: ScenarioBase, current: Scenario, iso3: str, names: pd.Series) -> None:
    """Which single figure matters most: each one historical standard deviation down and up."""
    st.subheader(_("Which figure of {market} matters most?").format(market=names[iso3]))
    measure = _measure_choice(ground, iso3, "tornado")
    table = sweeps.tornado(ground, current, iso3)
    components.stop_if_empty(table, _("No figure of this market has enough history."))
    here = outcomes.read(ground, current, iso3)
    sides = table[[f"{measure}_down", f"{measure}_up"]].set_axis(["down", "up"], axis=1)
    widest = sides.sub(getattr(here, measure)).abs().max(axis=1).sort_values(ascending=False, kind="stable")
    sides = sides.loc[widest[widest > 0].index[:BARS]]
    titles = {code: words.indicator_name(code) + ("" if table.at[code, "own"] else " *") for code in sides.index}
    components.chart(
        scenarios.tornado(
            sides,
            titles,
            getattr(here, measure),
            components.look(),
            _titles()[measure],
            (_("one standard deviation down"), _("one up")),
        ),
        table.round(3).reset_index(),
        "tornado",
        _("What one standard deviation of each figure does"),
        source(ground, current),
    )
    st.caption(
        _(
            "Each figure alone, by its own standard deviation over the last 15 years, on top of the scenario. "
            "* Too short a past: the median of other markets stands in."
        )
    )


def two_way(ground: ScenarioBase, current: Scenario, iso3: str, names: pd.Series) -> None:
    """Two figures at once."""
    st.subheader(_("What if two figures of {market} move together?").format(market=names[iso3]))
    figures_now = scenario_shocks.point(ground, current).figures.loc[iso3].dropna()
    codes = tuple(figures_now.index)
    if len(codes) < 2:
        components.nothing(_("Fewer than two figures are known of this market."))
    measure = _measure_choice(ground, iso3, "two_way")
    cells = st.columns(2)
    with cells[0]:
        first = widgets.selectbox(_("Down the side"), codes, "side", codes[0], words.indicator_name)
    with cells[1]:
        rest = tuple(code for code in codes if code != first)
        second = widgets.selectbox(_("Across the top"), rest, "top", rest[0], words.indicator_name, quiet=True)
    table = sweeps.two_way(
        ground,
        current,
        iso3,
        (first, _grid(ground, iso3, first, figures_now[first])),
        (second, _grid(ground, iso3, second, figures_now[second])),
        measure,
    )
    title = _titles()[measure]
    units = tuple(f"{words.indicator_name(c)}, {_(words.indicator_unit(c))}" for c in (first, second))
    labels = tuple([compact(value, 4) for value in axis] for axis in (table.index, table.columns))
    components.chart(
        scenarios.two_way(table, components.look(), units, labels, title, measure == "rank"),
        table.round(3).reset_index(),
        "two_way",
        _("A measure for pairs of values of two figures"),
        source(ground, current),
    )


def _grid(ground: ScenarioBase, iso3: str, code: str, now: float) -> np.ndarray:
    """Seven values around the present one: two standard deviations to either side, at least a tenth."""
    sd = ground.record["sd"].get((iso3, code), np.nan)
    reach = max(2 * sd if np.isfinite(sd) else 0.0, 0.1 * abs(now), 1e-6)
    low, high = scales.bounds(code)
    return np.unique(np.clip(np.linspace(now - reach, now + reach, CELLS), low, high).round(6))


def goal_seek(ground: ScenarioBase, current: Scenario, iso3: str, names: pd.Series) -> None:
    """What would have to change to reach a target?"""
    st.subheader(_("What would take {market} to a target?").format(market=names[iso3]))
    aims = _titles()
    here = outcomes.read(ground, current, iso3)
    options = tuple(aim for aim in goal_seeks.AIMS if aim in _measures(ground, iso3))
    codes = tuple(scenario_shocks.point(ground, current).figures.loc[iso3].dropna().index)
    cells = st.columns([1.2, 1, 2.4], vertical_alignment="bottom")
    with cells[0]:
        aim = widgets.segmented(_("Target"), options, "aim", "rank", aims.get)
    usual = {"rank": max(here.rank - 10, 1), "score": min(here.score + 5, 100.0), "potential": here.potential * 1.2}
    with cells[1]:
        target = st.number_input(
            _("to reach"),
            min_value=1.0 if aim == "rank" else 0.0,
            value=float(usual[aim]),
            step=1.0,
            format="%.0f" if aim == "rank" else "%.1f",
            key=f"target_{aim}_{iso3}",
        )
    policy = load.indicators().reindex(codes)["dimension"].isin(("governance", "digital"))
    policy = [code for code in codes if policy[code]][:3] or list(codes[:3])
    with cells[2]:
        chosen = widgets.multiselect(_("by changing"), codes, "by", policy, words.indicator_name, max_selections=8)
    if not chosen:
        components.nothing(_("Choose at least one figure that may change."))
    with st.spinner(_("Searching")):
        found = goal_seeks.seek(ground, current, iso3, chosen, aim, float(target))
    _show_goal(found, names, aims[aim])


def _show_goal(found: goal_seeks.Goal, names: pd.Series, aim: str) -> None:
    """The answer of a goal seek, or that there is none."""
    best = number(found.best)
    if not found.exists:
        st.error(
            _(
                "No change of these figures within the range of real markets reaches it; the best is {aim} {best}. "
                "Let other figures change too."
            ).format(aim=aim.lower(), best=best),
            icon=":material/block:",
        )
        return
    if found.effort == 0:
        st.success(_("It is reached already."), icon=":material/check:")
        return
    table = found.changes.reset_index()
    shown = pd.DataFrame(
        {
            _("Figure"): table["indicator"].map(words.indicator_name),
            _("Now"): [
                with_unit(v, words.indicator_unit(c)) for c, v in zip(table["indicator"], table["before"], strict=True)
            ],
            _("Needed"): [
                with_unit(v, words.indicator_unit(c)) for c, v in zip(table["indicator"], table["after"], strict=True)
            ],
            _("Standard deviations"): table["effort"].round(2),
        }
    )
    st.dataframe(shown, hide_index=True)
    st.write(
        _("Run again with these figures: rank {rank}, score {score}.").format(
            rank=found.reached.rank, score=f"{found.reached.score:.1f}"
        )
    )
    if not found.is_smallest:
        st.caption(_("Smallest change found by a local search, in the market's own standard deviations."))
    if found.outside:
        st.warning(_("That is beyond what the data have seen."), icon=":material/travel_explore:")
    st.button(
        _("Apply these figures to the scenario"),
        icon=":material/add:",
        key="take_goal",
        on_click=lambda: state.change(_merged(found.scenario)),
    )


def _merged(scenario: Scenario) -> Scenario:
    """Shocks of the same place said once, the last one counting."""
    last = {shock.place: shock for shock in scenario.shocks}
    return replace(scenario, shocks=tuple(last.values()))


def uncertainty(ground: ScenarioBase, current: Scenario, iso3: str, names: pd.Series) -> None:
    """Several inputs uncertain at once."""
    st.subheader(_("What if we are unsure how much changes?"))
    codes = tuple(scenario_shocks.point(ground, current).figures.loc[iso3].dropna().index)
    _add_uncertain(codes, iso3, ground)
    if not current.uncertain:
        st.write(_("Give at least one figure a range; every simulation then also varies weights and elasticities."))
        return
    for position, entry in enumerate(current.uncertain):
        st.button(
            words.uncertain_told(entry),
            icon=":material/close:",
            key=f"certain_{position}",
            on_click=lambda entry=entry: state.change(
                replace(current, uncertain=tuple(e for e in current.uncertain if e != entry))
            ),
        )
    with st.spinner(_("Drawing")):
        found = sweeps.simulate(ground, current)
    row = found.markets.loc[iso3]
    st.write(
        _(
            "{market}: rank {median} ({low}–{high}, 5–95 %); better than without the scenario in {p} of {draws} draws."
        ).format(
            market=names[iso3],
            median=int(row["rank_median"]),
            low=int(row["rank_low"]),
            high=int(row["rank_high"]),
            p=share(float(row["p_improves"])),
            draws=found.draws,
        )
    )
    column = ground.ranking.scores.index.get_loc(iso3)
    ranks = pd.Series(found.ranks[:, column])
    before = int(ground.ranking.scores.at[iso3, "rank"])
    components.chart(
        scenarios.spread_of(
            ranks, before, components.look(), _("Rank"), (_("Share of draws"), _("before: {rank}").format(rank=before))
        ),
        found.markets.round(3).reset_index(names="iso3"),
        "draws",
        _("How often each rank came out"),
        source(ground, current),
    )
    weights = found.importance[iso3].dropna()
    for position, value in weights.items():
        st.caption(
            _("{input}: rank correlation with the score {value}").format(
                input=words.uncertain_told(current.uncertain[position]), value=f"{value:+.2f}"
            )
        )


def _add_uncertain(codes: tuple[str, ...], iso3: str, ground: ScenarioBase) -> None:
    with st.form("uncertain", border=True):
        cells = st.columns([2, 1.4, 1, 1, 1], vertical_alignment="bottom")
        code = cells[0].selectbox(
            _("Figure"), codes, format_func=words.indicator_name, key="uncertain_code", filter_mode=widgets.SEARCH
        )
        shapes = {"triangular": _("Triangular"), "normal": _("Normal"), "bootstrap": _("Its own past")}
        shape = cells[1].selectbox(
            _("Distribution"), list(shapes), format_func=shapes.get, key="uncertain_shape", filter_mode=widgets.SEARCH
        )
        low = cells[2].number_input(_("Low, or mean"), value=-10.0, key="uncertain_low")
        mode = cells[3].number_input(_("Most likely, or sd"), value=0.0, key="uncertain_mode")
        high = cells[4].number_input(_("High, or years"), value=10.0, key="uncertain_high")
        st.caption(_("Changes in the figure's unit; in percent for amounts."))
        if not st.form_submit_button(_("Add"), icon=":material/add:"):
            return
    amount = histories.is_amount(code)
    scale = scenario_document.factor if amount else float
    given = {
        "triangular": {"low": scale(low), "mode": scale(mode), "high": scale(high)},
        "normal": {"mean": scale(low), "sd": abs(mode) / 100 if amount else abs(mode)},
        "bootstrap": {"years": int(min(max(high, 1), 10))},
    }[shape]
    entry = Uncertain(code, "scale" if amount else "add", shape, given, (iso3,))
    current = state.now()
    wanted = replace(current, uncertain=(*current.uncertain, entry))
    try:
        scenario_document.check(wanted)
    except DocumentError as error:
        st.error(spelt(error), icon=":material/error:")
        return
    state.change(wanted)
    st.rerun()


def compare(ground: ScenarioBase, current: Scenario, iso3: str, names: pd.Series) -> None:
    """Up to four scenarios beside each other, and two of them in words."""
    st.subheader(_("How do scenarios differ?"))
    known = tuple(entry.name for entry in shelf.saved(SHELF))
    chosen = widgets.multiselect(_("Saved scenarios"), known, "beside", known[:1], max_selections=MAX_COMPARED - 1)
    found = {current.name + " *": current}
    for name in chosen:
        try:
            found[name] = scenario_document.from_json(shelf.read(SHELF, name))
            recipe.load(found[name].base.recipe)
        except (DocumentError, shelf.ShelfError, recipe.RecipeError) as error:
            found.pop(name, None)
            st.error(spelt(error), icon=":material/error:")
    if len(found) < 2:
        st.write(_("Save a scenario, change it, and compare the two here."))
        return
    ranks = {}
    for name, entry in found.items():
        try:
            stands = load.ground(BaseKey.of(entry, state.standing(entry).before).without_potential)
            ranks[name] = outcome(stands, entry).markets["rank"]
        except (ScenarioError, NotRanked, ForecastError) as error:
            st.error(f"{literal(name)}: {spelt(error)}", icon=":material/error:")
    table = pd.DataFrame(ranks)
    spread = (table.max(axis=1) - table.min(axis=1)).sort_values(ascending=False, kind="stable")
    shown = table.loc[spread.index].head(20).assign(market=lambda rows: names.reindex(rows.index))
    st.dataframe(shown[["market", *ranks]], hide_index=True, column_config={"market": _("Market")})
    components.download(table.reset_index(names="iso3"), "scenarios")
    for name, entry in list(found.items())[1:]:
        st.markdown(f"**{literal(current.name)} – {literal(name)}**")
        for sentence in words.differences(current, entry):
            st.text(sentence)


ASK = {"tornado": tornado, "two": two_way, "goal": goal_seek, "draws": uncertainty, "compare": compare}
"""The questions by the code of their view."""


def view(result: ScenarioResult, ground: ScenarioBase, current: Scenario, iso3: str, names: pd.Series) -> None:
    """The question that is asked, and its answer: the map by default. The board export stands beside."""
    views = {"world": _("Map and movers")} | titles()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = widgets.segmented(_("View"), tuple(views), "view", "world", views.get, label_visibility="collapsed")
        export(result, ground, current, iso3, names)
    if chosen == "world":
        parts.movers(result, ground, iso3, names)
        parts.world(result, ground, iso3, names)
        parts.contributions(ground, current, iso3)
        parts.associations(current)
        parts.carried_forward(ground)
        return
    try:
        ASK[chosen](ground, current, iso3, names)
    except ScenarioError as error:
        st.error(spelt(error), icon=":material/error:")


def titles() -> dict[str, str]:
    """What the views are called."""
    return {
        "tornado": _("Tornado"),
        "two": _("Two-way table"),
        "goal": _("Goal seek"),
        "draws": _("Uncertainty"),
        "compare": _("Compare"),
    }
