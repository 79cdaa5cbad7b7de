"""What figures did before: range, standard deviation and yearly changes, each worked by hand."""

import numpy as np
import pandas as pd
import pytest

from analytics.scenario import history as histories

INCOME, LAW = "NY.GDP.PCAP.PP.CD", "RL.EST"


def history(**series: list[float]) -> pd.DataFrame:
    """market -> its figures of the last years by 2020; code as `DEU_law` or `DEU_income`; nan: not observed."""
    rows = []
    for name, values in series.items():
        iso3, kind = name.split("_")
        first = 2021 - len(values)
        rows += [(iso3, {"law": LAW, "income": INCOME}[kind], first + n, value) for n, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"]).dropna(ignore_index=True)


STEADY = [1.0, 2.0, 3.0, 2.0, 2.0]  # standard deviation (n - 1): root of 2 / 4


def test_amounts_move_in_proportion_and_the_rest_in_points():
    assert histories.is_amount(INCOME) and histories.is_amount("SP.POP.TOTL")
    assert not any(histories.is_amount(code) for code in (LAW, "IT.NET.USER.ZS", "NY.GDP.MKTP.KD.ZG", "own:figure"))


def test_range_and_standard_deviation_are_the_markets_own():
    row = histories.record(history(DEU_law=STEADY), 2020).loc[("DEU", LAW)]
    assert row.to_dict() == {"low": 1.0, "high": 3.0, "sd": pytest.approx(np.sqrt(0.5)), "n": 5, "own": True}


def test_fewer_than_five_figures_borrow_the_median_of_the_other_markets():
    rows = history(DEU_law=STEADY, FRA_law=[2 * x for x in STEADY], ITA_law=[9 * x for x in STEADY], IND_law=[7.0, 8.0])
    found = histories.record(rows, 2020)
    assert found.loc[("IND", LAW), "sd"] == pytest.approx(2 * np.sqrt(0.5))
    assert not found.loc[("IND", LAW), "own"] and found.loc[("IND", LAW), ["low", "high"]].tolist() == [7, 8]


def test_the_borrowed_deviation_of_an_amount_is_relative_to_its_level():
    # Half of the level of 2 with Germany; so half of India's last figure of 3,000.
    found = histories.record(history(DEU_income=[1.0, 2.0, 3.0, 2.0, 2.0], IND_income=[1500.0, 3000.0]), 2020)
    assert found.loc[("IND", INCOME), "sd"] == pytest.approx(3000 * np.sqrt(0.5) / 2)


def test_nobody_to_borrow_from_leaves_the_deviation_unknown():
    assert np.isnan(histories.record(history(IND_law=[7.0, 8.0]), 2020).loc[("IND", LAW), "sd"])


def test_only_the_last_years_by_the_year_count():
    rows = history(DEU_law=[99.0] * 3 + [1.0] * 15 + [99.0])
    found = histories.record(rows, 2019).loc[("DEU", LAW)]
    assert (found["low"], found["high"], found["n"]) == (1.0, 1.0, 15)


def test_the_history_is_not_changed():
    rows = history(DEU_law=STEADY, DEU_income=STEADY)
    kept = rows.copy()
    histories.record(rows, 2020)
    histories.changes(rows, LAW, 2020)
    pd.testing.assert_frame_equal(rows, kept)


def test_changes_are_differences_of_points_and_ratios_of_amounts():
    rows = history(DEU_law=[1.0, 1.5, 1.0], DEU_income=[100.0, 110.0, 99.0])
    assert histories.changes(rows, LAW, 2020)["change"].tolist() == [0.5, -0.5]
    assert histories.changes(rows, INCOME, 2020)["change"].tolist() == pytest.approx([1.1, 0.9])


def test_a_year_that_is_missing_makes_no_change():
    rows = history(DEU_law=[1.0, np.nan, 3.0, 4.0], FRA_law=[5.0, np.nan, np.nan, 7.0])
    assert histories.changes(rows, LAW, 2020).to_dict("records") == [{"iso3": "DEU", "change": 1.0}]


def test_a_year_missing_for_all_makes_no_change_either():
    assert histories.changes(history(DEU_law=[1.0, np.nan, 3.0]), LAW, 2020).empty


def test_an_amount_of_nothing_has_no_ratio():
    rows = history(DEU_income=[0.0, 10.0, 20.0])
    assert histories.changes(rows, INCOME, 2020)["change"].tolist() == [2.0]


def test_changes_of_what_is_not_known_are_none():
    assert histories.changes(history(DEU_law=STEADY), "own:figure", 2020).empty
    assert list(histories.changes(history(DEU_law=STEADY), LAW, 1900).columns) == ["iso3", "change"]
