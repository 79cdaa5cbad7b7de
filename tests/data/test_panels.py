"""Tables with a column an indicator: known headings land, others are asked about, none is dropped in silence."""

import pandas as pd
import pytest

from data import ingest, layouts
from data.layouts import panels
from tests.stored import landed

pytestmark = pytest.mark.usefixtures("home")
GDP, POPULATION, LIFE = "NY.GDP.MKTP.CD", "SP.POP.TOTL", "SP.DYN.LE00.IN"


def land(folder, text: str, **options) -> ingest.ImportReport:
    (folder / "figures").write_text(text)
    report = ingest.import_file(folder / "figures", **options)
    assert report.cells == sum(int(str(said).split()[0].replace(",", "")) for said in report.balance())
    return report


def asked(folder, text: str, **options) -> layouts.UnknownHeadings:
    (folder / "figures").write_text(text)
    with pytest.raises(layouts.UnknownHeadings) as refused:
        ingest.import_file(folder / "figures", **options)
    return refused.value


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("SP.POP.TOTL", POPULATION), ("sp.pop.totl", POPULATION), ("Anything [SP.POP.TOTL]", POPULATION),
        ("Population", POPULATION), ("Population, total", POPULATION), ("Population (thousands)", POPULATION),
        ("GDP (current US$)", GDP), ("GDP (million US$)", GDP), ("gross domestic product (USD bn)", GDP),
        ("GDP (constant 2015 US$)", "NY.GDP.MKTP.KD"), ("GDP per capita (current US$)", "NY.GDP.PCAP.CD"),
        ("GDP per capita (current international $)", "NY.GDP.PCAP.PP.CD"), ("life_expectancy_at_birth", LIFE),
        ("Unemployment (%)", "SL.UEM.TOTL.ZS"),
        ("GDP", None), ("GDP (EUR)", None), ("GDP (% of world)", None), ("Population (2020 census)", None),
        ("Inflation", None), ("Trade", None), ("Health expenditure", None), ("Sales", None), ("GDP [USD bn]", GDP),
    ],
)  # fmt: skip
def test_a_heading_names_an_indicator_by_its_code_or_by_a_title_whose_unit_is_clear(heading, code):
    assert panels.known_heading(heading) == code


def test_a_table_with_a_column_an_indicator_lands_in_the_unit_its_headings_state(tmp_path):
    report = land(
        tmp_path,
        f"Country;Code;Year;Population (thousands);GDP (US$ bn);{LIFE}\n"
        "Kenya;KEN;2020;51985,8;100,7;62,7\nGhana;GHA;2020;;70;63,9\nWorld;WLD;2020;7800000;84000;72\n",
    )
    assert landed() == {
        ("KEN", POPULATION, 2020): pytest.approx(51_985_800), ("KEN", GDP, 2020): pytest.approx(100.7e9),
        ("KEN", LIFE, 2020): 62.7, ("GHA", GDP, 2020): 70e9, ("GHA", LIFE, 2020): 63.9,
    }  # fmt: skip
    assert (report.layout, report.aggregates, report.empty) == ("a column for each indicator", 3, 1)
    assert "Column Population (thousands) is read as Population (SP.POP.TOTL), in persons." in map(str, report.notes)


def test_headings_nobody_knows_are_asked_about_and_land_nowhere_until_they_are_answered(tmp_path):
    text = "country,year,Population,gdp,staff,remark\nKenya,2020,51985780,100,7,fine\nGhana,2020,31072945,70,,fair\n"
    error = asked(tmp_path, text)
    assert (error.columns, "--column 'gdp=CODE'" in str(error)) == (("gdp", "staff"), True)
    report = land(tmp_path, text, mapping={"column staff": "OUR.STAFF"})
    assert landed() == {
        ("KEN", POPULATION, 2020): 51_985_780.0, ("GHA", POPULATION, 2020): 31_072_945.0,
        ("KEN", "OUR.STAFF", 2020): 7.0,
    }  # fmt: skip
    assert ("Columns not read: remark, gdp." in map(str, report.notes), dict(report.left_out)) == (True, {"column": 2})
    only = land(tmp_path, text, mapping={"column gdp": "-", "column staff": ""})
    assert dict(only.left_out) == {"column": 3}


@pytest.mark.parametrize("figure", ["51.98", "51986", "51.985.780"])
def test_people_in_thousands_or_millions_under_a_title_without_a_unit_are_asked_about(tmp_path, figure):
    assert asked(tmp_path, f"country,year,Population,{LIFE}\nKenya,2020,{figure},63\n").columns == ("Population",)
    land(tmp_path, "country,year,Population (thousands)\nKenya,2020,51986\n")
    assert landed() == {("KEN", POPULATION, 2020): 51_986_000.0}


def test_two_columns_of_one_indicator_and_an_answer_about_no_column_are_refused(tmp_path):
    (tmp_path / "figures").write_text("country,year,Population,SP.POP.TOTL\nKenya,2020,1,2\n")
    with pytest.raises(layouts.LayoutError, match=r"Population and SP\.POP\.TOTL are both SP\.POP\.TOTL"):
        ingest.import_file(tmp_path / "figures")
    (tmp_path / "figures").write_text("country,year,Population\nKenya,2020,51985780\n")
    with pytest.raises(layouts.LayoutError, match="no column 'sales', which --column names"):
        ingest.import_file(tmp_path / "figures", mapping={"column Sales": "X"})


def test_a_heading_in_a_unit_that_is_not_the_indicators_is_a_fault(tmp_path):
    (tmp_path / "figures").write_text("country,year,GDP (EUR)\nKenya,2020,1\n")
    with pytest.raises(ingest.ImportRefused) as refused:
        ingest.import_file(tmp_path / "figures", mapping={"column GDP (EUR)": GDP})
    assert [fault.kind for fault in refused.value.report.row_faults] == ["unit"]


def test_rows_that_are_not_the_total_stay_out_of_a_panel_too(tmp_path):
    (tmp_path / "figures").write_text("country,year,sex,Population\nKenya,2020,F,26000000\nKenya,2020,_T,52000000\n")
    with pytest.raises(ingest.ImportRefused) as refused:
        ingest.import_file(tmp_path / "figures")
    assert [fault.kind for fault in refused.value.report.row_faults] == ["dimension"]


def test_a_table_with_its_own_names_for_indicator_and_value_is_still_asked_about_as_such(tmp_path):
    (tmp_path / "figures").write_text("country,year,Kennzahl,Wert\nKenya,2020,Umsatz,7\n")
    with pytest.raises(layouts.UnknownColumns):
        ingest.import_file(tmp_path / "figures")
    land(tmp_path, "country,year,amount\nKenya,2020,7\n", mapping={"indicator": "=OUR.SALES"})
    assert landed() == {("KEN", "OUR.SALES", 2020): 7.0}


def test_parquet_with_a_column_an_indicator_or_a_year_lands_like_text(tmp_path):
    panel = pd.DataFrame({"iso3": ["KEN", "GHA"], "year": [2020, 2020], "Population (millions)": [51.5, None],
                          LIFE: [62, 63], "remark": ["a", "b"]})  # fmt: skip
    panel.to_parquet(tmp_path / "figures")
    report = ingest.import_file(tmp_path / "figures")
    assert landed() == {("KEN", POPULATION, 2020): 51.5e6, ("KEN", LIFE, 2020): 62.0, ("GHA", LIFE, 2020): 63.0}
    assert ("Columns not read: remark." in map(str, report.notes), report.empty) == (True, 1)
    years = pd.DataFrame({"iso3": ["KEN"], "indicator": ["X"], "2019": [1], "2020": [2.5]})
    years.to_parquet(tmp_path / "years")
    ingest.import_file(tmp_path / "years")
    assert landed("years") == {("KEN", "X", 2019): 1.0, ("KEN", "X", 2020): 2.5}
    pd.DataFrame({"iso3": ["KEN"], "year": [2020], "staff": [1.5]}).to_parquet(tmp_path / "own")
    with pytest.raises(layouts.UnknownHeadings):
        ingest.import_file(tmp_path / "own")
