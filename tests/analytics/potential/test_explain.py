"""Reasons: contributions that add up, curves of known functions, analogues that are near."""

import numpy as np
import pandas as pd
import pytest

from analytics.potential import explain, learners


def made_up() -> tuple[pd.DataFrame, pd.Series]:
    random = np.random.default_rng(0)
    features = pd.DataFrame(random.uniform(-1, 1, (200, 3)), [f"M{n:03d}" for n in range(200)], ["a", "b", "none"])
    return features, 2 * features["a"] + features["b"] ** 2


@pytest.mark.parametrize("name", learners.NAMES)
def test_contributions_and_base_sum_to_the_prediction(name):
    features, outcome = made_up()
    model = learners.make(name).fit(features, outcome)
    parts, base = explain.contributions(model, features, features[:20])
    assert (parts.sum(axis=1) + base).to_numpy() == pytest.approx(model.predict(features[:20]), abs=1e-6)


@pytest.mark.parametrize("name", ["least squares", "random forest"])
def test_the_feature_that_matters_most_comes_first(name):
    features, outcome = made_up()
    found = explain.importance(learners.make(name).fit(features, outcome), features)
    assert found.index[0] == "a" and found["none"] < 0.05
    assert found.sum() == pytest.approx(1)


def test_the_curve_of_a_linear_model_is_its_line_and_centred():
    features, outcome = made_up()
    model = learners.make("least squares").fit(features, outcome)
    found = explain.ale(model, features, "a", bins=10)
    slope = np.diff(found["effect"]) / np.diff(found["value"])
    exact = model.named_steps["learn"].coef_[0] / model.named_steps["scale"].scale_[0]
    assert slope == pytest.approx(np.full(10, exact))
    middle = (found["effect"].to_numpy()[:-1] + found["effect"].to_numpy()[1:]) / 2
    assert (middle * found["n"].to_numpy()[1:]).sum() == pytest.approx(0, abs=1e-9)
    assert found["n"].sum() == len(features)


def test_the_curve_of_a_forest_shows_a_valley_and_a_useless_feature_is_flat():
    features, outcome = made_up()
    model = learners.make("random forest").fit(features, outcome)
    valley = explain.ale(model, features, "b", bins=10)["effect"].to_numpy()
    assert valley[0] > valley[5] + 0.3 and valley[-1] > valley[5] + 0.3
    assert np.abs(explain.ale(model, features, "none", bins=10)["effect"]).max() < 0.1


def test_a_feature_with_one_value_has_no_curve():
    features, outcome = made_up()
    model = learners.make("ridge").fit(features.assign(none=1.0), outcome)
    assert explain.ale(model, features.assign(none=1.0), "none")["effect"].tolist() == [0.0]


def test_analogues_are_the_nearest_in_what_matters():
    features, outcome = made_up()
    features.loc["M001"] = features.loc["M000"] + 0.001
    model = learners.make("random forest").fit(features, outcome)
    weights = explain.importance(model, features)
    found = explain.analogues(model, features, weights, "M000", features.index, 5)
    assert found.index[0] == "M001" and "M000" not in found.index
    assert found.is_monotonic_increasing and len(found) == 5
