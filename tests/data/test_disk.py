"""What the disk does to us: full, read-only, damaged; and who else may read what lies on it."""

import errno
import os
import shutil
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from data import ingest, private, shelf, store
from data.sources import collected

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def settings() -> None:
    store.put_settings({"home_market": "DEU"})


def verdict() -> None:
    store.put_feedback("a", asked_at=NOW, question="q", kind="answer", entries=[], confidence=1, verdict="up")


def review() -> None:
    checks = dict.fromkeys(store.CHECKLIST, True)
    store.put_review(
        "m", version="1", weights_sha256="0", reviewer="R", reviewed_at=NOW, checks=checks, decision="approved"
    )


@pytest.fixture
def importing(tmp_path):
    (tmp_path / "figures.csv").write_text("iso3,indicator,year,value\nDEU,X,2020,1\n")
    return lambda: ingest.import_file(tmp_path / "figures.csv")


@pytest.fixture
def writes(importing):
    return (settings, verdict, review, importing)


FAULTS = {
    errno.ENOSPC: "The disk is full: make room",
    errno.EACCES: "may not be written to: give this account permission",
    errno.EROFS: "can only be read: point ATLAS_HOME",
    errno.EFBIG: "may not write files of this size",
    errno.EIO: "Look for free disk space",
}


STEPS = [*((code, "copyfile") for code in FAULTS), (errno.ENOSPC, "fsync"), (errno.EACCES, "mkdir")]


@pytest.mark.parametrize(("code", "step"), STEPS)
def test_a_fault_of_the_disk_is_told_with_its_remedy_and_leaves_the_store_as_it_was(
    home, writes, monkeypatch, code, step
):
    before = store.path().read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    store.ensure()
    for write in writes if step == "copyfile" else writes[:1]:
        with monkeypatch.context() as patch:
            owner = {"copyfile": store.writer.shutil, "fsync": store.writer.os, "mkdir": private.Path}[step]
            patch.setattr(owner, step, fail)
            with pytest.raises(store.StoreError, match=FAULTS[code]):
                write()
        assert store.path().read_bytes() == before
    assert {file.name for file in home.iterdir()} <= {"atlas.duckdb", "atlas.lock", "atlas.whole"}
    settings()
    assert store.settings(store.connect())["home_market"] == "DEU"


def test_a_data_folder_that_is_a_file_is_named(tmp_path, monkeypatch):
    (tmp_path / "home").write_text("not a folder")
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "home"))
    with pytest.raises(store.StoreError, match="could not be written"):
        store.ensure()


def test_a_refresh_that_cannot_be_kept_is_told_with_the_remedy(home, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(collected.private, "folder", full)
    frame = store.series(store.connect(), ["area_km2"])
    fetched = collected.Fetched("area_km2", frame, "2026", "0", 0)
    with pytest.raises(store.StoreError, match="The disk is full"):
        collected.Collected("http://127.0.0.1", ["DEU"]).put(fetched)


# ------------------------------------------------------------------ damage


def test_nothing_is_acknowledged_on_a_store_with_damaged_rows_and_no_wrong_number_is_read(home, importing):
    whole, rows = store.path().read_bytes(), _all_rows()
    damaged = 0
    for place in range(4096 * 3, len(whole) - 64, len(whole) // 6):
        spoilt = bytearray(whole)
        spoilt[place : place + 64] = bytes(byte ^ 0xFF for byte in spoilt[place : place + 64])
        store.path().write_bytes(spoilt)
        try:
            found = _all_rows()
        except store.StoreError as error:
            damaged += 1
            assert "damaged" in str(error) or "cannot be opened" in str(error)
            for act in (store.ensure, settings, store.check):
                with pytest.raises(store.StoreError):
                    act()
            assert store.path().read_bytes() == spoilt
        else:
            assert found.equals(rows)
    assert damaged >= 2
    store.path().write_bytes(whole)
    assert importing().added == 1


def _all_rows() -> pd.DataFrame:
    connection = store.connect()
    try:
        return store.series(connection, list(store.indicators(connection)["code"]))
    finally:
        connection.close()


def test_a_store_is_read_whole_once_after_it_changed(home, monkeypatch):
    read, counted = store.connection.read_whole, []
    monkeypatch.setattr(store.connection, "read_whole", lambda connection: counted.append(1) or read(connection))
    for _ in range(3):
        store.connect().close()
        store.ensure()
    assert len(counted) == 1
    store.connection._whole.clear()  # another process
    store.connect().close()
    assert len(counted) == 1
    os.utime(store.path())
    store.connect().close()
    assert len(counted) == 2
    store.check()
    assert len(counted) == 3


def test_a_copy_that_was_damaged_on_the_way_is_not_acknowledged(home, monkeypatch):
    whole, copy = store.path().read_bytes(), shutil.copyfile

    def spoil(source: Path, target: Path) -> None:
        copy(source, target)
        with target.open("r+b") as file:
            for place in range(4096 * 8, len(whole), len(whole) // 12):
                file.seek(place)
                file.write(b"\xa5" * 64)

    monkeypatch.setattr(store.writer.shutil, "copyfile", spoil)
    with pytest.raises(store.StoreError):
        settings()
    assert store.path().read_bytes() == whole
    assert not store.path().with_name("atlas.duckdb.new").exists()


# ------------------------------------------------------------------ who may read it


def test_folders_and_files_are_closed_to_other_accounts(empty_home, tmp_path, importing):
    empty_home.mkdir(mode=0o755)
    store.ensure()
    importing()
    shelf.save("scenarios", "mine", "{}")
    shelf.remove("scenarios", "mine")
    ingest.export(tmp_path / "all.parquet")
    collected.Collected("http://127.0.0.1", []).put(
        collected.Fetched("X", store.series(store.connect(), ["X"]), "2026", "0", 0)
    )
    rights = {place: stat.S_IMODE(place.stat().st_mode) for place in (empty_home, *empty_home.rglob("*"))}
    assert {rights[place] for place in rights if place.is_dir()} == {0o700}
    assert {rights[place] for place in rights if place.is_file()} == {0o600}
    assert stat.S_IMODE((tmp_path / "all.parquet").stat().st_mode) == 0o600
    with private.scratch("test") as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


# ------------------------------------------------------------------ scratch folders


def test_scratch_folders_of_a_killed_program_are_taken_away_at_the_next_start(home, tmp_path, monkeypatch):
    monkeypatch.setattr(private.tempfile, "tempdir", str(tmp_path))
    script = (
        "import sys\nfrom data import private\n"
        "with private.scratch('import') as folder:\n    print(folder, flush=True)\n    sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    left = Path(child.stdout.readline().strip())
    (left / "unpacked.csv").write_text("rows")
    an_hour_ago = time.time() - 3600
    os.utime(left, (an_hour_ago, an_hour_ago))
    store.ensure()
    assert left.is_dir(), "a program that runs keeps its folder"
    child.kill()
    child.communicate(timeout=30)
    os.utime(left, (an_hour_ago, an_hour_ago))
    with private.scratch("import") as own:
        store.ensure()
        assert own.is_dir()
    assert not left.exists()
