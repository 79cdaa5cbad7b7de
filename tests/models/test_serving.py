"""Many ask one model: batches are shared fairly, faults reach only their asker, and too much is refused clearly."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
import torch

from models import serving
from models.registry import ModelError
from models.serving import Busy, Closed, Server, ServingError, TimedOut
from models.text.classifier import Answer, Reason, TextError

PATIENCE = 20
"""Seconds until a test gives up; not a claim about speed."""


class Stub:
    """A model whose answer to "n" is n; it can be held shut, and fails for texts it was told to fail for."""

    name, labels, device = "stub", ("a", "b"), "cpu"

    def __init__(self, most: int | None = None, faults: dict[str, BaseException] | None = None) -> None:
        self.batches: list[list[str]] = []
        self.languages: list[object] = []
        self.gate = threading.Event()
        self.gate.set()
        self.at_work = threading.Event()
        self.most, self.faults = most, faults or {}
        self.threads: set[str] = set()

    def predict(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> list[Answer]:
        self.threads.add(threading.current_thread().name)
        if self.most is not None and len(texts) > self.most:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        for text in texts:
            if text in self.faults:
                raise self.faults[text]
        self.batches.append(list(texts))
        self.languages.append(languages)
        self.at_work.set()
        assert self.gate.wait(PATIENCE)
        return [Answer(text, {text: 1.0}, True) for text in texts]

    def explain(self, text: str, label: str | None = None, language: str | None = None) -> list[Reason]:
        self.batches.append([f"why {text}"])
        return [Reason(0, len(text), 0.5)]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.batches.append([f"vector {text}" for text in texts])
        return np.array([[len(text), 1.0] for text in texts], np.float32)

    def asked(self) -> list[list[str]]:
        """The batches without the warm-up."""
        return [batch for batch in self.batches if batch != list(serving.SAMPLE[:2])]


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    opened = []

    def started(stub: Stub, **settings) -> Server:
        server = Server(stub, **settings)
        opened.append((server, stub))
        assert server.ready.wait(PATIENCE)
        stub.at_work.clear()
        return server

    yield started
    for server, stub in opened:
        stub.gate.set()
        server.close()


class Asker(threading.Thread):
    """Somebody who asks in a thread of their own, and remembers what came of it."""

    def __init__(self, ask: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.ask, self.served, self.error = ask, None, None
        self.start()

    def run(self) -> None:
        try:
            self.served = self.ask()
        except BaseException as error:
            self.error = error

    def ended(self) -> "Asker":
        self.join(PATIENCE)
        assert not self.is_alive()
        return self


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def held(server: Server, stub: Stub) -> Asker:
    """Somebody whose text the model is at, until the gate opens."""
    stub.gate.clear()
    stub.at_work.clear()
    first = Asker(lambda: server.ask(["first"]))
    assert stub.at_work.wait(PATIENCE)
    return first


def labels(served) -> list[str]:
    return [answer.label for answer in served.answers]


def test_an_answer_says_where_how_long_and_in_what_batch(serve):
    server = serve(Stub())
    served = server.ask(["x", "y"], ["eng", None])
    assert labels(served) == ["x", "y"]
    assert (served.device, served.batch) == ("cpu", 2)
    assert served.latency_ms > 0
    assert server.classifier.languages[-1] == ["eng", None]
    with pytest.raises(AttributeError):
        served.batch = 3


def test_no_texts_need_no_model(serve):
    stub = Stub()
    assert serve(stub).ask([]).answers == ()
    assert stub.asked() == []


def test_what_waits_together_is_computed_together(serve):
    stub = Stub()
    server = serve(stub, wait_ms=0)
    first = held(server, stub)
    others = [Asker(lambda text=str(i): server.ask([text])) for i in range(5)]
    until(lambda: len(server._queue) == 5)
    stub.gate.set()
    assert [labels(asker.ended().served) for asker in others] == [[str(i)] for i in range(5)]
    assert first.ended().served.batch == 1
    assert {asker.served.batch for asker in others} == {5}
    assert [len(batch) for batch in stub.asked()] == [1, 5]


def test_a_batch_waits_a_moment_for_others(serve):
    stub = Stub()
    server = serve(stub, wait_ms=300)
    askers = [Asker(lambda text=str(i): server.ask([text])) for i in range(3)]
    assert {asker.ended().served.batch for asker in askers} == {3}


def test_a_full_batch_does_not_wait(serve):
    server = serve(Stub(), wait_ms=60_000, largest_batch=4)
    assert labels(server.ask(list("abcd"), timeout_s=PATIENCE)) == list("abcd")


def test_a_file_does_not_keep_a_sentence_waiting(serve):
    stub = Stub()
    server = serve(stub, wait_ms=0, largest_batch=4)
    first = held(server, stub)
    file = Asker(lambda: server.ask([f"row {i}" for i in range(100)]))
    until(lambda: len(server._queue) == 1)
    typed = Asker(lambda: server.ask(["typed"]))
    until(lambda: len(server._queue) == 2)
    stub.gate.set()
    assert labels(typed.ended().served) == ["typed"]
    assert labels(file.ended().served) == [f"row {i}" for i in range(100)]
    assert "typed" in stub.asked()[1]
    assert max(map(len, stub.asked())) == 4
    first.ended()


def test_two_files_get_the_same_share_of_every_batch(serve):
    stub = Stub()
    server = serve(stub, wait_ms=0, largest_batch=6)
    first = held(server, stub)
    files = [Asker(lambda name=name: server.ask([f"{name}{i}" for i in range(12)])) for name in "ab"]
    until(lambda: len(server._queue) == 2)
    stub.gate.set()
    for asker in (first, *files):
        asker.ended()
    for batch in stub.asked()[1:5]:
        assert sorted(text[0] for text in batch) == list("aaabbb")


def test_reasons_get_their_turn_between_the_batches_of_a_file(serve):
    stub = Stub()
    server = serve(stub, wait_ms=0, largest_batch=4)
    first = held(server, stub)
    file = Asker(lambda: server.ask([str(i) for i in range(40)]))
    until(lambda: len(server._queue) == 1)
    why = Asker(lambda: server.explain("typed"))
    vector = Asker(lambda: server.embed(["one", "three"]))
    until(lambda: len(server._queue) == 3)
    stub.gate.set()
    assert why.ended().served.answers == (Reason(0, 5, 0.5),)
    assert vector.ended().served.answers.tolist() == [[3, 1], [5, 1]]
    assert len(file.ended().served.answers) == 40
    assert stub.asked().index(["why typed"]) < 4
    first.ended()


def test_embedding_nothing_is_an_empty_array(serve):
    assert serve(Stub()).embed([]).answers.shape == (0, 0)


def test_too_many_who_wait_are_refused_at_once(serve):
    stub = Stub()
    server = serve(stub, most_waiting=2)
    first = held(server, stub)
    waiting = [Asker(lambda: server.ask(["waits"])) for _ in range(2)]
    until(lambda: len(server._queue) == 2)
    with pytest.raises(Busy, match=r"'stub' is busy: 2 requests with 2 items wait.*Try again"):
        server.ask(["one too many"])
    stub.gate.set()
    assert all(asker.ended().served for asker in (first, *waiting))
    assert labels(server.ask(["later"])) == ["later"]


def test_too_many_texts_are_refused_but_one_file_never(serve, monkeypatch):
    monkeypatch.setattr(serving, "MOST_ITEMS", 10)
    stub = Stub()
    server = serve(stub)
    assert len(server.ask(["x"] * 30).answers) == 30
    first = held(server, stub)
    file = Asker(lambda: server.ask(["x"] * 9))
    until(lambda: len(server._queue) == 1)
    with pytest.raises(Busy):
        server.ask(["x", "x"])
    stub.gate.set()
    assert file.ended().served and first.ended().served


def test_who_gave_up_is_told_and_not_computed(serve):
    stub = Stub()
    server = serve(stub)
    first = held(server, stub)
    with pytest.raises(TimedOut, match=r"did not answer within 0\.05 s \(0 of 1 items done\).*Try again"):
        server.ask(["impatient"], timeout_s=0.05)
    assert not server._queue
    stub.gate.set()
    first.ended()
    server.ask(["later"])
    assert ["impatient"] not in stub.asked()


def test_who_gives_up_in_mid_file_ends_the_file(serve):
    stub = Stub()
    server = serve(stub, largest_batch=2)
    first = held(server, stub)
    first_again = Asker(lambda: server.ask([str(i) for i in range(50)], timeout_s=0.2))
    assert isinstance(first_again.ended().error, TimedOut)
    stub.gate.set()
    first.ended()
    server.ask(["later"])
    assert sum(len(batch) for batch in stub.asked()) <= 4


def test_a_fault_reaches_only_its_asker(serve):
    stub = Stub(faults={"bad": TextError("That text cannot be read.")})
    server = serve(stub, wait_ms=0)
    first = held(server, stub)
    good = [Asker(lambda text=str(i): server.ask([text])) for i in range(6)]
    until(lambda: len(server._queue) == 6)
    bad = Asker(lambda: server.ask(["fine", "bad"]))
    until(lambda: len(server._queue) == 7)
    stub.gate.set()
    assert isinstance(bad.ended().error, TextError)
    assert [labels(asker.ended().served) for asker in good] == [[str(i)] for i in range(6)]
    first.ended()
    assert labels(server.ask(["later"])) == ["later"]


def test_a_file_with_a_bad_row_is_not_computed_further(serve):
    stub = Stub(faults={"bad": ValueError("no")})
    server = serve(stub, largest_batch=2)
    with pytest.raises(ValueError, match="no"):
        server.ask(["bad", *map(str, range(100))])
    server.ask(["later"])
    assert sum(len(batch) for batch in stub.asked()) < 10


def test_a_model_that_loses_answers_is_found_out(serve):
    stub = Stub()
    stub.predict = lambda texts, languages=None: []
    with pytest.raises(ServingError, match="0 answers to 1 items"):
        serve(stub).ask(["x"])


@pytest.mark.parametrize(
    "shortage", [RuntimeError("CUDA out of memory"), MemoryError(), torch.OutOfMemoryError("CUDA out of memory")]
)
def test_without_memory_for_one_text_the_asker_is_told(serve, shortage):
    server = serve(Stub(faults={"huge": shortage}))
    with pytest.raises(ServingError, match="too little memory for even one item"):
        server.ask(["huge"])
    assert labels(server.ask(["small"])) == ["small"]


def test_without_memory_for_a_batch_smaller_ones_follow(serve):
    stub = Stub(most=5)
    server = serve(stub, largest_batch=16)
    served = server.ask([str(i) for i in range(64)])
    assert labels(served) == [str(i) for i in range(64)]
    assert served.batch <= 5
    assert server.largest_batch == 4
    server.ask([str(i) for i in range(8)])
    assert [len(batch) for batch in stub.asked()[-2:]] == [4, 4]


def test_a_batch_grows_again_when_memory_is_back(serve, monkeypatch):
    monkeypatch.setattr(serving, "GOOD_AGAIN", 3)
    stub = Stub(most=5)
    server = serve(stub, largest_batch=16)
    server.ask(["x"] * 8)
    assert server.largest_batch == 4
    stub.most = None
    server.ask(["x"] * 100)
    assert server.largest_batch == 16


def test_fifty_threads_get_their_own_answers(serve):
    stub = Stub()
    server = serve(stub, most_waiting=50, largest_batch=8)

    def many(asker: int) -> list[list[str]]:
        return [labels(server.ask([f"{asker}-{turn}-{i}" for i in range(turn)], timeout_s=60)) for turn in range(12)]

    askers = [Asker(lambda number=number: many(number)) for number in range(50)]
    for number, asker in enumerate(askers):
        assert asker.ended().error is None
        assert asker.served == [[f"{number}-{turn}-{i}" for i in range(turn)] for turn in range(12)]
    assert stub.threads == {"server of stub"}
    assert len(stub.asked()) < 50 * 66
    assert max(map(len, stub.asked())) <= 8


def test_closing_tells_who_waits_and_who_comes_later(serve):
    stub = Stub()
    server = serve(stub)
    first = held(server, stub)
    waiting = Asker(lambda: server.ask(["waits"]))
    until(lambda: len(server._queue) == 1)
    closing = Asker(server.close)
    assert isinstance(waiting.ended().error, Closed)
    stub.gate.set()
    assert first.ended().served
    closing.ended()
    with pytest.raises(Closed, match="was closed"):
        server.ask(["later"])
    assert not server._worker.is_alive()
    server.close()


def test_leaving_the_context_closes(serve):
    with Server(Stub()) as server:
        server.ask(["x"])
    with pytest.raises(Closed):
        server.ask(["x"])


def test_a_model_that_fails_to_warm_up_still_answers_what_it_can(serve):
    stub = Stub(faults={serving.SAMPLE[0]: RuntimeError("not this one")})
    assert labels(serve(stub).ask(["x"])) == ["x"]


def test_languages_are_as_many_as_texts(serve):
    with pytest.raises(ValueError, match=r"2 items, but something extra .* for 1"):
        serve(Stub()).ask(["a", "b"], ["eng"])
    with pytest.raises(ValueError, match="at least 1"):
        Server(Stub(), largest_batch=0)


# ------------------------------------------------------------------ precision


class Precise(Stub):
    """A model with three precisions, each as fast as `costs` says on the clock of `now`; one may fail."""

    sha256 = "abc"

    def __init__(self, costs: dict[str, float | None]) -> None:
        super().__init__()
        self.costs, self.used, self.passed = costs, "", 0.0
        self.measured: list[str] = []

    def precisions(self) -> tuple[str, ...]:
        return tuple(self.costs)

    def use(self, precision: str) -> None:
        self.used = precision

    def predict(self, texts, languages=None):
        cost = self.costs[self.used]
        if cost is None:
            raise RuntimeError("not on this machine")
        self.passed += cost
        self.measured.append(self.used)
        return super().predict(texts, languages)

    def now(self) -> float:
        return self.passed


def test_the_fastest_precision_is_measured_once_and_kept(empty_home):
    model = Precise({"fp32": 3.0, "bf16": 1.0, "int8": 2.0})
    assert serving.choose_precision(model, model.now) == "bf16" == model.used
    assert set(model.measured) == {"fp32", "bf16", "int8"}
    kept = json.loads((empty_home / "models" / "precision.json").read_text())
    ((key, choice),) = kept.items()
    assert "abc" in key and torch.__version__ in key and serving.processor("cpu") in key
    assert choice == {"precision": "bf16", "ms": {"fp32": 3000.0, "bf16": 1000.0, "int8": 2000.0}}

    again = Precise({"fp32": 0.1, "bf16": 9.0, "int8": 9.0})
    assert serving.choose_precision(again, again.now) == "bf16" == again.used
    assert again.measured == []


def test_other_weights_are_measured_anew(empty_home):
    model = Precise({"fp32": 3.0, "bf16": 1.0})
    serving.choose_precision(model, model.now)
    retrained = Precise({"fp32": 1.0, "bf16": 3.0})
    retrained.sha256 = "def"
    assert serving.choose_precision(retrained, retrained.now) == "fp32"
    assert len(json.loads((empty_home / "models" / "precision.json").read_text())) == 2


def test_a_precision_that_fails_is_left_out(empty_home):
    model = Precise({"fp32": 3.0, "bf16": None})
    assert serving.choose_precision(model, model.now) == "fp32" == model.used
    broken = Precise({"fp32": None, "bf16": None})
    broken.sha256 = "def"
    assert serving.choose_precision(broken, broken.now) == "fp32"


def test_a_damaged_note_of_choices_is_measured_over(empty_home):
    (empty_home / "models").mkdir(parents=True)
    (empty_home / "models" / "precision.json").write_text('{"half')
    model = Precise({"fp32": 3.0, "bf16": 1.0})
    assert serving.choose_precision(model, model.now) == "bf16"
    assert json.loads((empty_home / "models" / "precision.json").read_text())


def test_a_model_of_one_precision_is_left_as_it_is(empty_home):
    assert serving.choose_precision(Stub()) == ""
    assert serving.choose_precision(Precise({})) == ""
    only = Precise({"fp32": 1.0})
    assert serving.choose_precision(only) == "fp32" == only.used
    assert only.measured == []
    assert not (empty_home / "models").exists()


def test_a_precision_is_fast_for_one_and_for_many(empty_home):
    model = Precise({"one": 0.0, "many": 0.0, "both": 0.0})
    each = {"one": {1: 1.0, 8: 36.0}, "many": {1: 6.0, 8: 6.0}, "both": {1: 2.0, 8: 8.0}}
    answer = model.predict

    def timed(texts, languages=None):
        model.passed += each[model.used][len(texts)]
        return answer(texts, languages)

    model.predict = timed
    assert serving.choose_precision(model, model.now) == "both"


def test_a_precision_that_failed_is_not_tried_at_every_start(empty_home):
    model = Precise({"fp32": 3.0, "bf16": None})
    serving.choose_precision(model, model.now)
    again = Precise({"fp32": 3.0, "bf16": 1.0})
    assert serving.choose_precision(again, again.now) == "fp32"
    assert again.measured == []


def test_a_precision_that_takes_long_to_make_is_used_once_it_is_there(empty_home, serve, monkeypatch):
    monkeypatch.setattr(serving, "MAKE_AFTER_S", 0.0)
    monkeypatch.setattr(serving, "_measured", lambda classifier, offered, clock: dict(classifier.costs))
    model = Precise({"fp32": 3.0, "bf16": 2.0})
    allowed, made = threading.Event(), []

    def make() -> bool:
        assert allowed.wait(PATIENCE)
        made.append(threading.current_thread().name)
        model.costs["int8"] = 0.0
        return True

    model.make_precisions = make
    server = serve(model)
    assert server.ask(["x"]).precision == "bf16"
    allowed.set()
    until(lambda: server.ask(["x"]).precision == "int8")
    assert made != ["server of stub"]
    assert model.threads == {"server of stub"}


def test_what_keeps_a_precision_from_being_made_is_logged(empty_home, serve, monkeypatch, caplog):
    monkeypatch.setattr(serving, "MAKE_AFTER_S", 0.0)
    model = Precise({"fp32": 0.0})

    def make() -> bool:
        raise ModelError("The int8 form was not made: no room.")

    model.make_precisions = make
    server = serve(model)
    until(lambda: "no room" in caplog.text)
    assert server.ask(["x"]).precision == "fp32"


def test_a_closed_server_makes_no_more_precisions(empty_home, serve):
    model = Precise({"fp32": 0.0})
    model.make_precisions = lambda: pytest.fail("made after all")
    serve(model).close()


def test_an_answer_says_why_the_model_is_slower_than_it_might_be(serve):
    stub = Stub()
    stub.remark = "not compiled: RuntimeError: no compiler"
    assert serve(stub).ask(["x"]).remark == "not compiled: RuntimeError: no compiler"
    assert serve(Stub()).ask(["x"]).remark == ""


def test_the_server_says_its_precision(empty_home, serve):
    model = Precise({"fp32": 0.0})
    assert serve(model).ask(["x"]).precision == "fp32"


# ------------------------------------------------------------------ pictures


class Pictures:
    """A model whose answer to a picture is its brightest channel; pictures of different sizes share no batch."""

    name, labels, device, batch_largest = "pictures", ("red", "green", "blue"), "cpu", 1

    def __init__(self) -> None:
        self.seen: list[tuple[tuple[int, ...], ...]] = []

    def predict(self, pictures: Sequence[np.ndarray], extra: Sequence[object] | None = None) -> list[str]:
        self.seen.append(tuple(picture.shape for picture in pictures))
        return [self.labels[int(picture.sum((0, 1)).argmax())] for picture in pictures]

    def explain(self, picture: np.ndarray, label: str | None = None, language: str | None = None) -> np.ndarray:
        return picture[:, :, self.labels.index(label)] / 255

    def sample(self) -> Sequence[np.ndarray]:
        return [np.zeros((4, 4, 3), np.uint8)]


def picture(channel: int, size: int) -> np.ndarray:
    made = np.zeros((size, size, 3), np.uint8)
    made[:, :, channel] = 255
    return made


def test_pictures_are_served_as_texts_are():
    with Server(Pictures()) as server:
        served = server.ask([picture(2, 5), picture(0, 7)])
        assert served.answers == ("blue", "red")
        assert served.batch == 1 == server.largest_batch
        assert server.explain(picture(1, 3), "green").answers.tolist() == [[1.0] * 3] * 3
        assert server.classifier.seen == [((4, 4, 3),), ((5, 5, 3),), ((7, 7, 3),)]


def test_precisions_of_a_picture_model_are_measured_on_its_own_sample(empty_home):
    model = Pictures()
    model.sha256, model.used = "abc", []
    model.precisions, model.use = (lambda: ("fp32", "bf16")), model.used.append
    assert serving.choose_precision(model) in ("fp32", "bf16")
    assert set(model.seen) == {((4, 4, 3),)}
