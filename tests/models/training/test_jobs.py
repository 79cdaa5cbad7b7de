"""One training at a time: watched by many, stopped, failed, kept until it is discarded."""

import math
import threading
from datetime import timedelta

import pytest
import torch

from models import errors
from models.errors import Stopped
from models.training import jobs
from models.training.settings import Progress

PATIENCE_S = 30


@pytest.fixture(autouse=True)
def no_jobs(monkeypatch):
    monkeypatch.setattr(jobs, "_jobs", {})


def at(step: int, loss: float = 1.0, score: float | None = None) -> Progress:
    return Progress(step, 10, 0, loss, score, 1.0)


@pytest.fixture
def held():
    """Work that reports once and waits until it is let go or stopped."""
    go = threading.Event()

    def work(report, should_stop):
        report(at(1))
        while not go.wait(0.005):
            if should_stop():
                raise Stopped
        return "learned"

    work.go = go
    yield work
    go.set()


def test_the_result_is_kept_until_it_is_discarded():
    def work(report, should_stop):
        for step in range(1, 4):
            report(at(step, 1 / step))
        report(at(3, math.nan, 0.8))
        return "learned"

    job = jobs.start(work, "Swahili")
    assert job.wait(PATIENCE_S)
    found = job.snapshot
    assert (found.state, found.result, found.problem, found.title) == ("done", "learned", "", "Swahili")
    assert [(step, score) for step, _loss, score in found.curve] == [(1, None), (2, None), (3, None), (3, 0.8)]
    assert found.progress.score == 0.8
    assert found.ended >= found.began
    assert jobs.find(job.id) is job
    assert jobs.kept() == (job,)
    jobs.discard(job)
    assert jobs.find(job.id) is None
    assert jobs.kept() == ()


def test_a_second_training_is_refused_with_since_when_the_other_runs_and_not_what_it_is(held):
    job = jobs.start(held, "Swahili, 72 rows")
    while job.snapshot.progress is None:
        pass
    with pytest.raises(errors.JobBusy, match=r"training runs since \d\d:\d\d UTC, step 1 of 10") as raised:
        jobs.start(held, "Hausa")
    assert "Swahili" not in str(raised.value)
    assert jobs.running() is job
    held.go.set()
    assert job.wait(PATIENCE_S)
    assert jobs.running() is None
    again = jobs.start(held, "Hausa")
    assert again.wait(PATIENCE_S)
    assert [one.title for one in jobs.kept()] == ["Hausa", "Swahili, 72 rows"]


def test_a_stopped_training_leaves_nothing_and_lets_the_next_one_start(held):
    job = jobs.start(held, "Swahili")
    job.stop()
    assert job.snapshot.stopping or job.snapshot.state == "stopped"
    assert job.wait(PATIENCE_S)
    assert (job.snapshot.state, job.snapshot.result, job.snapshot.stopping) == ("stopped", None, False)
    assert jobs.kept() == ()
    job.stop()
    assert job.snapshot.state == "stopped"
    held.go.set()
    assert jobs.start(held, "Hausa").wait(PATIENCE_S)


@pytest.mark.parametrize(("error", "said"), [(ValueError("broken rows"), "broken rows"), (KeyError(), "KeyError")])
def test_a_failure_is_told(error, said):
    def work(report, should_stop):
        raise error

    job = jobs.start(work, "Swahili")
    assert job.wait(PATIENCE_S)
    assert (job.snapshot.state, job.snapshot.problem) == ("failed", said)
    assert jobs.running() is None


def test_work_that_ends_its_thread_does_not_block_the_next_one(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda raised: None)

    def work(report, should_stop):
        raise KeyboardInterrupt

    job = jobs.start(work, "Swahili")
    assert job.wait(PATIENCE_S)
    assert job.snapshot.state == "failed" and job.snapshot.problem


def test_discarding_what_runs_stops_it(held):
    job = jobs.start(held, "Swahili")
    jobs.discard(job)
    assert job.wait(PATIENCE_S)
    assert job.snapshot.state == "stopped"


def test_too_many_results_in_waiting_are_refused(held):
    held.go.set()
    for place in range(jobs.MAX_KEPT):
        assert jobs.start(held, str(place)).wait(PATIENCE_S)
    with pytest.raises(errors.JobBusy, match="wait for their readers to register or discard"):
        jobs.start(held, "one more")
    jobs.discard(jobs.kept()[-1])
    assert jobs.start(held, "one more").wait(PATIENCE_S)


def test_a_result_that_nobody_takes_is_let_go(held, monkeypatch):
    monkeypatch.setattr(jobs, "KEPT_FOR", timedelta(0))
    held.go.set()
    job = jobs.start(held, "Swahili")
    assert job.wait(PATIENCE_S)
    gone = threading.Event()
    while not gone.wait(0.005):
        if jobs.find(job.id) is None:
            gone.set()
    assert jobs.kept() == ()


def test_whoever_does_not_know_its_id_finds_no_training(held):
    job = jobs.start(held, "Swahili")
    assert len(job.id) >= 20
    for guess in (None, "", "1", 1, job.id[:-1]):
        assert jobs.find(guess) is None
    assert jobs.find(job.id) is job


def test_only_the_last_failures_are_remembered():
    def work(report, should_stop):
        raise ValueError("broken rows")

    for place in range(jobs.MAX_ENDED + 3):
        assert jobs.start(work, str(place)).wait(PATIENCE_S)
    assert len(jobs._jobs) == jobs.MAX_ENDED + 1
    assert [job.title for job in jobs._jobs.values()][-1] == str(jobs.MAX_ENDED + 2)


def test_only_one_of_many_who_start_at_once_gets_through(held):
    ready, outcomes = threading.Barrier(8), []

    def asking(place: int) -> None:
        ready.wait(PATIENCE_S)
        try:
            outcomes.append(jobs.start(held, str(place)))
        except errors.JobBusy as error:
            outcomes.append(error)

    askers = [threading.Thread(target=asking, args=(place,)) for place in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(PATIENCE_S)
    assert sum(isinstance(outcome, jobs.Job) for outcome in outcomes) == 1
    assert len(outcomes) == 8


def test_many_readers_see_whole_snapshots_while_it_runs():
    wrong, over = [], threading.Event()

    def work(report, should_stop):
        for step in range(1, 500):
            report(at(step, float(step)))
        return "learned"

    def reading(job) -> None:
        while not over.is_set():
            found = job.snapshot
            if found.progress and found.curve[-1][0] != found.progress.step:
                wrong.append(found)

    begun = threading.Event()

    def waiting(report, should_stop):
        begun.wait(PATIENCE_S)
        return work(report, should_stop)

    job = jobs.start(waiting, "Swahili")
    readers = [threading.Thread(target=reading, args=(job,)) for _ in range(4)]
    for reader in readers:
        reader.start()
    begun.set()
    assert job.wait(PATIENCE_S)
    over.set()
    for reader in readers:
        reader.join(PATIENCE_S)
    assert wrong == []
    assert len(job.snapshot.curve) == 499


def test_a_long_curve_is_thinned_and_keeps_its_ends():
    def work(report, should_stop):
        for step in range(1, 3 * jobs.MAX_POINTS):
            report(at(step))

    job = jobs.start(work, "Swahili")
    assert job.wait(PATIENCE_S)
    steps = [step for step, *_ in job.snapshot.curve]
    assert len(steps) <= jobs.MAX_POINTS
    assert (steps[0], steps[-1]) == (1, 3 * jobs.MAX_POINTS - 1)


def test_it_computes_with_one_thread_and_leaves_the_others_theirs():
    before = torch.get_num_threads()
    job = jobs.start(lambda report, should_stop: torch.get_num_threads(), "Swahili")
    assert job.wait(PATIENCE_S)
    assert job.snapshot.result == 1
    assert torch.get_num_threads() == before
