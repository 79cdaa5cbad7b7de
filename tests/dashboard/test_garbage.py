"""Garbage is collected now and then, by one session, and not after every run."""

import gc
import tomllib
from threading import Event, Thread

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
