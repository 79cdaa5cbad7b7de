"""The map shows where the chosen markets are, across the date line where that is shorter."""

import pandas as pd

from dashboard.charts import outlines
from data import store


def seen(*iso3s: str):
    places = pd.read_csv(store.REFERENCE / "markets.csv", keep_default_na=False).set_index("iso3")
    return outlines.around(places.loc[list(iso3s), ["latitude", "longitude"]].astype(float))


def test_a_country_is_framed_by_its_mainland():
    """Metropolitan France reaches from 5° W to 8° E and from 43° N to 51° N (French Guiana is not in the frame)."""
    (west, east), (south, north) = seen("FRA")
    assert -9 < west < -4 and 7 < east < 12
    assert 38 < south < 44 and 50 < north < 56


def test_a_market_without_an_outline_is_framed_around_its_capital():
    (west, east), (south, north) = seen("SGP")
    assert west < 103.85 < east and south < 1.29 < north
    assert east - west < 10


def test_oceania_is_framed_across_the_date_line():
    (west, east), _latitudes = seen("AUS", "NZL", "WSM", "TON")
    assert 100 < west < 115
    assert 188 < east < 195  # Samoa lies at 172° W


def test_markets_all_around_the_world_show_the_whole_world():
    assert seen("USA", "BRA", "FRA", "NGA", "IND", "JPN", "NZL", "RUS") is None
