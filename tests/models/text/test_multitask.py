"""What the encoder learns from: languages by the root of their rows, the same batches again, smoothed labels."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from models.text import multitask
from models.text.base import packed, tokens
from models.text.evaluation import Rows
from models.text.multitask import Lessons, Share, Task
from tests.encoders import packed_file


def test_languages_are_drawn_by_the_root_of_their_rows():
    numbers = np.repeat([0, 1, 2], [10_000, 100, 3])
    counts = np.bincount(numbers[multitask.drawn(numbers, 1_100)])
    assert counts[0] == pytest.approx(10 * counts[1], rel=0.3)
    assert 95 <= counts[1] <= 100
    assert counts[2] == 3


def test_the_same_rows_are_drawn_again_and_none_twice():
    numbers = np.repeat([0, 1], 50)
    places = multitask.drawn(numbers, 40)
    np.testing.assert_array_equal(places, multitask.drawn(numbers, 40))
    assert len(set(places.tolist())) == len(places)


def task(texts: list[str]) -> Task:
    rows = Rows(np.array(texts, object), np.arange(len(texts)) % 2, np.array(["en"] * len(texts), object))
    return Task(
        "tiny", ("a", "b"), ("en",), torch.zeros(2, 2), {"train": np.zeros(len(texts), np.int64)}, {"train": rows},
        np.full(len(texts), -1),
    )  # fmt: skip


@pytest.fixture
def lessons(monkeypatch):
    monkeypatch.setitem(multitask.SHARES, "tiny", Share(100, 8))
    found = packed.read(packed_file())
    reader = tokens.Reader(tokens.of_pieces(found.pieces, found.unknown), found.normal)
    return Lessons([task([f"the day was good {number}" for number in range(40)])], reader)


def test_an_epoch_has_the_same_batches_whenever_it_is_asked_for(lessons):
    first, again, other = list(lessons(0)), list(lessons(0)), list(lessons(1))
    assert len(first) == len(other) == lessons.steps == 5
    assert all(torch.equal(a.ids, b.ids) and torch.equal(a.mask, b.mask) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a.y, b.y) for a, b in zip(first, other, strict=True))


def test_some_tokens_are_left_out_but_never_the_first(lessons):
    masks = torch.cat([batch.mask.flatten() for batch in lessons(0)])
    assert 0.02 < (masks == 0).float().mean() < 0.4
    assert all((batch.mask[:, 0] == 1).all() for batch in lessons(0))


def test_smoothing_is_torchs_where_every_label_is_possible():
    """Szegedy et al. 2016, section 7."""
    logits, y = torch.randn(6, 4), torch.tensor([0, 1, 2, 3, 0, 1])
    found = multitask._smoothed(logits, y, torch.ones(6, 4, dtype=torch.bool))
    torch.testing.assert_close(found, F.cross_entropy(logits, y, label_smoothing=multitask.SMOOTHING))


def test_a_label_that_a_language_cannot_have_takes_no_share():
    logits, y = torch.zeros(1, 3), torch.tensor([0])
    possible = torch.tensor([[True, False, True]])
    assert multitask._smoothed(logits, y, possible).item() == pytest.approx(np.log(2), abs=1e-4)
