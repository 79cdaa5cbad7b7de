"""The flag fires on what no training market is like, stays quiet on what they are like, and names real neighbours."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.potential import extrapolation
from analytics.potential.extrapolation import ExtrapolationError


def markets(rows: int = 200, columns: int = 6, seed: int = 0, correlation: float = 0.0) -> pd.DataFrame:
    """Standard normal features by market; the first two correlated."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, columns))
    if correlation:
        values[:, 1] = correlation * values[:, 0] + np.sqrt(1 - correlation**2) * values[:, 1]
    return pd.DataFrame(values, [f"M{n:03d}" for n in range(rows)], [f"f{n}" for n in range(columns)])


def one(**values: float) -> pd.DataFrame:
    return pd.DataFrame([values], index=["point"])


def middle(features: pd.DataFrame) -> pd.DataFrame:
    return features.median().to_frame("point").T


def test_the_distance_is_mahalanobis_with_ledoit_wolf_by_hand():
    """Mahalanobis 1936; covariance of Ledoit and Wolf 2004 as scikit-learn estimates it."""
    from sklearn.covariance import LedoitWolf

    features = markets(60, 4, correlation=0.8)
    standard = ((features - features.mean()) / features.std(ddof=0)).to_numpy()
    precision = np.linalg.inv(LedoitWolf(assume_centered=True).fit(standard).covariance_)
    by_hand = [np.sqrt(row @ precision @ row) for row in standard]
    assert extrapolation.fit(features).check(features)["distance"].to_numpy() == pytest.approx(by_hand)


def test_the_leverage_is_the_diagonal_of_the_hat_matrix():
    """Belsley, Kuh and Welsch 1980, eq. 2.1; the ridge moves it by about a thousandth."""
    features = markets(80, 5, correlation=0.5)
    design = np.column_stack([np.ones(80), features])
    hat = design @ np.linalg.inv(design.T @ design) @ design.T
    found = extrapolation.fit(features)
    assert found.check(features)["leverage"].to_numpy() == pytest.approx(np.diag(hat), rel=5e-3)
    assert found.limit_leverage == pytest.approx(3 * 6 / 80)


def test_training_distances_leave_the_market_itself_out():
    from sklearn.covariance import ledoit_wolf

    features = markets(30, 3, correlation=0.6)
    standard = ((features - features.mean()) / features.std(ddof=0)).to_numpy()
    shrinkage = ledoit_wolf(standard, assume_centered=True)[1]
    others = np.delete(standard, 7, axis=0)
    covariance = np.cov(others.T, bias=True)
    shrunk = (1 - shrinkage) * covariance + shrinkage * np.trace(covariance) / 3 * np.eye(3)
    away = standard[7] - others.mean(axis=0)
    found = extrapolation.fit(features)
    assert found.distances["M007"] == pytest.approx(np.sqrt(away @ np.linalg.inv(shrunk) @ away))
    assert found.limit_distance == pytest.approx(found.distances.quantile(0.975))


def test_about_one_in_twenty_points_like_the_training_markets_fires():
    rates = []
    for seed in range(10):
        mix = np.random.default_rng(seed).normal(size=(12, 12))
        trained = markets(217, 12, seed) @ mix
        fresh = markets(500, 12, 100 + seed) @ mix
        rates.append(extrapolation.fit(trained).check(fresh)["outside"].mean())
    assert 0.005 < np.mean(rates) <= 0.05


@pytest.mark.parametrize("feature", ["f0", "f3", "f5"])
@pytest.mark.parametrize("way", [-6.0, 6.0])
def test_six_standard_deviations_fire_and_name_the_feature(feature, way):
    trained = markets()
    point = middle(trained)
    point[feature] += way * trained[feature].std()
    found = extrapolation.fit(trained).check(point).loc["point"]
    assert found["outside"] and found["unusual"]
    assert found["reasons"] == (feature,)
    assert found["distance"] > found["limit_distance"] and found["leverage"] > found["limit_leverage"]


def test_the_middle_of_the_markets_does_not_fire():
    trained = markets()
    found = extrapolation.fit(trained).check(middle(trained)).loc["point"]
    assert not found["outside"] and found["reasons"] == () and found["distance"] < 1


def test_an_unusual_combination_of_usual_figures_fires_without_a_single_reason():
    trained = markets(correlation=0.97)
    point = middle(trained).assign(f0=1.8, f1=-1.8)
    found = extrapolation.fit(trained).check(point).loc["point"]
    assert found["outside"] and found["unusual"] and found["reasons"] == ()


def test_a_feature_may_lie_a_tenth_of_the_range_beyond_it_and_no_further():
    trained = pd.DataFrame(
        {"a": np.linspace(0, 100, 200), "b": np.tile([1.0, 2.0], 100)}, [f"M{n}" for n in range(200)]
    )
    found = extrapolation.fit(trained)
    assert found.margin == 0.1
    assert found.ranges.loc["a", ["low", "high", "lowest", "highest"]].tolist() == pytest.approx([0, 100, -10, 110])
    points = pd.DataFrame({"a": [109.9, 110.1, -9.9, -10.1], "b": 1.5})
    assert found.check(points)["reasons"].tolist() == [(), ("a",), (), ("a",)]


def test_skewed_amounts_are_compared_on_the_logarithm():
    random = np.random.default_rng(1)
    trained = pd.DataFrame({"gdp": np.exp(random.normal(20, 2, 150)), "rate": random.normal(size=150)})
    trained.index = [f"M{n}" for n in trained.index]
    found = extrapolation.fit(trained)
    assert found.ranges["logged"].tolist() == [True, False]
    width = np.log(trained["gdp"].max() / trained["gdp"].min())
    assert found.ranges.loc["gdp", "highest"] == pytest.approx(trained["gdp"].max() * np.exp(found.margin * width))
    assert found.check(one(gdp=0.0, rate=0.0))["reasons"].tolist() == [("gdp",)]
    assert found.check(one(gdp=-5.0, rate=0.0))["reasons"].tolist() == [("gdp",)]


def test_the_nearest_three_markets_are_the_nearest_and_never_the_market_itself():
    trained = markets(50, 3)
    trained.loc["M010"] = trained.loc["M020"] + 0.001
    trained.loc["M011"] = trained.loc["M020"] + 0.002
    trained.loc["M012"] = trained.loc["M020"] + 0.003
    found = extrapolation.fit(trained)
    assert found.check(trained.loc[["M020"]])["nearest"].tolist() == [("M010", "M011", "M012")]
    anonymous = trained.loc[["M020"]].set_axis(["what if"])
    assert found.check(anonymous)["nearest"].tolist() == [("M020", "M010", "M011")]
    assert found.check(anonymous, own=["M020"])["nearest"].tolist() == [("M010", "M011", "M012")]


def test_unknown_values_are_taken_as_the_median_and_are_no_reason():
    trained = markets(100, 4)
    trained.iloc[::7, 2] = np.nan
    found = extrapolation.fit(trained)
    with_gap = middle(trained).assign(f2=np.nan)
    assert found.check(with_gap)["distance"].tolist() == pytest.approx(
        found.check(middle(trained))["distance"].tolist()
    )
    assert found.check(with_gap)["reasons"].tolist() == [()]


def test_a_feature_without_values_is_listed_and_asked_nothing():
    trained = markets(40, 3).assign(empty=np.nan)
    found = extrapolation.fit(trained)
    assert found.unused == ("empty",)
    point = middle(trained).assign(empty=1e9)
    assert not found.check(point)["outside"].iloc[0]


def test_a_feature_that_never_differed_fires_as_soon_as_it_does():
    trained = markets(40, 3).assign(same=7.0)
    found = extrapolation.fit(trained)
    assert not found.check(middle(trained))["outside"].iloc[0]
    assert found.check(middle(trained).assign(same=7.1))["reasons"].tolist() == [("same",)]


def test_features_that_repeat_each_other_do_not_break_the_fit():
    trained = markets(60, 3)
    trained["again"] = trained["f0"] * 2
    found = extrapolation.fit(trained).check(trained)
    assert np.isfinite(found[["distance", "leverage"]]).all(axis=None)


def test_many_points_of_one_market_may_share_its_name():
    trained = markets(40, 3)
    points = pd.concat([trained.loc[["M001"]]] * 3)
    found = extrapolation.fit(trained).check(points)
    assert found.index.tolist() == ["M001"] * 3
    assert all("M001" not in nearest for nearest in found["nearest"])


@settings(max_examples=20)
@given(st.lists(st.floats(1e-4, 1e4), min_size=4, max_size=4), st.integers(0, 5))
def test_the_units_of_the_features_change_no_flag(factors, seed):
    trained = markets(60, 4, seed, correlation=0.7)
    trained["f2"] = np.exp(1.5 * trained["f2"])
    points = pd.concat([trained * 1.3, markets(60, 4, seed + 50) * 2])
    first = extrapolation.fit(trained).check(points)
    second = extrapolation.fit(trained * factors).check(points * factors)
    assert first["outside"].equals(second["outside"]) and first["reasons"].equals(second["reasons"])
    assert second["distance"].to_numpy() == pytest.approx(first["distance"].to_numpy(), rel=1e-6)
    assert first["nearest"].equals(second["nearest"])


def test_neither_the_training_markets_nor_the_points_are_changed():
    trained, points = markets(40, 3).abs() ** 4, markets(10, 3, 1).abs()
    copies = trained.copy(), points.copy()
    extrapolation.fit(trained).check(points)
    pd.testing.assert_frame_equal(trained, copies[0])
    pd.testing.assert_frame_equal(points, copies[1])


def test_columns_are_found_by_name_and_not_by_place():
    trained = markets(40, 4)
    found = extrapolation.fit(trained)
    shuffled = trained[["f2", "f0", "f3", "f1"]].assign(more=1.0)
    pd.testing.assert_frame_equal(found.check(trained), found.check(shuffled))


def test_too_few_markets_are_refused_with_the_remedy():
    with pytest.raises(ExtrapolationError, match=r"11 training markets .* at least 12 are needed. Give more markets"):
        extrapolation.fit(markets(11, 2))


def test_a_market_given_twice_is_refused():
    with pytest.raises(ExtrapolationError, match="Two rows of M001"):
        extrapolation.fit(pd.concat([markets(20, 2), markets(2, 2).loc[["M001"]]]))


def test_training_without_any_value_is_refused():
    with pytest.raises(ExtrapolationError, match="No feature has a value"):
        extrapolation.fit(markets(20, 2) * np.nan)


def test_points_that_lack_a_feature_are_refused_by_its_name():
    found = extrapolation.fit(markets(20, 3))
    with pytest.raises(ExtrapolationError, match=r"The points lack f1, f2.* Give these columns"):
        found.check(one(f0=1.0))


def test_an_infinite_point_is_refused_by_its_feature():
    with pytest.raises(ExtrapolationError, match=r"f1: infinite in a point. Give a number"):
        extrapolation.fit(markets(20, 2)).check(one(f0=1.0, f1=np.inf))


def test_own_markets_of_another_number_than_the_points_are_refused():
    with pytest.raises(ExtrapolationError, match="2 markets were given for 1 points"):
        extrapolation.fit(markets(20, 2)).check(one(f0=1.0, f1=0.0), own=["M001", "M002"])
