"""One picture's file through one model, as the command line has it."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from models import cards
from models.vision import describe, images
from models.vision.nuclei import network as nuclei_network
from models.vision.reader import line_reader
from models.vision.reader.line_reader import Reading


@pytest.fixture
def heard(monkeypatch):
    """The sizes of the pictures that a reader of "12,50 €" was given."""
    sizes = []

    def predict(pictures):
        sizes.extend(picture.shape for picture in pictures)
        return [Reading("12,50 €", 0.97, sure=True)]

    monkeypatch.setattr(cards, "card", lambda name: SimpleNamespace(task="reader", metrics={}))
    monkeypatch.setattr(line_reader, "load", lambda name: SimpleNamespace(predict=predict))
    return sizes


def file(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.zeros((height, width, 3), np.uint8)).save(out, "PNG")
    return out.getvalue()


def test_a_large_picture_is_shrunk_before_a_model_looks_at_it(heard, monkeypatch):
    monkeypatch.setattr(images, "MAX_SIDE", 100)
    found = describe.at("reader", file(400, 200), "DE")
    describe.at("reader", file(90, 40))
    assert heard == [(50, 100, 3), (40, 90, 3)]
    assert (found["number"], found["currency"]) == ("12.50", "EUR")


def stack() -> bytes:
    """A TIFF of two pages of 16 bits."""
    out = io.BytesIO()
    pages = [Image.fromarray(np.full((40, 50), level, np.uint16)) for level in (500, 40_000)]
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    return out.getvalue()


def test_what_was_changed_on_opening_a_picture_is_told(heard, monkeypatch):
    monkeypatch.setattr(images, "MAX_SIDE", 25)
    notes = describe.at("reader", stack(), "DE")["notes"]
    assert notes[:3] == [
        "only its first frame is read",
        "its values, finer than a screen shows, were stretched to 8 bits",
        "it has 50 x 40 pixels and is looked at in 25 x 20",
    ]
    assert notes[3] == "how good the model is for such a script was not measured"


def test_a_line_in_doubt_tells_what_it_may_be(heard, monkeypatch):
    read = SimpleNamespace(predict=lambda pictures: [Reading("Rs.6501", 0.9, sure=True)])
    monkeypatch.setattr(line_reader, "load", lambda name: read)
    found = describe.at("reader", file(90, 40), "IN")
    assert (found["number"], found["refused"], found["may_be"]) == (None, "look", ["6501", "650"])


class Counting:
    """A model of nuclei that finds two things in every picture."""

    labels, around = ("nucleus",), {"nucleus": (1.0, 0.0, 1.0)}

    def __init__(self, unlike: bool) -> None:
        self.unlike = unlike

    def predict(self, pictures):
        return ["found"]

    def is_unlike(self, found):
        return self.unlike

    def confidences(self, found):
        return {"nucleus": np.array([0.9, 0.8])}


@pytest.mark.parametrize("unlike", [True, False])
def test_of_a_picture_unlike_what_the_model_knows_no_number_is_told(unlike, monkeypatch):
    metrics = {"per_kind": {kind: {"ap50": 0.3, "n": 4} for kind in nuclei_network.KINDS}}
    monkeypatch.setattr(cards, "card", lambda name: SimpleNamespace(task="nuclei", metrics=metrics))
    monkeypatch.setattr(describe.load, "model", lambda name: Counting(unlike))
    monkeypatch.setattr(describe.counts, "count_interval", lambda values, around: (2.0, 1.0, 3.0))
    found = describe.at("nuclei", file(90, 40))
    assert found["unlike"] is unlike and ("nucleus" in found) is not unlike
    said = "it is unlike what the model knows" if unlike else "the model is not good enough for"
    assert any(note.startswith(said) for note in found["notes"])
