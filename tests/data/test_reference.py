"""The embedded facts: keys that fit, facts anyone can check, and the formulas that made them."""

import csv
import gzip
import itertools
import json
import math
import statistics
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from data.reference import build, hand

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "data" / "reference"
TOPOJSON = ROOT / "dashboard" / "static" / "topojson"
INDICATORS = ROOT.parent / "shared" / "data" / "indicators"

needs_shared = pytest.mark.skipif(not INDICATORS.is_dir(), reason="needs ../shared")


def table(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


MARKETS = {row["iso3"]: row for row in table("markets.csv")}
OBSERVATIONS = {
    (row["iso3"], row["indicator"], int(row["year"])): float(row["value"]) for row in table("observations.csv")
}
MEMBERS = defaultdict(set)
for membership in table("memberships.csv"):
    MEMBERS[membership["organisation"]].add(membership["iso3"])
OWNERS = {build.fold(row["name"]): row["iso3"] for row in table("names.csv")}


# Keys


def test_each_market_has_one_row():
    assert len(MARKETS) == len(table("markets.csv")) == 244


@pytest.mark.parametrize("column", ["iso2", "iso_numeric", "name"])
def test_no_two_markets_share_a_code_or_name(column):
    counts = Counter(row[column] for row in MARKETS.values() if row[column])
    assert [value for value, count in counts.items() if count > 1] == []


@pytest.mark.parametrize(
    "name", ["names", "languages", "neighbours", "timezones", "memberships", "observations", "map_markets", "conflicts"]
)
def test_every_row_is_about_a_known_market(name):
    assert {row["iso3"] for row in table(f"{name}.csv")} - set(MARKETS) <= {""}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("names", "iso3 language name kind"),
        ("languages", "iso3 language script"),
        ("neighbours", "iso3 neighbour"),
        ("timezones", "iso3 timezone"),
        ("memberships", "iso3 organisation"),
        ("observations", "iso3 indicator year"),
        ("map_markets", "iso3 resolution"),
        ("conflicts", "subject"),
        ("sources", "file facts"),
    ],
)
def test_no_key_appears_twice(name, key):
    keys = Counter(tuple(row[column] for column in key.split()) for row in table(f"{name}.csv"))
    assert [found for found, count in keys.items() if count > 1] == []


def test_neighbours_border_each_other():
    pairs = {(row["iso3"], row["neighbour"]) for row in table("neighbours.csv")}
    assert {other for _, other in pairs} <= set(MARKETS)
    assert {(other, one) for one, other in pairs} == pairs
    assert not any(one == other for one, other in pairs)


def test_every_region_lies_in_its_continent():
    for row in MARKETS.values():
        assert hand.CONTINENT_OF_REGION[row["region"]] == row["continent"], row["iso3"]


def test_every_capitals_time_zone_is_among_the_markets_time_zones():
    zones = {(row["iso3"], row["timezone"]) for row in table("timezones.csv")}
    assert {(row["iso3"], row["timezone"]) for row in MARKETS.values()} <= zones


def test_every_table_is_listed_with_its_source():
    assert {row["file"] for row in table("sources.csv")} == {path.name for path in REFERENCE.glob("*.csv")}


@pytest.mark.parametrize("name", sorted(build.COLUMNS))
def test_tables_are_sorted_with_plain_line_ends(name):
    content = (REFERENCE / name).read_bytes()
    rows = [tuple(row.values()) for row in table(name)]
    assert b"\r" not in content
    assert rows == sorted(rows)
    assert tuple(table(name)[0]) == tuple(build.COLUMNS[name].split())


# Which markets there are


def test_markets_follow_iso_and_the_world_bank():
    assert {"TWN", "HKG", "MAC", "PSE", "ESH", "XKX", "CHI", "GGY", "JEY", "IMN"} <= set(MARKETS)
    assert not hand.UNINHABITED & set(MARKETS)
    assert MARKETS["XKX"]["iso2"] == "XK"


def test_the_channel_islands_carry_no_facts_of_cldr():
    row = MARKETS["CHI"]
    assert (row["region"], row["currency"], row["timezone"]) == ("154", "GBP", "Europe/London")
    assert (row["iso2"], row["first_day"], row["weekend"], row["calendars"]) == ("", "", "", "")


# Facts anyone can check


def test_switzerland_has_the_official_languages_cldr_lists():
    standing = {row["language"]: row["official_status"] for row in table("languages.csv") if row["iso3"] == "CHE"}
    assert {language for language, status in standing.items() if status == "official"} == {"de", "fr", "it"}
    assert (standing["gsw"], standing["rm"]) == ("de_facto_official", "official_regional")


def test_a_language_has_its_script():
    scripts = {(row["iso3"], row["language"], row["script"]) for row in table("languages.csv")}
    assert {("CHN", "zh", "Hans"), ("TWN", "zh", "Hant"), ("JPN", "ja", "Jpan"), ("SRB", "sr", "Cyrl")} <= scripts


def test_weekends_differ():
    weekends = {iso3: MARKETS[iso3]["weekend"] for iso3 in ("SAU", "DEU", "ARE", "IRN")}
    assert weekends == {"SAU": "fri,sat", "DEU": "sat,sun", "ARE": "sat,sun", "IRN": "fri"}


def test_currencies_are_the_present_ones():
    present = {"CHN": "CNY", "BGR": "EUR", "HRV": "EUR", "CUW": "XCG", "LSO": "LSL", "XKX": "EUR", "JPN": "JPY"}
    assert {iso3: MARKETS[iso3]["currency"] for iso3 in present} == present
    assert all(len(row["currency"]) == 3 for row in MARKETS.values())


def test_germany_has_nine_neighbours():
    found = {row["neighbour"] for row in table("neighbours.csv") if row["iso3"] == "DEU"}
    assert found == {"AUT", "BEL", "CHE", "CZE", "DNK", "FRA", "LUX", "NLD", "POL"}


def test_islands_have_no_neighbours():
    assert not {"JPN", "ISL", "NZL", "CUB"} & {row["iso3"] for row in table("neighbours.csv")}


@pytest.mark.parametrize(
    ("iso3", "capital", "latitude", "longitude"),
    [
        ("IND", "New Delhi", 28.6, 77.2),
        ("USA", "Washington", 38.9, -77.0),
        ("KAZ", "Astana", 51.2, 71.4),
        ("CRI", "San José", 9.9, -84.1),
    ],
)
def test_capitals_lie_where_they_lie(iso3, capital, latitude, longitude):
    row = MARKETS[iso3]
    assert row["capital"] == capital
    assert float(row["latitude"]) == pytest.approx(latitude, abs=0.1)
    assert float(row["longitude"]) == pytest.approx(longitude, abs=0.1)


def test_every_market_has_a_place_on_the_map():
    for row in MARKETS.values():
        assert -60 < float(row["latitude"]) < 80, row["iso3"]
        assert -180 <= float(row["longitude"]) <= 180, row["iso3"]


@pytest.mark.parametrize(
    ("organisation", "members"),
    [
        ("ASEAN", 11),
        ("African Union", 55),
        ("APEC", 21),
        ("BRICS", 10),
        ("CoE", 46),
        ("EEA", 30),
        ("EU", 27),
        ("Euro area", 21),
        ("G7", 7),
        ("G20", 19),
        ("GCC", 6),
        ("OECD", 38),
        ("RCEP", 15),
        ("Schengen", 29),
        ("UN", 193),
        ("USMCA", 3),
    ],
)
def test_organisations_have_as_many_members_as_they_say(organisation, members):
    assert len(MEMBERS[organisation]) == members


def test_memberships_agree_with_each_other():
    assert MEMBERS["Euro area"] < MEMBERS["EU"] < MEMBERS["EEA"]
    assert {MARKETS[iso3]["currency"] for iso3 in MEMBERS["Euro area"]} == {"EUR"}
    assert {MARKETS[iso3]["continent"] for iso3 in MEMBERS["African Union"]} == {"002"}


def test_populations_are_plausible():
    assert 120e6 < OBSERVATIONS["JPN", "cldr:population", 2023] < 127e6
    world = sum(
        value for (_, indicator, year), value in OBSERVATIONS.items() if (indicator, year) == ("cldr:population", 2023)
    )
    assert 7.8e9 < world < 8.3e9


def test_shares_stay_between_nothing_and_all():
    percent = {"cldr:literacy", "geonames:city_share", "geonames:primacy"}
    assert all(0 < value <= 100 for (_, name, _), value in OBSERVATIONS.items() if name in percent)


def test_the_two_koreas_are_kept_apart_in_gapminder():
    assert OBSERVATIONS["KOR", "gapminder:gdp_per_capita", 2007] > 20_000
    assert OBSERVATIONS["PRK", "gapminder:gdp_per_capita", 2007] < 2_000


def test_the_lira_moved_more_than_the_franc_in_2018():
    assert OBSERVATIONS["TUR", "ecb:fx_volatility", 2018] > 3 * OBSERVATIONS["CHE", "ecb:fx_volatility", 2018]


def test_only_the_dollar_does_not_move_against_the_dollar():
    still = {iso3 for (iso3, name, _), value in OBSERVATIONS.items() if name == "ecb:fx_volatility" and value == 0}
    assert "USA" in still
    assert {MARKETS[iso3]["currency"] for iso3 in still} == {"USD"}


def test_markets_of_one_currency_share_its_volatility():
    same = {OBSERVATIONS[iso3, "ecb:fx_volatility", 2020] for iso3 in ("DEU", "FRA", "XKX", "MNE")}
    assert len(same) == 1


RATES = {(iso3, year): value for (iso3, indicator, year), value in OBSERVATIONS.items() if indicator == "ecb:fx_rate"}


def test_rates_are_those_the_central_banks_publish():
    # Bundesbank, yearly averages of the ECB's reference rates: 1 EUR = 1.1095 USD in 2015, 1.0813 USD in 2023;
    # 151.99 JPY in 2023. A mean of quotients is not the quotient of means, so the last digit may differ.
    assert 1 / RATES["DEU", 2015] == pytest.approx(1.1095, rel=2e-3)
    assert 1 / RATES["DEU", 2023] == pytest.approx(1.0813, rel=2e-3)
    assert RATES["JPN", 2023] == pytest.approx(151.99 / 1.0813, rel=2e-3)


@needs_shared
def test_rates_come_within_a_hundredth_of_the_world_bank_s():
    found = []
    with gzip.open(INDICATORS / "observations.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(line for line in file if "indicator" in line or "PA.NUS.FCRF" in line):
            key = row["iso3"], int(row["year"])
            if key in RATES and row["iso3"] not in {"BGR", "HRV"}:  # they had no euro yet
                found.append(RATES[key] / float(row["value"]) - 1)
    assert len(found) > 700
    assert max(map(abs, found)) < 0.01
    assert statistics.median(map(abs, found)) < 0.001


def test_a_dollar_is_a_dollar_and_nothing_else_is():
    assert RATES["USA", 2015] == RATES["ECU", 2025] == 1
    assert {MARKETS[iso3]["currency"] for (iso3, _), value in RATES.items() if value == 1} == {"USD"}


def test_markets_of_one_currency_share_its_rate():
    rates = defaultdict(set)
    for (iso3, year), value in RATES.items():
        rates[MARKETS[iso3]["currency"], year].add(value)
    assert {key for key, values in rates.items() if len(values) > 1} == set()
    assert len({currency for currency, _ in rates}) == 31


def test_every_rate_has_the_years_in_which_every_month_was_quoted():
    years = defaultdict(set)
    for iso3, year in RATES:
        years[MARKETS[iso3]["currency"]].add(year)
    whole = set(build.RATE_YEARS)
    assert {currency for currency, found in years.items() if found != whole} == {"ISK", "RUB"}
    assert (min(years["ISK"]), max(years["RUB"])) == (2019, 2021)


# Names


def test_no_name_means_two_markets():
    build.check_unambiguous(table("names.csv"))


def test_every_market_has_one_display_name_in_each_language():
    shown = Counter((row["iso3"], row["language"]) for row in table("names.csv") if row["kind"] == "display")
    expected = {(iso3, language) for iso3 in MARKETS for language in build.LANGUAGES if iso3 != "CHI"}
    assert set(shown) == expected | {("CHI", "en")}
    assert set(shown.values()) == {1}


@pytest.mark.parametrize(
    ("name", "iso3"),
    [
        ("Korea, Rep.", "KOR"),
        ("Korea, Dem. People’s Rep.", "PRK"),
        ("COTE D'IVOIRE", "CIV"),
        ("Türkiye", "TUR"),
        ("turkiye", "TUR"),
        ("Turkey", "TUR"),
        ("U.S.", "USA"),
        ("UK", "GBR"),
        ("Burma", "MMR"),
        ("Swaziland", "SWZ"),
        ("West Bank and Gaza", "PSE"),
        ("Hong Kong SAR, China", "HKG"),
        ("Congo, Dem. Rep.", "COD"),
        ("Congo, Rep.", "COG"),
        ("Schweiz", "CHE"),
        ("日本", "JPN"),
        ("الهند", "IND"),
    ],
)
def test_a_market_is_found_by_its_names(name, iso3):
    assert OWNERS[build.fold(name)] == iso3


def misnamed(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs (iso3, name) of known markets whose name leads elsewhere or nowhere."""
    return [(iso3, name) for iso3, name in pairs if iso3 in MARKETS and OWNERS.get(build.fold(name)) != iso3]


@needs_shared
def test_every_country_name_of_the_indicator_panel_is_understood():
    with (INDICATORS / "countries.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["iso3"] for row in rows} <= set(MARKETS)
    assert misnamed([(row["iso3"], row[column]) for row in rows for column in ("name", "table_name")]) == []


@needs_shared
@pytest.mark.parametrize(
    ("pattern", "header", "code", "name"),
    [
        ("wdi-bulk/WDICountry.csv", "Country Code", "Country Code", "Short Name"),
        ("wdi-bulk/WDICountry.csv", "Country Code", "Country Code", "Table Name"),
        ("api-csv-*/API_*.csv", "Country Name", "Country Code", "Country Name"),
        ("api-csv-*/Metadata_Country_*.csv", "Country Code", "Country Code", "TableName"),
        ("databank-extract/*.csv", "Country Name", "Country Code", "Country Name"),
    ],
)
def test_every_country_name_of_the_world_banks_tables_is_understood(pattern, header, code, name):
    pairs = []
    for path in sorted((INDICATORS / "worldbank-layouts").glob(pattern)):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        start = next(number for number, row in enumerate(rows) if row and row[0] == header)
        columns = rows[start]
        pairs += [(row[columns.index(code)], row[columns.index(name)]) for row in rows[start + 1 :] if len(row) > 1]
    assert len({iso3 for iso3, _ in pairs} & set(MARKETS)) > 150
    assert misnamed(pairs) == []


@needs_shared
def test_every_country_name_of_the_world_banks_interface_is_understood():
    folder = INDICATORS / "worldbank-layouts" / "api-json"
    countries = json.loads((folder / "countries.json").read_text(encoding="utf-8"))[1]
    pairs = [(country["id"], country["name"]) for country in countries]
    with gzip.open(folder / "country-all-indicator-NY.GDP.MKTP.CD.page1of2.json.gz", "rt", encoding="utf-8") as file:
        values = json.load(file)[1]
    pairs += [(value["countryiso3code"], value["country"]["value"]) for value in values]
    assert misnamed(pairs) == []


# Maps


@pytest.mark.parametrize("size", build.RESOLUTIONS)
def test_the_maps_hold_the_layers_plotly_asks_for(size):
    world = json.loads((TOPOJSON / f"world_{size}.json").read_text(encoding="utf-8"))
    assert {"countries", "land", "ocean", "lakes", "rivers", "coastlines", "subunits"} <= set(world["objects"])
    drawn = {shape["id"] for shape in world["objects"]["countries"]["geometries"]}
    listed = {row["iso3"] for row in table("map_markets.csv") if row["resolution"] == size}
    assert listed == drawn & set(MARKETS)


def test_few_markets_need_a_point_on_the_finer_map():
    drawn = {row["iso3"] for row in table("map_markets.csv") if row["resolution"] == "50m"}
    assert set(MARKETS) - drawn == {"CHI", "SMR", "VAT", "WLF", "XKX"}


# Formulas, on values one can check by hand


def year_of(rates: list[float]) -> dict[str, float]:
    """December 2017 and the twelve months of 2018."""
    return dict(zip(["2017-12", *(f"2018-{month:02d}" for month in range(1, 13))], rates, strict=True))


def test_volatility_of_alternating_rates_equals_the_value_worked_out_by_hand():
    rates = [1.0, *[1.1, 1.0] * 6]  # changes are +d and -d, six each: variance 12 d² / 11
    expected = 100 * math.sqrt(12) * math.log(1.1) * math.sqrt(12 / 11)
    assert build.fx_volatility(year_of(rates)) == {2018: pytest.approx(expected)}


def test_a_steady_slide_is_no_volatility():
    assert build.fx_volatility(year_of([1.02**month for month in range(13)]))[2018] == pytest.approx(0, abs=1e-9)


def test_volatility_does_not_depend_on_the_unit_or_the_side_of_the_quote():
    rates = [1.0, 1.2, 0.9, 1.1, 1.3, 1.0, 1.4, 1.2, 1.1, 1.0, 0.8, 0.9, 1.0]
    plain = build.fx_volatility(year_of(rates))[2018]
    assert build.fx_volatility(year_of([1000 * rate for rate in rates]))[2018] == pytest.approx(plain)
    assert build.fx_volatility(year_of([1 / rate for rate in rates]))[2018] == pytest.approx(plain)
    changes = [math.log(after / before) for before, after in itertools.pairwise(rates)]
    assert plain == pytest.approx(100 * math.sqrt(12) * statistics.stdev(changes))


def quoted(months: range, year: int = 2018) -> dict[str, float]:
    """Two quotes a month, the month's number and three times that."""
    return {f"{year}-{month:02d}-{day}": float(times * month) for month in months for day, times in ((10, 1), (20, 3))}


def test_a_year_s_rate_is_the_mean_of_its_quoted_days():
    assert build.fx_rate(quoted(range(1, 13))) == {2018: 13}  # 2 * mean(1 to 12)


def test_a_year_with_a_month_that_was_not_quoted_has_no_rate():
    assert build.fx_rate(quoted(range(2, 13)) | quoted(range(1, 13), 2019)) == {2019: 13}
    assert build.fx_rate({}) == {}


def test_a_month_ends_on_its_last_quoted_day_whatever_the_order():
    days = {"2018-01-31": 2.0, "2018-01-02": 1.0, "2018-02-01": 3.0}
    assert build.month_ends(days) == {"2018-01": 2.0, "2018-02": 3.0}


@pytest.mark.parametrize("missing", ["2017-12", "2018-06", "2018-12"])
def test_a_year_with_a_missing_month_has_no_volatility(missing):
    rates = year_of([1.0 + month / 100 for month in range(13)])
    del rates[missing]
    assert build.fx_volatility(rates) == {}


def test_weekends_run_across_the_turn_of_the_week():
    assert build.weekend_days("sat", "sun") == ["sat", "sun"]
    assert build.weekend_days("fri", "fri") == ["fri"]
    assert build.weekend_days("sun", "mon") == ["sun", "mon"]


def test_folding_keeps_marks_that_carry_sense():
    assert build.fold("  Côte  d’Ivoire ") == "cote d'ivoire"
    assert build.fold("ガーナ") != build.fold("カーナ")
    assert build.fold("काना") != build.fold("कना")


def test_the_legal_tender_is_the_first_still_in_force():
    listed = [{"OLD": {"_to": "2026-01-31"}}, {"TOY": {"_tender": "false"}}, {"NEW": {"_from": "2026-01-01"}}]
    assert build.legal_tender(listed, "2026-11-01") == "NEW"
    assert build.legal_tender(listed, "2026-01-15") == "OLD"
    assert build.legal_tender([], "2026-11-01") == ""


def test_a_region_contains_what_its_parts_contain():
    containment = {"002": {"_contains": ["015", "202"]}, "015": {"_contains": ["EG"]}, "202": {"_contains": ["KE"]}}
    assert build.members_below(containment, "002") == {"015", "202", "EG", "KE"}


def test_an_ambiguous_name_stops_the_build_and_is_named():
    rows = [{"iso3": "AAA", "name": "Guinée"}, {"iso3": "BBB", "name": "guinee"}]
    with pytest.raises(SystemExit, match="guinee"):
        build.check_unambiguous(rows)


def test_a_border_is_seen_from_both_sides():
    assert build.symmetric([("DEU", "POL")]) == {("DEU", "POL"), ("POL", "DEU")}
