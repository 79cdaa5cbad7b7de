"""Shared choices: recipe, year, region, income, language. Chosen once, kept in the address, on every page."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from analytics import recipe
from dashboard import links, load
from dashboard.language import KEY, LANGUAGES, _, territory_name


@dataclass(frozen=True)
class MarketFilters:
    """What to rank by, and which markets to show. Empty regions or incomes mean all."""

    recipe: str
    year: int
    regions: tuple[str, ...] = ()
    incomes: tuple[str, ...] = ()


INCOME_GROUPS = ("High income", "Upper middle income", "Lower middle income", "Low income")


def _income_order(group: str) -> int:
    """From rich to poor; groups the World Bank does not use come last."""
    return INCOME_GROUPS.index(group) if group in INCOME_GROUPS else len(INCOME_GROUPS)


def take_language() -> None:
    """Settle the session's language before anything is drawn: address, then last choice, then the store's setting."""
    asked = st.query_params.get(KEY)
    if KEY not in st.session_state:
        st.session_state[KEY] = asked if asked in LANGUAGES else load.settings()["language"]


def language_choice() -> None:
    """English or Chinese, at the end of the filter row."""
    links.segmented(
        _("Language"), tuple(LANGUAGES), KEY, load.settings()["language"], LANGUAGES.get, label_visibility="collapsed"
    )


def market_filters(geography: bool = False) -> MarketFilters:
    """The filter row. geography adds region and income, which narrow what is shown but not the ranking itself."""
    widths = [2, 1, 2, 2, 1.4] if geography else [2, 1, 5.4]
    columns = st.columns(widths, vertical_alignment="bottom")
    with columns[0]:
        chosen = links.selectbox(
            _("Industry"), recipe.NAMES, "recipe", "general", lambda name: _(recipe.load(name).title)
        )
    with columns[1]:
        years = load.years(chosen)
        year = links.selectbox(
            _("Year"), years, "year", load.default_year(chosen), help=_("Only what was known by this year counts.")
        )
    regions, incomes = [], []
    if geography:
        markets = load.markets()
        with columns[2]:
            known = tuple(sorted(markets["region"].dropna().unique(), key=territory_name))
            regions = links.multiselect(
                _("Region"), known, "region", format_func=territory_name, placeholder=_("All regions")
            )
        with columns[3]:
            groups = tuple(sorted(markets["income_group"].dropna().unique(), key=_income_order))
            incomes = links.multiselect(
                _("Income group"),
                groups,
                "income",
                format_func=_,
                placeholder=_("All income groups") if groups else _("Known after a refresh"),
                disabled=not groups,
            )
    with columns[-1], st.container(horizontal_alignment="right"):
        language_choice()
    return MarketFilters(chosen, year, tuple(regions), tuple(incomes))


def market_choice(options: tuple[str, ...], names: pd.Series, default: str) -> str:
    """One market, kept in the address as `market=DEU`."""
    return links.selectbox(_("Market"), options, "market", default, lambda iso3: names.get(iso3, iso3))
