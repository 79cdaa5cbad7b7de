"""A language's own n-grams: buckets to itself, an exact fit, the same reasons."""

import numpy as np
import pytest

from models.text import by_language, ngrams
from models.text.evaluation import Rows, logits
from models.text.network import BagConfig, Config, Network
from models.text.ngrams import Grams

OWN = Grams(longest=3, words=1, bits=14, own=8)


def test_languages_share_no_bucket():
    texts = ["the day was good", "the day was good", "the day was good"]
    found = ngrams.bags(texts, OWN, [0, 1, -1])
    first, second = found.buckets[: found.offsets[1]], found.buckets[found.offsets[1] : found.offsets[2]]
    assert first.max() < 256 <= second.min() < second.max() < 512
    np.testing.assert_array_equal(first, second - 256)
    assert found.offsets[2] == len(found.buckets)  # of an unknown language there is nothing


def test_every_occurrence_is_traced_to_its_bucket():
    bag, place, starts, ends = ngrams.traced("good day", OWN, 1)
    assert set(place.tolist()) == set(range(len(bag.buckets)))
    assert (starts < ends).all()
    nothing, place, _starts, _ends = ngrams.traced("good day", OWN, -1)
    assert len(nothing.buckets) == len(place) == 0


@pytest.fixture
def fitted(rows):
    train = Rows.of(rows().query("split == 'train'"), ("negative", "positive"))
    network = Network(Config(("negative", "positive"), ("en", "fr", "sw"), (BagConfig(OWN, dropout=0.0),)))
    by_language.fit(network, train, 10.0)
    return network.eval()


def test_each_language_learns_its_own_words(fitted, rows):
    test = Rows.of(rows().query("split == 'test'"), ("negative", "positive"))
    assert (logits(fitted, test).argmax(1) == test.y).mean() > 0.9


def test_a_language_without_rows_says_nothing(fitted):
    assert fitted.answers(["the day was lovely"], ["sw"]).tolist() == [[0.0, 0.0]]


def test_it_is_scikit_learns_logistic_regression(fitted, rows):
    """The same labels as a regression on the same bags, made dense."""
    from sklearn.linear_model import LogisticRegression

    train = rows().query("split == 'train' and language == 'en'")

    def dense(texts):
        found = ngrams.bags(list(texts), OWN, [0] * len(texts))
        made = np.zeros((len(texts), 256))
        for number, start in enumerate(found.offsets):
            end = found.offsets[number + 1] if number + 1 < len(texts) else len(found.buckets)
            made[number, found.buckets[start:end]] = found.weights[start:end]
        return made

    model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=100).fit(dense(train["text"]), train["label"])
    wanted = model.decision_function(dense(train["text"]))
    found = fitted.answers(train["text"].tolist(), ["en"] * len(train))
    np.testing.assert_allclose(found[:, 1] - found[:, 0], wanted, atol=0.02 * np.abs(wanted).max())
