"""What a machine makes of models for itself: kept for the weights it was made of, checked, refused once and for all."""

import hashlib
import json
from dataclasses import replace

import pytest

from models import cards
from models.errors import ModelError
from models.onnx import cache

FORMS = cache.CachedForm("int8", "models.text.int8_make")
CARD = cards.Card(
    name="tiny", task="sentiment", title="Tiny", purpose="Tests.", family="bags", labels=("a",), languages=(), data=(),
    splits={}, metrics={}, training={}, config={}, limits=(), files={cards.WEIGHTS: "ab12"},
)  # fmt: skip
TRAINED_AGAIN = replace(CARD, files={cards.WEIGHTS: "cd34"})

pytestmark = pytest.mark.usefixtures("empty_home")


@pytest.fixture
def apart(monkeypatch):
    """What is asked of other processes, which do nothing."""
    asked = []
    monkeypatch.setattr(
        cache.CachedForm, "make_apart", lambda self, card, home: asked.append((self.module, card.name, home))
    )
    return asked


def test_a_form_that_an_earlier_version_kept_is_still_read(empty_home):
    folder = empty_home / "models" / ".int8" / "tiny"
    folder.mkdir(parents=True)
    (folder / "reading.onnx").write_bytes(b"form")
    noted = {"weights": "ab12", "agreement": 1.0, "sha256": hashlib.sha256(b"form").hexdigest()}
    (folder / "note.json").write_text(json.dumps(noted))
    assert FORMS.find(CARD) == b"form" == FORMS.read(CARD)


def test_what_was_found_is_noted_beside_the_form():
    FORMS.keep(CARD, b"form", agreement=0.995)
    note = json.loads((FORMS.folder("tiny") / cache.NOTE).read_text())
    assert note["agreement"] == 0.995 and note["weights"] == "ab12"


def test_a_form_is_of_its_weights_alone_and_gives_way_to_that_of_the_next():
    FORMS.keep(CARD, b"form")
    assert FORMS.find(TRAINED_AGAIN) is None
    FORMS.keep(TRAINED_AGAIN, b"another")
    assert FORMS.find(CARD) is None and FORMS.find(TRAINED_AGAIN) == b"another"


def test_an_adapters_form_is_also_of_the_weights_under_it():
    adapter = replace(CARD, config={"base_sha256": "ef56"})
    FORMS.keep(adapter, b"form")
    assert FORMS.find(adapter) == b"form"
    assert FORMS.find(CARD) is None


def test_a_network_that_was_not_saved_has_no_form():
    FORMS.keep(CARD, b"form")
    assert FORMS.find(replace(CARD, files={})) is None


def test_forms_of_two_kinds_lie_apart():
    FORMS.keep(CARD, b"form")
    other = cache.CachedForm("onnx", "models.vision.reader.onnx_make")
    assert other.find(CARD) is None
    with pytest.raises(ModelError, match="'tiny' has no onnx form for its weights"):
        other.read(CARD)


def test_a_refusal_holds_until_the_model_is_trained_again(apart):
    FORMS.keep(CARD, b"form")
    FORMS.refuse(CARD, "it differs", agreement=0.5)
    assert FORMS.find(CARD) is None and FORMS.why_not(CARD) == "it differs"
    assert not FORMS.make_missing(CARD, cards.own()) and not apart
    assert FORMS.why_not(TRAINED_AGAIN) == ""
    FORMS.make_missing(TRAINED_AGAIN, cards.own())
    assert len(apart) == 1


def test_only_a_form_that_is_missing_is_made_and_for_the_folder_given(apart, tmp_path):
    assert not FORMS.make_missing(CARD, tmp_path)
    assert apart == [("models.text.int8_make", "tiny", tmp_path)]
    FORMS.keep(CARD, b"form")
    assert not FORMS.make_missing(CARD, tmp_path)
    assert len(apart) == 1


def test_what_the_other_process_said_last_is_told(empty_home):
    with pytest.raises(ModelError, match=r"The onnx form of 'tiny' was not made: .*No module named nowhere"):
        cache.CachedForm("onnx", "nowhere").make_missing(CARD, empty_home)


def test_no_form_is_made_where_that_is_switched_off_and_one_that_is_there_is_read(empty_home, apart, monkeypatch):
    monkeypatch.setenv("ATLAS_FORMS", "off")
    assert not FORMS.make_missing(CARD, empty_home)
    assert apart == []
    FORMS.keep(CARD, b"form")
    assert FORMS.read(CARD) == b"form"
    monkeypatch.delenv("ATLAS_FORMS")
    FORMS.make_missing(TRAINED_AGAIN, empty_home)
    assert [name for _module, name, _home in apart] == ["tiny"]
