"""One training at a time, in the background of this process: started, watched, stopped, its result kept until taken.

A thread waits for it: work that takes long belongs into a process of its own (`data.apart`). A training belongs to
whoever began it: its id cannot be guessed, and without it nothing of it is found. Others are told that one runs, and
since when; a result that nobody takes is let go after an hour.
"""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Literal, TypeVar

from data.faults import Fault
from models.errors import JobBusy, Stopped
from models.training.settings import Progress

T = TypeVar("T")
Work = Callable[[Callable[[Progress], None], Callable[[], bool]], T]
State = Literal["running", "done", "stopped", "failed"]
MAX_KEPT = 3
"""Results that may wait to be taken or discarded: each holds a model in memory."""
KEPT_FOR = timedelta(hours=1)
"""How long a result waits after its end."""
MAX_ENDED = 8
"""Trainings that were stopped or failed and are remembered, for whoever started them to read why."""
MAX_POINTS = 2_000
"""Points of a curve that are kept; beyond, every other one is dropped."""


@dataclass(frozen=True)
class Snapshot(Generic[T]):
    """How a training stands at a moment. curve: (step, loss, score), loss nan where only the score was taken, score
    None where only the loss. result: of the work once it is done. problem: why it failed, "" else."""

    title: str
    state: State
    began: datetime
    ended: datetime | None = None
    progress: Progress | None = None
    curve: tuple[tuple[int, float, float | None], ...] = ()
    result: T | None = None
    problem: Fault | str = ""
    stopping: bool = False


class Job(Generic[T]):
    """One training. `snapshot` is what it stands at, whole and unchanging, for any number of readers."""

    def __init__(self, title: str) -> None:
        self.id = secrets.token_urlsafe(16)
        self.title = title
        self._stop = threading.Event()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._now: Snapshot[T] = Snapshot(title, "running", datetime.now(UTC))

    @property
    def snapshot(self) -> Snapshot[T]:
        return self._now

    def stop(self) -> None:
        """Ask it to end at its next step; nothing of it is kept. Once it has ended, this does nothing."""
        with self._lock:
            if self._now.state == "running":
                self._stop.set()
                self._now = replace(self._now, stopping=True)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Whether it has ended within that time."""
        return self._over.wait(timeout_s)

    def _report(self, progress: Progress) -> None:
        with self._lock:
            score = progress.score if progress.loss != progress.loss else None  # the loss is nan where a score is new
            curve = (*self._now.curve, (progress.step, progress.loss, score))
            if len(curve) > MAX_POINTS:
                curve = curve[::2]
            self._now = replace(self._now, progress=progress, curve=curve)

    def _run(self, work: Work[T]) -> None:
        changes: dict[str, Any] = {}
        try:
            changes = {"state": "done", "result": work(self._report, self._stop.is_set)}
        except Stopped:
            changes = {"state": "stopped"}
        except Exception as error:  # whatever the work raises is told, and must not end the thread silently
            changes = {"state": "failed", "problem": _told(error)}
        finally:
            with self._lock:
                broken = Fault("The training was broken off. Start it again.")
                changes = changes or {"state": "failed", "problem": broken}
                self._now = replace(self._now, ended=datetime.now(UTC), stopping=False, **changes)
            self._over.set()
            leaving = threading.Timer(KEPT_FOR.total_seconds(), discard, (self,))
            leaving.daemon = True
            leaving.start()


_lock = threading.Lock()
_jobs: dict[str, Job[Any]] = {}


def start(work: Work[T], title: str) -> Job[T]:
    """Begin a training in the background. work(report, should_stop): calls report with its progress, and raises
    Stopped when should_stop says so; what it returns is the result. Raises JobBusy."""
    with _lock:
        if busy := _running():
            raise busy_with(busy)
        kept = [job for job in _jobs.values() if job.snapshot.state == "done"]
        if len(kept) >= MAX_KEPT:
            raise JobBusy(
                "{n} trained adapters wait for their readers to register or discard them. Try again later: each is "
                "let go an hour after it ended.",
                n=len(kept),
            )
        ended = [key for key, job in _jobs.items() if job.snapshot.state in ("stopped", "failed")]
        for key in ended[:-MAX_ENDED]:
            del _jobs[key]
        job: Job[T] = Job(title)
        _jobs[job.id] = job
        threading.Thread(target=job._run, args=(work,), name="training", daemon=True).start()
    return job


def running() -> Job[Any] | None:
    """The training that runs now, if one does."""
    with _lock:
        return _running()


def find(key: str | None) -> Job[Any] | None:
    """A training by its id, until it was discarded."""
    with _lock:
        return _jobs.get(key) if key is not None else None


def kept() -> tuple[Job[Any], ...]:
    """The trainings that are done and not yet discarded, the newest first."""
    with _lock:
        return tuple(job for job in reversed(_jobs.values()) if job.snapshot.state == "done")


def discard(job: Job[Any]) -> None:
    """Forget a training and its result; one that runs is stopped first."""
    job.stop()
    with _lock:
        if job.snapshot.state != "running":
            _jobs.pop(job.id, None)


def busy_with(job: Job[Any]) -> JobBusy:
    """Since when something is trained, how far that is, and what to do; nothing of what it is."""
    now = job.snapshot
    if now.progress is None:
        return JobBusy(
            "Another training runs since {time} UTC. One training runs at a time: wait until it has ended.",
            time=f"{now.began:%H:%M}",
        )
    return JobBusy(
        "Another training runs since {time} UTC, step {step} of {steps}. One training runs at a time: wait until it "
        "has ended.",
        time=f"{now.began:%H:%M}",
        step=now.progress.step,
        steps=now.progress.steps,
    )


def _told(error: Exception) -> Fault | str:
    return error if isinstance(error, Fault) else str(error) or type(error).__name__


def _running() -> Job[Any] | None:
    return next((job for job in _jobs.values() if job.snapshot.state == "running"), None)
