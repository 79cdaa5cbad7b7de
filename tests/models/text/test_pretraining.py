"""Pre-training: masked words are guessed, and one meaning in two languages comes to lie together."""

import numpy as np
import pytest
import torch

from models.text import pretraining, tokens
from models.text.pretraining import Pretraining
from models.training import loop
from models.training.settings import Settings

PAIRS = [("good day", "bon jour"), ("my car", "ma voiture"), ("is happy", "est heureux"), ("bad food", "mauvais repas"),
         ("great day", "super jour"), ("sad car", "triste voiture")]  # fmt: skip


@pytest.fixture
def parallel(tokenizer):
    left, right = (tokens.encode(tokenizer, [pair[i] for pair in PAIRS], 24) for i in (0, 1))
    return {index: {"en": left[index], "fr": right[index]} for index in range(len(PAIRS))}


def test_the_same_pass_has_the_same_batches(parallel):
    loose = [[2, 5, 6], [2, 7], [2, 8, 9, 10]]
    one, again, other = (list(pretraining.batches(loose, parallel, 8, seed)) for seed in (0, 0, 1))
    assert [b.ids.tolist() for b in one] == [b.ids.tolist() for b in again]
    assert [b.ids.tolist() for b in one] != [b.ids.tolist() for b in other]


def test_every_loose_text_is_read_once_a_pass(parallel):
    loose = [[2, 10 + i] for i in range(9)]
    found = [row for b in pretraining.batches(loose, parallel, 6, 0) if not b.halves for row in b.ids.tolist()]
    assert sorted(found) == sorted(loose)


def test_halves_say_the_same_in_two_languages(parallel):
    batch = next(b for b in pretraining.batches([[2, 5]] * 4, parallel, 8, 0) if b.halves)
    versions = {tuple(row): index for index, pair in parallel.items() for row in pair.values()}
    rows = [
        tuple(int(i) for i, m in zip(ids, mask, strict=True) if m)
        for ids, mask in zip(batch.ids, batch.mask, strict=True)
    ]
    half = len(rows) // 2
    assert [versions[row] for row in rows[:half]] == [versions[row] for row in rows[half:]]
    assert all(one != other for one, other in zip(rows[:half], rows[half:], strict=True))


def test_pre_training_brings_translations_together(parallel, shapes):
    torch.manual_seed(0)
    module = Pretraining(shapes)

    def found_again() -> float:
        vectors = []
        for language in ("en", "fr"):
            ids, mask = tokens.padded([pair[language] for pair in parallel.values()])
            with torch.no_grad():
                pooled = module.encoder.pooled(torch.from_numpy(ids), torch.from_numpy(mask))
            vectors.append(torch.nn.functional.normalize(pooled, dim=1))
        return float((vectors[0] @ vectors[1].T).argmax(1).eq(torch.arange(len(PAIRS))).float().mean())

    before = found_again()
    batches = lambda epoch: list(pretraining.batches([[2, 5, 6]] * 8, parallel, 12, epoch))  # noqa: E731
    loop.fit(module, batches, len(batches(0)), module.loss, Settings(epochs=15, rate=3e-3, bf16=False))
    assert found_again() > before
    assert found_again() > 0.8


def test_byte_level_tokens_can_say_anything(tokenizer):
    for text in ("día", "愛", "a\x00b", "🙂"):
        ids = tokens.encode(tokenizer, [text], 50)[0][1:]
        assert tokenizer.decode(ids).strip() == text


def test_texts_are_cut_and_padded():
    ids, mask = tokens.padded([[2, 5, 6], [2]])
    assert ids.tolist() == [[2, 5, 6], [2, 0, 0]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
    assert np.issubdtype(ids.dtype, np.integer)
