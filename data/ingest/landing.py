"""What was checked, written into the store; and all of the store written out again."""

import json
from dataclasses import replace
from pathlib import Path

from data import catalog, exports, layouts, private, store
from data.ingest.companions import companion_groups, described_beside
from data.ingest.report import Check, ImportReport


def land_rows(connection: store.Connection, report: ImportReport, check: Check) -> tuple[ImportReport, bool]:
    """Write what was checked; returns the report, and whether there was anything new in it."""
    layout, folders, origin = check.layout, check.arrived.folders, check.origin
    snapshot = store.Snapshot(
        source=origin.source if origin else f"file {check.arrived.name}",
        retrieved_at=store.next_arrival(connection, check.now),
        sha256=check.arrived.sha256,
        licence=origin.licence if origin else "as its publisher states",
        status="partial" if report.fault_count else "complete",
        note=f"{report.fault_count:,} faults skipped" if report.fault_count else "",
    )
    connection.execute("BEGIN")
    restored = exports.take_over(connection, check.note) if check.note is not None else 0
    store.run_file(connection, "ingest/incoming", {"source": snapshot.source, "snapshot": snapshot.id})
    flagged = _flagged(connection, snapshot)
    store.put_indicators(connection, _described(connection, layout, folders))
    unstated = 0 if check.note is not None or origin else _emptied(connection, snapshot)
    withdraw = True if origin else "emptied"
    counts = store.merge_each(connection, snapshot, withdraw=withdraw, record=check.note is None)
    if flagged:
        connection.execute("INSERT INTO flags SELECT * FROM flagged")
    if flagged and check.note is None and not counts[["added", "changed", "withdrawn"]].to_numpy().any():
        nothing = dict.fromkeys(("added", "changed", "withdrawn"), 0)
        store.put_snapshot(connection, snapshot, {"rows": flagged} | nothing)
    if check.note is not None:  # whatever the export says, the next refresh asks the Bank
        store.forget_fetches(connection, list(counts.index[(counts["added"] > 0) | (counts["changed"] > 0)]))
    found = [groups for folder in folders if (groups := companion_groups(folder)) is not None]
    regrouped = sum(store.put_income_groups(connection, groups) for groups in found)
    undescribed = connection.execute(
        "SELECT DISTINCT c.indicator FROM checked c JOIN indicators i ON i.code = c.indicator "
        "WHERE i.status = 'undescribed' ORDER BY 1"
    ).fetchall()
    connection.execute("COMMIT")
    rows, added, changed, not_taken, withdrawn = (
        int(counts[name].sum()) for name in ("rows", "added", "changed", "not_taken", "withdrawn")
    )
    landed = replace(
        report,
        landed=True,
        added=added,
        changed=changed,
        unchanged=rows - added - changed - not_taken,
        not_taken=not_taken,
        skipped=report.values - report.aggregates - sum(count for _, count in report.left_out) - rows,
        withdrawn=withdrawn,
        unstated=unstated,
        regrouped=regrouped,
        undescribed=tuple(row[0] for row in undescribed),
        snapshot=snapshot.id if added or changed or withdrawn or flagged else None,
        flagged=flagged,
    )
    return landed, bool(added or changed or withdrawn or regrouped or restored or flagged)


def _flagged(connection: store.Connection, snapshot: store.Snapshot) -> int:
    """Make the temp table `flagged`: what this arrival says of its values otherwise than is known. Returns how many."""
    query = "SELECT count(line), count(*) - count(line), (SELECT count(*) FROM flags) FROM marked"
    marks, speaks, known = connection.execute(query).fetchone()
    if not (marks or known):
        return 0
    store.run_file(
        connection, "ingest/flagged", {"source": snapshot.source, "snapshot": snapshot.id, "speaks": bool(speaks)}
    )
    return connection.execute("SELECT count(*) FROM flagged").fetchone()[0]


def _emptied(connection: store.Connection, snapshot: store.Snapshot) -> int:
    """Make the temp table `emptied`: what this source stated before and leaves empty now. Returns how many values it
    stated before and says nothing of now, for the indicators and countries of the file.
    """
    store.run_file(connection, "ingest/emptied", {"source": snapshot.source, "snapshot": snapshot.id})
    return int(store.run_file(connection, "ingest/unstated", {"source": snapshot.source}).fetchone()[0])


def _described(
    connection: store.Connection, layout: layouts.Layout, folders: tuple[Path, ...]
) -> list[catalog.Indicator]:
    """What the file itself, or an indicators.csv beside it, says about codes our catalog does not know."""
    arrived = {row[0] for row in connection.execute("SELECT DISTINCT indicator FROM incoming").fetchall()}
    described = described_beside(folders)
    publisher = _publisher(layout)
    for row in connection.execute("SELECT DISTINCT code, title FROM titles").fetchall():
        if row[0] in arrived and row[0] not in described and row[0] not in catalog.load():
            described[row[0]] = replace(catalog.from_world_bank_title(*row), **publisher)
    return [indicator for code, indicator in described.items() if code in arrived]


def _publisher(layout: layouts.Layout) -> dict[str, str]:
    """Who described the indicators of a file, where it is not the World Bank."""
    for kind, source, url in (
        ("IMF", "International Monetary Fund", "https://www.imf.org/en/Publications/WEO"),
        ("OWID", "Our World in Data", "https://ourworldindata.org"),
    ):
        if layout.kind.startswith(kind):
            return {"source": source, "licence": "as its publisher states", "url": url}
    if layout.split is not None:
        return {"source": layout.publisher, "licence": "as its publisher states", "url": ""}
    return {}


def export(target: Path) -> dict[str, int]:
    """Write every observation, with its source and snapshot, to one Parquet file that another machine imports.

    Byte-stable: the same observations and snapshots give the same file anywhere. Returns rows and bytes.
    """
    connection = store.connect()
    snapshots = store.snapshots(connection).sort_values("id").astype({"retrieved_at": str})
    indicators = store.indicators(connection).query("status != 'described'")
    groups = store.markets(connection)[["iso3", "income_group", "wb_region"]].dropna(subset=["income_group"])
    described = list(catalog.Indicator.__dataclass_fields__)
    note = json.dumps(
        {
            "format": exports.FORMAT,
            "snapshots": json.loads(snapshots.to_json(orient="records")),
            "indicators": json.loads(indicators[described].to_json(orient="records")),
            "groups": json.loads(groups.to_json(orient="records")),
        },
        sort_keys=True,
        ensure_ascii=True,
    )
    rows = store.status(connection)["observations"]
    try:
        scratch = target.absolute().with_name(f"{target.name}.part")
        store.copy_observations(connection, scratch, {"atlas_export": note})
        private.close(scratch)
        scratch.replace(target)
    except (OSError, ValueError) as error:
        if scratch.is_file():
            scratch.unlink()
        raise store.StoreError(
            "{target} cannot be written: {error}. Name a file in a folder you may write to, on a disk with room for "
            "it.",
            target=target,
            error=getattr(error, "strerror", None) or error,
        ) from error
    finally:
        connection.close()
    return {"rows": rows, "bytes": target.stat().st_size}
