"""Work in a process of its own: its answer, what it raises, and how it ends early."""

import operator
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from data import apart, ingest, store
from data.ingest import files
from data.layouts import LayoutError

ROOT = Path(__file__).parents[2]


def test_the_answer_of_a_function_comes_back():
    assert apart.run(operator.add, 40, 2) == 42


def test_it_runs_in_another_process():
    assert apart.run(os.getpid) != os.getpid()


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="Windows has no nice")
def test_it_gives_way_to_the_process_that_asked():
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    assert apart.run(os.getpriority, os.PRIO_PROCESS, 0) == min(19, mine + apart.GIVES_WAY)


def test_what_it_raises_is_raised_with_its_values():
    with pytest.raises(ZeroDivisionError):
        apart.run(operator.truediv, 1, 0)
    with pytest.raises(store.StoreError) as raised:
        apart.run(_refuse, "atlas.duckdb")
    assert raised.value.values == {"path": "atlas.duckdb"}


def test_what_a_library_prints_does_not_mix_with_the_answer(capfd):
    assert apart.run(print, "from a library") is None
    assert "from a library" in capfd.readouterr().err


def test_a_process_that_dies_is_told_with_its_code():
    with pytest.raises(apart.BrokenOff, match=r"\(code 3\)"):
        apart.run(os._exit, 3)


def test_it_ends_when_its_time_is_over():
    start = time.monotonic()
    with pytest.raises(apart.TookTooLong):
        apart.run(time.sleep, 600, seconds=0.5)
    assert time.monotonic() - start < 300


def test_what_it_tells_comes_while_it_works_and_it_can_be_asked_to_stop():
    told = []
    ended = apart.run(_count, 10_000, on_message=told.append, should_stop=lambda: len(told) >= 3)
    assert told[:3] == [0, 1, 2]
    assert ended < 10_000


def test_it_ends_when_whoever_asked_has_gone(tmp_path):
    note = tmp_path / "pid"
    asking = f"from data import apart; from {__name__} import _linger; apart.run(_linger, {str(note)!r})"
    asker = subprocess.Popen([sys.executable, "-c", asking], cwd=ROOT)
    try:
        worker = psutil.Process(int(_written(note)))
    finally:
        asker.kill()
        asker.wait()
    assert not psutil.wait_procs([worker], timeout=300)[1]


def test_a_large_file_is_looked_over_beside_the_readers_with_the_same_report(monkeypatch, tmp_path):
    """A small one here, and the same one apart: what is found is the same, and nothing lands."""
    file = tmp_path / "figures.csv"
    file.write_text("iso3,indicator,year,value\nDEU,SP.POP.TOTL,2023,84000000\nXYZ,SP.POP.TOTL,2023,1\n")
    here = ingest.import_file(file, preview=True)
    monkeypatch.setattr(files, "LARGE", 0)
    beside = ingest.import_file(file, name="beside.csv", preview=True)
    assert beside == replace(here, file="beside.csv")
    assert beside.fault_count == 1
    assert not beside.landed


def test_a_refusal_of_a_file_looked_over_beside_the_readers_is_a_refusal(monkeypatch, tmp_path):
    file = tmp_path / "prose.csv"
    file.write_text("Dear reader\n" * 9)
    with pytest.raises(LayoutError) as here:
        ingest.import_file(file, preview=True)
    monkeypatch.setattr(files, "LARGE", 0)
    with pytest.raises(type(here.value)) as beside:
        ingest.import_file(file, preview=True)
    assert beside.value == here.value


def _linger(note: str) -> None:
    Path(note).write_text(f"{os.getpid()}.")
    time.sleep(600)


def _written(note: Path) -> str:
    for _ in range(3000):
        if note.exists() and (text := note.read_text()).endswith("."):
            return text[:-1]
        time.sleep(0.1)
    raise AssertionError("The process did not begin.")


def _refuse(path: str) -> None:
    raise store.StoreError("There is no store at {path} yet. Build it with: python -m data build", path=path)


def _count(most: int, tell, asked_to_stop) -> int:
    for number in range(most):
        tell(number)
        if asked_to_stop():
            return number
        time.sleep(0.05)
    return most
