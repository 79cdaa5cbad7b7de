"""The store: built, replaced whole, read by many while one writes, and read back as it stood."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from data import catalog, ingest, store
from data.faults import Fault

ROOT = Path(__file__).parents[2]
MAY = datetime(2026, 12, 1, tzinfo=UTC)


def land(source: str, rows: list[tuple], day: int = 0, withdraw: bool = False) -> str:
    """Bring (iso3, indicator, year, value) rows in under a source; returns the snapshot's id."""
    snapshot = store.Snapshot(source, MAY + timedelta(days=day), f"{day:08d}", "CC0")
    frame = pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"])
    frame = frame.assign(source=source, snapshot=snapshot.id)
    with store.writing() as connection:
        connection.register("arrived", frame)
        connection.execute("BEGIN")
        connection.execute("CREATE TEMP TABLE incoming AS SELECT * FROM arrived")
        store.merge(connection, snapshot, withdraw=withdraw)
        connection.execute("COMMIT")
    return snapshot.id


def panel(codes=("X",), year: int = 2020, window: int = 8, before: str | None = None) -> list[tuple]:
    found = store.market_panel(store.connect(), codes, year, window, before)
    return list(found[["iso3", "indicator", "year", "value"]].itertuples(index=False, name=None))


# ------------------------------------------------------------------ building, opening


def test_the_store_is_built_from_the_embedded_facts_alone(empty_home):
    assert store.ensure() == "built"
    status = store.status(store.connect())
    assert status["markets"] == 244
    assert status["observations"] == sum(1 for _ in (store.REFERENCE / "observations.csv").open()) - 1
    assert status["snapshots"] == 1


def test_a_store_that_is_current_is_not_written_again(home):
    before = store.version()
    assert (store.ensure(), store.version()) == ("current", before)


def test_changed_embedded_facts_reach_the_store_and_the_old_ones_the_revisions(home, tmp_path, monkeypatch):
    reference = tmp_path / "reference"
    reference.mkdir()
    for file in store.REFERENCE.glob("*.csv"):
        (reference / file.name).write_bytes(file.read_bytes())
    facts = reference / "observations.csv"
    monkeypatch.setattr(store.build, "REFERENCE", reference)
    old = facts.read_text(encoding="utf-8")
    for salt in range(4):  # whatever the digest, the later facts count
        new = old.replace("ABW,cldr:literacy,2023,96.8", f"ABW,cldr:literacy,2023,9{salt}")
        facts.write_text(new, encoding="utf-8")
        assert store.ensure() == "updated"
        [(_, _, _, value)] = [row for row in panel(["cldr:literacy"], 2023) if row[0] == "ABW"]
        assert value == 90 + salt


def test_income_groups_and_settings_survive_new_embedded_facts(home):
    with store.writing() as connection:
        store.put_income_groups(connection, pd.DataFrame([("DEU", "High income", "Europe")], columns=GROUPS))
        connection.execute("UPDATE meta SET reference_sha256 = 'older'")
    store.put_settings({"home_market": "DEU"})
    assert store.ensure() == "updated"
    connection = store.connect()
    assert store.markets(connection).set_index("iso3").loc["DEU", "income_group"] == "High income"
    assert store.settings(connection)["home_market"] == "DEU"


GROUPS = ["iso3", "income_group", "wb_region"]


def test_a_missing_store_names_the_command_that_builds_it(empty_home):
    with pytest.raises(store.StoreError, match="python -m data build"):
        store.connect()
    with pytest.raises(store.StoreError, match="python -m data build"):
        store.version()


def test_a_setting_is_replaced_only_where_it_is_still_what_was_shown(home):
    store.put_settings({"home_market": "CHN"})
    with pytest.raises(store.SettingsChanged) as raised:
        store.put_settings({"home_market": "DEU", "language": "zh"}, shown={"home_market": "USA", "language": "en"})
    assert raised.value.names == ("home_market",)
    assert store.settings(store.connect())["language"] == "en"
    store.put_settings({"home_market": "DEU"}, shown={"home_market": "CHN"})
    assert store.settings(store.connect())["home_market"] == "DEU"


@pytest.mark.parametrize("call", [store.connect, store.ensure, lambda: store.put_settings({"language": "zh"})])
def test_a_damaged_store_is_named_and_not_touched(home, call):
    store.path().write_bytes(b"damaged" * 1000)
    with pytest.raises(store.StoreError, match=r"atlas\.duckdb"):
        call()
    assert store.path().read_bytes() == b"damaged" * 1000
    assert not store.path().with_name("atlas.duckdb.new").exists()


def test_another_programs_database_is_told_from_a_store(home):
    store.path().unlink()
    with duckdb.connect(str(store.path())) as connection:
        connection.execute("CREATE TABLE theirs (x INTEGER)")
    for call in (store.connect, store.ensure):
        with pytest.raises(store.StoreError, match="not a Lepton Atlas store"):
            call()


def test_a_store_of_a_newer_program_is_refused(home):
    raw("UPDATE meta SET schema_version = 99")
    before = store.path().read_bytes()
    for call in (store.connect, store.ensure):
        with pytest.raises(store.StoreError, match="newer Lepton Atlas"):
            call()
    assert store.path().read_bytes() == before


def test_an_older_store_is_upgraded_with_all_its_data(home, tmp_path, monkeypatch):
    land("ours", [("DEU", "X", 2020, 1.0)])
    raw("UPDATE meta SET schema_version = 0; ALTER TABLE observations RENAME COLUMN value TO figure")
    raw("DROP TABLE flags; DROP TABLE assistant_feedback; DROP TABLE model_reviews")
    raw("ALTER TABLE meta DROP COLUMN data_version")
    with pytest.raises(store.StoreError, match="python -m data build"):
        store.connect()
    shutil.copytree(store.MIGRATIONS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "001.sql").write_text("ALTER TABLE observations RENAME COLUMN figure TO value;")
    monkeypatch.setattr(store.build, "MIGRATIONS", tmp_path)
    assert store.ensure() == "upgraded"
    assert panel() == [("DEU", "X", 2020, 1.0)]


@pytest.mark.parametrize("schema", [-1, 0])
def test_a_store_of_a_schema_nobody_knows_is_refused_with_the_remedy(home, schema):
    raw(f"UPDATE meta SET schema_version = {schema}")
    before = store.path().read_bytes()
    with pytest.raises(store.StoreError, match="Export it with the version that wrote it"):
        store.ensure()
    assert store.path().read_bytes() == before


def test_a_store_that_is_half_made_is_told_from_a_whole_one(home):
    raw("DELETE FROM meta")
    for call in (store.connect, store.ensure):
        with pytest.raises(store.StoreError, match="not a Lepton Atlas store"):
            call()


@pytest.mark.parametrize("script", [None, "ALTER TABLE nowhere ADD COLUMN x INTEGER;"])
def test_an_older_store_that_cannot_be_upgraded_is_left_untouched(home, tmp_path, monkeypatch, script):
    raw("UPDATE meta SET schema_version = 0")
    before = store.path().read_bytes()
    monkeypatch.setattr(store.build, "MIGRATIONS", tmp_path)
    if script:
        (tmp_path / "001.sql").write_text(script)
    with pytest.raises(store.StoreError):
        store.ensure()
    assert store.path().read_bytes() == before


def raw(statements: str) -> None:
    """Change the file behind the store's back."""
    with duckdb.connect(str(store.path())) as connection:
        connection.execute(statements)


# ------------------------------------------------------------------ writing


def test_the_version_changes_with_every_write_and_only_then(home):
    first = store.version()
    store.status(store.connect())
    assert store.version() == first
    store.put_settings({"language": "zh"})
    assert store.version() != first


def test_a_reader_sees_the_old_store_until_the_new_one_is_in_place(home):
    reader = store.connect()
    with store.writing() as connection:
        connection.execute("DELETE FROM observations")
        assert store.status(reader)["observations"] > 0
        assert store.status(store.connect())["observations"] > 0
    assert store.status(reader)["observations"] > 0
    assert store.status(store.connect())["observations"] == 0


def test_a_write_that_fails_leaves_the_store_as_it_was_and_no_litter(home):
    before = store.path().read_bytes()
    with pytest.raises(KeyError), store.writing() as connection:
        connection.execute("DELETE FROM observations")
        raise KeyError
    assert store.path().read_bytes() == before
    assert {file.name for file in home.iterdir()} == {"atlas.duckdb", "atlas.lock"}


def test_a_failing_statement_is_reported_as_a_store_error(home):
    with pytest.raises(store.StoreError, match="could not be written"), store.writing() as connection:
        connection.execute("SELECT * FROM nowhere")


def test_a_result_that_is_no_store_is_not_swapped_in(home):
    before = store.path().read_bytes()
    with pytest.raises((store.StoreError, duckdb.Error)), store.writing() as connection:
        connection.execute("DROP TABLE observations")
    assert store.path().read_bytes() == before


def test_a_writer_who_waited_too_long_is_told_what_is_written_and_since_when(home, monkeypatch):
    monkeypatch.setattr(store.writer, "WAIT_S", 0.0)
    said = r"being written to: an import, since \d\d:\d\d UTC\. Nothing was changed; try again in a moment\.$"
    with store.writing(Fault("an import")) as connection, pytest.raises(store.StoreBusy, match=said):
        connection.execute("SELECT 1")
        with store.writing():
            pass
    store.put_settings({"language": "zh"})


def test_a_writer_in_another_process_is_told_neither_path_nor_process(home):
    script = (
        "from data import store\nstore.WAIT_S = 0.0\ntry:\n    store.put_settings({'language': 'zh'})\n"
        "except store.StoreBusy as busy:\n    print(busy)\n"
    )
    with store.writing(Fault("a review")) as connection:
        connection.execute("SELECT 1")
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert "a review, since" in done.stdout
    assert str(os.getpid()) not in done.stdout
    assert str(home) not in done.stdout


def test_writers_that_begin_together_all_write(home):
    """Each waits for the others; none is refused and none is lost."""
    start, errors = threading.Barrier(4), []

    def write(place: int) -> None:
        start.wait()
        try:
            for number in range(3):
                feedback(f"{place} {number}")
        except store.StoreError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len(store.feedback(store.connect())) == 12


def test_the_store_is_written_where_the_system_has_no_fcntl(home):
    script = (
        "import sys\nsys.modules['fcntl'] = None\nfrom data import store\n"
        "from data.faults import Fault\nstore.writer.WAIT_S = 0.1\n"
        "store.put_settings({'language': 'zh'})\n"
        "try:\n    with store.writing(Fault('an import')):\n        store.put_settings({'language': 'en'})\n"
        "except store.StoreBusy as busy:\n    print(busy)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert "being written to: an import" in done.stdout
    assert store.settings(store.connect())["language"] == "zh"


def test_writers_in_two_processes_lose_nothing(home):
    script = (
        "import sys\nfrom datetime import UTC, datetime\nfrom data import store\n"
        "for number in range(4):\n    store.put_feedback(f'{sys.argv[1]} {number}', asked_at=datetime.now(UTC), "
        "question='q', kind='answer', entries=[], confidence=1, verdict='up')\n"
    )
    begun = [subprocess.Popen([sys.executable, "-c", script, name], cwd=ROOT) for name in ("one", "two")]
    assert [child.wait(120) for child in begun] == [0, 0]
    assert len(store.feedback(store.connect())) == 8


def feedback(key: str) -> None:
    store.put_feedback(key, asked_at=MAY, question="q", kind="answer", entries=[], confidence=1, verdict="up")


def test_a_start_beside_another_start_waits_and_finds_the_store_current(empty_home):
    done = []
    threads = [threading.Thread(target=lambda: done.append(store.ensure())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == ["built", "current"]


def test_twenty_readers_and_a_writer_get_along(home):
    shared, stop, errors, counts = store.connect(), threading.Event(), [], set()

    def read() -> None:
        latest = 0
        while not stop.is_set():
            try:
                found = store.status(store.connect())["observations"]
                assert found >= latest, "an older state than before"
                latest = found
                counts.add(found)
                store.market_panel(shared, ["cldr:population"], 2023, 8)
            except Exception as error:
                errors.append(error)
                return

    threads = [threading.Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    start = store.status(shared)["observations"]
    for day in range(3):
        land("ours", [("DEU", "X", 2000 + day, 1.0)], day)
    stop.set()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert counts <= set(range(start, start + 4))


def test_an_import_killed_at_any_moment_leaves_the_old_store_or_the_new_one_whole(home, tmp_path):
    file = tmp_path / "figures.csv"
    old, dice = store.status(store.connect())["observations"], random.Random(0)
    for trial in range(5):
        rows = [f"DEU,X{n},2020,{n * 10 + trial}" for n in range(20_000)]
        file.write_text("\n".join(["iso3,indicator,year,value", *rows]))
        command = [sys.executable, "-m", "data", "import", str(file), "--name", f"trial {trial}"]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0.5, 1.3))
        os.kill(child.pid, signal.SIGKILL)
        child.wait(30)
        now = store.status(store.connect())["observations"]
        assert now in (old, old + 20_000)
        old = now
    file.write_text("iso3,indicator,year,value\nDEU,Y,2020,1\n")
    assert ingest.import_file(file).added == 1
    assert {file.name for file in home.iterdir()} == {"atlas.duckdb", "atlas.lock", "atlas.whole"}


# ------------------------------------------------------------------ settings


def test_settings_are_kept(home):
    store.put_settings({"home_market": "CHN", "home_currency": "CNY", "language": "zh"})
    chosen = {"home_market": "CHN", "home_currency": "CNY", "language": "zh"}
    assert store.settings(store.connect()) == store.DEFAULT_SETTINGS | chosen


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("home_market", "Germany"),
        ("home_market", ""),
        ("home_currency", "XXX"),
        ("language", "tlh"),
        ("language", ""),
        ("colour", "red"),
    ],
)
def test_a_setting_that_means_nothing_is_refused_by_name(home, key, value):
    before = store.version()
    with pytest.raises(store.StoreError, match=key):
        store.put_settings({key: value})
    assert store.version() == before


# ------------------------------------------------------------------ panels


def test_a_panel_holds_the_latest_value_within_the_window(home):
    land("ours", [("DEU", "X", 2012, 1.0), ("FRA", "X", 2013, 2.0), ("FRA", "X", 2019, 3.0), ("FRA", "X", 2021, 4.0)])
    assert panel(year=2020, window=8) == [("FRA", "X", 2019, 3.0)]
    assert panel(year=2020, window=9) == [("DEU", "X", 2012, 1.0), ("FRA", "X", 2019, 3.0)]
    assert panel(year=2021, window=1) == [("FRA", "X", 2021, 4.0)]


def test_of_two_sources_the_one_that_arrived_last_counts(home):
    land("theirs", [("DEU", "X", 2020, 1.0), ("FRA", "X", 2020, 7.0)], day=1)
    land("ours", [("DEU", "X", 2020, 2.0)], day=2)
    assert panel() == [("DEU", "X", 2020, 2.0), ("FRA", "X", 2020, 7.0)]
    land("theirs", [("DEU", "X", 2020, 3.0)], day=3)
    assert panel() == [("DEU", "X", 2020, 3.0), ("FRA", "X", 2020, 7.0)]


def test_a_later_year_counts_before_a_later_arrival(home):
    land("theirs", [("DEU", "X", 2020, 1.0)], day=1)
    land("ours", [("DEU", "X", 2019, 2.0)], day=2)
    assert panel() == [("DEU", "X", 2020, 1.0)]


def test_a_panel_can_be_read_as_it_stood_before_an_arrival(home):
    first = land("ours", [("DEU", "X", 2020, 1.0), ("FRA", "X", 2020, 5.0), ("GBR", "X", 2020, 9.0)], day=1)
    second = land("ours", [("DEU", "X", 2020, 2.0), ("FRA", "X", 2020, 5.0)], day=2, withdraw=True)
    third = land("ours", [("DEU", "X", 2020, 3.0), ("FRA", "X", 2020, 5.0), ("GBR", "X", 2020, 9.0)], day=3)
    assert panel(before=first) == []
    assert panel(before=second) == [("DEU", "X", 2020, 1.0), ("FRA", "X", 2020, 5.0), ("GBR", "X", 2020, 9.0)]
    assert panel(before=third) == [("DEU", "X", 2020, 2.0), ("FRA", "X", 2020, 5.0)]
    assert panel() == [("DEU", "X", 2020, 3.0), ("FRA", "X", 2020, 5.0), ("GBR", "X", 2020, 9.0)]


def test_withdrawing_touches_only_the_same_source_and_the_arriving_indicators(home):
    land("ours", [("DEU", "X", 2020, 1.0), ("FRA", "X", 2020, 2.0), ("DEU", "Y", 2020, 3.0)], day=1)
    land("theirs", [("FRA", "X", 2020, 4.0)], day=2)
    land("ours", [("DEU", "X", 2020, 1.0)], day=3, withdraw=True)
    assert panel(["X", "Y"]) == [("DEU", "X", 2020, 1.0), ("FRA", "X", 2020, 4.0), ("DEU", "Y", 2020, 3.0)]


def test_an_arrival_that_changes_nothing_is_not_recorded(home):
    land("ours", [("DEU", "X", 2020, 1.0)], day=1)
    before = store.status(store.connect())
    land("ours", [("DEU", "X", 2020, 1.0)], day=2)
    assert store.status(store.connect()) == before


# ------------------------------------------------------------------ other reads


def test_a_series_has_one_row_a_year_from_the_source_that_arrived_last(home):
    land("theirs", [("DEU", "X", 2019, 1.0), ("DEU", "X", 2020, 2.0)], day=1)
    land("ours", [("DEU", "X", 2020, 3.0), ("FRA", "X", 2020, 4.0)], day=2)
    rows = store.series(store.connect(), ["X"], ["DEU"])[["year", "value", "source"]].to_numpy().tolist()
    assert rows == [[2019, 1.0, "theirs"], [2020, 3.0, "ours"]]
    assert len(store.series(store.connect(), ["X"])) == 3


def series(before: str | None = None, iso3s: list[str] | None = None) -> list[tuple]:
    found = store.series(store.connect(), ["X"], iso3s, before)
    return list(found[["iso3", "year", "value", "source"]].itertuples(index=False, name=None))


def test_a_series_can_be_read_as_it_stood_before_an_arrival(home):
    first = land("ours", [("DEU", "X", 2019, 1.0), ("DEU", "X", 2020, 2.0)], day=1)
    second = land("theirs", [("DEU", "X", 2020, 3.0), ("FRA", "X", 2020, 4.0)], day=2)
    third = land("ours", [("DEU", "X", 2019, 1.5), ("DEU", "X", 2020, 2.5), ("DEU", "X", 2021, 9.0)], day=3)
    fourth = land("ours", [("DEU", "X", 2019, 1.7)], day=4, withdraw=True)
    ours = [("DEU", 2019, 1.0, "ours"), ("DEU", 2020, 2.0, "ours")]
    assert series(before=first) == []
    assert series(before=second) == ours
    assert series(before=third) == [ours[0], ("DEU", 2020, 3.0, "theirs"), ("FRA", 2020, 4.0, "theirs")]
    assert series(before=fourth, iso3s=["DEU"]) == [
        ("DEU", 2019, 1.5, "ours"),
        ("DEU", 2020, 2.5, "ours"),
        ("DEU", 2021, 9.0, "ours"),
    ]
    assert series(iso3s=["DEU"]) == [("DEU", 2019, 1.7, "ours"), ("DEU", 2020, 3.0, "theirs")]


def test_after_a_snapshot_comes_the_next_arrival_and_after_the_newest_none(home):
    embedded = store.snapshots(store.connect())["id"].iloc[-1]
    first = land("ours", [("DEU", "X", 2020, 1.0)], day=1)
    second = land("theirs", [("DEU", "X", 2020, 2.0)], day=2)
    connection = store.connect()
    assert store.snapshot_after(connection, embedded) == first
    assert store.snapshot_after(connection, first) == second
    assert store.snapshot_after(connection, second) is None


def test_what_stood_after_a_snapshot_stays_whatever_arrives_later(home):
    first = land("ours", [("DEU", "X", 2020, 1.0), ("FRA", "X", 2020, 5.0)], day=1)
    then = series()
    for day in (2, 3):
        land("ours", [("DEU", "X", 2020, float(day))], day=day, withdraw=True)
        before = store.snapshot_after(store.connect(), first)
        assert series(before=before) == then
        assert panel(before=before) == [("DEU", "X", 2020, 1.0), ("FRA", "X", 2020, 5.0)]


def test_a_snapshot_that_never_arrived_is_named_with_a_remedy(home):
    with pytest.raises(store.StoreError, match=r"snapshot 20200101T000000Z-aaaaaaaa is not in this store. Import"):
        store.snapshot_after(store.connect(), "20200101T000000Z-aaaaaaaa")


@pytest.mark.parametrize("codes", [[], ["nothing"], ["'; DROP TABLE observations; --"]])
def test_asking_for_nothing_gives_an_empty_frame(home, codes):
    connection = store.connect()
    assert store.market_panel(connection, codes, 2020, 8).empty
    assert store.series(connection, codes).empty
    assert store.series(connection, ["cldr:population"], []).empty
    assert store.coverage(connection, codes).empty


def test_coverage_counts_markets_not_rows(home):
    land("theirs", [("DEU", "X", 2020, 1.0)], day=1)
    land("ours", [("DEU", "X", 2020, 3.0), ("FRA", "X", 2020, 4.0)], day=2)
    assert store.coverage(store.connect(), ["X"]).to_numpy().tolist() == [["X", 2020, 2]]


def test_every_stored_row_of_a_figure_can_be_traced(home):
    land("theirs", [("DEU", "X", 2020, 1.0)], day=1)
    land("ours", [("DEU", "X", 2020, 3.0)], day=2)
    rows = store.observation_rows(store.connect(), "DEU", "X")
    assert rows[["value", "source", "licence"]].to_numpy().tolist() == [[3.0, "ours", "CC0"], [1.0, "theirs", "CC0"]]


def test_market_names_fall_back_to_english(home):
    connection = store.connect()
    names = store.market_names(connection, "zh_Hans").set_index("iso3")["name"]
    assert (len(names), names["DEU"], names["CHI"]) == (244, "德国", "Channel Islands")
    assert store.market_names(connection, "xx").set_index("iso3")["name"]["DEU"] == "Germany"


def test_only_reference_tables_can_be_asked_for_facts(home):
    connection = store.connect()
    assert set(store.market_facts(connection, "market_neighbours", "PRT")["neighbour"]) == {"ESP"}
    with pytest.raises(ValueError, match="not a reference table"):
        store.market_facts(connection, "observations; DROP TABLE observations", "PRT")


def test_every_indicator_of_the_catalog_is_in_the_store(home):
    found = store.indicators(store.connect()).set_index("code")
    assert set(catalog.load()) <= set(found.index)
    assert found.loc["cldr:population", "markets"] > 200


def test_snapshot_ids_sort_by_time():
    early = store.snapshot_id(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "f" * 64)
    late = store.snapshot_id(datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC), "0" * 64)
    assert (early, early < late) == ("20260102T030405Z-ffffffff", True)
