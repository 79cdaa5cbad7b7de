"""Where weights come from: published cases, the reader's own, and sentences for what cannot be used."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.index import weights
from analytics.index.design import DesignError
from analytics.index.recipe import Ingredient, Measure, Recipe

THREE = Recipe(
    "test", "Test", "Which?", "a", {"size": 3.0, "risk": 1.0},
    tuple(
        Ingredient(key, key, dimension, 1, weight, (Measure(key),))
        for key, dimension, weight in (("wealth", "size", 1.0), ("people", "size", 3.0), ("inflation", "risk", 1.0))
    ),
)  # fmt: skip


def test_entropy_weights_of_a_published_case():
    # Xu (2004), "A note on the subjective and objective integrated approach to determine attribute weights", European
    # Journal of Operational Research 156: four cars by four attributes; weights 0.4630, 0.3992, 0.1378, 0.0000.
    cars = pd.DataFrame(
        [[30, 30, 38, 29], [19, 54, 86, 29], [19, 15, 85, 28.9], [68, 70, 60, 29]], columns=list("abcd")
    )
    assert weights.entropy(cars).round(4).tolist() == [0.4630, 0.3992, 0.1378, 0.0000]


def test_entropy_by_hand_and_nothing_for_a_column_without_differences():
    # a: shares 1/4 and 3/4, entropy (0.25 ln 4 + 0.75 ln 4/3) / ln 2 = 0.8113; b: all in one, entropy 0; c: equal.
    found = weights.entropy(pd.DataFrame({"a": [1.0, 3.0], "b": [0.0, 5.0], "c": [2.0, 2.0]}))
    assert found.to_dict() == pytest.approx({"a": 0.1887 / 1.1887, "b": 1 / 1.1887, "c": 0.0}, abs=1e-4)


@pytest.mark.parametrize("values", [{"a": [2.0, 2.0], "b": [1.0, 1.0]}, {"a": [np.nan] * 2, "b": [0.0, 0.0]}])
def test_where_no_column_tells_markets_apart_all_weigh_the_same(values):
    assert weights.entropy(pd.DataFrame(values)).to_dict() == {"a": 0.5, "b": 0.5}


def test_two_related_columns_share_the_first_component_by_hand():
    # Correlation r > 0: the first eigenvector is (1, 1)/sqrt 2, so the squared loadings are 1/2 each.
    found, warnings = weights.principal_component(pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, 3, 2, 4]}), "size")
    assert found.to_dict() == pytest.approx({"a": 0.5, "b": 0.5})
    assert warnings == ()


def test_a_first_component_that_explains_little_or_has_mixed_signs_warns():
    random = np.random.default_rng(0)
    apart = pd.DataFrame(random.normal(size=(500, 6)), columns=list("abcdef"))
    assert any("explains only" in str(warning) for warning in weights.principal_component(apart, "size")[1])
    against = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [1.0, 2, 3, 5], "c": [4.0, 3, 2, 1]})
    found, warnings = weights.principal_component(against, "size")
    assert [str(warning) for warning in warnings] == [
        "The first component of size sets c against the others: do not read its weights as importance."
    ]
    assert (warnings[0].values["what"], warnings[0].values["columns"]) == ("size", "c")
    assert found.sum() == pytest.approx(1)


def test_pca_needs_more_markets_than_columns_and_says_so():
    with pytest.raises(DesignError, match=r"more markets than columns: there are 3 for 4\. Choose other weights"):
        weights.principal_component(
            pd.DataFrame(np.random.default_rng(0).normal(size=(3, 4)), columns=list("abcd")), "x"
        )


def test_a_constant_column_gets_no_weight_from_pca():
    table = pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, 2, 4], "c": [5.0, 5, 5]})
    assert weights.principal_component(table, "size")[0]["c"] == 0


def test_own_weights_are_taken_at_both_levels_and_what_is_not_named_stays():
    # size 1 of 1 + 1 = 1/2, in it wealth 1 of 1 + 3; risk keeps its 1.
    found = weights.in_the_whole(THREE, {"size": 1.0})
    assert found == pytest.approx({"wealth": 0.125, "people": 0.375, "inflation": 0.5})
    found = weights.in_the_whole(THREE, {"wealth": 9.0, "risk": 0.0})
    assert found == pytest.approx({"wealth": 0.75, "people": 0.25, "inflation": 0.0})
    assert weights.in_the_whole(THREE) == weights.in_the_whole(THREE, {}) == THREE.weights()


@given(st.lists(st.floats(0.001, 1), min_size=3, max_size=3))
def test_weights_in_the_whole_survive_the_form_a_reader_writes(numbers):
    whole = dict(zip(("wealth", "people", "inflation"), np.array(numbers) / sum(numbers), strict=True))
    assert weights.in_the_whole(THREE, weights.as_own(THREE, whole)) == pytest.approx(whole)


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ({"size": 0.0, "risk": 0}, "All weights are zero, so nothing would count. Give at least one"),
        ({"wealth": 0, "people": 0}, "All indicators of size weigh nothing while the dimension has a weight"),
        ({"size": -1.0}, "the weight of size is -1; weights are 0 or more"),
        ({"size": float("nan")}, "the weight of size is nan, not a number"),
        ({"size": float("inf")}, "the weight of size is inf, not a number"),
        ({"size": "3"}, "the weight of size is '3', not a number"),
        ({"luck": 1.0, "size": -1.0}, "luck is neither a dimension nor an indicator of the recipe test; the weight of"),
    ],
)
def test_weights_that_cannot_be_used_are_explained_all_at_once(own, reason):
    with pytest.raises(DesignError, match=reason):
        weights.in_the_whole(THREE, own)
