"""What the store of a test holds."""

from data import store


def landed(name: str = "figures") -> dict[tuple[str, str, int], float]:
    """Values by (iso3, indicator, year) of a file, by the name it was imported under."""
    query = "SELECT iso3, indicator, year, value FROM observations WHERE source = $source"
    return {row[:3]: row[3] for row in rows_of(query, {"source": f"file {name}"})}


def stored(code: str, iso3: str = "FRA") -> dict[int, float]:
    """The values of an indicator in a market that stand, by year."""
    connection = store.connect()
    try:
        rows = store.series(connection, [code], [iso3])
        return dict(zip(rows["year"], rows["value"], strict=True))
    finally:
        connection.close()


def rows_of(query: str, parameters: dict | None = None) -> list[tuple]:
    """The answer to a query on the store's tables."""
    connection = store.connect()
    try:
        return connection.execute("USE atlas").execute(query, parameters or {}).fetchall()
    finally:
        connection.close()
