"""One picture's file through one model, as the command line has it."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from models import cards
from models.vision import describe, images
from models.vision.reader import line_reader
from models.vision.reader.line_reader import Reading


@pytest.fixture
def heard(monkeypatch):
    """The sizes of the pictures that a reader of "12,50 €" was given."""
    sizes = []

    def predict(pictures):
        sizes.extend(picture.shape for picture in pictures)
        return [Reading("12,50 €", 0.97, sure=True)]

    monkeypatch.setattr(cards, "card", lambda name: SimpleNamespace(task="reader"))
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
