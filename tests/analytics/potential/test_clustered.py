"""Errors clustered by market, as pyfixest reckons them."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from analytics.potential import clustered, regression

X = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4]
Z = [2, 7, 1, 8, 2, 8, 1, 8, 2, 8, 4, 5, 9, 0, 4, 5, 2, 3, 5, 3, 6, 0, 2, 8]
NOISE = [1, -2, 3, 0, -1, 2, -3, 1, 2, 0, -2, 3, -1, 1, 0, -2, 2, 1, -3, 0, 1, 2, -1, 0]


def small_panel() -> pd.DataFrame:
    """Six markets in four years, one with a gap, and a seventh with one year."""
    keys = [(f"M{market}", 2020 + year) for market in range(6) for year in range(4)]
    rows = pd.DataFrame({"x": X, "z": Z}, pd.MultiIndex.from_tuples(keys, names=["iso3", "year"]), dtype=float)
    market, year = (np.array([key[n] for key in keys]) for n in (0, 1))
    rows["y"] = 2 * rows["x"] - rows["z"] + 5 * np.array([int(m[1]) for m in market]) + year - 2020 + NOISE
    alone = pd.DataFrame(
        {"x": 7.0, "z": 7.0, "y": 40.0}, pd.MultiIndex.from_tuples([("M9", 2022)], names=rows.index.names)
    )
    return pd.concat([rows.drop(("M2", 2021)), alone])


def test_clustered_errors_are_those_of_pyfixest():
    """feols("y ~ x + z | iso3 + year", vcov={"CRV1": "iso3"}) of pyfixest 0.60.0, which drops the seventh market."""
    rows = small_panel()
    found = clustered.within(rows[["x", "z"]], rows["y"])
    assert (found.n, found.markets) == (23, 6)
    table = found.coefficients
    assert table["estimate"].to_numpy() == pytest.approx([2.493315, -1.373233], abs=1e-6)
    assert table["error"].to_numpy() == pytest.approx([0.240884, 0.146706], abs=1e-6)
    assert table["low"].to_numpy() == pytest.approx([2.007922, -1.668853], abs=1e-6)
    assert table["high"].to_numpy() == pytest.approx([2.978708, -1.077614], abs=1e-6)
    assert table["p"].to_numpy() == pytest.approx([0.000145, 0.000234], abs=1e-6)


def test_clustered_errors_are_those_of_dummies_but_for_the_count_of_nested_effects():
    rows = clustered.without_singletons(small_panel())
    found = clustered.within(rows[["x", "z"]], rows["y"])
    dummies = pd.get_dummies(rows.reset_index()[["iso3", "year"]].astype(str), drop_first=True).astype(float)
    design = np.column_stack([rows[["x", "z"]], dummies, np.ones(len(rows))])
    groups = pd.factorize(rows.index.get_level_values("iso3"))[0]
    plain = sm.OLS(rows["y"].to_numpy(), design).fit(cov_type="cluster", cov_kwds={"groups": groups})
    counted = np.sqrt((23 - design.shape[1]) / (23 - 2 - 4))
    assert found.coefficients["error"].to_numpy() == pytest.approx(plain.bse[:2] * counted)
    wide = (found.coefficients["high"] - found.coefficients["low"]) / 2 / found.coefficients["error"]
    assert wide.to_numpy() == pytest.approx([stats.t.ppf(0.95, 5)] * 2)


def test_singletons_are_dropped_until_none_is_left():
    keys = [("A", 1), ("A", 2), ("B", 1), ("B", 2), ("C", 2), ("C", 3), ("D", 3)]
    rows = pd.DataFrame({"x": 0.0}, pd.MultiIndex.from_tuples(keys, names=["iso3", "year"]))
    # D has one year; without D only C has the third, and without that one C has one year
    assert list(clustered.without_singletons(rows).index) == keys[:4]


def test_errors_that_nothing_is_left_for_are_infinite_and_not_small():
    keys = [(market, year) for market in ("A", "B", "C") for year in (1, 2)]
    rows = pd.DataFrame(
        {"x": [1.0, 2, 4, 3, 9, 5], "z": [2.0, 9, 1, 3, 7, 7], "y": [1.0, 4, 2, 2, 9, 1]},
        pd.MultiIndex.from_tuples(keys, names=["iso3", "year"]),
    )
    assert np.isfinite(clustered.within(rows[["x"]], rows["y"]).coefficients["error"]).all()
    tight = clustered.within(rows[["x", "z"]], rows["y"]).coefficients
    assert np.isinf(tight["error"]).all() and (tight["low"] == -np.inf).all() and (tight["p"] == 1).all()


def test_a_market_with_one_year_keeps_its_effect_but_is_not_counted():
    rows = small_panel()
    found = regression.fixed_effects(rows[["x", "z"]], rows["y"])
    assert (found.n, found.markets) == (23, 6)
    assert found.fitted.loc[("M9", 2022)] == pytest.approx(40)
    assert "M9" in found.market_effects.index
