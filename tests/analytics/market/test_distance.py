"""Distances from home: known places, a published formula worked by hand, and what must hold for any market."""

import numpy as np
import pandas as pd
import pytest

from analytics.market import distance


def test_the_great_circle_from_berlin_to_madrid_is_about_1870_kilometres():
    places = pd.DataFrame({"latitude": [52.52, 40.42], "longitude": [13.41, -3.70]}, index=["DEU", "ESP"])

    found = distance.great_circle(52.52, 13.41, places)

    assert found["DEU"] == 0
    assert found["ESP"] == pytest.approx(1869, abs=5)


def test_half_way_round_the_equator_is_half_the_circumference():
    there = pd.DataFrame({"latitude": [0.0], "longitude": [180.0]})
    assert distance.great_circle(0, 0, there)[0] == pytest.approx(np.pi * distance.EARTH_RADIUS_KM)


def test_common_language_follows_melitz_and_toubal():
    home = {"en": 0.9, "es": 0.2}
    away = {"en": 0.5, "es": 0.5, "de": 1.0}
    # products 0.45 and 0.10: largest 0.45, sum 0.55, so 0.45 + 0.10 * 0.55 = 0.505
    assert distance.common_language(home, away) == pytest.approx(0.505)


def test_nothing_in_common_is_no_common_language_and_no_shared_membership():
    assert distance.common_language({"en": 1.0}, {"ja": 1.0}) == 0
    assert distance.shared_memberships(set(), set()) == 0
    assert distance.shared_memberships({"EU", "UN"}, {"UN"}) == 0.5


MARKETS = pd.DataFrame(
    {
        "latitude": [52.5, 48.2, 39.9, 30.0],
        "longitude": [13.4, 16.4, 116.4, 31.2],
        "currency": ["EUR", "EUR", "CNY", "EGP"],
    },
    index=["DEU", "AUT", "CHN", "EGY"],
)


def cage() -> pd.DataFrame:
    languages = pd.DataFrame(
        [("DEU", "de", 95.0), ("AUT", "de", 97.0), ("CHN", "zh", 90.0)], columns=["iso3", "language", "population_pct"]
    )
    memberships = pd.DataFrame(
        [("DEU", "EU"), ("DEU", "UN"), ("AUT", "EU"), ("AUT", "UN"), ("CHN", "UN")], columns=["iso3", "organisation"]
    )
    neighbours = pd.DataFrame([("DEU", "AUT"), ("AUT", "DEU")], columns=["iso3", "neighbour"])
    income = pd.Series({"DEU": 60_000.0, "AUT": 60_000.0, "CHN": 20_000.0})
    clock = pd.Series({"DEU": 1.0, "AUT": 1.0, "CHN": 8.0, "EGY": 2.0})
    return distance.cage("DEU", MARKETS, languages, memberships, neighbours, income, clock)


def test_home_is_at_distance_zero_and_a_neighbour_is_nearer_than_the_far_side_of_the_world():
    measures = cage()
    total = distance.euclidean(measures)

    assert (measures.loc["DEU"] == 0).all()
    assert total["DEU"] == 0
    assert total["AUT"] < total["CHN"]


def test_every_measure_says_what_it_says():
    measures = cage()

    assert measures.loc["AUT", "language"] == pytest.approx(1 - 0.95 * 0.97)
    assert measures.loc["AUT", ["memberships", "currency", "border", "time zone"]].tolist() == [0, 0, 0, 0]
    assert measures.loc["CHN", ["language", "memberships", "currency", "border", "time zone"]].tolist() == [
        1,
        0.5,
        1,
        1,
        7,
    ]
    assert measures.loc["CHN", "income"] == pytest.approx(np.log(3))


def test_a_missing_fact_stays_missing():
    measures = cage()
    assert np.isnan(measures.loc["EGY", "language"])
    assert np.isnan(measures.loc["EGY", "income"])


def test_clocks_differ_by_what_they_show_not_across_the_date_line():
    markets = MARKETS.loc[["DEU", "CHN"]]
    none = pd.DataFrame(columns=["iso3", "language", "population_pct", "organisation", "neighbour"])
    clock = pd.Series({"DEU": -11.0, "CHN": 12.0})

    found = distance.cage("DEU", markets, none, none, none, pd.Series(dtype=float), clock)

    assert found.loc["CHN", "time zone"] == 23


def test_mahalanobis_counts_measures_that_move_together_once():
    rng = np.random.default_rng(0)
    one = rng.normal(size=200)
    together = pd.DataFrame({"a": one, "b": one + rng.normal(scale=0.01, size=200)})
    apart = pd.DataFrame({"a": one, "b": rng.normal(size=200)})
    point = pd.DataFrame({"a": [3.0], "b": [3.0]})

    near = distance.mahalanobis(pd.concat([together, point], ignore_index=True)).iloc[-1]
    far = distance.mahalanobis(pd.concat([apart, point], ignore_index=True)).iloc[-1]

    assert near < far


def test_mahalanobis_of_too_few_markets_is_unknown():
    assert distance.mahalanobis(cage()).isna().all()


def test_without_weight_distance_changes_no_rank_and_with_all_of_it_the_nearest_wins():
    scores, far = pd.Series({"A": 90.0, "B": 50.0, "C": 10.0}), pd.Series({"A": 3.0, "B": 2.0, "C": 1.0})

    assert distance.ranks_with_distance(scores, far, 0)["rank_after"].tolist() == [1, 2, 3]
    assert distance.ranks_with_distance(scores, far, 1)["rank_after"].tolist() == [3, 2, 1]


@pytest.mark.parametrize("weight", [-0.1, 1.1])
def test_a_weight_outside_zero_to_one_is_refused(weight):
    with pytest.raises(ValueError, match="between 0 and 1"):
        distance.ranks_with_distance(pd.Series({"A": 1.0}), pd.Series({"A": 1.0}), weight)
