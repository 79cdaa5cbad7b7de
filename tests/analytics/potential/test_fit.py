"""Untapped potential as a whole, on made-up markets whose law is known, and on the shared panel."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.cli.commands import main
from analytics.index.recipe import Ingredient, Measure, Recipe, Target
from analytics.potential import fit as potential
from analytics.potential import over_time, panel
from analytics.potential.panel import PotentialError
from data import ingest, store
from tests.commands import called
from tests.learners import two_learners

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared" / "data" / "indicators" / "observations.parquet"
KEYS = ("GDP", "NET", "LAW")
MARKETS = [f"M{n:02d}" for n in range(90)]
GROUPS = pd.DataFrame(
    {"region": [f"R{n % 5}" for n in range(90)], "income_group": ["High", "Middle", "Low"] * 30},
    index=pd.Index(MARKETS, name="iso3"),
)
RECIPE = Recipe(
    "test", "Test", "Which?", "SALES", {"size": 1.0},
    tuple(Ingredient(key, key, "size", 1, 1.0, (Measure(key),)) for key in (*KEYS, "SALES.SHARE")),
    target=Target(Measure("SALES"), "Sales per person", "US$ per person", per_person=True, excludes=("SALES.*",)),
)  # fmt: skip


def history(seed: int = 0) -> pd.DataFrame:
    """2000-2020: sales follow GDP and law five years earlier, with noise; 70 of 90 markets report them."""
    random = np.random.default_rng(seed)
    level, law = random.lognormal(9, 1, 90), random.normal(size=90)
    rows = []
    for year in range(2000, 2021):
        gdp = level * 1.02 ** (year - 2000) * random.lognormal(0, 0.03, 90)
        sales = 0.05 * (level * 1.02 ** (year - 2005)) ** 1.1 * np.exp(0.3 * law + random.normal(0, 0.3, 90))
        for n, market in enumerate(MARKETS):
            rows += [
                (market, "GDP", year, gdp[n]),
                (market, "LAW", year, law[n] + random.normal(0, 0.05)),
                (market, "NET", year, random.uniform(0, 100)),
                (market, "SP.POP.TOTL", year, 1e6 * (n + 1)),
            ]
            rows += [(market, "SALES", year, sales[n]), (market, "SALES.SHARE", year, sales[n])] if n < 70 else []
    return pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"])


@pytest.fixture(scope="module")
def found() -> potential.PotentialFit:
    return potential.fit(history(), RECIPE, 2020, GROUPS)


def test_the_law_behind_the_figures_is_found(found):
    assert found.n == 70 and set(found.features) == set(KEYS)
    row = found.comparison.loc[found.learner]
    assert row[["r2_random", "r2_leave_region_out", "r2_time_split"]].min() > 0.85
    assert found.coefficients.loc["GDP", "estimate"] == pytest.approx(1.1, abs=0.1)
    assert found.coefficients.loc["GDP", "logged"] and not found.coefficients.loc["LAW", "logged"]
    assert {"income group median", "last value", "fixed effects"} < set(found.comparison.index)


def test_untapped_is_predicted_less_actual_with_its_interval_and_in_dollars(found):
    known = found.estimates[found.estimates["trained"]]
    assert known["untapped"].to_numpy() == pytest.approx((known["predicted"] - known["actual"]).to_numpy())
    assert known["untapped_low"].to_numpy() == pytest.approx((known["low"] - known["actual"]).to_numpy())
    assert known.loc["M09", "untapped_usd"] == pytest.approx(known.loc["M09", "untapped"] * 1e7)
    assert (known["low"] <= known["predicted"]).all() and (known["predicted"] <= known["high"]).all()


def test_markets_without_an_outcome_are_predicted_too(found):
    others = found.estimates[~found.estimates["trained"]]
    assert list(others.index) == MARKETS[70:]
    assert others[["actual", "untapped"]].isna().all().all()
    assert others[["predicted", "low", "high"]].gt(0).all().all()


def test_the_order_of_rows_and_what_follows_the_horizon_change_nothing_with_the_same_seed(found):
    rows = history().sample(frac=1, random_state=0)
    rows.loc[(rows["year"] > 2015) & rows["indicator"].isin(KEYS), "value"] *= 7
    again = potential.fit(rows, RECIPE, 2020, GROUPS)
    pd.testing.assert_frame_equal(found.features, again.features)
    pd.testing.assert_frame_equal(found.estimates, again.estimates)


def test_reasons_curves_and_analogues_of_a_market(found):
    reasons = found.reasons("M03")
    assert set(reasons.index) == set(KEYS) and reasons["contribution"].abs().is_monotonic_decreasing
    assert found.ale("GDP")["effect"].is_monotonic_increasing
    near = found.analogues("M03", 4)
    assert len(near) == 4 and near["actual"].notna().all() and "M03" not in near.index
    with pytest.raises(PotentialError, match="Too little is known of XXX"):
        found.reasons("XXX")


def test_every_check_has_a_verdict_and_a_sentence(found):
    names = [check.name for check in found.checks]
    assert len(names) == len(set(names)) >= 11
    assert all(check.verdict in ("PASS", "REVIEW", "FAIL") and check.advice.endswith(".") for check in found.checks)
    assert all(math.isfinite(check.figure) for check in found.checks)


def test_a_readers_own_outcome_predicts_the_markets_not_entered():
    figures = history().query("indicator == 'SALES' and year == 2020").set_index("iso3")["value"]
    own = figures.iloc[:40]
    with two_learners():
        found = potential.fit(history(), RECIPE, 2020, GROUPS, own_outcome=own)
    assert found.n == 40 and found.coverage_from == "random folds"
    assert found.comparison["r2_time_split"].isna().all()
    unseen = found.estimates.loc[figures.index[40:]]
    assert unseen["untapped"].equals(unseen["predicted"].rename("untapped"))
    assert np.corrcoef(np.log(unseen["predicted"]), np.log(figures.iloc[40:]))[0, 1] > 0.9


def test_a_short_history_is_measured_by_random_folds():
    rows = history().query("year >= 2013")
    with two_learners():
        found = potential.fit(rows, RECIPE, 2020, GROUPS)
    assert found.coverage_from == "random folds"
    assert math.isnan(found.comparison.loc[found.learner, "r2_time_split"])


def test_elasticities_over_time_are_within_markets():
    found = over_time.elasticities(history(), RECIPE, 2020)
    assert found.markets == 70 and len(found.years) == 10
    assert set(found.coefficients.index) == set(KEYS)
    with pytest.raises(PotentialError, match="Too few features have a yearly history"):
        over_time.elasticities(history().query("year > 2019"), RECIPE, 2020)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"learner": "oracle"}, "no learner 'oracle'. Choose best or"),
        ({"horizon": 0}, "horizon of 0 years"),
        ({"year": 2050}, "known for fewer than 12 markets for 2050"),
        ({"features": ["GDP", "SALES.SHARE"]}, "SALES.SHARE cannot be a feature"),
        ({"features": ["GDP", "NOTHING"]}, "NOTHING: no values in the window"),
        ({"own_outcome": pd.Series([1.0, 2.0], ["M01", "M02"])}, "2 markets cannot carry"),
        ({"own_outcome": pd.Series([1.0, 0.0], ["M01", "M02"])}, "zero or negative in M02"),
    ],
)
def test_what_cannot_be_estimated_is_explained(changes, reason):
    with pytest.raises(PotentialError, match=reason):
        potential.fit(history(), RECIPE, **{"year": 2020, "groups": GROUPS, **changes})


def test_an_empty_history_is_explained():
    empty = history().iloc[:0]
    with pytest.raises(PotentialError, match="data import FILE"):
        potential.default_year(empty, RECIPE)
    with pytest.raises(PotentialError, match="data import FILE"):
        potential.fit(empty, RECIPE, 2020, GROUPS)


def test_the_history_needed_names_outcome_features_and_population():
    assert potential.history_codes(RECIPE) == ("SALES", *KEYS, "SALES.SHARE", "SP.POP.TOTL")


def test_importing_it_loads_none_of_the_heavy_libraries():
    code = (
        "import sys, analytics.potential.fit, analytics.cli.potential;"
        "print([m for m in ('sklearn', 'torch', 'shap', 'mapie', 'statsmodels', 'linearmodels') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout.strip() == "[]"


def command(*arguments: str) -> subprocess.CompletedProcess:
    return called(main, "potential", *arguments)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("iso3,value\nXXX,1\nDEU,2\nDEU,3\n", "unknown markets: XXX"),
        ("country,value\nDEU,1\n", "found: country, value"),
        ("", "is not a CSV file"),
        ("iso3,value\n", "cannot carry|the same in every market"),
    ],
)
def test_an_uploaded_outcome_that_cannot_be_used_is_explained(full_home, tmp_path, content, reason):
    file = tmp_path / "own.csv"
    file.write_text(content)
    done = command("--recipe", "healthcare", "--outcome", str(file))
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert pd.Series([done.stderr]).str.contains(reason).all()


def test_the_command_prints_plain_numbers(full_home):
    with two_learners():
        done = command("--recipe", "healthcare", "--json")
    answer = json.loads(done.stdout, parse_constant=lambda text: pytest.fail(f"{text} in the output"))
    assert answer["n"] == len(answer["markets"]) == 80
    assert set(answer["markets"][0]) >= {"iso3", "actual", "predicted", "low", "high", "untapped"}
    assert answer["r2_time_split"] is None and answer["coverage_from"] == "random folds"


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared")
def test_healthcare_on_the_shared_panel_is_as_good_as_claimed(tmp_path, monkeypatch):
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path))
    store.ensure()
    ingest.import_file(SHARED)
    answer = json.loads(command("--recipe", "healthcare", "--year", "2022", "--json").stdout)
    assert answer["n"] >= 185 and answer["features_by"] == 2017
    assert answer["r2_leave_region_out"] >= 0.87
    assert 0.87 <= answer["coverage_90"] <= 0.93 and answer["coverage_from"] == "time split"
    assert answer["r2_growth"] < 0.2
    assert not [code for code in answer["features"] if code.startswith("SH.XPD")]


def test_a_panel_error_is_a_value_error():
    assert issubclass(panel.PotentialError, ValueError)
