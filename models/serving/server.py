"""One server a model for the whole process: what many sessions ask at once is answered in batches by one thread.

A file of 100,000 rows and a typed sentence share every batch, so the sentence does not wait for the file. Too many
waiting are refused at once (`Busy`) instead of piling up; who gave up waiting (`TimedOut`) is not computed any more. A
batch that fails is cut in two until the bad item is found: the error reaches only the one who asked for it. Without
memory for a batch, smaller ones follow. Every batch is computed in the number format (precision) that is fastest on
this machine for as many items.

    server = Server(classifier)
    served = server.ask(["What a lovely day"])
    served.answers[0].label, served.device, served.latency_ms, served.batch
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from models.errors import Busy, Closed, ServingError, TimedOut
from models.serving.precision import MAX_BATCH, LatencyProfile, fastest, latency_profiles, sample
from models.text.classifier import Classifier

MAX_WAITING = 64
MAX_ITEMS = 250_000
"""Items that wait at most, over all who ask: two files of the largest size."""
WAIT_MS = 2.0
"""How long the first of a batch waits for others to join it."""
MAKE_AFTER_S = 30.0
"""How long after its start a server has further precisions made: the first moments belong to who asks."""
GOOD_AGAIN = 200
"""Batches without a shortage of memory after which a halved batch may double again."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Served:
    """What was asked for, and what it cost.

    answers: what the classifier gave, in the order asked: tuple of Answer, tuple of Reason, or the array of `embed` or
    `explain`. latency_ms: from asking to answer, waiting included. batch: items in the largest batch it was computed
    in. precision: the number format the answers were computed in, several joined by ", " where batches of several
    sizes were; "" where the classifier offers none, and for vectors and reasons, whose format it decides itself.
    remark: why the model runs slower than it might, "" where nothing is known.
    """

    answers: Any
    device: str
    latency_ms: float
    batch: int
    precision: str = ""
    remark: str = ""


@dataclass(eq=False)
class _Request:
    """One asker's items. given: how many were handed out for computing; left: how many still lack an answer.

    order: in which they are handed out, texts of about one length together, since a batch is as slow as its longest.
    remarks: what the classifier remarked, by the precision it computed in.
    """

    kind: str
    items: Sequence[Any]
    extra: Sequence[Any] | None
    results: list[Any]
    left: int
    given: int = 0
    batch: int = 0
    remarks: dict[str, str] = field(default_factory=dict)
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)
    order: Sequence[int] = ()

    def __post_init__(self) -> None:
        texts = all(isinstance(item, str) for item in self.items)
        places = range(len(self.items))
        self.order = sorted(places, key=lambda place: len(self.items[place])) if texts else places

    @property
    def waiting(self) -> int:
        return len(self.items) - self.given


_Item = tuple[_Request, int]
"""One item of one asker."""


class Server:
    """Answers for one classifier, for every thread of the process, from one thread of its own.

    most_waiting: askers that may wait. largest_batch: items a batch, fewer where the classifier names its own
    `batch_largest`. wait_ms: how long a batch waits to fill.

    The classifier may be of anything (texts, pictures as uint8 RGB arrays): `predict(items, extra)` gives an answer an
    item. It may offer number formats (`precisions`, `use`), make more of them that take long (`make_precisions`), and
    have a `sample` of its items to measure them on. `use` is called before every batch that is computed in another
    format than the last, so changing back to one used before should cost next to nothing.
    """

    def __init__(
        self,
        classifier: Classifier | Any,
        *,
        most_waiting: int = MAX_WAITING,
        largest_batch: int = MAX_BATCH,
        wait_ms: float = WAIT_MS,
    ) -> None:
        if most_waiting < 1 or largest_batch < 1 or wait_ms < 0:
            raise ValueError("most_waiting and largest_batch are at least 1, wait_ms at least 0.")
        self.classifier = classifier
        self.ready = threading.Event()
        self._paces: Mapping[str, LatencyProfile | None] = {}
        self._precision = ""
        self._most_waiting = most_waiting
        self._wait_s = wait_ms / 1000
        self._asked_batch = self._largest = min(largest_batch, getattr(classifier, "batch_largest", largest_batch))
        self._good = 0
        self._queue: deque[_Request] = deque()
        self._changed = threading.Condition()
        self._closed = self._more = False
        self._worker = threading.Thread(target=self._work, name=f"server of {classifier.name}", daemon=True)
        self._worker.start()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    @property
    def labels(self) -> tuple[str, ...]:
        return self.classifier.labels

    @property
    def device(self) -> str:
        return self.classifier.device

    @property
    def largest_batch(self) -> int:
        """Items a batch at present: fewer than asked for after a shortage of memory."""
        return self._largest

    def precision_for(self, items: int) -> str:
        """The number format that so many items are computed in; "" where the classifier offers none.

        More than a batch holds are computed as full batches are.
        """
        return fastest(self._paces, min(items, self._largest))

    def ask(self, items: Sequence[Any], extra: Sequence[Any] | None = None, timeout_s: float = 10) -> Served:
        """One answer an item, in their order. extra: something for each item, for texts their languages, or None.

        Raises Busy, TimedOut, Closed, and whatever the classifier raises for one of these items.
        """
        if extra is not None and len(extra) != len(items):
            raise ValueError(f"{len(items)} items, but something extra (a language) for {len(extra)}.")
        answers, rest = self._through("predict", list(items), extra, timeout_s)
        return Served(tuple(answers), *rest)

    def explain(
        self, item: Any, label: str | None = None, language: str | None = None, timeout_s: float = 20
    ) -> Served:
        """The reasons of one answer as the classifier gives them: by word, or an array. Raises as `ask`."""
        answers, rest = self._through("explain", [(item, label, language)], None, timeout_s)
        return Served(answers[0] if isinstance(answers[0], np.ndarray) else tuple(answers[0]), *rest)

    def embed(self, texts: Sequence[str], timeout_s: float = 10) -> Served:
        """Unit vectors, shape (texts, dimensions), float32, as `Served.answers`. Raises as `ask`, and TextError."""
        vectors, rest = self._through("embed", list(texts), None, timeout_s)
        return Served(np.stack(vectors) if vectors else np.zeros((0, 0), np.float32), *rest)

    def close(self) -> None:
        """End the thread after the batch it is at. Who waits gets Closed; asking later raises it."""
        with self._changed:
            self._closed = True
            for request in self._queue:
                self._fail(request, self._gone())
            self._queue.clear()
            self._changed.notify_all()
        if threading.current_thread() is not self._worker:
            self._worker.join(timeout=5)

    # -------------------------------------------------------------- the askers' side

    def _through(
        self, kind: str, items: list[Any], extra: Sequence[Any] | None, timeout_s: float
    ) -> tuple[list[Any], tuple[str, float, int, str, str]]:
        started = time.perf_counter()
        request = _Request(kind, items, extra, [None] * len(items), len(items))
        if items:
            with self._changed:
                self._admit(request)
            if not request.done.wait(timeout_s):
                self._give_up(request, timeout_s)
        if request.error is not None:
            raise request.error
        taken = (time.perf_counter() - started) * 1000
        precision = ", ".join(filter(None, request.remarks))
        remark = "; ".join(filter(None, request.remarks.values()))
        return request.results, (self.device, taken, request.batch, precision, remark)

    def _admit(self, request: _Request) -> None:
        if self._closed:
            raise self._gone()
        items = sum(other.waiting for other in self._queue)
        if len(self._queue) >= self._most_waiting or (items and items + len(request.items) > MAX_ITEMS):
            raise Busy(
                "The model {name} is busy: {requests} requests with {items} items wait for it already. Try again in "
                "some seconds, or send a smaller file.",
                name=repr(self.classifier.name),
                requests=len(self._queue),
                items=items,
            )
        self._queue.append(request)
        self._changed.notify_all()

    def _give_up(self, request: _Request, timeout_s: float) -> None:
        with self._changed:
            if request.done.is_set():
                return
            answered = len(request.items) - request.left
            self._fail(
                request,
                TimedOut(
                    "The model {name} did not answer within {seconds} s ({done} of {all} items done): the machine is "
                    "slow or others are ahead. Try again, or send less at once.",
                    name=repr(self.classifier.name),
                    seconds=f"{timeout_s:g}",
                    done=answered,
                    all=len(request.items),
                ),
            )
            with suppress(ValueError):
                self._queue.remove(request)

    def _gone(self) -> Closed:
        return Closed(
            "The server of the model {name} was closed: the model was replaced or the program ends. Ask again.",
            name=repr(self.classifier.name),
        )

    @staticmethod
    def _fail(request: _Request, error: BaseException) -> None:
        if not request.done.is_set():
            request.error = error
            request.done.set()

    # -------------------------------------------------------------- the worker's side

    def _work(self) -> None:
        torch.set_num_threads(1)  # of this thread: two under contention turned 5 ms into 160 ms and more
        self._warm_up()
        self.ready.set()
        if hasattr(self.classifier, "make_precisions"):
            threading.Thread(target=self._make_precisions, daemon=True).start()
        while True:
            with self._changed:
                while not (self._queue or self._closed or self._more):
                    self._changed.wait()
                if self._closed:
                    return
                more, self._more = self._more, False
                self._let_join()
                batch = self._next_batch()
            if more:
                self._warm_up()
            if batch:
                self._compute(batch)

    def _make_precisions(self) -> None:
        """After the first busy moments, have the precisions made that take long; then the worker measures them."""
        with self._changed:
            if self._changed.wait_for(lambda: self._closed, MAKE_AFTER_S):
                return
        try:
            if not self.classifier.make_precisions():
                return
        except Exception as error:
            log.warning("%s stays in %s: %s", self.classifier.name, ", ".join(self._paces), error)
            return
        with self._changed:
            self._more = True
            self._changed.notify_all()

    def _let_join(self) -> None:
        """Wait a moment for others, unless the batch is full already. The lock is held, and let go while waiting."""
        deadline = time.perf_counter() + self._wait_s
        while self._queue and not self._closed and sum(request.waiting for request in self._queue) < self._largest:
            remaining = deadline - time.perf_counter()
            if remaining <= 0 or not self._changed.wait(remaining):
                return

    def _next_batch(self) -> list[_Item]:
        """Items of all who ask for the same as the first in the queue, the same number of each where there are enough.

        Who has more to come goes to the end of the queue, behind those who ask for something else.
        """
        if not self._queue:
            return []
        kind = self._queue[0].kind
        largest = 1 if kind == "explain" else self._largest
        sharing = sorted((r for r in self._queue if r.kind == kind), key=lambda request: request.waiting)
        batch: list[_Item] = []
        if len(sharing) > largest:  # not one each: the first come, not the smallest
            sharing = [request for request in self._queue if request.kind == kind][:largest]
        for position, request in enumerate(sharing):
            share = (largest - len(batch)) // (len(sharing) - position)
            take = min(request.waiting, share)
            batch += [(request, index) for index in request.order[request.given : request.given + take]]
            request.given += take
        served = set(map(id, sharing))
        kept = [request for request in self._queue if id(request) not in served]
        more = [request for request in self._queue if id(request) in served and request.waiting]
        self._queue = deque([*kept, *more])
        return batch

    def _compute(self, batch: list[_Item]) -> None:
        """Answers into the requests; a batch that fails is cut in two until the one at fault is alone."""
        batch = [(request, index) for request, index in batch if not request.done.is_set()]
        if not batch:
            return
        if len(batch) > self._largest:
            self._halves(batch)
            return
        try:
            results = self._call(batch)
        except BaseException as error:
            short = _out_of_memory(error)
            if short:
                self._shrink(len(batch))
            if len(batch) > 1:
                self._halves(batch)
                return
            self._refuse(batch[0][0], _too_large(self.classifier.name, error) if short else error)
            return
        self._grow()
        precision = self._precision if batch[0][0].kind == "predict" else ""
        remark = getattr(self.classifier, "remark", "")
        with self._changed:
            for (request, index), result in zip(batch, results, strict=True):
                if request.done.is_set():
                    continue
                request.results[index] = result
                request.batch = max(request.batch, len(batch))
                request.remarks[precision] = remark
                request.left -= 1
                if not request.left:
                    request.done.set()

    def _halves(self, batch: list[_Item]) -> None:
        middle = len(batch) // 2
        self._compute(batch[:middle])
        self._compute(batch[middle:])

    def _refuse(self, request: _Request, error: BaseException) -> None:
        with self._changed:
            self._fail(request, error)
            with suppress(ValueError):
                self._queue.remove(request)

    def _call(self, batch: list[_Item]) -> Sequence[Any]:
        self._switch(len(batch))
        items = [request.items[index] for request, index in batch]
        kind = batch[0][0].kind
        if kind == "explain":
            return [self.classifier.explain(*items[0])]
        if kind == "embed":
            return self._counted(self.classifier.embed(items), len(batch))
        known = [None if request.extra is None else request.extra[index] for request, index in batch]
        extra = known if any(one is not None for one in known) else None
        return self._counted(self.classifier.predict(items, extra), len(batch))

    def _counted(self, results: Sequence[Any], wanted: int) -> Sequence[Any]:
        if len(results) != wanted:
            raise ServingError(
                "The model {name} gave {found} answers to {wanted} items. Train it again.",
                name=repr(self.classifier.name),
                found=len(results),
                wanted=wanted,
            )
        return results

    def _shrink(self, failed: int) -> None:
        self._largest = max(1, failed // 2)
        self._good = 0
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _grow(self) -> None:
        if self._largest == self._asked_batch:
            return
        self._good += 1
        if self._good >= GOOD_AGAIN:
            self._largest, self._good = min(2 * self._largest, self._asked_batch), 0

    # -------------------------------------------------------------- the precision of a batch

    def _warm_up(self) -> None:
        """Learn how fast the precisions are, and run once in each that will be used, so that nobody who asks pays.

        What fails here fails again for the first to ask, who is told.
        """
        self._precision = ""  # measuring changes it
        with suppress(Exception):
            self._paces = latency_profiles(self.classifier)
        for items in {self.precision_for(items): items for items in range(1, self._largest + 1)}.values():
            self._switch(items)
            with suppress(Exception):
                self.classifier.predict(sample(self.classifier)[:2])

    def _switch(self, items: int) -> None:
        """Use the precision for so many items; one that cannot be used is left out from now on."""
        while (wanted := self.precision_for(items)) != self._precision:
            try:
                self.classifier.use(wanted)
                self._precision = wanted
            except Exception as error:
                log.warning("%s is not served in %s: %s", self.classifier.name, wanted, error)
                self._paces = {name: pace for name, pace in self._paces.items() if name != wanted}


def _out_of_memory(error: BaseException) -> bool:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    told = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in told or "can't allocate memory" in told)


def _too_large(name: str, error: BaseException) -> ServingError:
    made = ServingError(
        "The model {name} has too little memory for even one item. Close other programs, or send shorter texts or "
        "smaller pictures.",
        name=repr(name),
    )
    made.__cause__ = error
    return made
