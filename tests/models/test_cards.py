"""Models on disk: cards and weights, checked before they are read."""

import json
import os
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models import cards, tensors
from models.cards import Card, Source
from models.errors import ModelError


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
    tensors.save(made(), {"w": torch.tensor([1.0, 2.0])})
    assert cards.card("one").labels == ("a", "b")
    assert tensors.weights("one")["w"].tolist() == [1, 2]
    assert "one" in cards.names()


def test_a_tampered_weight_file_is_not_loaded(own):
    folder = tensors.save(made(), {"w": torch.ones(3)})
    file = folder / cards.WEIGHTS
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelError, match="sha256 differs"):
        tensors.weights("one")


def test_a_file_that_the_card_does_not_list_is_not_read(own):
    folder = tensors.save(made(), {"w": torch.ones(3)})
    (folder / "extra.bin").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"lists no extra\.bin"):
        cards.read("one", "extra.bin")


def test_a_missing_model_names_the_command_that_makes_it():
    with pytest.raises(ModelError, match="python -m models train nothing"):
        cards.card("nothing")


@pytest.mark.parametrize("name", ["../one", "a/b", "", ".hidden", "A", "a" * 81])
def test_a_name_that_leaves_its_folder_is_refused(name):
    with pytest.raises(ModelError, match="no model's name"):
        cards.folder(name)


def test_a_card_that_is_not_whole_says_what_is_missing(own):
    folder = tensors.save(made(), {"w": torch.ones(3)})
    found = json.loads((folder / cards.CARD).read_text())
    del found["labels"]
    (folder / cards.CARD).write_text(json.dumps(found))
    with pytest.raises(ModelError, match="lacks or does not know: labels"):
        cards.card("one")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"name": 1}'])
def test_a_card_that_is_no_card_is_refused(text):
    with pytest.raises(ModelError):
        Card.from_json(text)


def test_saving_again_replaces_the_whole_model(own):
    tensors.save(made(), {"w": torch.ones(3)}, {"notes.txt": b"old"})
    tensors.save(made(), {"w": torch.zeros(3)})
    assert tensors.weights("one")["w"].tolist() == [0, 0, 0]
    assert not (own / "one" / "notes.txt").exists()
    assert [path.name for path in own.iterdir()] == ["one"]


def test_a_shipped_model_cannot_be_removed_and_ones_own_can(own):
    tensors.save(made(), {"w": torch.ones(3)})
    cards.remove("one")
    assert not (own / "one").exists()
    with pytest.raises(ModelError, match="of your own"):
        cards.remove("sentiment")


@given(st.integers(1, 4), st.integers(2000, 5000), st.floats(1e-3, 1e3))
def test_packing_a_table_errs_by_at_most_one_step_of_its_row(rows, width, scale):
    table = torch.randn(rows, width, generator=torch.Generator().manual_seed(0)) * scale
    found = tensors.unpack(tensors.pack({"t": table}))["t"]
    step = table.abs().amax(1, keepdim=True) / 127
    assert ((found - table).abs() <= 0.51 * step + 127 * step * 2**-10).all()


def test_integers_stay_integers_when_packed():
    assert tensors.unpack(tensors.pack({"n": torch.arange(5)}))["n"].tolist() == [0, 1, 2, 3, 4]


# ------------------------------------------------------------------ folders and cards that are none of ours


@pytest.mark.parametrize("name", [".one-abc123", "Bad Name", "one.old~", "UPPER"])
def test_a_folder_under_a_name_that_is_none_is_no_model(own, name):
    tensors.save(made(), {"w": torch.ones(2)})
    (own / "one").rename(own / name)
    assert name not in cards.names()


ODD = {
    "metrics of words": ("metrics", {"macro_f1": "good"}),
    "an infinite figure": ("metrics", {"macro_f1": float("inf")}),
    "a table where a number belongs": ("metrics", {"n": {"a": 1}}),
    "a number where a table belongs": ("metrics", {"per_language": 3}),
    "a number where rows belong": ("metrics", {"bins": 3}),
    "a list for a sha256": ("files", {cards.WEIGHTS: ["a"]}),
    "a file outside of its folder": ("files", {"../one/card.json": "a" * 64}),
    "a file by its whole path": ("files", {"/etc/hostname": "a" * 64}),
    "labels that are no texts": ("labels", [1, 2]),
    "a title that is no text": ("title", ["One"]),
    "a base that is no name": ("base", 7),
    "a split of words": ("splits", {"train": "many"}),
    "a network that is no table": ("config", {"network": 3}),
    "a source without a text": ("data", [{"name": 1, "licence": "", "url": "", "rows": 1}]),
    "tried by nothing": ("tried", [3]),
}


@pytest.mark.parametrize("what", ODD)
def test_a_card_with_values_of_another_kind_is_refused_with_the_field(own, what):
    field, value = ODD[what]
    folder = tensors.save(made(), {"w": torch.ones(2)})
    card = json.loads((folder / cards.CARD).read_text())
    (folder / cards.CARD).write_text(json.dumps(card | {field: value}))
    with pytest.raises(ModelError, match=rf"{field}.* are not of their kind"):
        cards.card("one")


def test_a_card_nested_without_end_is_refused(own):
    folder = tensors.save(made(), {"w": torch.ones(2)})
    (folder / cards.CARD).write_text('{"a":' * 5_000 + "1" + "}" * 5_000)
    with pytest.raises(ModelError):
        cards.card("one")


def test_every_shipped_card_is_whole():
    assert [cards.card(name).name for name in cards.names()] == list(cards.names())


def test_a_saved_model_is_on_the_disk_before_it_is_put_in_place(own, monkeypatch):
    done, real, renamed = [], os.fsync, tensors._swap

    def synced(descriptor: int) -> None:
        done.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(tensors, "_swap", lambda *folders: (done.append("swap"), renamed(*folders)))
    tensors.save(made(), {"w": torch.ones(2)}, {"more.json": b"{}"})
    before, after = done[: done.index("swap")], done[done.index("swap") + 1 :]
    assert {name.rpartition("/")[2] for name in before} >= {cards.WEIGHTS, cards.CARD, "more.json"}
    assert after == [str(own)]


@pytest.mark.parametrize("name", ["../x.json", "a/b", ".hidden", ""])
def test_a_file_of_a_model_never_leaves_its_folder(name):
    with pytest.raises(ModelError, match="no name of a model's file"):
        tensors.save(made(), {"w": torch.ones(2)}, {name: b"{}"})
