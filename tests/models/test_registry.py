"""Models on disk: cards and weights, checked before they are read."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models import registry
from models.registry import Card, ModelError, Source


def made(name: str = "one") -> Card:
    return Card(
        name=name, task="sentiment", title="One", purpose="Tests.", family="bag", labels=("a", "b"), languages=("en",),
        data=(Source("made up", "CC0", "https://example.org", 3),), splits={"train": 3}, metrics={"macro_f1": 0.5},
        training={}, config={}, limits=("None.",),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path))
    return tmp_path / "models"


def test_what_is_saved_is_read_back_with_its_card():
    registry.save(made(), {"w": torch.tensor([1.0, 2.0])})
    assert registry.card("one").labels == ("a", "b")
    assert registry.weights("one")["w"].tolist() == [1, 2]
    assert "one" in registry.names()


def test_a_tampered_weight_file_is_not_loaded(own):
    folder = registry.save(made(), {"w": torch.ones(3)})
    file = folder / registry.WEIGHTS
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelError, match="sha256 differs"):
        registry.weights("one")


def test_a_file_that_the_card_does_not_list_is_not_read(own):
    folder = registry.save(made(), {"w": torch.ones(3)})
    (folder / "extra.bin").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"lists no extra\.bin"):
        registry.read("one", "extra.bin")


def test_a_missing_model_names_the_command_that_makes_it():
    with pytest.raises(ModelError, match="python -m models train nothing"):
        registry.card("nothing")


@pytest.mark.parametrize("name", ["../one", "a/b", "", ".hidden", "A", "a" * 81])
def test_a_name_that_leaves_its_folder_is_refused(name):
    with pytest.raises(ModelError, match="no model's name"):
        registry.folder(name)


def test_a_card_that_is_not_whole_says_what_is_missing(own):
    folder = registry.save(made(), {"w": torch.ones(3)})
    found = json.loads((folder / registry.CARD).read_text())
    del found["labels"]
    (folder / registry.CARD).write_text(json.dumps(found))
    with pytest.raises(ModelError, match="lacks or does not know: labels"):
        registry.card("one")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"name": 1}'])
def test_a_card_that_is_no_card_is_refused(text):
    with pytest.raises(ModelError):
        Card.from_json(text)


def test_saving_again_replaces_the_whole_model(own):
    registry.save(made(), {"w": torch.ones(3)}, {"notes.txt": b"old"})
    registry.save(made(), {"w": torch.zeros(3)})
    assert registry.weights("one")["w"].tolist() == [0, 0, 0]
    assert not (own / "one" / "notes.txt").exists()
    assert [path.name for path in own.iterdir()] == ["one"]


def test_a_shipped_model_cannot_be_removed_and_ones_own_can(own):
    registry.save(made(), {"w": torch.ones(3)})
    registry.remove("one")
    assert not (own / "one").exists()
    with pytest.raises(ModelError, match="of your own"):
        registry.remove("sentiment")


@given(st.integers(1, 4), st.integers(2000, 5000), st.floats(1e-3, 1e3))
def test_packing_a_table_errs_by_at_most_one_step_of_its_row(rows, width, scale):
    table = torch.randn(rows, width, generator=torch.Generator().manual_seed(0)) * scale
    found = registry.unpack(registry.pack({"t": table}))["t"]
    step = table.abs().amax(1, keepdim=True) / 127
    assert ((found - table).abs() <= 0.51 * step + 127 * step * 2**-10).all()


def test_integers_stay_integers_when_packed():
    assert registry.unpack(registry.pack({"n": torch.arange(5)}))["n"].tolist() == [0, 1, 2, 3, 4]
