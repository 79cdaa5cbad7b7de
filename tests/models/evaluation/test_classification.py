"""Scores against those of scikit-learn and against cases worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from models.evaluation import calibration, classification


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60))
def test_macro_f1_is_scikit_learns_over_the_labels_that_occur(pairs):
    y, p = np.array(pairs).T
    expected = f1_score(y, p, labels=sorted(set(y)), average="macro", zero_division=0)
    assert classification.macro_f1(y, p, 4) == pytest.approx(expected)


def test_a_report_by_language_judges_each_on_the_labels_it_has():
    found = classification.report(
        ["a", "b", "a", "a"], ["a", "b", "a", "b"], [0.9] * 4, ["a", "b"], ["x", "x", "y", "y"]
    )
    assert found["per_language"]["x"]["macro_f1"] == 1
    assert found["per_language"]["y"]["macro_f1"] == pytest.approx(2 / 3)
    assert found["macro_f1"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["confusion"] == [[2, 1], [0, 1]]


def test_a_perfectly_calibrated_forecast_has_no_calibration_error():
    error, bins = calibration.calibration_error(np.full(10, 0.7), np.array([1] * 7 + [0] * 3))
    assert error == pytest.approx(0)
    assert bins == [{"confidence": pytest.approx(0.7), "accuracy": pytest.approx(0.7), "n": 10}]


def test_a_sure_and_wrong_forecast_has_the_largest_error():
    assert calibration.calibration_error(np.ones(5), np.zeros(5))[0] == pytest.approx(1)


def test_the_temperature_of_logits_that_are_twice_too_sure_is_two():
    random = np.random.default_rng(0)
    logits = random.normal(size=(20_000, 3))
    odds = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    y = (odds.cumsum(1) > random.random((20_000, 1))).argmax(1)
    assert calibration.temperature(2 * logits, y) == pytest.approx(2, rel=0.1)


def test_a_language_with_few_rows_has_a_wide_interval():
    random = np.random.default_rng(0)
    truth = random.choice(["a", "b"], 420).tolist()
    guess = [t if random.random() < 0.7 else "a" for t in truth]
    found = classification.report(truth, guess, [0.7] * 420, ["a", "b"], ["few"] * 20 + ["many"] * 400)["per_language"]
    assert found["few"]["high"] - found["few"]["low"] > found["many"]["high"] - found["many"]["low"] > 0


def test_a_label_the_model_does_not_know_counts_as_wrong():
    assert classification.report(["a", "new"], ["a", "a"], [1.0, 1.0], ["a", "b"])["accuracy"] == 0.5


def test_nothing_to_evaluate_is_refused():
    with pytest.raises(ValueError, match="no row"):
        classification.report([], [], [], ["a"])
