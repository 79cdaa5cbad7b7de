"""Honest errors: folds hold a whole region, intervals cover what they promise, verdicts follow their limits."""

import numpy as np
import pandas as pd
import pytest

from analytics.potential import learners, validation


def simulated(count: int, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    random = np.random.default_rng(seed)
    features = pd.DataFrame(random.normal(size=(count, 4)), columns=list("abcd"))
    return features, features @ [1.0, -0.5, 0.2, 0.0] + random.standard_t(5, count)


def test_90_percent_intervals_cover_about_90_percent_of_new_draws():
    rates = []
    for seed in range(12):
        features, outcome = simulated(350, seed)
        model = learners.make("ridge")
        found = validation.conformal(model, features[:150], outcome[:150], features[150:], seed=0)
        rates.append(validation.covered(outcome[150:], found).mean())
    assert 0.88 <= np.mean(rates) <= 0.93


def test_intervals_of_trained_markets_come_from_models_that_did_not_see_them():
    features, outcome = simulated(60, 0)
    splits = validation.random_splits(60, seed=0)
    before = validation.cross_conformal(learners.make("ridge"), features, outcome, splits, 0)
    changed = outcome.copy()
    changed.iloc[splits[0][1]] += 100.0
    after = validation.cross_conformal(learners.make("ridge"), features, changed, splits, 0)
    held = features.index[splits[0][1]]
    pd.testing.assert_frame_equal(before.loc[held], after.loc[held])
    assert (before["low"] <= before["predicted"]).all() and (before["predicted"] <= before["high"]).all()


def test_a_region_is_left_out_as_a_whole_and_tiny_ones_together():
    regions = pd.Series(["A"] * 10 + ["B"] * 10 + ["C"] * 2 + [None] * 2)
    splits = validation.region_splits(regions)
    assert [sorted(regions.iloc[test].fillna("?").unique()) for _, test in splits] == [["A"], ["B"], ["?", "C"]]
    assert all(not set(train) & set(test) for train, test in splits)
    assert validation.region_splits(pd.Series(["A"] * 10)) == []


def test_r2_by_hand():
    assert validation.r2(pd.Series([1.0, 2.0, 3.0]), pd.Series([1.0, 2.0, 4.0])) == pytest.approx(0.5)
    assert validation.r2(pd.Series([1.0, 2.0]), pd.Series([1.0, 2.0])) is None
    assert validation.r2(pd.Series([2.0, 2.0, 2.0]), pd.Series([1.0, 2.0, 3.0])) is None


def test_the_naive_guess_is_the_median_of_the_income_group_in_training():
    outcome = pd.Series([1.0, 2.0, 3.0, 10.0, 99.0])
    groups = pd.Series(["low", "low", "low", "high", "low"])
    found = validation.group_median(outcome, groups, [(np.array([0, 1, 2, 3]), np.array([4]))])
    assert found[4] == 2.0


def test_coverage_by_group_by_hand():
    inside = pd.Series([True, False, True, True], list("abcd"))
    groups = pd.DataFrame({"region": ["X", "X", "Y", None]}, list("abcd"))
    found = validation.coverage_by(inside, groups)
    assert found.to_numpy().tolist() == [["region", "X", 2, 0.5], ["region", "Y", 1, 1.0]]


def test_a_shift_is_seen_and_none_is_not():
    features, _ = simulated(200, 0)
    same = validation.shift(features[:100], features[100:], seed=0)
    moved = validation.shift(features[:100], features[100:] + 3.0, seed=0)
    assert 0.3 < same < 0.65
    assert moved > 0.95
    assert validation.shift(features, features[:3], seed=0) is None


@pytest.mark.parametrize(("figure", "verdict"), [(4.9, "PASS"), (5.1, "REVIEW"), (9.9, "REVIEW"), (10.1, "FAIL")])
def test_inflation_factors_are_judged_at_5_and_10(figure, verdict):
    (found,) = validation.check("vif", figure, 5, 10)
    assert found.verdict == verdict
    assert found.advice.endswith(".")


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [(0.90, "PASS"), (0.87, "PASS"), (0.86, "REVIEW"), (0.95, "REVIEW"), (0.79, "FAIL"), (1.0, "FAIL")],
)
def test_intervals_too_wide_are_a_fault_as_well_as_too_narrow(figure, verdict):
    assert validation.check_coverage(figure, 100)[0].verdict == verdict


def test_what_was_not_measured_is_no_check():
    assert validation.check("growth", None, 0.3, 0.1) == ()
    assert validation.check("growth", float("nan"), 0.3, 0.1) == ()


def test_no_sentence_claims_a_cause():
    assert not [text for texts in validation.ADVICE.values() for text in texts if "cause" in text.lower()]


def test_groups_whose_intervals_hold_too_rarely_are_told_from_groups_too_small_to_judge():
    table = pd.DataFrame(
        {
            "kind": ["region", "region", "region", "income_group"],
            "group": ["East", "North", "South", "High"],
            "n": [30, 2, 40, 50],
            "coverage": [0.83, 0.5, 0.95, 0.91],
        }
    )
    weak, small = validation.weak_groups(table)
    assert weak["group"].tolist() == ["East"] and small["group"].tolist() == ["North"]
