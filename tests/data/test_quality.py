"""What is wrong with the data is found where it was put, graded, and comes with a remedy."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from data import quality, store

WEALTH, LIFE = "NY.GDP.PCAP.PP.CD", "SP.DYN.LE00.IN"


def land(source: str, rows: list[tuple], day: int = 0) -> None:
    snapshot = store.Snapshot(source, datetime(2026, 12, 1, tzinfo=UTC) + timedelta(days=day), f"{day:08d}", "CC0")
    frame = pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"])
    frame = frame.assign(source=source, snapshot=snapshot.id)
    with store.writing() as connection:
        connection.register("arrived", frame)
        connection.execute("CREATE TEMP TABLE incoming AS SELECT * FROM arrived")
        store.merge(connection, snapshot)


def found(check: str) -> pd.DataFrame:
    findings = quality.findings(store.connect())
    return findings[findings["check"] == check]


def history(value_of) -> list[tuple]:
    return [("DEU", LIFE, year, value_of(year)) for year in range(2000, 2021)]


def test_an_indicator_without_any_observation_is_missing(home):
    assert WEALTH in set(found("missing")["indicator"])
    land("ours", [("DEU", WEALTH, 2023, 1.0)])
    assert WEALTH not in set(found("missing")["indicator"])


def test_an_indicator_that_few_markets_have_is_reported_with_their_number(home):
    land("ours", [("DEU", WEALTH, 2023, 1.0)])
    row = found("coverage").set_index("indicator").loc[WEALTH]
    assert (row["severity"], row["facts"]["markets"], row["facts"]["all_markets"]) == ("high", 1, 244)
    assert row["problem"].startswith("Only 1 of 244 markets")


@pytest.mark.parametrize(("last_year", "severity"), [(2015, "high"), (2020, "medium")])
def test_an_old_indicator_is_stale(home, last_year, severity):
    land("ours", [("DEU", WEALTH, last_year, 1.0), ("DEU", LIFE, 2025, 80.0)])
    row = found("stale").set_index("indicator").loc[WEALTH]
    assert (row["severity"], row["facts"]["last_year"], row["facts"]["age"]) == (severity, last_year, 2025 - last_year)


def test_a_value_that_leaves_its_series_and_comes_back_is_a_spike(home):
    land("ours", history(lambda year: 70 + (year - 2000) * 0.1 + (50 if year == 2010 else 0)))
    [row] = found("spike").to_dict("records")
    assert (row["iso3"], row["indicator"], row["year"]) == ("DEU", LIFE, 2010)
    assert row["place"].startswith("DEU · Life expectancy")


def test_a_level_that_moves_and_stays_is_a_break(home):
    land("ours", history(lambda year: 40 + (year - 2000) * 0.1 + (30 if year >= 2010 else 0)))
    [row] = found("break").to_dict("records")
    assert (row["iso3"], row["year"]) == ("DEU", 2010)


def test_a_steady_series_is_neither(home):
    land("ours", history(lambda year: 70 + (year - 2000) * 0.1))
    assert found("spike").empty and found("break").empty


def test_a_value_far_from_its_peers_is_reported(home):
    region = store.markets(store.connect()).query("region == '202'")["iso3"].tolist()
    rows = [(iso3, LIFE, 2023, 60.0 + n % 5) for n, iso3 in enumerate(region[1:])]
    land("ours", [*rows, (region[0], LIFE, 2023, 600.0)])
    [row] = found("peers").query("indicator == @LIFE").to_dict("records")
    assert (row["iso3"], row["facts"]["value"]) == (region[0], "600")


def test_two_sources_that_differ_are_reported_with_the_worst_cell(home):
    land("theirs", [("DEU", LIFE, 2022, 80.0), ("FRA", LIFE, 2022, 82.0)], day=1)
    land("ours", [("DEU", LIFE, 2022, 60.0), ("FRA", LIFE, 2022, 82.1)], day=2)
    [row] = found("disagreement").to_dict("records")
    assert (row["iso3"], row["facts"]["cells"], row["facts"]["differing"]) == ("DEU", 2, 1)
    assert (row["facts"]["value"], row["facts"]["expected"]) == ("60", "80")


def test_the_gravest_findings_come_first_and_each_has_a_remedy(home):
    land("ours", [("DEU", WEALTH, 2023, 1.0)])
    findings = quality.findings(store.connect())
    grades = [quality.SEVERITIES.index(severity) for severity in findings["severity"]]
    assert grades == sorted(grades)
    assert tuple(findings.columns) == quality.COLUMNS
    assert findings["remedy"].str.endswith(".").all()


def test_a_source_whose_name_holds_braces_is_shown_as_it_is(home):
    land("{value}", [("DEU", LIFE, 2022, 80.0)], day=1)
    land("ours", [("DEU", LIFE, 2022, 60.0)], day=2)
    assert "{value}" in found("disagreement")["problem"].item()
