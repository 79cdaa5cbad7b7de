"""Cached reads of the store that several pages share. Results are shared by all sessions: never change them."""

from datetime import date
from functools import lru_cache

import babel
import pandas as pd

from analytics.market import language_reach
from dashboard import readiness
from dashboard.i18n import calendar as calendar_words
from dashboard.i18n.faults import said
from dashboard.i18n.translation import STORE_LANGUAGES, _, current, day, language_name, territory_name
from dashboard.load.cache import cached, cached_by_file, connection
from data import quality, store

INCOME_GROUPS = ("High income", "Upper middle income", "Lower middle income", "Low income")


@cached
def snapshots() -> pd.DataFrame:
    return store.snapshots(connection())


@cached
def status() -> dict[str, int | None]:
    return store.status(connection())


@cached
def indicators() -> pd.DataFrame:
    """A row an indicator, indexed by code."""
    return store.indicators(connection()).set_index("code")


@cached
def markets_in(language: str) -> pd.DataFrame:
    names = store.market_names(connection(), STORE_LANGUAGES[language]).set_index("iso3")["name"]
    return store.markets(connection()).set_index("iso3").rename(columns={"name": "english"}).assign(name=names)


@cached
def market_names(language: str) -> dict[str, str]:
    """Display names by iso3 in a language of the store (en, zh_Hans), in their alphabetical order."""
    names = store.market_names(connection(), language).set_index("iso3")["name"].sort_values()
    return names.to_dict()


@cached
def market_aliases() -> dict[str, list[str]]:
    """What else markets are called in English, by iso3."""
    return store.market_aliases(connection()).groupby("iso3")["name"].agg(list).to_dict()


@cached
def _regions_in(language: str) -> dict[str, str]:
    named = {code: territory_name(code) for code in markets()["region"].dropna().unique()}
    return dict(sorted(named.items(), key=lambda item: item[1]))


def regions() -> dict[str, str]:
    """Names of the regions that have markets by UN M49 code, in the reader's language and sorted in it."""
    return _regions_in(current())


@cached
def group_members(codes: tuple[str, ...]) -> frozenset[str]:
    """iso3 of every market in any of these continents or regions (UN M49 codes) or organisations."""
    places, facts = markets(), market_facts("market_memberships")
    here = places.index[places["region"].isin(codes) | places["continent"].isin(codes)]
    return frozenset(here) | frozenset(facts.loc[facts["organisation"].isin(codes), "iso3"])


@cached
def income_groups() -> tuple[str, ...]:
    """Income groups of the markets, from rich to poor; empty until a refresh or an import brought them."""
    known = markets()["income_group"].dropna().unique()
    return tuple(group for group in INCOME_GROUPS if group in known)


def languages() -> dict[str, str]:
    """Names of all languages on record by code, in the reader's language, sorted by name."""
    return _languages_in(current())


@cached
def _languages_in(_language: str) -> dict[str, str]:
    named = {code: language_name(code) for code in set(market_facts("market_languages")["language"])}
    return dict(sorted(named.items(), key=lambda entry: entry[1]))


def markets() -> pd.DataFrame:
    """A row a market, indexed by iso3, `name` in the reader's language."""
    return markets_in(current())


@cached
def market_facts(table: str, iso3: str | None = None) -> pd.DataFrame:
    """The rows of one market, or of all, in a reference table."""
    return store.market_facts(connection(), table, iso3)


@cached
def spoken(iso3: str) -> pd.Series:
    """Share of a market's people by language, the most spoken first; empty where none is on record."""
    return readiness.spoken(market_facts("market_languages", iso3))


@cached
def language_shares() -> pd.DataFrame:
    """Share of each market's people who speak a language, 0 to 1: (markets, languages)."""
    return language_reach.shares(market_facts("market_languages"))


@cached
def snapshot_after(snapshot: str) -> str | None:
    """The arrival after this one, None for the newest. Raises store.StoreError when it never arrived here."""
    return store.snapshot_after(connection(), snapshot)


@cached
def _region_names_in(language: str) -> dict[str, str]:
    english = babel.Locale("en").territories
    return {english.get(code, code): territory_name(code) for code in markets()["region"].dropna().unique()}


def region_names() -> dict[str, str]:
    """English name of a UN region -> its name in the reader's language."""
    return _region_names_in(current())


@cached
def economies() -> pd.Series:
    """GDP by iso3, the largest first: in whose order markets without figures are named."""
    return pd.Series(store.gdp(connection())).sort_values(ascending=False)


@cached
def latest(codes: tuple[str, ...], year: int, window: int) -> pd.DataFrame:
    return store.market_panel(connection(), codes, year, window)


@cached
def series(codes: tuple[str, ...], iso3s: tuple[str, ...] | None) -> pd.DataFrame:
    return store.series(connection(), codes, iso3s)


@cached
def coverage(codes: tuple[str, ...]) -> pd.DataFrame:
    return store.coverage(connection(), codes)


@cached
def flags(codes: tuple[str, ...], iso3s: tuple[str, ...]) -> pd.DataFrame:
    """What sources say their values are: iso3, indicator, year, source, flag."""
    return store.flags(connection(), codes, iso3s)


@cached
def observation_rows(iso3: str, indicator: str) -> pd.DataFrame:
    return store.observation_rows(connection(), iso3, indicator)


@cached
def _source_line_in(language: str, codes: tuple[str, ...]) -> str:
    rows = indicators()
    rows = rows.loc[[code for code in codes if code in rows.index]]
    rows = rows[rows["observations"] > 0]
    publishers = _("; ").join(
        _("{source} ({licence})").format(
            source=said(source), licence=", ".join(sorted(set(group["licence"].map(said))))
        )
        for source, group in rows.groupby("source")
        if source
    )
    arrived = day(snapshots()["retrieved_at"].max())
    return _("Source: {publishers}. In the store since {day}.").format(publishers=publishers, day=arrived)


def source_line(codes: tuple[str, ...]) -> str:
    """Publishers, vintage and licences behind indicators: one line under a chart, in the reader's language."""
    return _source_line_in(current(), codes)


@cached
def findings() -> pd.DataFrame:
    return quality.findings(connection())


@cached
def map_markets() -> frozenset[str]:
    """Markets that have a polygon in the world map; the others are drawn as points."""
    table = pd.read_csv(store.REFERENCE / "map_markets.csv", keep_default_na=False, dtype=str)
    return frozenset(table.loc[table["resolution"].str.startswith("110"), "iso3"])


@lru_cache(maxsize=512)
def public_holidays(iso2: str, year: int, language: str) -> dict[date, str]:
    """Public holidays of a market by date (`calendar_words.public_holidays`)."""
    return calendar_words.public_holidays(iso2, year, language)


@cached_by_file
def reviews() -> pd.DataFrame:
    """A row a signed review of a model, the newest first."""
    return store.reviews(connection())


@cached_by_file
def feedback() -> pd.DataFrame:
    """A row a reply of the assistant that somebody judged, the newest first."""
    return store.feedback(connection())
