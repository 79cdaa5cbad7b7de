"""The reader under onnxruntime: made in another process, reads what torch reads, checked before it is opened."""

import json
import os
import runpy
import shutil
import sys
import threading
import time

import numpy as np
import pytest
import torch

from data import store
from models import cards, tensors
from models.errors import ModelError
from models.onnx import cache, export
from models.serving import precision as serving_precision
from models.serving import server as serving_server
from models.vision import onnx_export
from models.vision.reader import line_detection, line_reader, onnx_make, onnx_runtime, rendering, tags
from models.vision.reader import network as reader_network

torch.set_num_threads(1)
PATIENCE = 60
CONFIG = reader_network.Config("0123456789.$", 16, 16, 24, 2)


def saved(seed, root):
    """A reader "small" that has learnt nothing, so that it reads something in whatever it sees."""
    torch.manual_seed(seed)
    network = reader_network.Network(CONFIG).eval().fuse()
    card = cards.Card(
        name="small", task="reader", title="Small", purpose="Tests.", family="CTC", labels=(), languages=(), data=(),
        splits={}, metrics={}, training={}, limits=(), config={"network": CONFIG.to_dict()},
    )  # fmt: skip
    tensors.save(card, network.state_dict(), root=root)


@pytest.fixture(scope="module")
def made(with_bf16, tmp_path_factory):
    """A data folder with the reader "small" and its ONNX form, made by what the server starts for it: here, which saves
    twenty seconds of imports. The text models' int8 form is made in a process of its own."""

    def here(form, card, home):
        patch.setattr(sys, "argv", [form.module, card.name])
        patch.setattr(os, "nice", lambda more: None)
        runpy.run_module(form.module, run_name="__main__")

    home = tmp_path_factory.mktemp("home")
    saved(0, home / "models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATLAS_HOME", str(home))
        patch.setattr(cache.CachedForm, "make_apart", here)
        reader = line_reader.load("small", "cpu")
        offered = reader.precisions()
        assert reader.make_precisions()
    return home, offered


@pytest.fixture
def own(made, tmp_path, monkeypatch):
    """A copy of it for one test."""
    shutil.copytree(made[0], tmp_path / "home")
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models" / ".onnx" / "small"


@pytest.fixture(scope="module")
def tags_drawn():
    return [np.asarray(rendering.tag(market, seed=seed).image) for market in ("US", "DE") for seed in (1, 2)]


@pytest.fixture(scope="module")
def cut(tags_drawn):
    """The lines of drawn tags."""
    return [line for tag in tags_drawn for line in line_detection.find(tag)]


def alone(reader, cut):
    """What a reader makes of every line by itself: the characters and how likely they are."""
    paths = [reader.paths([line])[0] for line in cut]
    return [path.drawn for path in paths], [path.share for path in paths]


def test_onnx_is_offered_once_its_form_is_made(made, own):
    assert made[1] == ("fp32", "bf16")
    reader = line_reader.load("small", "cpu")
    assert reader.precisions() == ("fp32", "bf16", "onnx")
    assert not reader.make_precisions()
    note = json.loads((own / cache.NOTE).read_text())
    assert note["difference"] <= export.MAX_DIFFERENCE
    assert note["weights"] == reader.card.files[cards.WEIGHTS]


def test_it_reads_what_torch_reads(own, cut):
    reader = line_reader.load("small", "cpu")
    drawn, shares = alone(reader, cut)
    assert len(set(drawn)) > 3
    reader.use("onnx")
    assert isinstance(reader.served, onnx_export.Session)
    together = reader.paths(cut)
    assert [path.drawn for path in together] == drawn
    assert [path.share for path in together] == pytest.approx(shares, abs=1e-4)
    reader.use("fp32")
    assert reader.served is reader.network and alone(reader, cut) == (drawn, shares)


def test_it_reads_nothing_in_no_picture(own):
    reader = line_reader.load("small", "cpu")
    reader.use("onnx")
    assert reader.predict([]) == []


def test_its_form_is_opened_once_and_changing_back_to_it_opens_nothing(own, monkeypatch):
    reader = line_reader.load("small", "cpu")
    for precision in reader.precisions():
        reader.use(precision)
    served = reader.served
    monkeypatch.setattr(cache.CachedForm, "find", lambda self, card: pytest.fail("read again"))
    monkeypatch.setattr(line_reader.copy, "deepcopy", lambda network: pytest.fail("copied again"))
    for precision in ("fp32", "bf16", "onnx"):
        reader.use(precision)
    assert reader.served is served


def test_it_runs_in_as_many_threads_as_torch_does(own, monkeypatch):
    asked, opened = [], export.session
    monkeypatch.setattr(export, "session", lambda content, threads: asked.append(threads) or opened(content, threads))
    line_reader.load("small", "cpu").use("onnx")
    assert asked == [torch.get_num_threads()]


def test_it_reads_while_another_thread_changes_its_precision(own, cut):
    reader = line_reader.load("small", "cpu")
    drawn, _ = alone(reader, cut)
    over = threading.Event()

    def change():
        while not over.is_set():
            for precision in ("onnx", "fp32"):
                reader.use(precision)

    other = threading.Thread(target=change)
    other.start()
    try:
        assert alone(reader, cut)[0] == drawn
    finally:
        over.set()
        other.join()


@pytest.mark.parametrize("damage", [lambda file: file.write_bytes(b"other"), lambda file: file.unlink()])
def test_a_damaged_form_is_not_opened_and_is_made_anew(own, damage, monkeypatch):
    damage(own / cache.FILE)
    reader = line_reader.load("small", "cpu")
    assert reader.precisions() == ("fp32", "bf16")
    with pytest.raises(ValueError, match="not in 'onnx'"):
        reader.use("onnx")
    assert reader.precision == "fp32"
    with pytest.raises(ModelError, match="no onnx form for its weights"):
        onnx_runtime.network(reader.card, CONFIG)
    homes = []
    monkeypatch.setattr(cache.CachedForm, "make_apart", lambda self, card, home: homes.append(home))
    assert not reader.make_precisions()
    assert homes == [store.home()]


def test_the_form_of_a_reader_trained_again_is_not_opened(own):
    saved(1, cards.own())
    assert line_reader.load("small", "cpu").precisions() == ("fp32", "bf16")


def test_a_form_that_reads_otherwise_is_refused_for_good(own, monkeypatch, caplog):
    shutil.rmtree(own)
    exported = onnx_make.lines_to_onnx

    def altered(network):
        with torch.no_grad():
            network.answers.bias[3] += 1.0
        content = exported(network)
        with torch.no_grad():
            network.answers.bias[3] -= 1.0
        return content

    monkeypatch.setattr(onnx_make, "lines_to_onnx", altered)
    monkeypatch.setattr(cache.CachedForm, "make_apart", lambda self, card, home: onnx_make.make(card.name))
    reader = line_reader.load("small", "cpu")
    assert not reader.make_precisions()
    assert "small is not served in onnx: its logits differ from torch's" in caplog.text
    assert reader.precisions() == ("fp32", "bf16")
    monkeypatch.setattr(cache.CachedForm, "make_apart", lambda self, card, home: pytest.fail("made again"))
    assert not reader.make_precisions()


def test_it_is_neither_offered_nor_made_anywhere_but_on_a_cpu(own, monkeypatch):
    monkeypatch.setattr(cache.CachedForm, "make_missing", lambda self, card, home: pytest.fail("made"))
    reader = line_reader.load("small", "meta")
    assert reader.precisions() == ("fp32", "bf16")
    assert not reader.make_precisions()


def test_a_model_that_is_no_reader_has_no_form(own):
    with pytest.raises(ModelError, match="'language' cannot be built"):
        onnx_make.make("language")


def test_a_server_has_it_made_in_the_background_and_reads_through_it_where_it_is_fastest(own, monkeypatch, tags_drawn):
    ready = own.parent.with_name("ready")
    own.parent.rename(ready)
    paces = {"fp32": 3.0, "bf16": 2.0, "onnx": 1.0}
    monkeypatch.setattr(cache.CachedForm, "make_apart", lambda self, card, home: ready.rename(own.parent))
    monkeypatch.setattr(serving_server, "MAKE_AFTER_S", 0.0)
    monkeypatch.setattr(
        serving_precision,
        "_measured",
        lambda model, name, clock: serving_precision.LatencyProfile(paces[name], paces[name], 1),
    )
    with serving_server.Server(tags.TagReader(line_reader.load("small", "cpu"))) as server:
        deadline = time.monotonic() + PATIENCE
        while (served := server.ask(tags_drawn[:1], timeout_s=PATIENCE)).precision != "onnx":
            assert served.precision == "bf16" and time.monotonic() < deadline
            time.sleep(0.01)
    reader = line_reader.load("small", "cpu")
    reader.use("onnx")
    assert served.answers[0] == tuple(reader.predict_tag(tags_drawn[0]))
