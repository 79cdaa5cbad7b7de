"""A misspelt code or country is a fault that names what was probably meant, and only when that is near."""

import pytest

from data import __main__ as cli
from data import ingest, store

HEADER = "iso3,indicator,year,value\n"


def check(home, rows: str, **options):
    (home / "mine.csv").write_text(HEADER + rows)
    return ingest.import_file(home / "mine.csv", preview=True, **options)


def test_a_misspelt_code_is_a_fault_that_names_the_known_one(home):
    report = check(
        home, "DEU,SP.POP.TOTAL,2023,84000000\nDEU,sp.pop.totl,2023,84000000\nDEU,SP.POP.TOTL,2023,84000000\n"
    )
    told = dict(zip(report.faults["value"], report.faults["remedy"], strict=True))
    assert {"SP.POP.TOTAL"} <= set(told)
    assert told["SP.POP.TOTAL"].startswith("Did you mean SP.POP.TOTL (")
    with pytest.raises(ingest.ImportRefused):
        ingest.import_file(home / "mine.csv")
    assert "SP.POP.TOTAL" not in set(store.indicators(store.connect())["code"])


def test_skipping_the_fault_lands_nothing_of_the_misspelt_code(home):
    check(home, "DEU,SP.POP.TOTAL,2023,84000000\nDEU,SP.POP.TOTL,2023,84000000\n")
    report = ingest.import_file(home / "mine.csv", skip_invalid=True)
    assert (report.added, report.undescribed) == (1, ())


def test_a_code_of_ones_own_is_no_fault(home):
    assert check(home, "DEU,OUR.SALES,2024,12\n").fault_count == 0


def test_a_close_code_lands_when_it_is_described_or_said_to_be_new(home, capsys):
    assert check(home, "DEU,SP.POP.TOTX,2023,1\n", new_indicators=True).fault_count == 0
    assert cli.main(["import", str(home / "mine.csv")]) == 1
    assert cli.main(["import", str(home / "mine.csv"), "--new-indicators", "--preview"]) == 0
    (home / "indicators.csv").write_text("indicator,name,unit,source,licence\nSP.POP.TOTX,Ours,persons,Us,CC0-1.0\n")
    assert check(home, "DEU,SP.POP.TOTX,2023,1\n").fault_count == 0


@pytest.mark.parametrize(("typed", "meant"), [("Germoney", "Germany"), ("Frnace", "France"), ("Columbia", "Colombia")])
def test_a_country_a_slip_away_is_suggested(home, typed, meant):
    assert check(home, f"{typed},SP.POP.TOTL,2023,1\n").faults["remedy"][0].startswith(f"Did you mean {meant} (")


@pytest.mark.parametrize("typed", ["Atlantis", "Wakanda", "Narnia"])
def test_a_country_that_is_near_none_is_not_guessed(home, typed):
    assert "Did you mean" not in check(home, f"{typed},SP.POP.TOTL,2023,1\n").faults["remedy"][0]
