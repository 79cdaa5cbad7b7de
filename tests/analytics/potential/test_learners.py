"""The learners: torch reaches the closed form, units do not matter, and preparation learns from training rows only."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from analytics.potential import learners


def made_up(count: int = 120, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    random = np.random.default_rng(seed)
    income = random.lognormal(9, 1, count)
    features = pd.DataFrame(
        {"income": income, "share": random.uniform(0, 100, count), "index": random.normal(size=count)},
        index=[f"M{n:03d}" for n in range(count)],
    )
    outcome = 0.8 * np.log(income) + 0.01 * features["share"] + 0.2 * features["index"] + random.normal(0, 0.2, count)
    return features, outcome.rename("outcome")


@pytest.mark.parametrize("correlated", [0.0, 0.95])
def test_torch_reaches_the_least_squares_solution_on_standardised_data(correlated):
    random = np.random.default_rng(1)
    values = random.normal(size=(190, 17)) + correlated * 3 * random.normal(size=(190, 1))
    X = StandardScaler().fit_transform(values)
    y = StandardScaler().fit_transform((X @ random.normal(size=17) + random.normal(size=190))[:, None])[:, 0]
    torch, exact = learners.TorchLinear().fit(X, y), LinearRegression().fit(X, y)
    assert np.abs(torch.coef_ - exact.coef_).max() < 1e-4
    assert abs(torch.intercept_ - exact.intercept_) < 1e-4


def test_torch_is_repeatable():
    features, outcome = made_up()
    first, second = (learners.make("torch linear", seed=0).fit(features, outcome).predict(features) for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize("name", learners.NAMES)
def test_a_feature_in_other_units_leaves_predictions_unchanged(name):
    features, outcome = made_up()
    before = learners.make(name).fit(features, outcome).predict(features)
    other = features.assign(income=features["income"] * 1000, share=features["share"] / 100)
    assert learners.make(name).fit(other, outcome).predict(other) == pytest.approx(before, rel=1e-4)


@pytest.mark.parametrize("name", ["least squares", "ridge", "elastic net", "torch linear"])
def test_the_order_of_rows_does_not_matter(name):
    features, outcome = made_up()
    shuffled = features.sample(frac=1, random_state=0)
    before = learners.make(name).fit(features, outcome).predict(features)
    after = learners.make(name).fit(shuffled, outcome.loc[shuffled.index]).predict(features)
    assert after == pytest.approx(before, abs=0.02 if name == "elastic net" else 1e-4)


@pytest.mark.parametrize("name", learners.NAMES)
def test_gaps_are_filled_and_nothing_is_mutated(name):
    features, outcome = made_up()
    features.iloc[::7, 0] = np.nan
    features.iloc[::5, 1] = np.nan
    copy = features.copy()
    found = learners.make(name).fit(features, outcome).predict(features)
    assert np.isfinite(found).all()
    pd.testing.assert_frame_equal(features, copy)


def test_a_column_empty_in_training_does_no_harm():
    features, outcome = made_up()
    found = learners.make("ridge").fit(features.assign(empty=np.nan), outcome).predict(features.assign(empty=1.0))
    assert np.isfinite(found).all()


def test_only_skewed_columns_without_negatives_are_logged():
    features, outcome = made_up()
    features["money"] = np.exp(features["index"] * 2) - np.exp(features["index"] * 2).max() / 2
    features["zeros"] = np.where(np.arange(120) % 3, features["income"], 0.0)
    model = learners.make("least squares").fit(features, outcome)
    logged = {"income": True, "share": False, "index": False, "money": False, "zeros": True}
    assert learners.logged(model, features).to_dict() == logged


def test_preparation_learns_from_training_rows_only():
    features, outcome = made_up()
    wild = features.copy()
    wild.iloc[100:] *= 1e6
    for frame in (features, wild):
        model = learners.make("ridge").fit(frame.iloc[:100], outcome.iloc[:100])
        assert model.predict(features.iloc[:5]) == pytest.approx(
            learners.make("ridge").fit(features.iloc[:100], outcome.iloc[:100]).predict(features.iloc[:5])
        )


def test_an_unknown_learner_is_told_the_known_ones():
    with pytest.raises(ValueError, match="Known: least squares, ridge"):
        learners.make("oracle")
