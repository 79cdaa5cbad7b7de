"""What stands before a market: read whole, with source and month, and told for whom it binds."""

import csv
import re

import pytest

from analytics.index import recipe
from data import gates, store


def kinds(home: str, market: str, industry: str = "healthcare") -> list[str]:
    return [gate.kind for gate in gates.between(home, market, industry)]


def test_sanctions_bind_the_homes_they_name():
    assert kinds("USA", "CUB")[0] == "closed" and "closed" not in kinds("DEU", "CUB")
    assert kinds("DEU", "RUS")[0] == kinds("USA", "RUS")[0] == kinds("GBR", "RUS")[0] == "closed"
    assert all(kinds(home, "PRK") == ["closed"] for home in ("USA", "CHN", "DEU"))


def test_an_organisation_stands_for_its_members():
    for market in ("DEU", "FRA", "NOR"):
        assert {"approval", "data"} <= set(kinds("USA", market))


def test_a_rule_of_one_industry_holds_for_that_industry_only():
    assert "ownership" in kinds("USA", "CHN") and "ownership" not in kinds("USA", "CHN", "finance")


def test_nobody_meets_a_gate_at_home():
    assert gates.between("CHN", "CHN", "healthcare") == ()


def test_a_market_without_an_entry_is_not_known_to_us():
    assert gates.between("USA", "KEN", "education") == ()


def test_every_gate_names_its_source_its_month_and_markets_that_exist():
    with (store.REFERENCE / "markets.csv").open(encoding="utf-8", newline="") as opened:
        known = {row["iso3"] for row in csv.DictReader(opened)}
    for gate in gates.shipped():
        assert gate.source and gate.url.startswith("http") and re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", gate.as_of)
        assert gate.markets <= known and gate.homes <= known | {gates.ANYWHERE}
        assert set(gate.industries) <= set(recipe.NAMES)


def test_the_hardest_gate_comes_first():
    for market in ("RUS", "IRN", "CHN"):
        found = kinds("USA", market)
        assert found == sorted(found, key=gates.KINDS.index)


def test_faults_of_a_file_of_gates_are_told_together(tmp_path):
    file = tmp_path / "gates.toml"
    file.write_text(
        '[[gate]]\nkind = "closed"\nmarkets = ["PRK"]\n\n[[gate]]\nkind = "odd"\nmarkets = ["PRK"]\nhomes = ["*"]\n'
        'text = "a"\nsource = "b"\nurl = "c"\nas_of = "2025-01"\n',
        encoding="utf-8",
    )
    with pytest.raises(gates.GateError, match=r"gate 1: missing .*homes.*; gate 2: 'odd' is none of"):
        gates.read(file)
