"""A file that claims to be our export is believed no more than any other."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import exports, ingest, layouts, store

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
BANK, POPULATION = "World Bank API", "SP.POP.TOTL"
SHA = "ab" * 32
pytestmark = pytest.mark.usefixtures("home")


def arrival(**changes: object) -> dict[str, object]:
    """A row of the note as an export writes it: an hour ago, from the World Bank."""
    moment = NOW - timedelta(hours=1)
    row = {
        "id": store.snapshot_id(moment, SHA), "source": BANK, "retrieved_at": f"{moment:%Y-%m-%d %H:%M:%S}",
        "sha256": SHA, "rows": 1, "licence": "CC BY 4.0", "status": "complete", "added": 1, "changed": 0,
        "withdrawn": 0, "note": "",
    }  # fmt: skip
    return row | changes


def at(moment: str, **changes: object) -> dict[str, object]:
    """An arrival at another time, with the id that belongs to it."""
    stamp = moment.replace("-", "").replace(":", "").replace(" ", "T")[:15]
    return arrival(retrieved_at=moment, id=f"{stamp}Z-{SHA[:8]}", **changes)


def indicator(**changes: object) -> dict[str, object]:
    texts = dict.fromkeys(("unit", "dimension", "source", "licence", "url", "description"), "")
    return {"code": "X", "name": "Things", "direction": 0, "status": "extended"} | texts | changes


def forged(
    folder: Path,
    arrivals: list | None = None,
    indicators: list | None = None,
    groups: list | None = None,
    note: bytes | None = None,
    **row: object,
) -> Path:
    """A file of one row with a note of its own."""
    listed = [arrival()] if arrivals is None else arrivals
    given = {"format": "1", "snapshots": listed, "indicators": indicators or [], "groups": groups or []}
    first = {"iso3": "DEU", "indicator": POPULATION, "year": 2001, "value": 12345.0, "source": BANK}
    table = pa.Table.from_pylist([first | {"snapshot": arrival()["id"]} | row])
    metadata = {b"atlas_export": note or json.dumps(given).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), folder / "forged.parquet")
    return folder / "forged.parquet"


def stored() -> list[float]:
    return list(store.series(store.connect(), [POPULATION], ["DEU"])["value"])


def test_an_export_whose_arrivals_fit_is_taken(tmp_path):
    assert ingest.import_file(forged(tmp_path, indicators=[indicator()]), now=NOW).added == 1
    assert stored() == [12345.0]


FORGERIES: dict[str, Callable[[Path], Path]] = {
    "a row of an arrival that is not listed": lambda t: forged(t, snapshot="zzzz"),
    "a row of no arrival": lambda t: forged(t, snapshot=None),
    "a row under another publisher's name": lambda t: forged(t, arrivals=[arrival(source="file a.csv")]),
    "a row without a source": lambda t: forged(t, source=None),
    "an id of a later time": lambda t: forged(t, [arrival(id=f"29991231T000000Z-{SHA[:8]}")]),
    "an id of other content": lambda t: forged(t, [arrival(id=arrival()["id"][:-8] + "0" * 8)]),
    "an id that is text": lambda t: forged(t, [arrival(id="zzzz")], snapshot="zzzz"),
    "an arrival from the future": lambda t: forged(t, [at("2099-01-01 00:00:00")]),
    "an arrival at the end of time": lambda t: forged(t, [at("9999-12-31 23:59:59")]),
    "an arrival before time": lambda t: forged(t, [at("0000-01-01 00:00:00")]),
    "an arrival on no day": lambda t: forged(t, [at("2026-02-30 00:00:00")]),
    "an arrival that lasts": lambda t: forged(t, [arrival(retrieved_at=["2026-12-01 11:00:00"])]),
    "an arrival that is listed twice": lambda t: forged(t, [arrival(), arrival(licence="other")]),
    "an arrival that is another one here": lambda t: forged(t, [arrival(), _known_here(source="file a.csv")]),
    "a source that is a list": lambda t: forged(t, [arrival(source=[BANK])]),
    "a licence without end": lambda t: forged(t, [arrival(licence="x" * 1001)]),
    "rows less than none": lambda t: forged(t, [arrival(rows=-1)]),
    "a state of its own": lambda t: forged(t, [arrival(status="approved")]),
    "a name that is a list": lambda t: forged(t, indicators=[indicator(name=["Things"])]),
    "a bound that is no number": lambda t: forged(t, indicators=[indicator(minimum=float("nan"))]),
    "a description said to be ours": lambda t: forged(t, indicators=[indicator(status="described")]),
    "a group of no country": lambda t: forged(t, groups=[{"iso3": 1, "income_group": "", "wb_region": None}]),
    "a note with more in it": lambda t: forged(t, note=b'{"format": "1", "more": 1}'),
    "a note that is nested": lambda t: forged(t, note=b"[" * 5000 + b"]" * 5000),
}


def _known_here(**changes: object) -> dict[str, object]:
    row = store.snapshots(store.connect()).astype({"retrieved_at": str}).iloc[0]
    return json.loads(row.to_json()) | changes


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_forged_export_is_refused_whole(tmp_path, kind):
    before = store.version()
    with pytest.raises(layouts.LayoutError, match=r"damaged export \(|which is still to come"):
        ingest.import_file(FORGERIES[kind](tmp_path), now=NOW, skip_invalid=True)
    assert store.version() == before


def test_an_export_from_a_clock_that_is_a_little_ahead_is_taken():
    moment = NOW + timedelta(hours=23)
    row = at(f"{moment:%Y-%m-%d %H:%M:%S}")
    note = {"format": "1", "snapshots": [row], "indicators": [], "groups": []}
    assert len(exports.read(json.dumps(note).encode(), "a.parquet", NOW).snapshots) == 1


def test_an_arrival_of_an_earlier_refresh_named_after_its_address_is_known():
    moment = NOW - timedelta(days=9, microseconds=5)
    row = arrival(retrieved_at=f"{moment:%Y-%m-%d %H:%M:%S.%f}", id=exports.earlier_refresh_id(moment))
    note = {"format": "1", "snapshots": [row], "indicators": [], "groups": []}
    assert len(exports.read(json.dumps(note).encode(), "a.parquet", NOW).snapshots) == 1


def test_an_older_value_that_was_not_taken_is_told_from_one_as_before(tmp_path):
    file = tmp_path / "figures.csv"
    for value in (1, 2):
        file.write_text(f"iso3,indicator,year,value\nDEU,X,2020,{value}\nFRA,X,2020,7\n")
        ingest.import_file(file)
        if value == 1:
            ingest.export(tmp_path / "old.parquet")
    report = ingest.import_file(tmp_path / "old.parquet")
    assert (report.added, report.changed, report.not_taken) == (0, 0, 1)
    assert "1 not taken (older than what stands)" in report.sentence()
    assert report.unchanged == report.values - 1


def test_what_an_export_says_of_a_publishers_figures_is_asked_for_again_at_the_next_refresh(tmp_path):
    with store.writing() as connection:
        store.put_fetch(connection, POPULATION, "2026-07-13", store.Snapshot(BANK, NOW, SHA, ""), SHA, 1)
    ingest.import_file(forged(tmp_path), now=NOW)
    assert store.fetches(store.connect()).empty


def test_an_arrival_at_the_end_of_time_is_named_with_the_remedy():
    with store.writing() as connection:
        connection.execute(
            "INSERT INTO snapshots SELECT * REPLACE ('far' AS id, TIMESTAMP '9999-12-31 23:59:59' AS retrieved_at) "
            "FROM snapshots"
        )
        with pytest.raises(store.StoreError, match="remove it with python -m data remove"):
            store.next_arrival(connection, NOW)


def test_lists_in_a_column_are_no_texts(tmp_path):
    frame = pd.DataFrame({"iso3": [["DEU"]], "indicator": ["X"], "year": [2020], "value": [1.0]})
    with (tmp_path / "a.parquet").open("wb") as opened:
        frame.to_parquet(opened)
    with pytest.raises(layouts.LayoutError, match="has lists in its column iso3"):
        ingest.import_file(tmp_path / "a.parquet")
