"""What lands, what is refused and what is said about it, when a file of observations is imported."""

import gzip
import hashlib
import json
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import catalog, ingest, layouts, store

SHARED = Path(__file__).parents[3] / "shared" / "data" / "indicators"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
HEADER = "iso3,indicator,year,value"
POPULATION, INTERNET, LIFE = "SP.POP.TOTL", "IT.NET.USER.ZS", "SP.DYN.LE00.IN"

pytestmark = pytest.mark.usefixtures("home")


def write(folder: Path, *rows: str, name: str = "figures.csv", header: str = HEADER) -> Path:
    file = folder / name
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def faults_of(file: Path, **options) -> list[tuple]:
    """(line, field, problem) of every fault of a refused file."""
    with pytest.raises(ingest.ImportRefused) as refused:
        ingest.import_file(file, **options)
    return list(refused.value.report.faults[["line", "field", "problem"]].itertuples(index=False, name=None))


def remedies_of(file: Path) -> list[str]:
    with pytest.raises(ingest.ImportRefused) as refused:
        ingest.import_file(file)
    return list(refused.value.report.faults["remedy"])


def stored(source: str = "figures.csv", order: str = "iso3, indicator, year") -> list[tuple]:
    """(iso3, indicator, year, value) of what an import under this name left in the store."""
    query = f"SELECT iso3, indicator, year, value FROM observations WHERE source = $source ORDER BY {order}"
    return rows_of(query, {"source": f"file {source}"})


def rows_of(query: str, parameters: dict | None = None) -> list[tuple]:
    connection = store.connect()
    connection.execute("USE atlas")
    return connection.execute(query, parameters or {}).fetchall()


# ------------------------------------------------------------------ faults


def test_every_fault_of_a_file_is_reported_at_once_with_its_line_and_column(tmp_path):
    file = write(
        tmp_path,
        f"DEU,{POPULATION},2020,83160871",
        f"Germny,{POPULATION},2021,83196078",
        f"FRA,{POPULATION},1492,20",
        f"FRA,{POPULATION},soon,20",
        f'GBR,{POPULATION},2020,"67,081,000"',
        f"ITA,{INTERNET},2020,101.5",
        "ESP,,2020,7",
        f"DEU,{POPULATION},2020,83160871",
        f"DEU,{POPULATION},2020,83000000",
    )
    life = catalog.load()[INTERNET]
    assert faults_of(file) == [
        (3, "market", "unknown country"),
        (4, "year", "year out of range"),
        (5, "year", "not a year"),
        (6, "value", "text in a number"),
        (7, "value", f"unit mismatch: {life.name} ({INTERNET}) is in {life.unit}, and nothing lies above 100"),
        (8, "indicator", "no indicator code"),
        (9, "market, indicator, year", "duplicate key: also on line 2 with another value"),
        (10, "market, indicator, year", "duplicate key: also on line 2 with another value"),
    ]
    assert stored() == []


def test_every_fault_says_what_to_do(tmp_path):
    file = write(tmp_path, f"Germny,{POPULATION},1492,abc", "FRA,,soon,1")
    assert all(remedies_of(file))


def test_equal_duplicates_are_told_from_differing_ones(tmp_path):
    file = write(tmp_path, f"DEU,{POPULATION},2020,1000", f"Germany,{POPULATION},2020,1000")
    assert faults_of(file) == [(3, "market, indicator, year", "duplicate key: also on line 2 with the same value")]


def test_a_misspelt_country_comes_with_a_suggestion(tmp_path):
    assert remedies_of(write(tmp_path, f"Germny,{POPULATION},2020,1"))[0].startswith("Did you mean Germany (DEU)?")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ('"1,234,567"', "Remove the thousands separators."),
        ('"1,5"', "Use a decimal point, not a comma."),
        ("12%", "Remove the percent sign."),
        ("about 12", "Write a plain number, or leave the cell empty if the value is missing."),
    ],
)
def test_text_in_a_number_is_explained(tmp_path, text, remedy):
    assert remedies_of(write(tmp_path, f"DEU,{POPULATION},2020,{text}")) == [remedy]


@pytest.mark.parametrize("text", ["inf", "-Infinity", "1e999"])
def test_an_infinite_value_is_a_fault(tmp_path, text):
    assert faults_of(write(tmp_path, f"DEU,X,2020,{text}")) == [(2, "value", "not a finite number")]


@pytest.mark.parametrize("text", ["0x10", "１２", "１．５", "٣", "5 %", "$5", "1/2", "(5)", "1e", "9" * 400])
def test_what_only_looks_like_a_number_is_a_fault(tmp_path, text):
    [(line, field, problem)] = faults_of(write(tmp_path, f"DEU,X,2020,{text}"))
    assert (line, field) == (2, "value")
    assert problem in ("text in a number", "not a finite number")


@pytest.mark.parametrize("text", ["", "..", "NA", "n/a", "NaN", "null", "None", "-", "…"])
def test_a_marker_for_missing_is_an_empty_cell_and_no_fault(tmp_path, text):
    report = ingest.import_file(write(tmp_path, f"DEU,X,2020,{text}", "FRA,X,2020,1"))
    assert (report.values, report.empty, stored()) == (1, 1, [("FRA", "X", 2020, 1.0)])


@pytest.mark.parametrize("year", ["20", "20200", "2020-01-01", "2020.5", "MMXX", "-2020"])
def test_what_is_not_four_digits_is_not_a_year(tmp_path, year):
    assert faults_of(write(tmp_path, f"DEU,X,{year},1")) == [(2, "year", "not a year")]


def test_years_lie_between_1900_and_now(tmp_path):
    file = write(tmp_path, "DEU,X,1899,1", "DEU,X,1900,1", "DEU,X,2024,1", "DEU,X,2203,1")
    now = datetime(2024, 5, 1, tzinfo=UTC)
    assert faults_of(file, now=now) == [(2, "year", "year out of range"), (5, "year", "year out of range")]


def test_years_to_come_are_projections_left_out_and_counted(tmp_path):
    file = write(tmp_path, "DEU,X,2024,1", "DEU,X,2025,2", "DEU,X,2050,3", "Atlantis,X,2050,3")
    report = ingest.import_file(file, now=datetime(2024, 5, 1, tzinfo=UTC))
    assert (report.added, report.left_out) == (1, (("projection", 3),))
    assert "3 projections for years to come left out" in report.sentence()


@pytest.mark.parametrize("unit", ["EUR", "constant 2015 US$", "% of GDP", "US$ per capita", "million billion US$"])
def test_a_unit_column_that_differs_from_the_catalog_is_a_fault(tmp_path, unit):
    file = write(tmp_path, f"DEU,NY.GDP.MKTP.CD,2020,3900,{unit}", header=f"{HEADER},unit")
    assert faults_of(file) == [(2, "unit", "unit mismatch: the catalog has GDP (NY.GDP.MKTP.CD) in current US$")]


@pytest.mark.parametrize("unit", ["current US$", "US$", "Current US$ per year", ""])
def test_a_unit_column_that_agrees_with_the_catalog_passes(tmp_path, unit):
    file = write(tmp_path, f"DEU,NY.GDP.MKTP.CD,2020,3900,{unit}", header=f"{HEADER},unit")
    assert ingest.import_file(file).added == 1


def test_fractions_for_a_percentage_are_a_fault_of_the_whole_indicator(tmp_path):
    codes = store.markets(store.connect())["iso3"].head(30)
    rows = [f"{iso3},{INTERNET},2020,0.{i + 10}" for i, iso3 in enumerate(codes)]
    file = write(tmp_path, *rows, f"DEU,{POPULATION},2020,83160871")
    [(line, field, problem)] = faults_of(file)
    assert (line, field) == (2, "value")
    assert problem.endswith("these look like fractions")
    assert ingest.import_file(file, skip_invalid=True).added == 1
    assert stored() == [("DEU", POPULATION, 2020, 83160871.0)]


def test_a_small_percentage_of_few_markets_is_not_taken_for_a_fraction(tmp_path):
    assert ingest.import_file(write(tmp_path, f"DEU,{INTERNET},1993,0.4", f"FRA,{INTERNET},1993,0.9")).added == 2


@pytest.mark.parametrize(("factor", "power"), [(1e-3, "-3"), (1e-6, "-6"), (100, "2")])
def test_values_a_power_of_ten_from_the_stored_ones_are_a_fault(tmp_path, factor, power):
    known = rows_of("SELECT iso3, value FROM observations WHERE indicator = 'cldr:population' LIMIT 20")
    file = write(tmp_path, *(f"{iso3},cldr:population,2023,{value * factor}" for iso3, value in known))
    [(_, _, problem)] = faults_of(file)
    assert f"these are about 10^{power} times the stored values" in problem
    assert remedies_of(file) == [
        f"Multiply the values of cldr:population by 10^{-int(power)}, or say that they are right as they stand "
        "(--as-stated)."
    ]
    assert ingest.import_file(file, choices=ingest.Choices(as_stated=True)).added == 20


def test_revised_values_are_no_fault_of_scale(tmp_path):
    known = rows_of("SELECT iso3, value FROM observations WHERE indicator = 'cldr:population' LIMIT 20")
    file = write(tmp_path, *(f"{iso3},cldr:population,2023,{value * 1.1}" for iso3, value in known))
    assert ingest.import_file(file).added == 20


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("DEU,X,2020,1,9,9", "6 columns instead of 4"),
        ("DEU,X", "2 of 4 columns"),
        ('DEU,"X"y,2020,1', "',' expected after '\"'"),
        ('DEU,"X,2020,1', "a quote that never closes"),
        ("DEU,X,2020," + "9" * 3_000_000, "longer than 100,000 characters"),
    ],
)
def test_a_line_that_cannot_be_split_is_a_fault_and_costs_no_other_line(tmp_path, line, problem):
    others = [f"FRA,X,{year},1" for year in range(1920, 2020)]
    file = write(tmp_path, "GBR,X,2020,3", line, *others)
    assert faults_of(file) == [(3, "", f"malformed line: {problem}")]
    assert ingest.import_file(file, skip_invalid=True).added == 101


def test_a_line_in_another_encoding_far_down_is_a_fault_of_that_line(tmp_path):
    file = write(tmp_path, *(f"FRA,X{i},2000,1" for i in range(40_000)))
    with file.open("ab") as out:
        out.write("Curaçao,X,2020,1\n".encode("latin-1"))
    assert faults_of(file) == [(40_002, "", "malformed line: not UTF-8")]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    file = write(tmp_path, "", 'DEU,"X\nY",2020,1', "", "", "nowhere,X,2020,1", "FRA,X,2020,1,1,1", "GBR,X,never,1")
    assert faults_of(file) == [
        (7, "market", "unknown country"),
        (8, "", "malformed line: 6 columns instead of 4"),
        (9, "year", "not a year"),
    ]


def test_the_number_of_faults_is_exact_when_only_some_are_listed(tmp_path):
    file = write(tmp_path, *(f"nowhere,X,{year},1" for year in range(1950, 2000)))
    with pytest.raises(ingest.ImportRefused) as refused:
        ingest.import_file(file, max_faults=3)
    assert (len(refused.value.report.faults), refused.value.report.fault_count) == (3, 50)


def test_a_refused_file_leaves_the_store_as_it_was(tmp_path, home):
    before = (store.path().read_bytes(), store.version())
    faults_of(write(tmp_path, "DEU,X,2020,1", "nowhere,X,2020,1"))
    assert (store.path().read_bytes(), store.version()) == before
    assert {file.name for file in home.iterdir()} == {"atlas.duckdb", "atlas.whole"}


def test_a_preview_finds_the_faults_and_writes_nothing(tmp_path):
    before = store.version()
    report = ingest.import_file(write(tmp_path, "DEU,X,2020,1", "nowhere,X,2020,1"), preview=True)
    assert (report.values, report.fault_count, report.landed, store.version()) == (2, 1, False, before)


# ------------------------------------------------------------------ skipping


def test_skipping_lands_the_rest_and_lists_what_it_left_out(tmp_path):
    file = write(tmp_path, "DEU,X,2020,1", "nowhere,X,2020,2", "FRA,X,2020,three", "GBR,X,2020,4")
    report = ingest.import_file(file, skip_invalid=True)
    assert stored() == [("DEU", "X", 2020, 1.0), ("GBR", "X", 2020, 4.0)]
    assert (report.added, report.skipped, list(report.faults["line"])) == (2, 2, [3, 4])
    assert rows_of("SELECT status, note FROM snapshots WHERE source = 'file figures.csv'") == [
        ("partial", "2 faults skipped")
    ]


def test_skipping_keeps_one_of_equal_duplicates_and_none_of_differing_ones(tmp_path):
    file = write(tmp_path, "DEU,X,2020,1", "DEU,X,2020,1", "FRA,X,2020,1", "FRA,X,2020,2")
    ingest.import_file(file, skip_invalid=True)
    assert stored() == [("DEU", "X", 2020, 1.0)]


def test_a_row_whose_value_is_text_is_no_duplicate_of_a_good_one(tmp_path):
    file = write(tmp_path, "DEU,X,2020,1", "DEU,X,2020,one")
    assert faults_of(file) == [(3, "value", "text in a number")]


def test_one_bad_cell_of_a_wide_line_does_not_drop_the_others(tmp_path):
    file = write(
        tmp_path,
        "Germany,DEU,Things,X,1,two,3",
        header="Country Name,Country Code,Indicator Name,Indicator Code,2018,2019,2020",
    )
    assert faults_of(file) == [(2, "2019", "text in a number")]
    ingest.import_file(file, skip_invalid=True)
    assert stored() == [("DEU", "X", 2018, 1.0), ("DEU", "X", 2020, 3.0)]


# ------------------------------------------------------------------ again, changed, other names


def test_importing_the_same_file_again_changes_nothing(tmp_path):
    file = write(tmp_path, "DEU,X,2020,1", "FRA,X,2020,2")
    ingest.import_file(file)
    before = (store.version(), store.path().read_bytes())
    report = ingest.import_file(file)
    assert (report.added, report.changed, report.unchanged, report.snapshot) == (0, 0, 2, None)
    assert (store.version(), store.path().read_bytes()) == before


def test_a_changed_value_replaces_the_old_one_which_is_kept_as_a_revision(tmp_path):
    first = ingest.import_file(write(tmp_path, "DEU,X,2020,1", "FRA,X,2020,5"))
    second = ingest.import_file(write(tmp_path, "DEU,X,2020,2", "FRA,X,2020,5"))
    assert (second.added, second.changed, second.unchanged) == (0, 1, 1)
    assert stored() == [("DEU", "X", 2020, 2.0), ("FRA", "X", 2020, 5.0)]
    assert rows_of("SELECT iso3, old_value, old_snapshot, new_value, snapshot FROM revisions") == [
        ("DEU", 1.0, first.snapshot, 2.0, second.snapshot)
    ]


def test_imports_within_one_second_all_count_in_the_order_they_came(tmp_path):
    now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    snapshots = [ingest.import_file(write(tmp_path, f"DEU,X,2020,{n}"), now=now).snapshot for n in range(6)]
    assert stored() == [("DEU", "X", 2020, 5.0)]
    assert snapshots == sorted(set(snapshots))


def test_an_import_after_the_clock_was_set_back_still_counts(tmp_path):
    ingest.import_file(write(tmp_path, "DEU,X,2020,1"), now=datetime(2027, 6, 1, tzinfo=UTC))
    ingest.import_file(write(tmp_path, "DEU,X,2020,2"), now=datetime(2026, 12, 1, tzinfo=UTC))
    assert stored() == [("DEU", "X", 2020, 2.0)]


def test_another_name_is_another_source(tmp_path):
    ingest.import_file(write(tmp_path, "DEU,X,2020,1"), name="theirs")
    ingest.import_file(write(tmp_path, "DEU,X,2020,2"), name="ours")
    assert (stored("theirs"), stored("ours")) == ([("DEU", "X", 2020, 1.0)], [("DEU", "X", 2020, 2.0)])


def test_the_same_name_is_the_same_source_whatever_the_file_is_called(tmp_path):
    ingest.import_file(write(tmp_path, "DEU,X,2020,1", name="january.csv"), name="ours")
    assert ingest.import_file(write(tmp_path, "DEU,X,2020,2", name="february.csv"), name="ours").changed == 1


# ------------------------------------------------------------------ countries


@pytest.mark.parametrize(
    ("spelling", "iso3"),
    [
        ("DEU", "DEU"),
        ("de", "DEU"),
        (" Germany ", "DEU"),
        ("Deutschland", "DEU"),
        ("德国", "DEU"),
        ("Германия", "DEU"),
        ("NA", "NAM"),
        ("Côte d'Ivoire", "CIV"),
        ("Cote d’Ivoire", "CIV"),
        ("COTE  D'IVOIRE", "CIV"),
        ("Türkiye", "TUR"),
        ("Turkey", "TUR"),
        ("Korea, Rep.", "KOR"),
        ("Egypt, Arab Rep.", "EGY"),
        ("ROM", "ROU"),
        ("ZAR", "COD"),
        ("KSV", "XKX"),
        ("Viet Nam", "VNM"),
        ("Hong Kong SAR, China", "HKG"),
    ],
)
def test_a_country_is_known_by_its_codes_and_its_names_in_any_language(tmp_path, spelling, iso3):
    ingest.import_file(write(tmp_path, f'"{spelling}",X,2020,1'))
    assert stored() == [(iso3, "X", 2020, 1.0)]


def test_every_name_the_store_holds_leads_to_its_own_market(tmp_path):
    names = rows_of("SELECT DISTINCT name, iso3 FROM market_names WHERE name NOT ILIKE '%mainland%'")
    frame = pd.DataFrame(names, columns=["country", "expected"]).assign(year=2020, value=1.0)
    frame["indicator"] = [f"X{i}" for i in range(len(frame))]
    frame.to_parquet(tmp_path / "figures.parquet")
    ingest.import_file(tmp_path / "figures.parquet")
    landed = {indicator: iso3 for iso3, indicator, *_ in stored("figures.parquet")}
    assert landed == dict(zip(frame["indicator"], frame["expected"], strict=True))


def test_regions_and_income_groups_are_left_out_and_counted(tmp_path):
    report = ingest.import_file(write(tmp_path, "WLD,X,2020,1", "High income,X,2020,1", "DEU,X,2020,1"))
    assert (report.aggregates, report.added, report.skipped) == (2, 1, 0)
    assert "2 values of regions and income groups left out" in report.sentence()


# ------------------------------------------------------------------ what lies beside


def test_an_indicators_file_beside_the_data_describes_unknown_codes(tmp_path):
    write(
        tmp_path, "X,Things,per head,An office,CC0", name="indicators.csv", header="indicator,name,unit,source,licence"
    )
    report = ingest.import_file(write(tmp_path, "DEU,X,2020,1", "DEU,Y,2020,1"))
    found = store.indicators(store.connect()).set_index("code").loc[["X", "Y"], ["name", "unit", "licence", "status"]]
    assert found.loc["X"].tolist() == ["Things", "per head", "CC0", "extended"]
    assert found.loc["Y", "status"] == "undescribed"
    assert report.undescribed == ("Y",)


def test_our_own_description_of_an_indicator_stays(tmp_path):
    write(tmp_path, f"{POPULATION},Wrong", name="indicators.csv", header="indicator,name")
    ingest.import_file(write(tmp_path, f"DEU,{POPULATION},2020,83160871"))
    found = store.indicators(store.connect()).set_index("code").loc[POPULATION]
    assert (found["name"], found["status"]) == ("Population", "described")


@pytest.mark.parametrize(
    ("name", "header", "row"),
    [
        ("countries.csv", "iso3,region,income_group", "DEU,Europe,High income"),
        ("Metadata_Country_API_X.csv", '\ufeff"Country Code","Region","IncomeGroup",', '"DEU","Europe","High income",'),
        ("WDICountry.csv", "Country Code,Region,Income Group", "DEU,Europe,High income"),
    ],
)
def test_a_country_file_beside_the_data_sets_income_groups(tmp_path, name, header, row):
    write(tmp_path, row, name=name, header=header)
    assert ingest.import_file(write(tmp_path, "DEU,X,2020,1")).regrouped == 1
    germany = store.markets(store.connect()).set_index("iso3").loc["DEU"]
    assert (germany["income_group"], germany["wb_region"]) == ("High income", "Europe")


def test_a_country_file_without_regions_leaves_the_regions_alone(tmp_path):
    write(tmp_path, "DEU,Europe,High income", name="countries.csv", header="iso3,region,income_group")
    ingest.import_file(write(tmp_path, "DEU,X,2020,1"))
    write(tmp_path, "DEU,Low income", name="countries.csv", header="iso3,income_group")
    ingest.import_file(write(tmp_path, "DEU,X,2020,1"))
    germany = store.markets(store.connect()).set_index("iso3").loc["DEU"]
    assert (germany["income_group"], germany["wb_region"]) == ("Low income", "Europe")


@pytest.mark.parametrize("name", ["indicators.csv", "countries.csv"])
def test_an_unreadable_file_beside_the_data_is_named(tmp_path, name):
    (tmp_path / name).write_bytes("indicator,iso3,income_group,name\nX,DEU,Höch,x\n".encode("latin-1"))
    with pytest.raises(layouts.LayoutError, match=f"{name}, which lies beside the data"):
        ingest.import_file(write(tmp_path, "DEU,X,2020,1"))
    assert stored() == []


def test_an_indicators_file_without_codes_is_named(tmp_path):
    write(tmp_path, "a,b", name="indicators.csv", header="this,that")
    with pytest.raises(layouts.LayoutError, match="no column 'indicator'"):
        ingest.import_file(write(tmp_path, "DEU,X,2020,1"))


# ------------------------------------------------------------------ forms of a tidy file


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_byte_order_marks_and_line_ends_do_not_matter(tmp_path, delimiter, bom, newline):
    rows = [HEADER.split(","), ["DEU", '"X"', "2020", "1.5"], ['"Germany"', "Y", "2020", "-2e3"]]
    text = bom + "".join(delimiter.join(row) + newline for row in rows)
    (tmp_path / "figures.csv").write_bytes(text.encode())
    ingest.import_file(tmp_path / "figures.csv")
    assert stored() == [("DEU", "X", 2020, 1.5), ("DEU", "Y", 2020, -2000.0)]


def test_mixed_line_ends_and_quoted_line_breaks_are_read(tmp_path):
    text = 'iso3,indicator,year,value,note\nDEU,X,2020,1,"two\nlines, and a ""quote"""\r\nFRA,X,2020,2,\n'
    (tmp_path / "figures.csv").write_bytes(text.encode())
    ingest.import_file(tmp_path / "figures.csv")
    assert stored() == [("DEU", "X", 2020, 1.0), ("FRA", "X", 2020, 2.0)]


def test_columns_called_otherwise_are_mapped(tmp_path):
    file = write(tmp_path, "Germany,X,2020,1", header="Land,Reihe,Jahr,Wert")
    mapping = {"market": "Land", "indicator": "reihe", "year": "Jahr", "value": "Wert"}
    assert ingest.import_file(file, mapping=mapping).added == 1


def test_columns_that_are_not_needed_may_have_any_name(tmp_path):
    header = f"line,{HEADER},atlas line,note,note,NOTE,,"
    ingest.import_file(write(tmp_path, "9,DEU,X,2020,1,8,a,b,c,d,e", header=header))
    assert stored() == [("DEU", "X", 2020, 1.0)]


def test_a_gzip_is_read(tmp_path):
    (tmp_path / "figures.gz").write_bytes(gzip.compress(f"{HEADER}\nDEU,X,2020,1\n".encode()))
    assert ingest.import_file(tmp_path / "figures.gz").added == 1


def test_a_zip_is_read_with_the_metadata_in_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "figures.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "API_X.csv", "Country Name,Country Code,Indicator Name,Indicator Code,2020\nGermany,DEU,X,X,1\n"
        )
        archive.writestr("Metadata_Indicator_API_X.csv", "INDICATOR_CODE,INDICATOR_NAME\nX," + "long " * 500)
        archive.writestr("Metadata_Country_API_X.csv", "Country Code,Region,IncomeGroup\nDEU,Europe,High income\n")
        archive.writestr("../../outside/countries.csv", "iso3,income_group\nDEU,High income\n")
    report = ingest.import_file(tmp_path / "figures.zip")
    assert (report.added, report.regrouped) == (1, 1)
    assert not (tmp_path.parent / "outside").exists()


def test_the_first_sheet_with_figures_is_read(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Read me"
    book.active.append(["Figures of our own"])
    sheet = book.create_sheet("Figures")
    for row in (HEADER.split(","), ["DEU", "X", 2020, 1.5], ["Namibia", "X", 2020.0, None], [], ["NA", "X", "2020", 3]):
        sheet.append(row)
    sheet.append(["FRA", "X", 2020, "four"])
    book.save(tmp_path / "figures.xlsx")
    assert faults_of(tmp_path / "figures.xlsx") == [(6, "value", "text in a number")]
    ingest.import_file(tmp_path / "figures.xlsx", skip_invalid=True)
    assert stored("figures.xlsx") == [("DEU", "X", 2020, 1.5), ("NAM", "X", 2020, 3.0)]


@pytest.mark.parametrize(
    "year", [pa.array(["2020", "2021"]), pa.array([2020.0, 2021.0]), pa.array([Decimal("2020.00"), Decimal("2021.00")])]
)
@pytest.mark.parametrize(
    "value",
    [pa.array([1, 2]), pa.array([Decimal("1.00"), Decimal("2.00")]), pa.array(["1", "2"]), pa.array([1.0, 2.0])],
)
def test_parquet_columns_may_have_odd_types(tmp_path, year, value):
    market = pa.array(["DEU", "FRA"]).dictionary_encode()
    pq.write_table(pa.table({"iso3": market, "indicator": ["X", "X"], "year": year, "value": value}), tmp_path / "f.pq")
    ingest.import_file(tmp_path / "f.pq")
    assert stored("f.pq") == [("DEU", "X", 2020, 1.0), ("FRA", "X", 2021, 2.0)]


def test_parquet_cells_without_a_value_are_empty(tmp_path):
    frame = pd.DataFrame({"iso3": ["DEU"] * 3, "indicator": "X", "year": [2020, 2021, 2022], "value": [1, None, 3]})
    frame.to_parquet(tmp_path / "f.pq")
    report = ingest.import_file(tmp_path / "f.pq")
    assert (report.values, report.empty, report.fault_count) == (2, 1, 0)


def test_faults_of_a_parquet_file_carry_row_numbers(tmp_path):
    frame = pd.DataFrame({"iso3": ["DEU", "nowhere"], "indicator": "X", "year": 2020, "value": [1, 2]})
    frame.to_parquet(tmp_path / "f.pq")
    assert faults_of(tmp_path / "f.pq") == [(2, "market", "unknown country")]


# ------------------------------------------------------------------ hostile texts


HOSTILE = ["'; DROP TABLE observations; --", '"; DROP TABLE observations; --', "$1", "{0}", "a'b\"c", "%s", "\\"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_do_no_harm(tmp_path, text):
    before = rows_of("SELECT count(*) FROM observations")[0][0]
    quoted = '"' + text.replace('"', '""') + '"'
    folder = tmp_path / f"a folder {text}"
    folder.mkdir()
    file = write(folder, f"DEU,{quoted},2020,1,{quoted}", header=f"{HEADER},{quoted}", name=f"{text} figures.csv")
    ingest.import_file(file, name=text)
    assert stored(text) == [("DEU", text, 2020, 1.0)]
    assert rows_of("SELECT count(*) FROM observations")[0][0] == before + 1
    faults_of(write(folder, f"{quoted},X,2020,{quoted}"))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_column_names_can_be_mapped(tmp_path, text):
    frame = pd.DataFrame({text: ["DEU"], "indicator": "X", "year": 2020, "value": 1.0})
    frame.to_parquet(tmp_path / "f.pq")
    frame.to_csv(tmp_path / "f.csv", index=False)
    assert ingest.import_file(tmp_path / "f.pq", mapping={"market": text}).added == 1
    assert ingest.import_file(tmp_path / "f.csv", mapping={"market": text}).added == 1


# ------------------------------------------------------------------ export and import elsewhere


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def filled(folder: Path) -> None:
    """Several sources, an undescribed and an extended indicator, income groups, a revision."""
    write(folder, "DEU,Europe,High income", "IND,South Asia,Lower middle income", name="countries.csv",
          header="iso3,region,income_group")  # fmt: skip
    write(folder, "X,Things,per head", name="indicators.csv", header="indicator,name,unit")
    ingest.import_file(write(folder, "DEU,X,2020,0.1", "FRA,Y,2020,2"), name="first")
    ingest.import_file(write(folder, "DEU,X,2020,0.30000000000000004", "IND,X,2020,3"), name="first")
    ingest.import_file(write(folder, "DEU,X,2020,9"), name="second 'quoted'")


def test_an_export_imported_on_another_machine_exports_the_same_bytes(tmp_path, built, monkeypatch):
    (tmp_path / "files").mkdir()
    filled(tmp_path / "files")
    ingest.export(tmp_path / "a.parquet")
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "another machine"))
    report = ingest.import_file(tmp_path / "a.parquet")
    assert (report.added, report.fault_count, report.layout) == (4, 0, "atlas export")
    ingest.export(tmp_path / "b.parquet")
    assert digest(tmp_path / "a.parquet") == digest(tmp_path / "b.parquet")
    germany = store.markets(store.connect()).set_index("iso3").loc["DEU"]
    assert germany["income_group"] == "High income"
    status = store.indicators(store.connect()).set_index("code")["status"]
    assert (status["X"], status["Y"]) == ("extended", "undescribed")


def test_two_exports_of_one_store_are_the_same_bytes(tmp_path):
    filled(tmp_path)
    ingest.export(tmp_path / "a.parquet")
    ingest.export(tmp_path / "b.parquet")
    assert digest(tmp_path / "a.parquet") == digest(tmp_path / "b.parquet")


def test_importing_an_export_where_it_came_from_changes_nothing(tmp_path):
    filled(tmp_path)
    ingest.export(tmp_path / "a.parquet")
    before = store.version()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "a.parquet").rename(elsewhere / "a.parquet")
    assert ingest.import_file(elsewhere / "a.parquet").added == 0
    assert store.version() == before


def test_an_old_export_does_not_overwrite_newer_values(tmp_path):
    ingest.import_file(write(tmp_path, "DEU,X,2020,1"))
    ingest.export(tmp_path / "old.parquet")
    ingest.import_file(write(tmp_path, "DEU,X,2020,2"))
    ingest.import_file(tmp_path / "old.parquet")
    assert stored() == [("DEU", "X", 2020, 2.0)]


def test_a_newer_export_brings_its_values_and_income_groups_even_without_new_figures(tmp_path, monkeypatch):
    ingest.import_file(write(tmp_path, "DEU,X,2020,1"))
    ingest.export(tmp_path / "first.parquet")
    (tmp_path / "files").mkdir()
    write(tmp_path / "files", "DEU,Europe,High income", name="countries.csv", header="iso3,region,income_group")
    ingest.import_file(write(tmp_path / "files", "DEU,X,2020,1"))
    ingest.export(tmp_path / "second.parquet")
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "another machine"))
    ingest.import_file(tmp_path / "first.parquet")
    ingest.import_file(tmp_path / "second.parquet")
    assert store.markets(store.connect()).set_index("iso3").loc["DEU", "income_group"] == "High income"


def test_a_description_that_comes_later_replaces_none(tmp_path, monkeypatch):
    ingest.import_file(write(tmp_path, "DEU,X,2020,1"))
    ingest.export(tmp_path / "first.parquet")
    (tmp_path / "files").mkdir()
    write(tmp_path / "files", "X,Things", name="indicators.csv", header="indicator,name")
    ingest.import_file(write(tmp_path / "files", "DEU,X,2020,1", "FRA,X,2020,1"))
    ingest.export(tmp_path / "second.parquet")
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "another machine"))
    ingest.import_file(tmp_path / "first.parquet")
    ingest.import_file(tmp_path / "second.parquet")
    found = store.indicators(store.connect()).set_index("code").loc["X"]
    assert (found["name"], found["status"]) == ("Things", "extended")


@pytest.mark.parametrize("target", ["missing folder/a.parquet", "a folder", "file.txt/a.parquet"])
def test_an_export_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path, target):
    (tmp_path / "a folder").mkdir()
    (tmp_path / "file.txt").write_text("x")
    store.connect()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(store.StoreError, match="cannot be written"):
        ingest.export(tmp_path / target)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "note",
    [
        b"not json",
        b"[]",
        b"{}",
        json.dumps({"format": "1", "snapshots": [{"id": "x"}], "indicators": [], "groups": []}).encode(),
        json.dumps({"format": "1", "snapshots": [], "indicators": [{"code": 1}], "groups": []}).encode(),
    ],
)
def test_a_damaged_export_is_refused_whole(tmp_path, note):
    before = store.version()
    columns = {"iso3": ["DEU"], "indicator": ["X"], "year": [2020], "value": [1.0], "source": ["s"], "snapshot": ["t"]}
    table = pa.table(columns)
    pq.write_table(table.replace_schema_metadata({b"atlas_export": note}), tmp_path / "a.parquet")
    with pytest.raises(layouts.LayoutError, match="damaged export"):
        ingest.import_file(tmp_path / "a.parquet")
    assert store.version() == before


def test_an_export_of_a_later_format_is_refused(tmp_path):
    table = pa.table({"iso3": ["DEU"], "indicator": ["X"], "year": [2020], "value": [1.0]})
    pq.write_table(table.replace_schema_metadata({b"atlas_export": b'{"format": "99"}'}), tmp_path / "a.parquet")
    with pytest.raises(layouts.LayoutError, match="Update it"):
        ingest.import_file(tmp_path / "a.parquet")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.dictionaries(
        st.tuples(st.sampled_from(["DEU", "FRA", "IND"]), st.integers(1990, 2020)),
        st.floats(allow_nan=False, allow_infinity=False),
        min_size=1,
        max_size=8,
    )
)
def test_what_is_written_down_is_what_is_stored(tmp_path, values):
    file = write(tmp_path, *(f"{iso3},X,{year},{value!r}" for (iso3, year), value in values.items()))
    name = hashlib.sha256(file.read_bytes()).hexdigest()
    ingest.import_file(file, name=name)
    assert stored(name) == sorted((iso3, "X", year, value) for (iso3, year), value in values.items())


# ------------------------------------------------------------------ the genuine files


@needs_shared
def test_the_shared_panel_lands_whole_and_without_fault():
    report = ingest.import_file(SHARED / "observations.parquet")
    assert (report.added, report.fault_count, report.undescribed) == (630_595, 0, ())
    again = ingest.import_file(SHARED / "observations.csv.gz", name="observations.parquet")
    assert (again.unchanged, again.snapshot) == (630_595, None)
    assert store.markets(store.connect())["income_group"].notna().sum() >= 216
