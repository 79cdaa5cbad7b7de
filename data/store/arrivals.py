"""Arrivals of data: snapshots, the merge, and what undoes one."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd

from data import catalog
from data.faults import Fault
from data.store.connection import Connection, StoreError, run_file
from data.store.writer import writing

EMBEDDED = "embedded reference"


class Snapshot:
    """One arrival of data: from whom, when (UTC), the sha256 of what was read, under which licence."""

    def __init__(
        self,
        source: str,
        retrieved_at: datetime,
        sha256: str,
        licence: str,
        status: str = "complete",
        note: str = "",
    ) -> None:
        self.id = snapshot_id(retrieved_at, sha256)
        self.source, self.retrieved_at, self.sha256 = source, retrieved_at, sha256
        self.licence, self.status, self.note = licence, status, note


def snapshot_id(retrieved_at: datetime, sha256: str) -> str:
    """Sorts by time, differs by content: 20261121T101500Z-1a2b3c4d."""
    return f"{retrieved_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{sha256[:8]}"


def next_arrival(connection: Connection, moment: datetime, source: str | None = None) -> datetime:
    """`moment`, or a second after the latest arrival (of that source) when the clock does not stand later.

    Snapshots sort by time in seconds, and the later value counts: two imports within a second must not tie.
    """
    latest = connection.execute(
        "SELECT max(retrieved_at) FROM snapshots WHERE coalesce(source = $source, true)", {"source": source}
    ).fetchall()[0][0]  # fetched whole: register() refuses to follow an unfinished result
    moment = moment.astimezone(UTC)
    if latest is None:
        return moment
    try:
        return max(moment, latest.replace(tzinfo=UTC, microsecond=0) + timedelta(seconds=1))
    except OverflowError:
        raise StoreError(
            "The store holds an arrival from the end of time, after which nothing can arrive. python -m data status "
            "lists it; remove it with python -m data remove SNAPSHOT."
        ) from None


def merge(connection: Connection, snapshot: Snapshot, withdraw: bool = False, record: bool = True) -> dict[str, int]:
    """Bring the temp table `incoming` (iso3, indicator, year, value, source, snapshot) into the observations.

    A value replaces the same source's earlier one, which moves to the revisions. Equal values keep their snapshot, so
    a second import changes nothing. withdraw also takes out what the source no longer states, for the indicators
    that are in `incoming`. record=False leaves the snapshots alone (an export brings its own); an arrival that changes
    nothing is not recorded either. Consumes `incoming`; returns rows, added, changed, withdrawn, and not_taken: values
    that differ and are older than what stands. Runs in the caller's transaction.
    """
    counts = merge_each(connection, snapshot, withdraw, record)
    return {name: int(total) for name, total in counts.sum().items()}


def merge_each(
    connection: Connection, snapshot: Snapshot, withdraw: bool | str = False, record: bool = True
) -> pd.DataFrame:
    """Like `merge`, with a row of its counts for each indicator of `incoming`.

    withdraw may be "emptied": what the temp table of that name holds is withdrawn.
    """
    run_file(connection, "merge/difference")
    if withdraw == "emptied" and _is_there(connection, "emptied"):
        connection.execute("ALTER TABLE emptied RENAME TO withdrawn")
    elif withdraw is True:
        run_file(connection, "merge/withdrawn", {"snapshot": snapshot.id})
    else:
        connection.execute("CREATE TEMP TABLE withdrawn AS SELECT * FROM difference WHERE false")
    counts = run_file(connection, "merge/counts").df().set_index("indicator").astype("int64")
    for name in ("remember", "remove", "insert", "describe_new_indicators"):
        run_file(connection, f"merge/{name}")
    for table in ("incoming", "difference", "withdrawn"):
        connection.execute(f"DROP TABLE {table}")
    total = {name: int(counts[name].sum()) for name in ("rows", "added", "changed", "withdrawn")}
    if record and (total["added"] or total["changed"] or total["withdrawn"]):
        put_snapshot(connection, snapshot, total)
    return counts


def _is_there(connection: Connection, table: str) -> bool:
    query = "SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = $table AND temporary"
    return bool(connection.execute(query, {"table": table}).fetchone()[0])


def put_snapshot(connection: Connection, snapshot: Snapshot, counts: dict[str, int]) -> None:
    """Record an arrival; a snapshot already there adds its counts up (a refresh lands indicator by indicator)."""
    run_file(
        connection,
        "merge/snapshot",
        {
            "id": snapshot.id,
            "source": snapshot.source,
            "retrieved_at": snapshot.retrieved_at.astimezone(UTC).replace(tzinfo=None),
            "sha256": snapshot.sha256,
            "licence": snapshot.licence,
            "status": snapshot.status,
            "note": snapshot.note,
            **counts,
        },
    )


def forget_fetches(connection: Connection, codes: Sequence[str]) -> None:
    """Have the next refresh fetch these indicators, whether or not the Bank changed them since."""
    connection.execute("DELETE FROM fetches WHERE list_contains($codes, indicator)", {"codes": list(codes)})


def remove(snapshot: str) -> dict[str, int]:
    """Undo an arrival: its values go, and what they replaced or withdrew stands again; all of it or nothing.

    Later arrivals stay as they are. Descriptions of indicators and income groups that came with it stay, but for
    indicators that nobody described and that have no value left. Returns removed and restored, in values. Raises
    StoreError for an arrival that is not here and for the embedded facts, StoreBusy while another process writes.
    """
    with writing(Fault("a removal")) as connection:
        known = connection.execute("SELECT source FROM snapshots WHERE id = $id", {"id": snapshot}).fetchone()
        if known is None:
            raise StoreError(
                "No arrival {snapshot} is in this store. `python -m data status` lists them.", snapshot=snapshot
            )
        if known[0] == EMBEDDED:
            raise StoreError("The facts that come with the program cannot be removed.")
        connection.execute("BEGIN")
        for name in ("later", "forgotten"):
            run_file(connection, f"remove/{name}", {"snapshot": snapshot})
        removed = run_file(connection, "remove/take_out", {"snapshot": snapshot}).fetchone()[0]
        restored = run_file(connection, "remove/restore", {"snapshot": snapshot}).fetchone()[0]
        for table in ("revisions", "fetches", "flags"):
            connection.execute(f"DELETE FROM {table} WHERE snapshot = $id", {"id": snapshot})
        connection.execute("DELETE FROM snapshots WHERE id = $id", {"id": snapshot})
        connection.execute(
            "DELETE FROM indicators WHERE status = 'undescribed' AND code NOT IN (SELECT indicator FROM observations)"
        )
        connection.execute("COMMIT")
    return {"removed": removed, "restored": restored}


def put_indicators(connection: Connection, indicators: Iterator[catalog.Indicator]) -> None:
    """Write indicator descriptions, replacing those with the same code."""
    rows = pd.DataFrame([vars(indicator) for indicator in indicators])
    if rows.empty:
        return
    columns = ", ".join(rows.columns)
    connection.register("described", rows)
    connection.execute(f"INSERT OR REPLACE INTO indicators ({columns}) SELECT {columns} FROM described")
    connection.unregister("described")


def put_income_groups(connection: Connection, groups: pd.DataFrame) -> int:
    """Set the World Bank's income group and region of markets. groups: iso3, income_group, wb_region.

    Returns how many markets changed.
    """
    connection.register("groups", groups)
    changed = connection.execute(
        "UPDATE markets SET income_group = g.income_group, wb_region = coalesce(g.wb_region, markets.wb_region) "
        "FROM groups g WHERE g.iso3 = markets.iso3 AND (g.income_group IS DISTINCT FROM markets.income_group "
        "OR coalesce(g.wb_region, markets.wb_region) IS DISTINCT FROM markets.wb_region)"
    ).fetchone()[0]
    connection.unregister("groups")
    return changed


def restore_snapshots(connection: Connection, rows: pd.DataFrame) -> int:
    """Take over snapshot rows of an export, those not already here; returns how many. rows: the table's columns."""
    connection.register("exported", rows)
    added = connection.execute("INSERT OR IGNORE INTO snapshots BY NAME SELECT * FROM exported").fetchone()[0]
    connection.unregister("exported")
    return added


def put_fetch(
    connection: Connection, indicator: str, last_updated: str, snapshot: Snapshot, sha256: str, rows: int
) -> None:
    """Note that an indicator was fetched. last_updated: as the publisher states it; sha256: of what was fetched."""
    connection.execute(
        "INSERT OR REPLACE INTO fetches VALUES ($indicator, $last_updated, $retrieved_at, $sha256, $rows, $snapshot)",
        {
            "indicator": indicator,
            "last_updated": last_updated,
            "retrieved_at": snapshot.retrieved_at.astimezone(UTC).replace(tzinfo=None),
            "sha256": sha256,
            "rows": rows,
            "snapshot": snapshot.id,
        },
    )
