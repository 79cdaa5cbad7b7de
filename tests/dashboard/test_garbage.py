"""Garbage is collected now and then, by one session, and not after every run."""

import gc
import sys
import tomllib
from threading import Event, Thread

import numpy as np
import psutil
import pytest

from dashboard import garbage, navigation


@pytest.fixture
def collections(monkeypatch) -> list[float]:
    """The collections that were asked for; the last one was at second 1,000."""
    counted: list[float] = []
    monkeypatch.setattr(garbage, "_last", 1000.0)
    monkeypatch.setattr(gc, "collect", lambda: counted.append(0.0))
    return counted


def test_streamlit_does_not_collect_after_every_run():
    config = tomllib.loads((navigation.ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["runner"]["postScriptGC"] is False


def test_a_minute_of_runs_is_collected_once(collections):
    due = [garbage.collect_when_due(1000.0 + second) for second in range(2 * int(garbage.EVERY_S))]
    assert due.count(True) == len(collections) == 1


def test_while_one_session_collects_the_others_go_on(monkeypatch):
    started, finish = Event(), Event()
    monkeypatch.setattr(garbage, "_last", 0.0)
    monkeypatch.setattr(gc, "collect", lambda: (started.set(), finish.wait(10)))
    one = Thread(target=garbage.collect_when_due, args=(1000.0,))
    one.start()
    assert started.wait(10)
    assert not garbage.collect_when_due(5000.0)
    finish.set()
    one.join()


def _fill(pins: list[np.ndarray]) -> None:
    """Blocks of 80 kB, of which only the last stays: the others lie below it, where an allocator keeps them."""
    blocks = [np.ones(10_000) for _block in range(1_000)]
    pins.append(blocks[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="what is freed is returned by glibc's own call")
def test_memory_that_threads_have_freed_goes_back_to_the_machine():
    pins: list[np.ndarray] = []
    threads = [Thread(target=_fill, args=(pins,)) for _thread in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = psutil.Process().memory_info().rss
    if not garbage.give_back():
        pytest.skip("this C library does not keep what was freed")
    assert psutil.Process().memory_info().rss < held - 100 * 2**20
