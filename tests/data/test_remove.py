"""An arrival is undone: its values go, what they replaced stands again, later arrivals stay; all of it or nothing."""

import pandas as pd
import pytest

from data import __main__ as cli
from data import ingest, store

HEADER = "iso3,indicator,year,value\n"


def land(home, rows: str) -> str:
    """Import rows under one and the same source; returns the arrival's id."""
    (home / "mine.csv").write_text(HEADER + rows)
    return ingest.import_file(home / "mine.csv", name="mine").snapshot


def stated(iso3: str = "DEU") -> dict[int, float]:
    rows = store.observation_rows(store.connect(), iso3, "SP.POP.TOTL")
    mine = rows[rows["source"].str.contains("mine")]
    return dict(zip(mine["year"], mine["value"], strict=True))


def everything() -> list[pd.DataFrame]:
    connection = store.connect()
    tables = ("observations", "revisions", "snapshots", "indicators", "fetches")
    return [connection.execute(f"SELECT * FROM atlas.{table} ORDER BY ALL").df() for table in tables]


def test_removing_the_only_arrival_leaves_the_store_as_it_was(home):
    before = everything()
    arrival = land(home, "DEU,SP.POP.TOTL,2023,84000000\nFRA,MY.OWN.CODE,2023,1\n")
    assert store.remove(arrival) == {"removed": 2, "restored": 0}
    for was, now in zip(before, everything(), strict=True):
        pd.testing.assert_frame_equal(was, now)


def test_what_an_arrival_replaced_stands_again(home):
    land(home, "DEU,SP.POP.TOTL,2022,83\nDEU,SP.POP.TOTL,2023,84\n")
    before = everything()
    second = land(home, "DEU,SP.POP.TOTL,2023,99\nDEU,SP.POP.TOTL,2024,85\n")
    assert stated() == {2022: 83, 2023: 99, 2024: 85}
    assert store.remove(second) == {"removed": 2, "restored": 1}
    assert stated() == {2022: 83, 2023: 84}
    for was, now in zip(before, everything(), strict=True):
        pd.testing.assert_frame_equal(was, now)


def test_an_arrival_in_the_middle_goes_and_later_ones_stay(home):
    first = land(home, "DEU,SP.POP.TOTL,2023,84\n")
    second = land(home, "DEU,SP.POP.TOTL,2023,90\nFRA,SP.POP.TOTL,2023,60\n")
    third = land(home, "DEU,SP.POP.TOTL,2023,91\nFRA,SP.POP.TOTL,2023,68\n")
    store.remove(second)
    assert stated() == {2023: 91}
    assert stated("FRA") == {2023: 68}
    store.remove(third)
    assert stated() == {2023: 84}  # what stood before the second, not the second's
    assert stated("FRA") == {}
    store.remove(first)
    assert stated() == {}


def test_the_embedded_facts_and_unknown_arrivals_cannot_be_removed(home):
    before = everything()
    embedded = store.snapshots(store.connect())["id"].iloc[-1]
    for snapshot, why in ((embedded, "cannot be removed"), ("nowhere", "No arrival nowhere")):
        with pytest.raises(store.StoreError, match=why):
            store.remove(snapshot)
    for was, now in zip(before, everything(), strict=True):
        pd.testing.assert_frame_equal(was, now)


def test_the_command_asks_first_and_removes_on_yes(home, monkeypatch, capsys):
    arrival = land(home, "DEU,SP.POP.TOTL,2023,84\n")
    monkeypatch.setattr("builtins.input", lambda question: "")
    assert cli.main(["remove", arrival]) == 1
    assert stated() == {2023: 84}
    assert cli.main(["remove", arrival, "--yes"]) == 0
    assert stated() == {}
    assert "1 values removed, 0 earlier ones restored" in capsys.readouterr().out
    assert cli.main(["remove", arrival, "--yes"]) == 1


def test_the_status_lists_arrivals_by_the_id_that_remove_takes(home, capsys):
    arrival = land(home, "DEU,SP.POP.TOTL,2023,84\n")
    cli.main(["status"])
    assert f"[{arrival}]" in capsys.readouterr().out
