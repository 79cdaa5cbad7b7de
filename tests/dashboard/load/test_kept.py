"""Answers kept by version: nobody waits behind a stranger's question, and nothing of a replaced store stays."""

import gc
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from dashboard import load
from dashboard.load.kept import Kept
from data import store


class Thing:
    """Something whose end can be seen."""

    alive = 0

    def __init__(self) -> None:
        Thing.alive += 1

    def __del__(self) -> None:
        Thing.alive -= 1


def test_the_same_question_is_answered_once_and_with_one_object():
    asked = []
    kept = Kept(lambda number: asked.append(number) or [number], lambda: "now")
    assert kept(1) is kept(1)
    assert asked == [1]


def test_none_is_an_answer_too():
    asked = []
    kept = Kept(lambda: asked.append(1), lambda: "now")
    assert (kept(), kept(), asked) == (None, None, [1])


def test_a_fault_is_not_kept():
    faults = iter([ValueError("once"), None])

    def answer() -> str:
        if fault := next(faults):
            raise fault
        return "well"

    kept = Kept(answer, lambda: "now")
    with pytest.raises(ValueError, match="once"):
        kept()
    assert kept() == "well"


def test_a_kept_answer_waits_for_no_computation():
    begun, go_on = Event(), Event()

    def answer(slow: bool) -> bool:
        if slow:
            begun.set()
            assert go_on.wait(30)
        return slow

    kept = Kept(answer, lambda: "now")
    kept(False)
    with ThreadPoolExecutor(1) as others:
        computing = others.submit(kept, True)
        assert begun.wait(30)
        assert kept(False) is False  # would wait for ever behind one lock for all
        go_on.set()
        assert computing.result(30) is True


def test_two_questions_are_computed_side_by_side():
    begun = {1: Event(), 2: Event()}

    def answer(number: int) -> int:
        begun[number].set()
        assert begun[3 - number].wait(30)  # goes on only when the other one has begun, too
        return number

    kept = Kept(answer, lambda: "now")
    with ThreadPoolExecutor(2) as readers:
        assert list(readers.map(kept, (1, 2), timeout=60)) == [1, 2]


def test_one_question_of_many_readers_is_computed_by_one_of_them():
    asked, go_on = [], Event()

    def answer() -> int:
        asked.append(1)
        assert go_on.wait(30)
        return 7

    kept = Kept(answer, lambda: "now")
    with ThreadPoolExecutor(4) as readers:
        waiting = [readers.submit(kept) for _ in range(4)]
        go_on.set()
        assert [one.result(30) for one in waiting] == [7] * 4
    assert asked == [1]


def test_answers_of_a_replaced_version_are_let_go_also_where_nobody_asks_again():
    now = ["first"]
    never_again = Kept(lambda: Thing(), lambda: now[0])
    sweeping = Kept(lambda: Thing(), lambda: now[0], sweeps=True)
    never_again()
    sweeping()
    assert Thing.alive == 2
    now[0] = "second"
    sweeping()
    gc.collect()
    assert (Thing.alive, len(never_again)) == (1, 0)


def test_an_answer_that_was_overtaken_by_a_new_version_is_not_kept():
    now = ["first"]

    def answer() -> str:
        was, now[0] = now[0], "second"
        return was

    kept = Kept(answer, lambda: now[0])
    assert kept() == "first"
    assert len(kept) == 0


def test_no_more_answers_than_allowed_are_kept_and_the_last_used_stay():
    kept = Kept(lambda number: [number], lambda: "now", most=2)
    first = kept(1)
    kept(2)
    assert kept(1) is first
    kept(3)
    assert len(kept) == 2
    assert kept(1) is first


# ------------------------------------------------------------------ the store behind the pages


def deleted_files() -> int:
    """Files this process holds open that are gone from their folder."""
    links = [str(number.readlink()) for number in Path("/proc/self/fd").iterdir() if number.is_symlink()]
    return sum("atlas.duckdb" in link and link.endswith("(deleted)") for link in links)


def threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def view() -> None:
    """What a page asks."""
    load.settings()
    load.markets()
    load.feedback()
    load.distances("USA", 2022)
    load.findings()


def test_many_writes_with_a_view_each_leave_no_replaced_store_open(home):
    for market in ("FRA", "DEU"):  # who writes keeps a connection for the next time, and who reads has one made ready
        store.put_settings({"home_market": market})
        view()
    before, files = threads(), deleted_files()
    for turn in range(12):
        if turn % 2:
            store.put_settings({"home_market": ("DEU", "FRA")[turn // 2 % 2]})
        else:
            store.put_feedback(
                "one",
                asked_at=datetime.now(UTC),
                question="How much?",
                kind="answer",
                entries=["price"],
                confidence=0.9,
                verdict="up",
            )
        view()
    gc.collect()
    assert deleted_files() - files <= 2
    assert threads() - before <= 2 * os.cpu_count()


def test_a_reader_goes_on_with_the_store_it_has_while_another_one_replaces_it(home):
    held = load.connection()
    store.put_settings({"home_market": "DEU"})
    assert load.settings()["home_market"] == "DEU"
    assert store.settings(held)["home_market"] == "USA"
