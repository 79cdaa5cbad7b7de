"""Shared choices: recipe, year, region, income, language. Chosen once, kept in the address, on every page."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from analytics.index import recipe
from dashboard import load, places, profile_bar, widgets
from dashboard.i18n.translation import KEY, LANGUAGES, _, settle

WIDE, NARROW, MENU = 220, 110, 310
"""Pixels. Industry and year stand side by side on a phone; what is chosen less often opens from a button."""


@dataclass(frozen=True)
class MarketFilters:
    """What to rank by, and which markets to show. Empty regions or incomes mean all.

    regions: UN M49 codes of continents and regions, and names of organisations (`load.group_members`).
    """

    recipe: str
    year: int
    regions: tuple[str, ...] = ()
    incomes: tuple[str, ...] = ()


def take_language() -> None:
    """Settle the session's language before anything is drawn: address, then last choice, then the store's setting."""
    widgets.take_address(KEY, lambda text: text if text in LANGUAGES else None)
    if st.session_state.get(KEY) not in LANGUAGES:
        st.session_state[KEY] = load.settings()["language"]
    settle(st.session_state[KEY])


def language_choice() -> None:
    """English or Chinese, at the end of the filter row."""
    widgets.segmented(
        _("Language"), tuple(LANGUAGES), KEY, load.settings()["language"], LANGUAGES.get, label_visibility="collapsed"
    )


def market_filters(geography: bool = False) -> MarketFilters:
    """The filter row. geography adds region and income, which narrow what is shown but not the ranking itself."""
    regions, incomes = [], []
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        chosen = widgets.selectbox(
            _("Industry"),
            recipe.NAMES,
            "recipe",
            load.settings()["industry"],
            lambda name: _(recipe.load(name).title),
            width=WIDE,
        )
        year = widgets.selectbox(
            _("Year"),
            load.years(chosen),
            "year",
            load.default_year(chosen),
            help=_("Uses only data available by this year."),
            width=NARROW,
        )
        if geography:
            active = bool(widgets.stated("region")) + bool(widgets.stated("income"))
            label = _("Filters ({count})").format(count=active) if active else _("Filters")
            with st.popover(label, icon=":material/filter_alt:", width="content"):
                regions, incomes = _geography()
        with st.container(horizontal_alignment="right"):
            language_choice()
    profile_bar.line()
    return MarketFilters(chosen, year, tuple(regions), tuple(incomes))


def _geography() -> tuple[list[str], list[str]]:
    """Regions and income groups to show; empty means all."""
    known = places.group_labels()
    regions = widgets.multiselect(
        _("Region"), tuple(known), "region", format_func=known.get, placeholder=_("All regions"), width=MENU
    )
    groups = load.income_groups()
    incomes = widgets.multiselect(
        _("Income group"),
        groups,
        "income",
        format_func=_,
        placeholder=_("All income groups") if groups else _("Known after a refresh"),
        disabled=not groups,
        width=MENU,
    )
    return regions, incomes


def market_choice(options: tuple[str, ...], names: pd.Series, default: str) -> str:
    """One market, kept in the address as `market=DEU`."""
    return widgets.selectbox(_("Market"), options, "market", default, lambda iso3: names.get(iso3, iso3), pinned=True)
