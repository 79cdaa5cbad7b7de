"""Least squares and its diagnostics against published and hand-made figures; effects that belong to predictions."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analytics.potential import regression


@pytest.fixture(scope="module")
def longley() -> regression.LeastSquares:
    data = sm.datasets.longley.load_pandas()
    return regression.least_squares(data.exog, data.endog)


def test_longleys_coefficients_are_the_certified_ones(longley):
    """Longley 1967; certified values of the NIST Statistical Reference Datasets."""
    certified = {
        "GNPDEFL": 15.0618722713733,
        "GNP": -0.358191792925910e-01,
        "UNEMP": -2.02022980381683,
        "ARMED": -1.03322686717359,
        "POP": -0.511041056535807e-01,
        "YEAR": 1829.15146461355,
    }
    assert longley.coefficients["estimate"].to_dict() == pytest.approx(certified, rel=1e-6)
    assert longley.r2 == pytest.approx(0.995479004577296, rel=1e-9)


def test_longleys_inflation_factors_show_its_collinearity(longley):
    """GNP 1788.5, year 758.98: the textbook example of collinearity."""
    assert longley.coefficients["vif"]["GNP"] == pytest.approx(1788.51, rel=1e-3)
    assert longley.coefficients["vif"]["YEAR"] == pytest.approx(758.98, rel=1e-3)


def two_features() -> tuple[pd.DataFrame, pd.Series]:
    random = np.random.default_rng(3)
    index = [f"M{n}" for n in range(30)]
    frame = pd.DataFrame(random.normal(size=(30, 2)), index, ["a", "b"])
    frame["b"] += frame["a"]
    return frame, pd.Series(2 * frame["a"] - frame["b"] + random.normal(size=30), index)


def test_hc3_errors_and_inflation_factors_by_hand():
    features, outcome = two_features()
    found = regression.least_squares(features, outcome)
    x = np.column_stack([np.ones(30), features])
    inverse = np.linalg.inv(x.T @ x)
    residual = outcome.to_numpy() - x @ inverse @ x.T @ outcome.to_numpy()
    leverage = np.diag(x @ inverse @ x.T)
    sandwich = inverse @ x.T @ np.diag((residual / (1 - leverage)) ** 2) @ x @ inverse
    half = (found.coefficients["high"] - found.coefficients["low"]) / 2
    from scipy import stats

    assert half.to_numpy() == pytest.approx(np.sqrt(np.diag(sandwich))[1:] * stats.t.ppf(0.95, 27))
    correlation = features.corr().iloc[0, 1]
    assert found.coefficients["vif"].to_numpy() == pytest.approx([1 / (1 - correlation**2)] * 2)


def test_the_coefficient_without_a_market_is_what_refitting_without_it_gives():
    features, outcome = two_features()
    found = regression.least_squares(features, outcome).influence
    first = found.index[0]
    again = regression.least_squares(features.drop(first), outcome.drop(first)).coefficients
    assert found.loc[first, "without"] == pytest.approx(again.loc[found.loc[first, "feature"], "estimate"])
    assert found["cooks_distance"].is_monotonic_decreasing


def test_reset_sees_a_curve_and_breusch_pagan_unequal_variances():
    random = np.random.default_rng(0)
    x = pd.DataFrame({"x": random.uniform(1, 5, 300)})
    straight = x["x"] + random.normal(size=300)
    assert regression.least_squares(x, straight).reset_p > 0.01
    assert regression.least_squares(x, straight + x["x"] ** 2).reset_p < 1e-6
    assert regression.least_squares(x, straight).breusch_pagan_p > 0.01
    assert regression.least_squares(x, x["x"] + x["x"] ** 2 * random.normal(size=300)).breusch_pagan_p < 1e-4


def made_up_panel() -> tuple[pd.DataFrame, pd.Series]:
    random = np.random.default_rng(5)
    index = pd.MultiIndex.from_product([[f"M{n}" for n in range(20)], range(2010, 2018)], names=["iso3", "year"])
    features = pd.DataFrame(random.normal(size=(len(index), 2)), index, ["a", "b"])
    markets = np.repeat(random.normal(0, 5, 20), 8)
    years = np.tile(np.linspace(0, 2, 8), 20)
    noise = random.normal(0, 0.1, len(index))
    return features, pd.Series(0.5 * features["a"] - 0.25 * features["b"] + markets + years + noise, index)


def test_fixed_effects_are_least_squares_with_dummies():
    features, outcome = made_up_panel()
    found = regression.fixed_effects(features, outcome)
    dummies = pd.get_dummies(features.index.get_level_values(0)).iloc[:, 1:].astype(float).to_numpy()
    years = pd.get_dummies(features.index.get_level_values(1)).astype(float).to_numpy()
    design = np.column_stack([features, dummies, years])
    solution = np.linalg.lstsq(design, outcome.to_numpy(), rcond=None)[0]
    assert found.coefficients["estimate"].to_numpy() == pytest.approx(solution[:2])
    assert found.fitted.to_numpy() == pytest.approx(design @ solution)


def test_predictions_over_time_include_the_effects():
    """linearmodels' predict leaves them out; without them the markets' levels, here most of the outcome, are lost."""
    features, outcome = made_up_panel()
    rows = np.random.default_rng(6).permutation(len(features))[:140]  # gaps too
    found = regression.fixed_effects(features.iloc[rows], outcome.iloc[rows])
    assert found.predict(features.loc[found.fitted.index]).to_numpy() == pytest.approx(found.fitted.to_numpy())
    assert (found.predict(features) - outcome).abs().max() < 0.5
    later = features.loc[[("M3", 2017)]].rename(index={2017: 2020}, level="year")
    assert found.predict(later).iloc[0] == pytest.approx(found.predict(features.loc[[("M3", 2017)]]).iloc[0])
    stranger = features.loc[[("M3", 2017)]].rename(index={"M3": "ZZZ"}, level="iso3")
    assert found.predict(stranger).isna().all()
