"""What a reader types finds the country meant, and Enter takes it: short names, codes, both languages, groups."""

import pytest

from dashboard import load, places


def first(typed: str, language: str = "en") -> str:
    """The option Enter takes: the first whose label contains what was typed, as the browser filters."""
    options, label = places.findable(tuple(load.markets().sort_values("name").index), str)
    return next(iso3 for iso3 in options if typed.casefold() in label(iso3).casefold())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_market_typed_in_full_is_the_first_found_in_both_languages(home, speak, language):
    speak(language)
    for names in (load.market_names("en"), load.market_names("zh_Hans")):
        assert {iso3: first(name) for iso3, name in names.items()} == {iso3: iso3 for iso3 in names}


@pytest.mark.parametrize(
    ("typed", "iso3"),
    [("UK", "GBR"), ("US", "USA"), ("UAE", "ARE"), ("Turkey", "TUR"), ("Ivory Coast", "CIV"), ("Reunion", "REU")],
)
def test_short_and_plain_names_find_their_market(home, speak, typed, iso3):
    speak("en")
    assert first(typed) == iso3


def test_codes_are_found(home, speak):
    speak("zh")
    assert first("DEU") == "DEU"
    options, label = places.findable(tuple(load.markets().index), str)
    assert all(label(iso3).endswith(f" · {iso3}") for iso3 in options)


def test_options_keep_their_order_and_none_is_lost(home, speak):
    speak("en")
    given = ("KOR", "USA", "AUS", "SSD", "SDN", "DEU")
    assert places.findable(given, str)[0] == ("KOR", "USA", "AUS", "SDN", "SSD", "DEU")


def test_options_that_are_no_markets_stay_as_they_are():
    assert places.findable(("absolute", "indexed"), str.upper) == (("absolute", "indexed"), str.upper)
    assert places.findable((2023, 2022), str) == ((2023, 2022), str)


def test_groups_are_called_by_both_languages_continents_first(home, speak):
    speak("en")
    labels = list(places.group_labels().items())
    assert [code for code, _label in labels[:5]] == list(places.CONTINENTS)
    assert dict(labels)["142"] == "Asia · 亚洲"
    assert {"ASEAN", "EU", "GCC", "OECD", "G20", "African Union", "MERCOSUR"} <= set(dict(labels))
    speak("zh")
    assert places.group_labels()["142"] == "亚洲 · Asia"


def test_a_group_expands_to_its_markets(home):
    asia = load.group_members(("142",))
    assert {"JPN", "IND", "SAU", "KAZ", "SGP"} <= asia
    assert not asia & {"AUS", "RUS", "EGY", "USA"}
    assert load.group_members(("GCC",)) == {"ARE", "BHR", "KWT", "OMN", "QAT", "SAU"}  # gcc-sg.org
    assert load.group_members(("142", "EU")) == asia | load.group_members(("EU",))
