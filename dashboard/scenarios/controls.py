"""The sliders of a scenario: each with its past drawn under it, today's value, and a number to type."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from analytics import scales
from analytics.scenario import history as histories
from analytics.scenario import portable
from analytics.scenario.base import ScenarioBase
from analytics.scenario.document import Scenario, Shock, factor
from dashboard import components, load, widgets
from dashboard.charts.scenarios import track
from dashboard.i18n.translation import _, number, percent, territory_name, with_unit
from dashboard.live import component as live
from dashboard.scenarios import state, while_moving
from dashboard.scenarios.words import indicator_name, indicator_unit, weight_name
from data import catalog

MIN_PERCENT, MAX_PERCENT = -50.0, 100.0
"""Percent an amount can be moved by the slider; more can be typed."""
FARTHEST = 900.0
STEPS = 200
FARTHEST_YEARS = 10
HEAVIEST = 3.0


@dataclass(frozen=True)
class Scope:
    """For whom the sliders hold: a market, a region, or all."""

    market: str = ""
    region: str = ""

    @property
    def markets(self) -> tuple[str, ...]:
        return (self.market,) if self.market else ()

    @property
    def regions(self) -> tuple[str, ...]:
        return (self.region,) if self.region else ()


@dataclass(frozen=True)
class Control:
    """One slider: the change of a figure, 0 where nothing is assumed. how: add (the indicator's unit), scale (percent);
    set for what has no present value, such as a weight.

    low, high, step: of the slider. start: where nothing is assumed. seen: the range of the last years. bounds: of the
    number typed. today: the present value in words; level: the same as a number, of one market.
    """

    code: str
    how: str
    low: float
    high: float
    step: float
    start: float
    seen: tuple[float, float]
    bounds: tuple[float, float]
    today: str
    level: float = float("nan")

    def shown(self, shock: Shock | None) -> float:
        """Where the slider stands under a shock, whichever way that is written."""
        if shock is None:
            return self.start
        if shock.how == self.how:
            return shock.percent if self.how == "scale" else shock.value
        if np.isnan(self.level):
            return self.start
        after = shock.moved(self.level)
        return (after / self.level - 1) * 100 if self.how == "scale" else after - self.level

    def after(self, value: float) -> float:
        """The level that a change comes to; NaN for many markets at once."""
        return self.level * factor(value) if self.how == "scale" else self.level + value

    def shock(self, value: float, scope: Scope) -> Shock:
        if self.how == "scale":
            return Shock.from_percent("indicator", self.code, value, scope.markets, scope.regions)
        return Shock("indicator", self.code, self.how, value, scope.markets, scope.regions)


def scope(ground: ScenarioBase) -> Scope:
    """Ask for whom the sliders hold."""
    kinds = {"market": _("One market"), "region": _("A region"), "all": _("All markets")}
    kind = widgets.segmented(_("Apply to"), tuple(kinds), "scope", "market", kinds.get)
    if kind == "market":
        names = load.markets()["name"]
        ranked = tuple(ground.ranking.scores.index)
        market = widgets.selectbox(
            _("Country"), ranked, "market", ranked[0], names.get, True, strict=True, label_visibility="collapsed"
        )
        if market is None:
            asked = widgets.refused("market") or ""
            name = names.get(asked, components.plain_code(asked))
            components.nothing(
                _("{market} is not ranked for this industry. Choose another country.").format(market=name)
            )
        return Scope(market=market)
    if kind == "region":
        here = tuple(sorted(ground.regions.dropna().unique(), key=territory_name))
        return Scope(
            region=widgets.selectbox(
                _("Region"), here, "area", here[0], territory_name, pinned=True, label_visibility="collapsed"
            )
        )
    return Scope()


def sliders(ground: ScenarioBase, scenario: Scenario, whom: Scope) -> None:
    """All sliders, grouped by dimension; a group is drawn when it is open."""
    by_place = {shock.place: shock for shock in scenario.shocks}
    groups: dict[str, list[str]] = {dimension: [] for dimension in ground.recipe.dimensions}
    of_code = {
        code: ingredient.dimension
        for ingredient in ground.recipe.ingredients
        if ingredient.key in ground.ranking.measures
        for code in ground.ranking.measures[ingredient.key].codes
    }
    for code in ground.figures:
        groups.setdefault(of_code.get(code, ""), []).append(code)
    groups = {dimension: codes for dimension, codes in groups.items() if codes}
    for dimension, codes in groups.items():
        title = _(dimension).capitalize() if dimension else _("Of the potential only")
        first = dimension == next(iter(groups))
        group = st.expander(title, expanded=first, key=f"group_{dimension}", on_change="rerun")
        if group.open:
            with group:
                found = (control(ground, code, whom) for code in codes)
                _draw(ground, dimension, [_of_figure(one, by_place, whom) for one in found if one], scenario)
    with st.expander(_("Currency, weights and time"), key="group_other", on_change="rerun") as other:
        if other.open:
            _draw(ground, "other", [_of_currency(by_place, whom), *_of_weights(ground, by_place)], scenario)
            _horizon(scenario)
    st.toggle(_("With potential (about half a minute the first time)"), key="with_potential")
    live.switch()


def control(ground: ScenarioBase, code: str, whom: Scope) -> Control | None:
    """The slider of a figure; None where a market has no figure to move."""
    known, (low, high) = ground.figures[code].dropna(), scales.bounds(code)
    record = ground.record.xs(code, level="indicator") if code in ground.record.index.levels[1] else None
    if whom.market:
        today = ground.figures.at[whom.market, code]
        if np.isnan(today):
            return None
        mine = record.loc[whom.market] if record is not None and whom.market in record.index else None
        seen = (today, today) if mine is None else (float(mine["low"]), float(mine["high"]))
        said = with_unit(today, indicator_unit(code))
        if histories.is_amount(code) and today > 0:
            relative = tuple((edge / today - 1) * 100 for edge in seen)
            return Control(
                code, "scale", MIN_PERCENT, MAX_PERCENT, 1.0, 0.0, relative, (-100.0, FARTHEST), said, float(today)
            )
        ends = np.quantile(known, [0.02, 0.98])
        bottom = low if low == 0 and high == 100 else min(ends[0], seen[0], today)
        top = high if low == 0 and high == 100 else max(ends[1], seen[1], today)
        step = _step(top - bottom)
        bottom, top = (round((edge - today) / step) * step for edge in (bottom, top))
        reach = tuple(edge - today for edge in _typed(code, known))
        past_change = tuple(edge - today for edge in seen)
        return Control(code, "add", min(bottom, 0.0), max(top, 0.0), step, 0.0, past_change, reach, said, float(today))
    usual = float(record["sd"].median()) if record is not None else 0.0
    said = _("median {value}").format(value=with_unit(float(known.median()), indicator_unit(code)))
    if histories.is_amount(code):
        usual = 100 * usual / float(known.abs().median()) if known.abs().median() > 0 else 0.0
        return Control(code, "scale", MIN_PERCENT, MAX_PERCENT, 1.0, 0.0, (-usual, usual), (-100.0, FARTHEST), said)
    spread = float(np.ptp(np.quantile(known, [0.02, 0.98]))) / 2 or 1.0
    step = _step(spread)
    reach = math.ceil(spread / step) * step
    return Control(code, "add", -reach, reach, step, 0.0, (-usual, usual), (-10 * reach, 10 * reach), said)


def _typed(code: str, known) -> tuple[float, float]:
    low, high = scales.bounds(code)
    reach = 10 * float(np.ptp(known)) or 1.0
    return (low if np.isfinite(low) else float(known.min()) - reach), (
        high if np.isfinite(high) else float(known.max()) + reach
    )


def _step(width: float) -> float:
    """A round step of about a two-hundredth of the width."""
    raw = max(width, 1e-9) / STEPS
    size = 10 ** math.floor(math.log10(raw))
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw * 0.999)


@dataclass(frozen=True)
class Move:
    """A slider and where it stands. moved: the scenario with a value chosen. shock: what it assumes, at any value."""

    key: str
    title: str
    value: float
    control: Control
    moved: Callable[[float], Scenario]
    about: str
    shock: Shock


def _of_figure(found: Control, by_place: dict, whom: Scope) -> Move:
    shock = by_place.get(("indicator", found.code, whom.markets, whom.regions))

    def moved(chosen: float) -> Scenario:
        made = found.shock(chosen, whom)
        is_start = math.isclose(chosen, found.start, abs_tol=found.step / 2)
        return state.now().without(made.place) if is_start else state.now().with_shock(made)

    unit = {"set": indicator_unit(found.code), "add": _("points"), "scale": "%"}[found.how]
    title, shown = f"{indicator_name(found.code)} · {found.today}", found.shown(shock)
    if not math.isclose(shown, found.start, abs_tol=found.step / 2) and not np.isnan(found.level):
        title += f" → {with_unit(found.after(shown), indicator_unit(found.code))}"
    key = f"{found.code}|{whom.market}{whom.region}|{found.how}"
    return Move(key, title, shown, found, moved, _help(found.code, unit), found.shock(0.0, whom))


def _draw(ground: ScenarioBase, group: str, moves: list[Move], scenario: Scenario) -> None:
    if not live.is_on():
        for move in moves:
            _pair(move)
        return

    def take(values: dict[str, float], is_same: bool) -> None:
        by_key = {move.key: move for move in moves}
        for key, value in values.items():
            state.change(by_key[key].moved(value), by_slider=True, joins=is_same)
            is_same = True

    assumed = while_moving.shocks(ground, scenario)
    live.sliders(while_moving.CHANNEL, group, [_live(ground, move) for move in moves], assumed, take, state.turn())


def _live(ground: ScenarioBase, move: Move) -> live.Slider:
    found = move.control
    [shock] = portable.shocks_of(ground, [move.shock])

    def whole(edge: float) -> float:
        """The last whole step from the start to an edge, so that the start can be reached again."""
        return found.start + math.trunc((edge - found.start) / found.step) * found.step

    return live.Slider(
        key=move.key,
        label=move.title.partition(" → ")[0],
        about=move.about,
        low=whole(min(found.low, move.value)),
        high=whole(max(found.high, move.value)),
        step=float(found.step),
        least=float(min(found.bounds[0], move.value)),
        most=float(max(found.bounds[1], move.value)),
        start=float(found.start),
        value=float(move.value),
        shock={name: part for name, part in shock.items() if name != "value"},
        seen=found.seen if found.seen[0] < found.seen[1] else None,
        unit=percent("") if found.how == "scale" else "",
        signed=found.how != "set",
        percent=found.how == "scale",
        level=None if np.isnan(found.level) else found.level,
    )


def _pair(move: Move) -> None:
    """A slider and a number that agree, and the past under them.

    The number's key holds its value, so that each new value is a new widget: two widgets that set each other send old
    values back when one moves quickly. Streamlit also calls back for widgets that did not change when runs overtake
    each other: such calls change nothing.
    """
    key, title, value, found = move.key, move.title, move.value, move.control
    low, high = float(min(found.low, value)), float(max(found.high, value))
    places = max(0, -math.floor(math.log10(found.step))) if found.step < 1 else 0
    slide, typed = f"slide|{key}|{state.turn()}", f"type|{key}|{value:.9g}"

    turn = state.turn()

    def slid() -> None:
        if state.turn() == turn:
            state.change(move.moved(float(st.session_state[slide])), by_slider=True)

    def wrote() -> None:
        if st.session_state[typed] != float(value):
            state.change(move.moved(float(st.session_state[typed])))

    left, right = st.columns([2.6, 1], vertical_alignment="bottom")
    with left:
        st.slider(
            title,
            low,
            high,
            float(value),
            step=float(found.step),
            key=slide,
            format=f"%.{places}f" if found.how == "set" else f"%+.{places}f",
            on_change=slid,
            help=move.about,
        )
        now = found.start if low <= found.start <= high else None
        st.image(track(low, high, *found.seen, now, components.look()), width="stretch")
    with right:
        st.number_input(
            title,
            float(min(found.bounds[0], value)),
            float(max(found.bounds[1], value)),
            float(value),
            step=float(found.step),
            key=typed,
            format=f"%.{places}f",
            on_change=wrote,
            label_visibility="collapsed",
        )


def _help(code: str, unit: str) -> str:
    known = catalog.load().get(code)
    about = _(known.description) + " " if known and known.description else ""
    return about + _(
        "Change in {unit}. The grey bar below is the range of the last 15 years, its mark is today."
    ).format(unit=_(unit))


def _of_currency(by_place: dict, whom: Scope) -> Move:
    shock = by_place.get(("exchange rate", "", whom.markets, whom.regions))
    shown = Control("", "scale", MIN_PERCENT, MAX_PERCENT, 1.0, 0.0, (-10.0, 10.0), (-99.0, FARTHEST), "")

    def moved(chosen: float) -> Scenario:
        made = Shock.from_percent("exchange rate", "", chosen, whom.markets, whom.regions)
        return state.now().without(made.place) if chosen == 0 else state.now().with_shock(made)

    about = _("Every figure in current US$ is converted at the new rate. The bar shows ±10 %.")
    title = _("Currency against the US$, %")
    made = Shock.from_percent("exchange rate", "", 0.0, whom.markets, whom.regions)
    return Move(f"fx|{whom.market}{whom.region}", title, shown.shown(shock), shown, moved, about, made)


def _of_weights(ground: ScenarioBase, by_place: dict) -> list[Move]:
    found = []
    for dimension, usual in ground.recipe.dimensions.items():
        shock = by_place.get(("weight", dimension, (), ()))
        shown = Control(dimension, "set", 0.0, HEAVIEST, 0.1, float(usual), (usual, usual), (0.0, 100.0), "")

        def moved(chosen: float, dimension: str = dimension, usual: float = usual) -> Scenario:
            made = Shock("weight", dimension, "set", chosen)
            same = math.isclose(chosen, usual, abs_tol=1e-9)
            return state.now().without(made.place) if same else state.now().with_shock(made)

        value = float(usual) if shock is None else max(shock.moved(float(usual)), 0.0)
        title = _("Weight of {name}").format(name=weight_name(dimension))
        about = _("The recipe gives it {usual}.").format(usual=number(usual))
        made = Shock("weight", dimension, "set", 0.0)
        found.append(Move(f"weight|{dimension}", title, value, shown, moved, about, made))
    return found


def _horizon(scenario: Scenario) -> None:
    key = f"horizon|{state.turn()}"

    turn = state.turn()

    def take() -> None:
        if state.turn() == turn:
            state.change(replace(state.now(), horizon=int(st.session_state[key])), by_slider=True)

    about = _("Projects every figure to that year first, and tests the method on past years.")
    st.slider(_("Years ahead"), 0, FARTHEST_YEARS, scenario.horizon, key=key, on_change=take, help=about)
