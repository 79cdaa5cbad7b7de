"""The trend is used where it earned it, nothing of the future is seen, and intervals hold what they promise."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.scenario import forecast as ahead
from analytics.scenario.forecast import DAMPED, LAST, ForecastError, forecast

GDP, RULE, USERS, LIFE, AMOUNT = "NY.GDP.MKTP.CD", "RL.EST", "IT.NET.USER.ZS", "SP.DYN.LE00.IN", "own:amount"


def long(values: np.ndarray, code: str, last: int = 2015) -> pd.DataFrame:
    """(markets, years) ending in `last` as a history; NaN: not observed."""
    years = np.arange(last - values.shape[1] + 1, last + 1)
    wide = pd.DataFrame(values, [f"M{n:03d}" for n in range(len(values))], years).rename_axis("iso3")
    rows = wide.melt(ignore_index=False, var_name="year").reset_index().dropna()
    return rows.assign(indicator=code)[["iso3", "indicator", "year", "value"]]


def walk(seed: int = 0, markets: int = 90, years: int = 30, size: float = 0.05) -> np.ndarray:
    """Random walks without a trend, in the units of the rule of law."""
    return np.cumsum(np.random.default_rng(seed).normal(0, size, (markets, years)), axis=1)


def trend(seed: int = 0, markets: int = 60, years: int = 30, phi: float = 0.9, noise: float = 0.05) -> np.ndarray:
    """Life expectancies whose rise slows down by a factor phi a year, each restarted twice, measured with noise."""
    random = np.random.default_rng(seed)
    values, slope = np.empty((markets, years)), np.zeros((markets, 1))
    level = random.uniform(45, 60, (markets, 1))
    for year in range(years):
        slope = random.uniform(-1, 1, (markets, 1)) if year % 10 == 0 else phi * slope
        level = level + slope
        values[:, [year]] = level
    return values + noise * random.normal(size=values.shape)


def by_hand(series: np.ndarray, alpha: float, beta: float, phi: float, start: float, lead: int) -> float:
    """Gardner and McKenzie 1985, written out; the first forecast is the first observation."""
    level, slope = series[0] - phi * start, start
    for value in series:
        before = level
        level = alpha * value + (1 - alpha) * (before + phi * slope)
        slope = beta * (level - before) + (1 - beta) * phi * slope
    return level + sum(phi**step for step in range(1, lead + 1)) * slope


@pytest.mark.parametrize(("alpha", "beta", "phi"), [(0.3, 0.05, 0.8), (0.8, 0.2, 0.95), (0.95, 0.5, 0.98)])
def test_the_backtests_recursion_is_statsmodels_and_the_published_one(alpha, beta, phi):
    values = trend(markets=3)
    smoothing = ahead._Smoothing(alpha, beta, phi)
    grid = ahead._grid(pd.DataFrame(values, ["A", "B", "C"], range(1986, 2016)), "level", 0.0)
    level, slope = ahead._recursion(grid, smoothing)
    for origin in (8, 20, 29):
        series = values[1, : origin + 1]
        start = (series[3] - series[0]) / 3
        expected = by_hand(series, alpha, beta, phi, start, 5)
        assert level[1, origin] + slope[1, origin] * smoothing.reach(5) == pytest.approx(expected)
        assert ahead._smooth(series, start, smoothing, 5) == pytest.approx(expected)


def test_a_series_that_follows_a_damped_trend_is_continued_exactly():
    smoothing = ahead._Smoothing(0.8, 0.2, 0.9)
    series = 50 + np.cumsum(2 * 0.9 ** np.arange(1, 21))
    following = 50 + sum(2 * 0.9**n for n in range(1, 26))
    assert ahead._smooth(series, 2.0, smoothing, 5) == pytest.approx(following)


def test_a_random_walk_keeps_its_last_value():
    for seed in range(3):
        found = forecast(long(walk(seed), RULE), [RULE], 2015, 5, 8)
        method = found.methods.loc[RULE]
        assert method["method"] == LAST and method["scale"] == "level" and method["lead"] == 5
        assert not method["mae_damped"] < 0.99 * method["mae_last"]
        assert (found.values["value"] == found.values["last"]).all() and (found.values["method"] == LAST).all()


def test_a_clean_damped_trend_is_continued_as_statsmodels_does():
    values = trend()
    found = forecast(long(values, LIFE), [LIFE], 2015, 5, 8)
    method = found.methods.loc[LIFE]
    assert method["method"] == DAMPED and method["mae_damped"] < 0.8 * method["mae_last"]
    series = values[7]
    smoothing = method["alpha"], method["beta"], method["phi"]
    expected = by_hand(series, *smoothing, (series[3] - series[0]) / 3, 5)
    row = found.values.set_index("iso3").loc["M007"]
    assert row["value"] == pytest.approx(expected)
    assert (row["year"], row["last"], row["last_year"], row["lead"]) == (2020, series[-1], 2015, 5)


@pytest.mark.parametrize("seed", [0, 1])
def test_nine_of_ten_later_values_fall_into_the_interval(seed):
    values = walk(seed, markets=150, years=40)
    found = forecast(long(values[:, :35], RULE), [RULE], 2015, 5, 8)
    inside = found.values["low"].to_numpy() <= values[:, 39]
    inside &= found.values["high"].to_numpy() >= values[:, 39]
    assert 0.82 <= inside.mean() <= 0.97
    assert 0.8 <= found.methods.loc[RULE, "coverage"] <= 0.99 and found.methods.loc[RULE, "n_coverage"] > 100


def test_a_volatile_market_has_a_wider_interval():
    values = walk()
    values[5] *= 6
    spread = forecast(long(values, RULE), [RULE], 2015, 5, 8).values.set_index("iso3")["spread"]
    assert spread["M005"] > 2.5 * spread.drop("M005").median()


def test_a_longer_way_is_never_surer():
    rows = long(walk(), RULE)
    widths = [forecast(rows, [RULE], 2015, horizon, 8).values["spread"].mean() for horizon in (1, 3, 6, 10)]
    assert widths == sorted(widths) and widths[3] > 2 * widths[0]
    late = rows[~((rows["iso3"] == "M000") & (rows["year"] > 2012))]
    row = forecast(late, [RULE], 2015, 5, 8).values.set_index("iso3").loc["M000"]
    assert (row["last_year"], row["lead"], row["year"]) == (2012, 8, 2020)


@settings(max_examples=6)
@given(st.floats(-2, 2), st.integers(1, 10))
def test_what_comes_after_the_base_year_changes_nothing(value, horizon):
    rows = long(walk(markets=20, years=25), RULE)
    later = rows[rows["year"] > 2005].assign(value=value, year=lambda frame: frame["year"] + 10)
    stranger = pd.DataFrame({"iso3": ["NEW"], "indicator": [RULE], "year": [2016], "value": [value]})
    first = forecast(rows, [RULE], 2015, horizon, 8)
    second = forecast(pd.concat([rows, later, stranger]), [RULE], 2015, horizon, 8)
    pd.testing.assert_frame_equal(first.values, second.values)
    pd.testing.assert_frame_equal(first.methods, second.methods)
    pd.testing.assert_frame_equal(first.missing, second.missing)


def test_in_the_backtest_a_gap_is_not_filled_with_what_came_after_it():
    values = trend(markets=12)
    values[:, 12:15] = np.nan
    known = ahead._grid(pd.DataFrame(values[:, :20], range(12), range(1986, 2006)), "level", 0.0)
    more = ahead._grid(pd.DataFrame(values, range(12), range(1986, 2016)), "level", 0.0)
    seen = np.isfinite(known.observed)
    for before, after in zip(ahead._recursion(known, SOME), ahead._recursion(more, SOME), strict=True):
        assert before[seen] == pytest.approx(after[:, :20][seen])
    assert known.volatility[seen] == pytest.approx(more.volatility[:, :20][seen])
    assert not np.isfinite(ahead._errors(more, 5, None)[:, 12:15]).any()


SOME = ahead._Smoothing(0.8, 0.2, 0.9)


def test_missing_years_are_interpolated_for_the_recursion_only():
    values = trend()
    values[3, 20:23] = np.nan
    found = forecast(long(values, LIFE), [LIFE], 2015, 5, 8)
    filled = pd.Series(values[3]).interpolate().to_numpy()
    smoothing = found.methods.loc[LIFE, ["alpha", "beta", "phi"]]
    expected = by_hand(filled, *smoothing, (filled[3] - filled[0]) / 3, 5)
    assert found.values.set_index("iso3").loc["M003", "value"] == pytest.approx(expected)


def test_a_short_series_keeps_its_last_value_with_pooled_errors():
    values = trend()
    values[:2, :-5] = np.nan
    table = forecast(long(values, LIFE), [LIFE], 2015, 5, 8).values.set_index("iso3")
    assert table["method"].tolist() == [LAST, LAST] + [DAMPED] * 58
    assert (table.loc[["M000", "M001"], "value"] == values[:2, -1]).all()
    assert table.loc["M000", "spread"] == pytest.approx(table.loc["M001", "spread"])
    errors = np.abs(values[:, 5:] - values[:, :-5])
    assert table.loc["M000", "spread"] * 1.6449 == pytest.approx(np.nanquantile(errors, 0.9), rel=1e-3)


def test_without_a_history_the_value_has_no_interval():
    found = forecast(long(np.array([[1.0], [2.0], [3.0]]), RULE), [RULE], 2015, 5, 8)
    assert found.values["value"].tolist() == [1, 2, 3]
    assert found.values[["low", "high", "spread"]].isna().all(axis=None)
    assert found.methods.loc[RULE, ["method", "n"]].tolist() == [LAST, 0]
    assert found.draw(RULE, ["M001"], 3.0).tolist() == [2.0]


def test_figures_older_than_the_window_are_not_carried_but_listed():
    values = walk(markets=20)
    values[4, -8:] = np.nan
    values[5, :] = np.nan
    rows = pd.concat([long(values, RULE), long(walk(1, markets=20), "GE.EST")])
    found = forecast(rows, [RULE, "GE.EST"], 2015, 5, 8)
    assert set(found.values.query("indicator == @RULE")["iso3"]) == {f"M{n:03d}" for n in range(20)} - {"M004", "M005"}
    table = found.missing.set_index(["iso3", "indicator"])
    assert table["reason"].to_dict() == {
        ("M004", RULE): "latest observation older than 8 years",
        ("M005", RULE): "no observation by 2015",
    }
    assert table.loc[("M004", RULE), "last_year"] == 2007 and pd.isna(table.loc[("M005", RULE), "last_year"])


def test_an_indicator_nothing_is_known_of_carries_nothing():
    found = forecast(long(walk(markets=20), RULE), [RULE, GDP], 2015, 5, 8)
    assert found.methods.loc[GDP, "n"] == 0 and not (found.values["indicator"] == GDP).any()
    assert np.isnan(found.draw(GDP, ["M001"], 0.0)).all()


def test_percentages_stay_between_their_bounds():
    rising = 100 / (1 + np.exp(-np.linspace(-3, 4, 30) - np.random.default_rng(0).normal(0, 0.3, (40, 1))))
    noisy = np.clip(rising + np.random.default_rng(1).normal(0, 0.5, rising.shape), 0, 100)
    found = forecast(long(noisy, USERS), [USERS], 2015, 10, 8)
    assert found.methods.loc[USERS, ["method", "scale"]].tolist() == [DAMPED, "logit"]
    assert found.values[["value", "low", "high"]].stack().between(0, 100).all()
    assert found.draws(np.full(len(found.values), 50.0)).max() <= 100
    assert (found.values["value"] > found.values["last"] - 1).all()


def growing(seed: int = 0, markets: int = 60) -> np.ndarray:
    """Amounts of very different size that grow by some per cent a year."""
    random = np.random.default_rng(seed)
    pace = random.uniform(0, 0.06, (markets, 1)) + random.normal(0, 0.02, (markets, 30))
    return np.exp(random.normal(24, 2, (markets, 1)) + np.cumsum(pace, axis=1))


def test_amounts_are_carried_in_proportion_whatever_their_unit():
    dollars = forecast(long(growing(), GDP), [GDP], 2015, 5, 8)
    cents = forecast(long(growing() * 100, GDP), [GDP], 2015, 5, 8)
    assert dollars.methods.loc[GDP, "scale"] == "log" and dollars.methods.loc[GDP, "method"] == DAMPED
    for column in ("value", "low", "high"):
        assert cents.values[column].to_numpy() == pytest.approx(100 * dollars.values[column].to_numpy())
    assert (dollars.values["low"] > 0).all()


def test_the_scale_follows_from_the_catalogs_bounds_and_the_values():
    skewed, even, falling = pd.Series([1.0, 2, 3, 500]), pd.Series([1.0, 2, 3]), pd.Series([-1.0, 2, 3, 500])
    assert ahead.scale_of(USERS, skewed) == "logit"
    assert ahead.scale_of("IT.NET.BBND.P2", skewed) == "level"
    assert [ahead.scale_of(AMOUNT, values) for values in (skewed, even, falling)] == ["log", "level", "level"]
    assert ahead.scale_of("FP.CPI.TOTL.ZG", skewed) == "level"


def test_an_amount_of_zero_keeps_its_last_value_of_zero():
    values = growing()
    values[0] = 0.0
    values[:, 1:] = values[:, :1] * np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.05, (60, 29)), axis=1))
    row = forecast(long(values, GDP), [GDP], 2015, 5, 8).values.iloc[0]
    assert row["last"] == 0 and row["low"] >= 0 and np.isfinite(row["high"])


def test_normals_of_the_quantiles_draw_the_ends_of_the_interval():
    rows = pd.concat([long(growing(), GDP), long(walk(markets=60), RULE)])
    found = forecast(rows, [GDP, RULE], 2015, 5, 8)
    quantile = 1.6448536269514722
    for normal, column in ((-quantile, "low"), (0.0, "value"), (quantile, "high")):
        drawn = found.draws(np.full(len(found.values), normal))
        assert drawn == pytest.approx(found.values[column].to_numpy())
    many = np.random.default_rng(0).standard_normal((4000, len(found.values)))
    inside = (found.draws(many) <= found.values["high"].to_numpy()).mean()
    assert inside == pytest.approx(0.95, abs=0.005)


def test_drawing_one_indicator_follows_the_markets_asked_for():
    found = forecast(long(walk(markets=30), RULE), [RULE], 2015, 5, 8)
    normals = np.random.default_rng(0).standard_normal((7, 3))
    drawn = found.draw(RULE, ["M020", "XXX", "M003"], normals)
    every = np.zeros((7, 30))
    every[:, 20], every[:, 3] = normals[:, 0], normals[:, 2]
    expected = found.draws(every)
    assert drawn.shape == (7, 3) and np.isnan(drawn[:, 1]).all()
    assert drawn[:, 0] == pytest.approx(expected[:, 20]) and drawn[:, 2] == pytest.approx(expected[:, 3])
    assert found.draw(RULE, ["M003"], 1.0)[0] > found.draw(RULE, ["M003"], 0.0)[0]


def test_drawing_what_was_not_carried_is_refused():
    found = forecast(long(walk(markets=30), RULE), [RULE], 2015, 5, 8)
    with pytest.raises(ForecastError, match=r"GE.EST was not carried forward"):
        found.draw("GE.EST", ["M000"], 0.0)
    with pytest.raises(ForecastError, match=r"\(4,\) normals do not fit 30 values"):
        found.draws(np.zeros(4))


def test_the_seed_makes_it_repeatable_and_the_order_of_rows_does_not_matter():
    rows = long(trend(), LIFE)
    first = forecast(rows, [LIFE], 2015, 5, 8, seed=3)
    second = forecast(rows.sample(frac=1, random_state=0), [LIFE], 2015, 5, 8, seed=3)
    pd.testing.assert_frame_equal(first.values, second.values)
    pd.testing.assert_frame_equal(first.methods, second.methods)


def test_the_history_is_not_changed():
    rows = long(walk(markets=20), RULE)
    rows.loc[3, "value"] = np.inf
    copy = rows.copy()
    forecast(rows, [RULE], 2015, 5, 8)
    pd.testing.assert_frame_equal(rows, copy)


def test_few_markets_are_not_enough_to_choose_a_trend():
    found = forecast(long(trend(markets=3), LIFE), [LIFE], 2015, 5, 8)
    assert found.methods.loc[LIFE, "method"] == LAST and np.isnan(found.methods.loc[LIFE, "mae_damped"])
    assert found.methods.loc[LIFE, "n"] == 54 and found.values["spread"].notna().all()


def test_surveys_every_few_years_are_backtested_at_a_lead_they_have():
    values = walk(markets=60)
    values[:, np.setdiff1d(np.arange(30), [17, 20, 23, 26, 29])] = np.nan
    found = forecast(long(values, RULE), [RULE], 2015, 5, 8)
    assert found.methods.loc[RULE, "lead"] == 6 and found.methods.loc[RULE, "n"] == 180
    half = found.values["high"] - found.values["value"]
    errors = np.abs(values[:, [23, 26, 29]] - values[:, [17, 20, 23]])
    assert half.to_numpy() == pytest.approx(np.quantile(errors, 0.9) * np.sqrt(5 / 6), rel=0.02)


@pytest.mark.parametrize("horizon", [0, 11, -1])
def test_a_base_too_far_ahead_is_refused_with_the_remedy(horizon):
    with pytest.raises(ForecastError, match=r"backtested for 1 to 10 years. Choose a base from 2016 to 2025"):
        forecast(long(walk(markets=20), RULE), [RULE], 2015, horizon, 8)


def test_a_history_without_its_columns_a_window_of_nothing_and_no_data_are_refused():
    rows = long(walk(markets=20), RULE)
    with pytest.raises(ForecastError, match="The history lacks iso3"):
        forecast(rows.drop(columns="iso3"), [RULE], 2015, 5, 8)
    with pytest.raises(ForecastError, match="A window of 0 years holds nothing"):
        forecast(rows, [RULE], 2015, 5, 0)
    with pytest.raises(ForecastError, match=r"Nothing is known by 1950 of RL.EST. Fetch it"):
        forecast(rows, [RULE], 1950, 5, 8)


def test_when_every_figure_is_too_old_nothing_is_carried():
    found = forecast(long(walk(markets=20), RULE), [RULE], 2030, 5, 8)
    assert found.values.empty and len(found.missing) == 20
    assert found.draws(np.empty((3, 0))).shape == (3, 0)
