"""The int8 form: made from the weights in another process, kept, checked before it is read, refused when it differs."""

import json
import shutil

import pytest
import torch

from data import store
from models import cards
from models.errors import ModelError, TextError
from models.onnx import cache, export
from models.text import int8_make, int8_runtime, load

TEXTS, LANGUAGES = ["the day was lovely", "awful", "", "la voiture était triste et pauvre"], ["en", "en", None, "fr"]


@pytest.fixture(scope="module")
def made(with_bf16, trained, tmp_path_factory):
    """A data folder with the model "tiny" and its int8 form, made as the server has it made."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(trained / "tiny", home / "models" / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATLAS_HOME", str(home))
        model = load.classifier("tiny", "cpu")
        offered = model.precisions()
        assert model.make_precisions()
    return home, offered


@pytest.fixture
def own(made, tmp_path, monkeypatch):
    """A copy of it for one test."""
    shutil.copytree(made[0], tmp_path / "home")
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models" / ".int8" / "tiny"


def test_int8_is_offered_once_its_form_is_made(made, own):
    assert made[1] == ("fp32", "bf16")
    model = load.classifier("tiny", "cpu")
    assert model.precisions() == ("fp32", "bf16", "int8")
    assert not model.make_precisions()
    note = json.loads((own / cache.NOTE).read_text())
    assert note["agreement"] >= int8_make.MIN_AGREEMENT
    assert note["weights"] == model.card.files["weights.safetensors"]


def test_it_answers_in_int8_nearly_as_in_fp32(own):
    model = load.classifier("tiny", "cpu")
    plain, reasons, vectors = model.probabilities(TEXTS, LANGUAGES), model.explain(TEXTS[0]), model.embed(TEXTS)
    model.use("int8")
    assert abs(model.probabilities(TEXTS, LANGUAGES) - plain).max() < 0.05
    for index, text in enumerate(TEXTS):
        assert abs(model.probabilities([text], [LANGUAGES[index]]) - plain[index]).max() < 0.05
    assert model.explain(TEXTS[0]) == reasons
    assert (model.embed(TEXTS) == vectors).all()
    model.use("fp32")
    assert (model.probabilities(TEXTS, LANGUAGES) == plain).all()


def test_its_form_is_opened_once_and_changing_back_to_it_reads_nothing(own, monkeypatch):
    model = load.classifier("tiny", "cpu")
    model.use("int8")
    found = model.probabilities(TEXTS, LANGUAGES)
    monkeypatch.setattr(cache.CachedForm, "find", lambda self, card: pytest.fail("read again"))
    model.use("fp32")
    model.use("int8")
    assert (model.probabilities(TEXTS, LANGUAGES) == found).all()


def test_it_runs_in_as_many_threads_as_torch_does(own, monkeypatch):
    asked, opened = [], export.session
    monkeypatch.setattr(
        int8_runtime, "session", lambda content, threads: asked.append(threads) or opened(content, threads)
    )
    load.classifier("tiny", "cpu").use("int8")
    assert asked == [torch.get_num_threads()]


@pytest.mark.parametrize("damage", [lambda file: file.write_bytes(b"other"), lambda file: file.unlink()])
def test_a_damaged_form_is_not_read_and_is_made_anew(own, damage, monkeypatch):
    damage(own / cache.FILE)
    model = load.classifier("tiny", "cpu")
    assert model.precisions() == ("fp32", "bf16")
    with pytest.raises(ValueError, match="not in 'int8'"):
        model.use("int8")
    with pytest.raises(ModelError, match="no int8 form for its weights"):
        int8_runtime.reader(model.card)
    homes = []
    monkeypatch.setattr(cache.CachedForm, "make_apart", lambda self, card, home: homes.append(home))
    assert not model.make_precisions()
    assert homes == [store.home()]


@pytest.mark.parametrize("note", ["", "[]", '{"weights": "of another model"}'])
def test_a_form_of_other_weights_or_with_a_damaged_note_is_none(own, note):
    (own / cache.NOTE).write_text(note)
    assert int8_runtime.FORMS.find(cards.card("tiny")) is None


def test_a_form_made_in_a_way_of_before_is_none(own):
    note = json.loads((own / cache.NOTE).read_text())
    for before in (note | {"way": "weights in 8 bits"}, {key: value for key, value in note.items() if key != "way"}):
        (own / cache.NOTE).write_text(json.dumps(before))
        assert int8_runtime.FORMS.find(cards.card("tiny")) is None


def test_a_form_that_differs_too_much_is_refused_for_good(own, monkeypatch, caplog):
    monkeypatch.setattr(int8_make, "MIN_AGREEMENT", 1.01)
    shutil.rmtree(own)
    monkeypatch.setattr(cache.CachedForm, "make_apart", lambda self, card, home: int8_make.make(card.name))
    model = load.classifier("tiny", "cpu")
    assert not model.make_precisions()
    assert "texts keep their label" in caplog.text
    assert model.precisions() == ("fp32", "bf16")
    monkeypatch.setattr(cache.CachedForm, "make_apart", lambda self, card, home: pytest.fail("made again"))
    assert not model.make_precisions()


def test_what_keeps_it_from_being_kept_is_said(own):
    model = load.classifier("tiny", "cpu")
    shutil.rmtree(own.parent)
    own.parent.write_text("in the way")
    with pytest.raises(ModelError, match=r"The int8 form of 'tiny' cannot be kept"):
        int8_runtime.FORMS.keep(model.card, b"form")


def test_a_model_without_an_encoder_has_no_int8_form(own, recipe):
    from models.text import training

    training.make(recipe("plain"), root=cards.own(), say=lambda line: None)
    model = load.classifier("plain", "cpu")
    assert model.precisions() == ("fp32",)
    assert not model.make_precisions()
    with pytest.raises(TextError, match="no encoder"):
        model.embed(["x"])
