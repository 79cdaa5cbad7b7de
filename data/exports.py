"""What an export of another store says of itself, checked as strictly as any file before it is believed."""

import functools
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pandas as pd

from data import catalog, store
from data.faults import Fault
from data.layouts import LayoutError

FORMAT = "1"
AHEAD = timedelta(days=1)
"""So far into the future clocks of two machines may differ."""
FLAGS = "(break)? ?(estimate)? ?(provisional)?"
"""What an export may say of a value (data/sql/tables/flags.sql)."""
SCHEMA = Path(__file__).with_name("exports.schema.json")
MAX_BYTES = 16 << 20
"""Of a note: some 50,000 arrivals."""


@dataclass(frozen=True)
class Note:
    """Arrivals (the store's columns), descriptions of indicators and income groups that came with an export."""

    snapshots: pd.DataFrame
    indicators: tuple[catalog.Indicator, ...]
    undescribed: frozenset[str]
    groups: pd.DataFrame


def read(text: bytes, name: str, now: datetime) -> Note:
    """The note of an export called `name`. Raises LayoutError for one that is damaged, of another format, or forged."""
    if len(text) > MAX_BYTES:
        raise _damaged(name, Fault("what it says of itself has over {mb} MB", mb=MAX_BYTES >> 20))
    try:
        note = json.loads(text, parse_constant=_no_number)
        if isinstance(note, dict) and note.get("format", FORMAT) != FORMAT:
            raise LayoutError(
                "This export has format {found}; this program reads format {format}. Update it.",
                found=repr(str(note["format"])[:40]),
                format=FORMAT,
            )
        fault = next(_validator().iter_errors(note), None)
    except (ValueError, RecursionError) as error:
        reason = Fault("it is nested too deeply") if isinstance(error, RecursionError) else str(error)[:200]
        raise _damaged(name, reason) from error
    if fault is not None:
        raise _damaged(name, f"{'/'.join(map(str, fault.absolute_path))}: {fault.message[:200]}")
    moments = [_arrived(row, name, now) for row in note["snapshots"]]
    snapshots = pd.DataFrame(note["snapshots"], columns=_validator().schema["$defs"]["snapshot"]["required"])
    if snapshots["id"].duplicated().any():
        raise _damaged(name, Fault("an arrival is listed twice"))
    return Note(
        snapshots=snapshots.assign(retrieved_at=pd.Series(moments, dtype="datetime64[us]")),
        indicators=tuple(catalog.Indicator(**row) for row in note["indicators"]),
        undescribed=frozenset(row["code"] for row in note["indicators"] if row["status"] == "undescribed"),
        groups=pd.DataFrame(note["groups"], columns=["iso3", "income_group", "wb_region"], dtype=object),
    )


def check_rows(connection: store.Connection, note: Note, name: str) -> None:
    """Each row of `staged` belongs to an arrival that is listed, under that arrival's source; none of these is known
    here as something else. Raises LayoutError.
    """
    connection.register("listed", note.snapshots)
    try:
        stranger = connection.execute(
            "SELECT s.line, s.snapshot FROM staged s ANTI JOIN listed l ON l.id = s.snapshot AND l.source = s.source "
            "ORDER BY s.line LIMIT 1"
        ).fetchall()
        unlisted = connection.execute(
            "SELECT s.line FROM marked m JOIN staged s USING (line) ANTI JOIN listed l ON l.id = m.snapshot "
            "AND l.source = s.source ORDER BY s.line LIMIT 1"
        ).fetchall()
        unknown = connection.execute(
            f"SELECT line FROM marked WHERE NOT regexp_full_match(flag, '{FLAGS}') ORDER BY line LIMIT 1"
        ).fetchall()
        other = connection.execute(
            "SELECT l.id FROM listed l JOIN snapshots s ON s.id = l.id WHERE l.source <> s.source "
            "OR l.sha256 <> s.sha256 OR date_trunc('second', l.retrieved_at) <> date_trunc('second', s.retrieved_at)"
        ).fetchall()
    finally:
        connection.unregister("listed")
    if stranger:
        raise _damaged(
            name, Fault("row {row} names an arrival that is not listed under its source", row=stranger[0][0] - 1)
        )
    for rows in (unlisted, unknown):
        if rows:
            raise _damaged(
                name, Fault("row {row} has a flag that no listed arrival can have stated", row=rows[0][0] - 1)
            )
    if other:
        raise _damaged(name, Fault("the arrival {id} is another one here", id=other[0][0]))


def take_over(connection: store.Connection, note: Note) -> int:
    """Bring the arrivals, descriptions and income groups in; returns how many were new.

    A description of our own stays; one that nobody had given is taken.
    """
    described = "SELECT code FROM indicators WHERE status <> 'undescribed'"
    known = {row[0] for row in connection.execute(described).fetchall()} | note.undescribed
    new = [indicator for indicator in note.indicators if indicator.code not in known]
    store.put_indicators(connection, new)
    regrouped = store.put_income_groups(connection, note.groups)
    return store.restore_snapshots(connection, note.snapshots) + len(new) + regrouped


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def _arrived(row: dict[str, object], name: str, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(str(row["retrieved_at"]))
        if moment.tzinfo is not None:
            raise ValueError("a time zone is named")
        moment = moment.replace(tzinfo=UTC)
        named = {store.snapshot_id(moment, str(row["sha256"]))}
        if row["source"] == "World Bank API":
            named.add(earlier_refresh_id(moment))
    except (ValueError, OverflowError) as error:
        raise _damaged(
            name, Fault("the arrival {id} has no date: {error}", id=row["id"], error=str(error)[:80])
        ) from error
    if row["id"] not in named:
        raise _damaged(name, Fault("the arrival {id} is not named after its time and content", id=row["id"]))
    if moment > now + AHEAD:
        raise LayoutError(
            "{file} says that it arrived on {date}, which is still to come. Set the clock of this machine, or write "
            "the export again on one whose clock is right.",
            file=name,
            date=f"{moment:%Y-%m-%d}",
        )
    return moment.replace(tzinfo=None)


def earlier_refresh_id(moment: datetime) -> str:
    """What a refresh of an earlier version named its arrival after: the address it asked and the time, to the
    microsecond.
    """
    asked = f"https://api.worldbank.org/v2 {moment.isoformat()}"
    return store.snapshot_id(moment, hashlib.sha256(asked.encode()).hexdigest())


def _damaged(name: str, reason: str | Fault) -> LayoutError:
    return LayoutError(
        "{file} is a damaged export ({reason}). Write it again: python -m data export", file=name, reason=reason
    )
