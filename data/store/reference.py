"""Facts about markets: one SELECT each."""

import pandas as pd

from data.store.build import REFERENCE_TABLES
from data.store.connection import Connection, cursor_of, reading


@reading
def markets(connection: Connection) -> pd.DataFrame:
    """A row a market, every column of the table, by iso3."""
    return cursor_of(connection).execute("SELECT * FROM markets ORDER BY iso3").df()


@reading
def market_names(connection: Connection, language: str) -> pd.DataFrame:
    """iso3 and display name of each market in a language (en where there is none)."""
    return (
        cursor_of(connection)
        .execute(
            "SELECT m.iso3, coalesce(n.name, m.name) AS name FROM markets m LEFT JOIN market_names n "
            "ON n.iso3 = m.iso3 AND n.kind = 'display' AND n.language = $language ORDER BY m.iso3",
            {"language": language},
        )
        .df()
    )


@reading
def market_aliases(connection: Connection) -> pd.DataFrame:
    """iso3 and name of what markets are called in English besides their display name, in alphabetical order."""
    query = "SELECT iso3, name FROM market_names WHERE kind = 'alias' AND language = 'en' ORDER BY iso3, name"
    return cursor_of(connection).execute(query).df()


@reading
def market_facts(connection: Connection, table: str, iso3: str | None = None) -> pd.DataFrame:
    """The rows of one market (or of all) in a reference table: market_languages, _neighbours, _memberships ..."""
    if table not in REFERENCE_TABLES:
        raise ValueError(f"{table!r} is not a reference table: {', '.join(REFERENCE_TABLES)}")
    return (
        cursor_of(connection)
        .execute(f"SELECT * FROM {table} WHERE iso3 = coalesce($iso3, iso3) ORDER BY ALL", {"iso3": iso3})
        .df()
    )
