"""What a plan is asked: industries, markets, years, money, people, risk, offices; as sliders with a number to type."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from analytics.allocation import inputs as plan_inputs
from analytics.allocation import request as plan_request
from analytics.allocation.inputs import PlanInputs
from analytics.allocation.request import PlanRequest
from analytics.index import recipe
from dashboard import components, load, places, widgets
from dashboard.charts.scenarios import track
from dashboard.i18n.translation import _, listing, number
from dashboard.plan import state, words
from dashboard.plan.words import Names

MAX_MARKETS = state.MAX_MARKETS
CAPS = (1, 2, 5)
MILLION = 1e6
PRESENCE = 30
HOURS = 8.0


def pair(
    key: str,
    label: str,
    value: float,
    low: float,
    high: float,
    step: float,
    take: Callable[[float], None],
    seen: tuple[float, float] | None = None,
    about: str | None = None,
    most: float | None = None,
) -> None:
    """A slider and a number to type that always agree. seen: today's plan, drawn below. most: of the number typed."""
    whole = isinstance(step, int)
    cast = int if whole else float
    value, low = cast(value), cast(low)
    high = cast(max(high, value))
    slide, typed = f"slide_{key}", f"type_{key}"
    for widget in (slide, typed):
        if st.session_state.get(widget) != value:  # set at every run, it would jump under a moving hand
            st.session_state[widget] = value

    def taken(widget: str) -> None:
        take(cast(st.session_state[widget]))

    form = "%d" if whole else "%.2f" if step < 0.1 else "%.1f"
    left, right = st.columns([2.4, 1], vertical_alignment="bottom")
    with left:
        st.slider(label, low, high, key=slide, step=step, format=form, on_change=taken, args=(slide,), help=about)
        if seen is not None:
            now = min(max(seen[1], low), high)
            st.image(track(low, high, *seen, now, components.look()), width="stretch")
    with right:
        top = cast(max(most, value)) if most is not None else high
        st.number_input(
            label,
            low,
            top,
            key=typed,
            step=step,
            format=form,
            on_change=taken,
            args=(typed,),
            label_visibility="collapsed",
        )


def all_of(material: PlanInputs, wish: PlanRequest, names: Names) -> None:
    """Everything below the industries."""
    markets(material, wish, names)
    money_and_people(wish, today_range(wish, material))
    total(wish)
    risk(wish)
    with st.expander(_("Presence and offices"), key="plan_box_offices"):
        presence(wish, material)
        offices(material, wish, names)


def industries(wish: PlanRequest, usual: str, file: PlanInputs | None) -> tuple[str, ...]:
    """Ask which industries the plan is about; the chosen recipe when none is."""
    known = tuple(file.offers["industry"].unique()) if file is not None else recipe.NAMES
    chosen = [name for name in wish.industries if name in known] or ([usual] if usual in known else list(known[:1]))
    _set("plan_industries", chosen)
    st.multiselect(
        _("Industries"),
        known,
        key="plan_industries",
        filter_mode=widgets.SEARCH,
        select_all=False,
        format_func=words.industry,
        on_change=lambda: state.change(industries=tuple(st.session_state["plan_industries"])),
        placeholder=_("The industry above"),
    )
    return tuple(chosen)


def markets(material: PlanInputs, wish: PlanRequest, names: Names) -> None:
    """Ask which markets may be entered: by name, or the first by what is untapped or by rank."""
    here = material.offers[material.offers["industry"].isin(wish.industries)]
    amounts = here.groupby("market")["untapped_usd"].sum()
    known = sorted(amounts.index, key=lambda iso3: names[iso3])
    _set("plan_markets", [iso3 for iso3 in wish.markets if iso3 in amounts.index])
    known, labels = places.findable(known, lambda iso3: names[iso3])
    st.multiselect(
        _("Candidate countries"),
        known,
        key="plan_markets",
        format_func=labels,
        filter_mode=widgets.SEARCH,
        select_all=False,
        on_change=lambda: state.change(markets=tuple(st.session_state["plan_markets"])),
        placeholder=_("The first ones"),
        max_selections=MAX_MARKETS,
    )
    how_many(wish, max(len(wish.markets), 1))
    if material.from_file:
        return
    orders = {"untapped": _("untapped"), "rank": _("Rank")}
    with st.container(horizontal=True, vertical_alignment="bottom", key="plan_first_row"):
        _set("plan_first", wish.first)
        st.number_input(
            _("The first"), 1, min(MAX_MARKETS, max(len(known), 1)), key="plan_first", on_change=_first, width=130
        )
        _set("plan_by", wish.by)
        st.segmented_control(
            _("by"), list(orders), key="plan_by", format_func=orders.get, on_change=_first, required=True
        )


def how_many(wish: PlanRequest, count: int) -> None:
    """Ask in how many countries the plan should be, at least and at most. count: of the candidates."""
    least, most = st.columns(2)
    with least:
        _set("plan_least", min(wish.min_markets or 0, count))
        st.number_input(
            _("Countries, at least"),
            0,
            count,
            key="plan_least",
            on_change=lambda: state.change(min_markets=int(st.session_state["plan_least"]) or None),
        )
    with most:
        _set("plan_most", min(count if wish.max_markets is None else wish.max_markets, count))
        st.number_input(
            _("at most"),
            1,
            count,
            key="plan_most",
            on_change=lambda: state.change(
                max_markets=None if st.session_state["plan_most"] >= count else int(st.session_state["plan_most"])
            ),
        )


def total(wish: PlanRequest) -> None:
    """Ask for one budget over all years, beside that of each year."""
    on = st.toggle(
        _("One budget for all years"),
        value=wish.total_usd is not None,
        key="plan_total_on",
        on_change=lambda: state.change(
            total_usd=float(sum(wish.budget_usd)) if st.session_state["plan_total_on"] else None
        ),
        help=_("The sum over all years, beside the limit of each year."),
    )
    if on and wish.total_usd is not None:
        value = wish.total_usd / MILLION
        pair(
            "total",
            _("Budget of all years, million US$"),
            value,
            0.0,
            _cap(value, 20),
            0.1,
            lambda v: state.change(total_usd=v * MILLION),
            most=state.MAX_USD / MILLION,
        )


def _first() -> None:
    state.change(first=int(st.session_state["plan_first"]), by=st.session_state["plan_by"], markets=())


def money_and_people(wish: PlanRequest, today: tuple[tuple[float, float], tuple[float, float]] | None) -> None:
    """Ask for the years, and for money and people in each: one figure for all, or one a year.

    today: least and most of today's plan over the years, US$ and people, drawn under the sliders.
    """
    years = len(wish.budget_usd)
    _set("plan_years", years)
    st.slider(
        _("Years, from {year}").format(year=wish.base_year),
        1,
        state.MAX_YEARS,
        key="plan_years",
        on_change=lambda: state.put(
            replace(state.now(), wish=state.now().wish.lasting(int(st.session_state["plan_years"])))
        ),
    )
    uneven = len(set(wish.budget_usd)) > 1 or len(set(wish.people)) > 1
    if uneven and not st.session_state.get("plan_each"):
        st.session_state["plan_each"] = True
    each = st.toggle(_("Set each year separately"), key="plan_each", on_change=_level) if years > 1 else False
    seen = None if today is None else tuple(edge / MILLION for edge in today[0])
    about = _("For wages, programmes, entry costs and offices.") + (
        " " + _("The bar below shows today's plan.") if today is not None else ""
    )
    for n in range(years if each else 1):
        label = _("Budget {year}, million US$").format(year=wish.years[n]) if each else _("Budget a year, million US$")
        value = wish.budget_usd[n] / MILLION
        pair(
            f"budget_{n}",
            label,
            value,
            0.0,
            _cap(value, 20),
            0.1,
            lambda v, n=n: _year("budget_usd", n, v * MILLION, each),
            seen,
            about,
            state.MAX_USD / MILLION,
        )
    for n in range(years if each else 1):
        label = _("People {year}").format(year=wish.years[n]) if each else _("People a year, at most")
        value = wish.people[n]
        pair(
            f"people_{n}",
            label,
            value,
            0,
            _cap(value, 100),
            1,
            lambda v, n=n: _year("people", n, v, each),
            None if today is None else today[1],
            None,
            state.MAX_PEOPLE,
        )


def _year(name: str, n: int, value: float, each: bool) -> None:
    before = getattr(state.now().wish, name)
    after = tuple(value if (not each or k == n) else old for k, old in enumerate(before))
    state.change(**{name: after})


def _level() -> None:
    """Back to one figure for all years: the first year's."""
    wish = state.now().wish
    if not st.session_state["plan_each"]:
        years = len(wish.budget_usd)
        state.change(budget_usd=(wish.budget_usd[0],) * years, people=(wish.people[0],) * years)


def _cap(value: float, least: float) -> float:
    """The slider's end: a round number at least twice the value."""
    if 2 * value <= least:
        return least
    power = 10 ** math.floor(math.log10(2 * value))
    return next(power * part for part in (1, 2, 5, 10) if power * part >= 2 * value)


def risk(wish: PlanRequest) -> None:
    """Ask for the position of the risk dial."""
    pair(
        "risk",
        _("Risk preference"),
        wish.risk,
        0.0,
        1.0,
        0.05,
        lambda v: state.change(risk=v),
        about=_(
            "0 looks only at the expected gain, 1 only at the bad cases: the average of the worst fifth of simulations."
        ),
    )


def presence(wish: PlanRequest, material: PlanInputs) -> None:
    """Ask for the fewest and the most people in an open market."""
    table = plan_request.figures(material, replace(wish, own=()))
    for key, label, about in (
        (
            "min_people",
            _("Minimum people in an open market"),
            _("Below this a market cannot be run; one person alone has no one to stand in."),
        ),
        ("max_people", _("Most people in one market"), _("More cannot be hired or led there.")),
    ):
        usual = int(table[key].median()) if len(table) else 0
        given = getattr(wish, key)
        pair(
            key,
            label,
            usual if given is None else given,
            0,
            PRESENCE,
            1,
            lambda v, key=key: state.change(**{key: v}),
            about=about,
            most=state.MAX_PEOPLE,
        )


def offices(material: PlanInputs, wish: PlanRequest, names: Names) -> None:
    """Ask where offices may be, and how many working hours they must share with a market."""
    if len(material.sites):
        known = list(material.sites.index)
    else:
        priced = plan_request.figures(material, wish)["wage_usd"].dropna().index
        known = [iso3 for iso3 in dict.fromkeys((material.home, *wish.markets)) if iso3 in priced]
    st.toggle(
        _("Allow offices in countries not served"),
        value=wish.free_sites,
        key="plan_free_sites",
        on_change=lambda: state.change(free_sites=bool(st.session_state["plan_free_sites"])),
        help=_("Otherwise an office stands only at home or in a country in which the plan has people."),
    )
    if not len(material.sites):
        st.toggle(
            _("Allow offices without native speakers"),
            value=wish.any_language,
            key="plan_any_language",
            on_change=lambda: state.change(any_language=bool(st.session_state["plan_any_language"])),
            help=_(
                "Otherwise an office serves only its own country and those whose main language is spoken by at least "
                "{people} people where it stands."
            ).format(people=number(plan_inputs.defaults()["offices"]["native_speakers"])),
        )
    chosen = [site for site in wish.sites or () if site in known]
    _set("plan_sites", chosen)
    known, labels = places.findable(known, lambda iso3: names[iso3])
    st.multiselect(
        _("Offices may be in"),
        known,
        key="plan_sites",
        format_func=labels,
        filter_mode=widgets.SEARCH,
        select_all=False,
        on_change=lambda: state.change(sites=tuple(st.session_state["plan_sites"])),
        placeholder=_("Anywhere: offices do not limit the plan"),
        help=_("Every market needs an open office within its working hours. At first: home and the best scored."),
    )
    if chosen:
        hours = wish.rules.hub_hours if not len(material.sites) else float(material.sites["min_overlap_hours"].min())
        pair(
            "hub_hours",
            _("Working hours an office must share"),
            hours if wish.hub_hours is None else wish.hub_hours,
            0.0,
            HOURS,
            0.5,
            lambda v: state.change(hub_hours=v),
            about=_("Of 9 to 17 o'clock on both clocks. Fewer hours let one office serve markets further away."),
        )


def today_range(wish: PlanRequest, material: PlanInputs) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Least and most that today's plan spends and employs over the years; None without one."""
    if not wish.today:
        return None
    wages = plan_request.figures(material, wish)["wage_usd"]
    usd, people = [], []
    for year in wish.years:
        rows = [row for row in wish.today if row.year in (None, year) and row.market in wages.index]
        usd.append(sum(row.people * float(wages[row.market]) + row.programme_usd for row in rows))
        people.append(sum(row.people for row in rows))
    return (min(usd), max(usd)), (min(people), max(people))


def ask_for_potential(missing: tuple[str, ...], year: int) -> None:
    """The one button that starts what takes long, with what and how long."""
    told = listing([words.industry(name) for name in missing])
    st.write(
        _(
            "First we estimate market potential: about 30 seconds per industry, once. The estimate is tested on "
            "countries the model has not seen."
        )
    )
    if st.button(
        _("Estimate the potential of {industries}").format(industries=told),
        type="primary",
        icon=":material/trending_up:",
        key="plan_estimate",
    ):
        estimate(missing, year)
        st.rerun()


def estimate(missing: tuple[str, ...], year: int) -> None:
    """Work out the potentials, with progress."""
    bar = st.progress(0.0)
    for n, name in enumerate(missing):
        told = _("Estimating {industry} ({n} of {count}); up to half a minute")
        bar.progress(n / len(missing), told.format(industry=words.industry(name), n=number(n + 1), count=len(missing)))
        load.plan_potential(name, year)
    bar.empty()


def _set(key: str, value: Any) -> None:
    if st.session_state.get(key) != value:
        st.session_state[key] = value
