"""What was checked, written into the store; and all of the store written out again."""

import json
from dataclasses import replace
from pathlib import Path

from data import catalog, exports, layouts, private, store
from data.ingest.companions import companion_groups, described_beside
from data.ingest.report import Check, ImportReport
from data.ingest.staging import sql_name


def land_rows(connection: store.Connection, report: ImportReport, check: Check) -> tuple[ImportReport, bool]:
    """Write what was checked; returns the report, and whether there was anything new in it."""
    layout, folders = check.layout, check.arrived.folders
    snapshot = store.Snapshot(
        source=f"file {check.arrived.name}",
        retrieved_at=store.next_arrival(connection, check.now),
        sha256=check.arrived.sha256,
        licence="as its publisher states",
        status="partial" if report.fault_count else "complete",
        note=f"{report.fault_count:,} faults skipped" if report.fault_count else "",
    )
    connection.execute("BEGIN")
    restored = exports.take_over(connection, check.note) if check.note is not None else 0
    store.run_file(connection, "ingest/incoming", {"source": snapshot.source, "snapshot": snapshot.id})
    store.put_indicators(connection, _described(connection, layout, folders))
    counts = store.merge_each(connection, snapshot, record=check.note is None)
    if check.note is not None:  # whatever the export says, the next refresh asks the Bank
        store.forget_fetches(connection, list(counts.index[(counts["added"] > 0) | (counts["changed"] > 0)]))
    found = [groups for folder in folders if (groups := companion_groups(folder)) is not None]
    regrouped = sum(store.put_income_groups(connection, groups) for groups in found)
    undescribed = connection.execute(
        "SELECT DISTINCT c.indicator FROM checked c JOIN indicators i ON i.code = c.indicator "
        "WHERE i.status = 'undescribed' ORDER BY 1"
    ).fetchall()
    connection.execute("COMMIT")
    rows, added, changed, not_taken = (int(counts[name].sum()) for name in ("rows", "added", "changed", "not_taken"))
    landed = replace(
        report,
        landed=True,
        added=added,
        changed=changed,
        unchanged=rows - added - changed - not_taken,
        not_taken=not_taken,
        skipped=report.values - report.aggregates - rows,
        regrouped=regrouped,
        undescribed=tuple(row[0] for row in undescribed),
        snapshot=snapshot.id if added or changed else None,
    )
    return landed, bool(added or changed or regrouped or restored)


def _described(
    connection: store.Connection, layout: layouts.Layout, folders: tuple[Path, ...]
) -> list[catalog.Indicator]:
    """What the file itself, or an indicators.csv beside it, says about codes our catalog does not know."""
    arrived = {row[0] for row in connection.execute("SELECT DISTINCT indicator FROM incoming").fetchall()}
    described = described_beside(folders)
    if "name" in layout.mapping:
        code, title = sql_name(layout.mapping["indicator"]), sql_name(layout.mapping["name"])
        for row in connection.execute(f"SELECT DISTINCT trim({code}), trim({title}) FROM raw").fetchall():
            if row[0] in arrived and row[0] not in described and row[0] not in catalog.load():
                described[row[0]] = catalog.from_world_bank_title(*row)
    return [indicator for code, indicator in described.items() if code in arrived]


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
