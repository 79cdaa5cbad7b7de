"""Many ask one model: batches are shared fairly, faults reach only their asker, and too much is refused clearly."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
import torch

from models.errors import Busy, Closed, ModelError, ServingError, TextError, TimedOut
from models.serving import precision as serving_precision
from models.serving import server as serving_server
from models.serving.precision import LatencyProfile
from models.serving.server import Server
from models.text.classifier import Answer, Reason

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
        return [batch for batch in self.batches if batch != list(serving_precision.SAMPLE[:2])]


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
    monkeypatch.setattr(serving_server, "MAX_ITEMS", 10)
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


def test_texts_of_about_one_length_share_a_batch_and_answers_keep_the_order_asked(serve):
    stub = Stub()
    texts = ["long" * 9, "a", "b" * 8, "cc"]
    served = serve(stub, largest_batch=2).ask(texts, ["l1", "a1", "b1", "c1"])
    assert [answer.label for answer in served.answers] == texts
    assert stub.asked() == [["a", "cc"], ["b" * 8, "long" * 9]]
    assert [list(known) for known in stub.languages if known] == [["a1", "c1"], ["b1", "l1"]]


def test_a_file_with_a_bad_row_is_not_computed_further(serve):
    stub = Stub(faults={"bad": ValueError("no")})
    server = serve(stub, largest_batch=2)
    with pytest.raises(ValueError, match="no"):
        server.ask(["bad", *(f"row {number}" for number in range(100))])
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
    monkeypatch.setattr(serving_server, "GOOD_AGAIN", 3)
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
    stub = Stub(faults={serving_precision.SAMPLE[0]: RuntimeError("not this one")})
    assert labels(serve(stub).ask(["x"])) == ["x"]


def test_languages_are_as_many_as_texts(serve):
    with pytest.raises(ValueError, match=r"2 items, but something extra .* for 1"):
        serve(Stub()).ask(["a", "b"], ["eng"])
    with pytest.raises(ValueError, match="at least 1"):
        Server(Stub(), largest_batch=0)


# ------------------------------------------------------------------ precision


class Precise(Stub):
    """A model in several precisions on the clock of `now`. costs: seconds for one item and for each more; None fails.

    unusable: precisions that cannot be changed to.
    """

    sha256 = "abc"

    def __init__(self, costs: dict[str, tuple[float, float] | None], unusable: Sequence[str] = ()) -> None:
        super().__init__()
        self.costs, self.unusable, self.used, self.passed = costs, unusable, "", 0.0
        self.measured: list[str] = []
        self.changes: list[str] = []

    def precisions(self) -> tuple[str, ...]:
        return tuple(self.costs)

    def use(self, precision: str) -> None:
        if precision in self.unusable:
            raise RuntimeError("its file is gone")
        self.used = precision
        self.changes.append(precision)

    def predict(self, texts, languages=None):
        if self.costs[self.used] is None:
            raise RuntimeError("not on this machine")
        one, each = self.costs[self.used]
        self.passed += one + each * (len(texts) - 1)
        self.measured.append(self.used)
        answers = super().predict(texts, languages)
        return [Answer(self.used, {self.used: 1.0}, True) for _answer in answers]

    def now(self) -> float:
        return self.passed


ALONE_OR_TOGETHER = {"fp32": (3.0, 3.0), "bf16": (2.0, 1.0), "int8": (1.0, 3.0)}
"""int8 is the fastest for one item, bf16 for two and more; fp32 never."""
LAYOUT = {"fp32": {"one": 3000.0, "batch": 192_000.0, "items": 64}, "bf16": None}


def measured_before(costs: dict[str, tuple[float, float] | None], **others) -> Precise:
    """A model that was measured at an earlier start, on its own clock."""
    model = Precise(costs)
    serving_precision.latency_profiles(model, model.now)
    return Precise(costs, **others)


def test_precisions_are_measured_once_alone_and_together_and_kept(empty_home):
    model = Precise({"fp32": (3.0, 3.0), "bf16": (2.0, 1.0)})
    found = serving_precision.latency_profiles(model, model.now)
    assert found == {"fp32": LatencyProfile(3000.0, 192_000.0, 64), "bf16": LatencyProfile(2000.0, 65_000.0, 64)}
    kept = json.loads((empty_home / "models" / "precision.json").read_text())
    ((key, entry),) = kept.items()
    assert "abc" in key and torch.__version__ in key and serving_precision.processor("cpu") in key
    assert entry["paces"]["fp32"] == LAYOUT["fp32"]

    again = Precise({"fp32": (0.1, 0.1), "bf16": (9.0, 9.0)})
    assert serving_precision.latency_profiles(again, again.now) == found
    assert again.measured == []


def test_other_weights_are_measured_anew(empty_home):
    model = Precise({"fp32": (3.0, 3.0), "bf16": (1.0, 1.0)})
    serving_precision.latency_profiles(model, model.now)
    retrained = Precise({"fp32": (1.0, 1.0), "bf16": (3.0, 3.0)})
    retrained.sha256 = "def"
    assert serving_precision.fastest(serving_precision.latency_profiles(retrained, retrained.now), 1) == "fp32"
    assert len(json.loads((empty_home / "models" / "precision.json").read_text())) == 2


def test_the_fastest_precision_depends_on_how_many_items_there_are(empty_home):
    model = Precise(ALONE_OR_TOGETHER)
    known = serving_precision.latency_profiles(model, model.now)
    assert [serving_precision.fastest(known, items) for items in (1, 2, 8, 64)] == ["int8", "bf16", "bf16", "bf16"]
    assert serving_precision.fastest({}, 1) == ""


def test_a_pace_is_a_straight_line_that_never_falls():
    assert [LatencyProfile(2.0, 9.0, 8).ms(items) for items in (1, 3, 8, 64)] == [2.0, 4.0, 9.0, 65.0]
    assert [LatencyProfile(2.0, 1.8, 8).ms(items) for items in (1, 8, 64)] == [2.0, 2.0, 2.0]
    assert LatencyProfile(2.0, 2.1, 1).ms(1) == 2.0


def test_a_precision_that_fails_is_left_out(empty_home):
    model = Precise({"fp32": (3.0, 3.0), "bf16": None})
    known = serving_precision.latency_profiles(model, model.now)
    assert known["bf16"] is None
    assert {serving_precision.fastest(known, items) for items in (1, 8, 64)} == {"fp32"}
    broken = Precise({"fp32": None, "bf16": None})
    broken.sha256 = "def"
    assert serving_precision.fastest(serving_precision.latency_profiles(broken, broken.now), 1) == "fp32"
    assert len(json.loads((empty_home / "models" / "precision.json").read_text())) == 1


def test_a_precision_that_failed_is_not_tried_at_every_start(empty_home):
    again = measured_before({"fp32": (3.0, 3.0), "bf16": None})
    again.costs["bf16"] = (1.0, 1.0)
    assert serving_precision.fastest(serving_precision.latency_profiles(again, again.now), 1) == "fp32"
    assert again.measured == []


def test_a_precision_measured_before_that_is_no_longer_offered_is_ignored(empty_home):
    model = measured_before(ALONE_OR_TOGETHER)
    model.costs = {name: ALONE_OR_TOGETHER[name] for name in ("fp32", "bf16")}
    known = serving_precision.latency_profiles(model, model.now)
    assert list(known) == ["fp32", "bf16"]
    assert serving_precision.fastest(known, 1) == "bf16"
    assert model.measured == []


@pytest.mark.parametrize(
    "entry",
    [
        {"precision": "fp32", "ms": {"fp32": 1.0, "bf16": 2.0}},
        {"precision": "fp32", "ms": {"fp32": 1.0, "bf16": None}},
        {"paces": {"fp32": 1.0, "bf16": 2.0}},
        {"paces": {"fp32": {"one": "fast", "batch": 1.0, "items": 8}, "bf16": None}},
        {"paces": {"fp32": {"one": 1.0}, "bf16": None}},
        {"paces": ["fp32", "bf16"]},
        "fp32",
    ],
)
def test_a_note_of_an_older_form_or_a_damaged_one_is_measured_again_and_others_stay(empty_home, entry):
    model = measured_before({"fp32": (3.0, 3.0), "bf16": (1.0, 1.0)})
    note = empty_home / "models" / "precision.json"
    (key,) = json.loads(note.read_text())
    note.write_text(json.dumps({key: entry, "another": {"paces": LAYOUT}}))
    assert serving_precision.fastest(serving_precision.latency_profiles(model, model.now), 1) == "bf16"
    assert set(model.measured) == {"fp32", "bf16"}
    after = json.loads(note.read_text())
    assert set(after[key]["paces"]) == {"fp32", "bf16"}
    assert after["another"] == {"paces": LAYOUT}


@pytest.mark.parametrize("content", ['{"half', "[]", "null", "\ufffe"])
def test_a_damaged_file_of_notes_is_measured_over(empty_home, content):
    model = measured_before({"fp32": (3.0, 3.0), "bf16": (1.0, 1.0)})
    note = empty_home / "models" / "precision.json"
    note.write_text(content, encoding="utf-16")
    assert serving_precision.fastest(serving_precision.latency_profiles(model, model.now), 1) == "bf16"
    assert json.loads(note.read_text())


def test_the_only_precision_there_is_need_not_be_measured(empty_home):
    assert serving_precision.latency_profiles(Stub()) == {} == serving_precision.latency_profiles(Precise({}))
    only = Precise({"fp32": (1.0, 1.0)})
    assert serving_precision.fastest(serving_precision.latency_profiles(only), 64) == "fp32"
    assert only.measured == []
    assert not (empty_home / "models").exists()


def test_the_precision_follows_the_size_of_the_batch(empty_home, serve):
    model = measured_before(ALONE_OR_TOGETHER)
    server = serve(model)
    for texts, precision in ((["a"], "int8"), (list("abcd"), "bf16"), (["b"], "int8"), (list("abc"), "bf16")):
        assert server.precision_for(len(texts)) == precision
        served = server.ask(texts)
        assert set(labels(served)) == {precision} == {served.precision}


def test_a_precision_is_not_changed_to_again_while_it_is_in_use(empty_home, serve):
    model = measured_before(ALONE_OR_TOGETHER)
    server = serve(model)
    server.ask(["a"])
    before = len(model.changes)
    server.ask(["b"])
    server.ask(["c"])
    assert model.changes[before:] == []


def test_a_file_whose_last_rows_are_computed_in_another_precision_says_both(empty_home, serve):
    model = measured_before(ALONE_OR_TOGETHER)
    server = serve(model, largest_batch=4)
    served = server.ask(list("abcde"))
    assert labels(served) == ["bf16"] * 4 + ["int8"]
    assert served.precision == "bf16, int8"


def test_who_shared_a_batch_is_told_the_precision_of_that_batch(empty_home, serve):
    model = measured_before(ALONE_OR_TOGETHER)
    server = serve(model, wait_ms=0)
    first = held(server, model)
    others = [Asker(lambda: server.ask(["x"])) for _ in range(3)]
    until(lambda: len(server._queue) == 3)
    model.gate.set()
    assert {asker.ended().served.precision for asker in others} == {"bf16"}
    assert first.ended().served.precision == "int8"


def test_the_parts_of_a_batch_that_was_cut_in_two_have_their_own_precision(empty_home, serve):
    model = measured_before(ALONE_OR_TOGETHER)
    model.faults = {"bad": TextError("unreadable")}
    server = serve(model, wait_ms=0)
    first = held(server, model)
    good, bad = Asker(lambda: server.ask(list("abc"))), Asker(lambda: server.ask(["bad"]))
    until(lambda: len(server._queue) == 2)
    model.gate.set()
    first.ended()
    assert isinstance(bad.ended().error, TextError)
    served = good.ended().served
    assert labels(served) == ["int8", "bf16", "bf16"]
    assert served.precision == "int8, bf16"


def test_vectors_and_reasons_claim_no_precision(empty_home, serve):
    server = serve(measured_before(ALONE_OR_TOGETHER))
    assert server.embed(["x"]).precision == "" == server.explain("x").precision


def test_the_server_changes_beforehand_to_every_precision_it_will_use(empty_home, serve):
    model = measured_before(ALONE_OR_TOGETHER)
    serve(model)
    assert set(model.changes) == set(model.measured) == {"int8", "bf16"}


def test_a_precision_that_can_no_longer_be_used_is_left_out_by_the_server(empty_home, serve, caplog):
    server = serve(measured_before(ALONE_OR_TOGETHER, unusable=("int8",)))
    for texts in (["x"], list("abc"), ["y"]):
        served = server.ask(texts)
        assert set(labels(served)) == {"bf16"} == {served.precision}
    assert caplog.text.count("stub is not served in int8: its file is gone") == 1


def test_a_server_of_no_usable_precision_still_answers(empty_home, serve):
    model = measured_before(ALONE_OR_TOGETHER, unusable=tuple(ALONE_OR_TOGETHER))
    model.used = "fp32"
    server = serve(model)
    assert labels(server.ask(["x"])) == ["fp32"]
    assert server.ask(["x"]).precision == ""


@pytest.fixture
def making(serve, monkeypatch):
    """A server in bf16 that has int8 made, and what lets it be made, with how long int8 then takes for an item."""

    def measured(model: Precise, precision: str, clock: object) -> LatencyProfile:
        model.use(precision)
        return LatencyProfile(model.costs[precision][0], model.costs[precision][0], 1)

    monkeypatch.setattr(serving_server, "MAKE_AFTER_S", 0.0)
    monkeypatch.setattr(serving_precision, "_measured", measured)
    model, allowed, made = Precise({"fp32": (3.0, 3.0), "bf16": (2.0, 2.0)}), threading.Event(), []

    def make() -> bool:
        assert allowed.wait(PATIENCE)
        made.append(threading.current_thread().name)
        return True

    def allow(cost: float) -> None:
        model.costs["int8"] = (cost, cost)
        allowed.set()

    model.make_precisions = make
    yield serve(model), allow
    assert made and made != ["server of stub"]
    assert model.threads == {"server of stub"}


def test_a_precision_that_takes_long_to_make_is_used_once_it_is_there(empty_home, making):
    server, allow = making
    assert server.ask(["x"]).precision == "bf16"
    allow(1.0)
    until(lambda: server.ask(["x"]).precision == "int8")


def test_a_precision_that_takes_long_to_make_and_is_slower_is_left_again(empty_home, making):
    server, allow = making
    allow(4.0)
    until(lambda: "int8" in server.classifier.changes)
    served = server.ask(["x"])
    assert labels(served) == ["bf16"] == [served.precision]


def test_what_keeps_a_precision_from_being_made_is_logged(empty_home, serve, monkeypatch, caplog):
    monkeypatch.setattr(serving_server, "MAKE_AFTER_S", 0.0)
    model = Precise({"fp32": (0.0, 0.0)})

    def make() -> bool:
        raise ModelError("The int8 form was not made: no room.")

    model.make_precisions = make
    server = serve(model)
    until(lambda: "stub stays in fp32: The int8 form was not made: no room." in caplog.text)
    assert server.ask(["x"]).precision == "fp32"


def test_a_closed_server_makes_no_more_precisions(empty_home, serve):
    model = Precise({"fp32": (0.0, 0.0)})
    model.make_precisions = lambda: pytest.fail("made after all")
    serve(model).close()


def test_an_answer_says_why_the_model_is_slower_than_it_might_be(serve):
    stub = Stub()
    stub.remark = "not compiled: RuntimeError: no compiler"
    assert serve(stub).ask(["x"]).remark == "not compiled: RuntimeError: no compiler"
    assert serve(Stub()).ask(["x"]).remark == ""


def test_the_server_says_its_precision(empty_home, serve):
    model = Precise({"fp32": (0.0, 0.0)})
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
    assert {pace.items for pace in serving_precision.latency_profiles(model).values()} == {1}
    assert set(model.seen) == {((4, 4, 3),)}
