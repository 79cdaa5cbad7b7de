"""What publishers say a value is stays with it: through editions, undoing, exports and the upgrade of a store."""

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from data import ingest, layouts, store
from data.ingest import meaning

pytestmark = pytest.mark.usefixtures("home")
HEAD = "REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n"


def land(folder, rows: str, head: str = HEAD, name: str = "a.csv") -> ingest.ImportReport:
    (folder / "figures").write_text(head + rows)
    return ingest.import_file(folder / "figures", name=name)


def flags() -> dict[tuple[str, int], str]:
    found = store.flags(store.connect(), ["X"], ["KEN", "GHA", "PER"])
    return {(row.iso3, row.year): row.flag for row in found.itertuples()}


@pytest.mark.parametrize(
    ("word", "kept"),
    [("A", ""), ("", ""), ("E", "estimate"), ("bep", "break estimate provisional"), ("Break in time series", "break"),
     ("P", "provisional"), ("approved", ""), ("F", ""), ("b,e", "break estimate")],
)  # fmt: skip
def test_of_a_flag_stays_what_tells_something_of_the_value(word, kept):
    assert meaning.flag(word) == kept


def test_a_flag_stays_with_its_value_and_with_no_other(tmp_path):
    report = land(tmp_path, "KEN,X,2020,1,E\nGHA,X,2020,2,A\nPER,X,2020,3,B\nPER,X,2021,4,F\n")
    assert (report.flagged, flags()) == (2, {("KEN", 2020): "estimate", ("PER", 2020): "break"})
    rows = store.observation_rows(store.connect(), "KEN", "X")
    assert rows[["year", "value", "flag"]].to_numpy().tolist() == [[2020, 1.0, "estimate"]]
    assert store.observation_rows(store.connect(), "GHA", "X")["flag"].tolist() == [""]


def test_flags_of_a_wide_table_stay_with_their_years(tmp_path):
    (tmp_path / "figures").write_text("freq,geo\\TIME_PERIOD\t2019 \t2020 \nA,KE\t3.0 \t3.6 be\nA,GH\t1 p\t: \n")
    ingest.import_file(tmp_path / "figures", mapping={"indicator": "=X"})
    assert flags() == {("KEN", 2020): "break estimate", ("GHA", 2019): "provisional"}


def test_an_edition_in_which_only_flags_change_is_an_arrival_that_can_be_undone(tmp_path):
    land(tmp_path, "KEN,X,2020,1,P\nGHA,X,2020,2,E\n")
    report = land(tmp_path, "KEN,X,2020,1,A\nGHA,X,2020,2,E\n")
    assert (report.changed, report.flagged, flags()) == (0, 1, {("GHA", 2020): "estimate"})
    assert "Flags that came to values, changed or went: 1." in map(str, report.remarks())
    assert land(tmp_path, "KEN,X,2020,1,A\nGHA,X,2020,2,E\n").snapshot is None
    store.remove(report.snapshot)
    assert flags() == {("GHA", 2020): "estimate", ("KEN", 2020): "provisional"}


def test_a_new_value_without_a_flag_has_none_and_the_old_one_has_its_own_again_when_it_is_undone(tmp_path):
    land(tmp_path, "KEN,X,2020,1,E\nGHA,X,2020,2,E\n")
    plain = "REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE\n"
    report = land(tmp_path, "KEN,X,2020,7\nGHA,X,2020,2\n", head=plain)
    assert flags() == {("GHA", 2020): "estimate"}
    store.remove(report.snapshot)
    assert flags() == {("GHA", 2020): "estimate", ("KEN", 2020): "estimate"}


def test_flags_of_another_source_are_its_own(tmp_path):
    land(tmp_path, "KEN,X,2020,1,E\n")
    land(tmp_path, "KEN,X,2020,1,A\n", name="b.csv")
    assert flags() == {("KEN", 2020): "estimate"}


def test_an_export_carries_flags_and_the_import_of_it_changes_nothing_the_second_time(tmp_path, monkeypatch):
    land(tmp_path, "KEN,X,2020,1,P\nGHA,X,2020,2,E\n")
    land(tmp_path, "KEN,X,2020,1,A\nGHA,X,2020,2,E\n")
    ingest.export(tmp_path / "all.parquet")
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "elsewhere"))
    assert ingest.import_file(tmp_path / "all.parquet").flagged == 1
    assert flags() == {("GHA", 2020): "estimate"}
    before = store.version()
    assert ingest.import_file(tmp_path / "all.parquet").flagged == 0
    assert store.version() == before


@pytest.mark.parametrize("change", [{"flag": "splendid"}, {"flag_snapshot": "20200101T000000Z-00000000"}])
def test_an_export_with_a_flag_nobody_stated_is_called_damaged(tmp_path, change):
    land(tmp_path, "KEN,X,2020,1,E\n")
    ingest.export(tmp_path / "all.parquet")
    table = pq.read_table(tmp_path / "all.parquet")
    frame = table.to_pandas()
    frame.loc[frame["flag"].notna(), list(change)] = list(change.values())
    changed = type(table).from_pandas(pd.DataFrame(frame), schema=table.schema.remove_metadata())
    pq.write_table(changed.replace_schema_metadata(table.schema.metadata), tmp_path / "all.parquet")
    with pytest.raises(layouts.LayoutError, match="has a flag that no listed arrival can have stated"):
        ingest.import_file(tmp_path / "all.parquet")


def test_an_export_from_before_flags_is_read_and_takes_none_away(tmp_path):
    land(tmp_path, "KEN,X,2020,1,E\n")
    ingest.export(tmp_path / "all.parquet")
    table = pq.read_table(tmp_path / "all.parquet")
    pq.write_table(table.drop_columns(["flag", "flag_snapshot"]), tmp_path / "old.parquet")
    ingest.import_file(tmp_path / "old.parquet")
    assert flags() == {("KEN", 2020): "estimate"}


def test_a_store_from_before_flags_is_upgraded_with_all_its_values(tmp_path):
    land(tmp_path, "KEN,X,2020,1,A\n")
    with duckdb.connect(str(store.path())) as connection:
        connection.execute("DROP TABLE flags; UPDATE meta SET schema_version = 2")
    with pytest.raises(store.StoreError):
        store.connect()
    assert store.ensure() == "upgraded"
    assert store.observation_rows(store.connect(), "KEN", "X")["value"].tolist() == [1.0]
    land(tmp_path, "KEN,X,2020,1,E\n")
    assert flags() == {("KEN", 2020): "estimate"}
