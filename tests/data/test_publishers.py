"""The layouts of the field, each as its publisher writes it: known by content, and every value where it belongs."""

import zipfile

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from data import ingest, layouts
from tests.stored import landed

pytestmark = pytest.mark.usefixtures("home")
IS_SDMX = {("KEN", "X", 2020): 51.99e6, ("GHA", "X", 2020): 31.07e6}
LAYOUTS = {
    "SDMX-CSV 1.0": (
        "SDMX-CSV",
        "DATAFLOW,FREQ,REF_AREA,INDICATOR,SEX,TIME_PERIOD,OBS_VALUE,UNIT_MEASURE,UNIT_MULT,OBS_STATUS,DECIMALS\n"
        "OECD:DF(1.0),A,KEN,X,_T,2020,51.99,PS,6,A,2\nOECD:DF(1.0),A,GHA,X,_T,2020,31.07,PS,6,E,2\n",
        IS_SDMX,
    ),
    "SDMX-CSV 2.0": (
        "SDMX-CSV",
        "STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,MEASURE,TIME_PERIOD,OBS_VALUE,UNIT_MULT\n"
        "DATAFLOW,OECD:DF(1.0),I,A,KEN,X,2020,51.99,6\nDATAFLOW,OECD:DF(1.0),I,A,GHA,X,2020,31.07,6\n",
        IS_SDMX,
    ),
    "SDMX-CSV with codes and labels in one cell": (
        "SDMX-CSV",
        "DATAFLOW,FREQ: Frequency,REF_AREA: Reference area,INDICATOR: Indicator,SEX: Sex,TIME_PERIOD: Time period,"
        "OBS_VALUE: Observation value,UNIT_MULT: Unit multiplier,OBS_STATUS: Observation status\n"
        "OECD:DF(1.0),A: Annual,KEN: Kenya,X: Things,_T: Total,2020,51.99,6: Millions,A: Normal value\n"
        "OECD:DF(1.0),A: Annual,GHA: Ghana,X: Things,_T: Total,2020,31.07,6: Millions,A: Normal value\n",
        IS_SDMX,
    ),
    "SDMX-CSV with labels in columns of their own": (
        "SDMX-CSV",
        "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,REF_AREA,Reference area,MEASURE,Measure,PRICE_BASE,Price base,"
        "TIME_PERIOD,Time period,OBS_VALUE,Observation value,UNIT_MULT,Unit multiplier,OBS_STATUS,Observation status\n"
        "DATAFLOW,OECD:DF(1.0),Things,I,KEN,Kenya,X,Things,_Z,Not applicable,2020,,51.99,,6,Millions,A,Normal value\n"
        "DATAFLOW,OECD:DF(1.0),Things,I,GHA,Ghana,X,Things,_Z,Not applicable,2020,,31.07,,6,Millions,A,Normal value\n",
        IS_SDMX,
    ),
    "World Bank Data360": (
        "SDMX-CSV",
        "FREQ,FREQ_LABEL,REF_AREA,REF_AREA_LABEL,INDICATOR,INDICATOR_LABEL,SEX,SEX_LABEL,UNIT_MULT,UNIT_MULT_LABEL,"
        "TIME_PERIOD,OBS_VALUE,DATABASE_ID\n"
        "A,Annual,KEN,Kenya,X,Things,_T,Total,6,Millions,2020,51.99,WB\n"
        "A,Annual,GHA,Ghana,X,Things,_T,Total,6,Millions,2020,31.07,WB\n",
        IS_SDMX,
    ),
    "IMF WEO": (
        "IMF WEO",
        "WEO Country Code\tISO\tWEO Subject Code\tCountry\tSubject Descriptor\tSubject Notes\tUnits\tScale\t"
        "Country/Series-specific Notes\t2019\t2020\t2021\tEstimates Start After\n"
        '664\tKEN\tX\tKenya\tThings\t"a note"\tU.S. dollars\tBillions\tanother\t100.4\t1,100.7\tn/a\t2019\n'
        "652\tGHA\tX\tGhana\tThings\t\tU.S. dollars\tBillions\t\t--\t70\t79.2\t2021\n\n"
        "International Monetary Fund, World Economic Outlook Database\n",
        {
            ("KEN", "X", 2019): 100.4e9,
            ("KEN", "X", 2020): 1100.7e9,
            ("GHA", "X", 2020): 70e9,
            ("GHA", "X", 2021): 79.2e9,
        },
    ),
    "FAOSTAT": (
        "FAOSTAT",
        "Domain Code,Domain,Area Code (M49),Area,Element Code,Element,Item Code,Item,Year Code,Year,Unit,Value,Flag,"
        "Flag Description\n"
        "QCL,Crops,'404,Kenya,5510,Production,56,Maize,2020,2020,t,3789000,A,Official figure\n"
        "QCL,Crops,'288,Ghana,5510,Production,56,Maize,2020,2020,1000 t,3071,E,Estimated value\n"
        "QCL,Crops,'5000,World,5510,Production,56,Maize,2020,2020,t,1,A,Official figure\n",
        {("KEN", "Maize, Production", 2020): 3_789_000.0, ("GHA", "Maize, Production", 2020): 3_071_000.0},
    ),
    "UNdata with footnotes": (
        "UNdata",
        '"Country or Area","Year","Item","Value","Value Footnotes"\n"Kenya","2020","Things","2099.3","1"\n'
        '"Ghana","2020","Things","2203.6",""\n\n"footnoteSeqID","Footnote"\n"1","Estimate."\n"2","Another, more."\n',
        {("KEN", "Things", 2020): 2099.3, ("GHA", "Things", 2020): 2203.6},
    ),
    "Our World in Data's grapher": (
        "OWID grapher",
        "Entity,Code,Year,Things per person,Other things\nKenya,KEN,2020,1.5,2\nKosovo,OWID_KOS,2020,2.5,\n"
        "Africa,,2020,9,9\nWorld,OWID_WRL,2020,9,9\n",
        {
            ("KEN", "Things per person", 2020): 1.5,
            ("KEN", "Other things", 2020): 2.0,
            ("XKX", "Things per person", 2020): 2.5,
        },
    ),
    "DataBank with a column a series": (
        "World Bank DataBank",
        '"Time","Time Code","Country Name","Country Code","Things (US$) [X.A]","Other things (%) [X.B]"\n'
        '"2020","YR2020","Kenya","KEN","1.5",".."\n"2020","YR2020","World","WLD","9","9"\n\n\n'
        '"Data from database: World Development Indicators"\n"Last Updated: 07/13/2026"\n',
        {("KEN", "X.A", 2020): 1.5},
    ),
    "a column a year": (
        "wide",
        "iso3,country,indicator,2019,2020\nKEN,Kenya,X,1,2\nGHA,Ghana,X,,4\n",
        {("KEN", "X", 2019): 1.0, ("KEN", "X", 2020): 2.0, ("GHA", "X", 2020): 4.0},
    ),
}


def refused(path, **options) -> str:
    with pytest.raises((layouts.LayoutError, ingest.ImportRefused)) as error:
        ingest.import_file(path, **options)
    report = getattr(error.value, "report", None)
    return str(error.value) + " ".join(f"{f.problem} {f.remedy}" for f in (report.row_faults if report else ()))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_publishers_table_is_known_by_its_content_and_lands_whole(tmp_path, layout, encoding):
    kind, text, expected = LAYOUTS[layout]
    (tmp_path / "figures").write_text(text, encoding=encoding)
    report = ingest.import_file(tmp_path / "figures")
    assert (report.layout, landed()) == (kind, pytest.approx(expected))
    assert report.cells == sum(int(str(said).split()[0].replace(",", "")) for said in report.balance())


EUROSTAT = (
    "freq,sex,age,unit,geo\\TIME_PERIOD\t2019 \t2020 \t2021 \nA,T,TOTAL,PC_ACT,DE\t3.0 \t3.6 b\t3.6 p\n"
    "A,T,TOTAL,PC_ACT,EL\t17.9 \t: \t14.7 be\nA,T,TOTAL,PC_ACT,EU27_2020\t6.8 \t7.2 \t: c\n"
)


def test_eurostats_table_needs_a_code_and_its_flags_are_told(tmp_path):
    (tmp_path / "figures").write_text(EUROSTAT)
    assert "--indicator" in refused(tmp_path / "figures")
    report = ingest.import_file(tmp_path / "figures", mapping={"indicator": "=SL.UEM.TOTL.ZS"})
    expected = {("DEU", 2019): 3.0, ("DEU", 2020): 3.6, ("DEU", 2021): 3.6, ("GRC", 2019): 17.9, ("GRC", 2021): 14.7}
    assert {(iso3, year): value for (iso3, _, year), value in landed().items()} == expected
    assert (report.layout, report.aggregates, report.empty) == ("Eurostat TSV", 2, 2)
    assert "Values at a break in their series, as the file says: 2." in map(str, report.remarks())


def test_a_part_of_the_people_in_eurostats_table_needs_a_choice(tmp_path):
    (tmp_path / "figures").write_text(EUROSTAT.replace("TOTAL", "Y15-74"))
    mapping = {"indicator": "=SL.UEM.TOTL.ZS"}
    assert "age is Y15-74" in refused(tmp_path / "figures", mapping=mapping)
    ingest.import_file(tmp_path / "figures", mapping=mapping, choices=ingest.Choices(keep=(("age", "Y15-74"),)))
    assert len(landed()) == 5


def test_a_table_of_one_indicator_is_read_once_its_code_is_said(tmp_path):
    for text in ("country,2019,2020\nKenya,1,2\n", "Country;Year;Value\nKenya;2019;1\nKenya;2020;2\n"):
        (tmp_path / "figures").write_text(text)
        assert "--indicator" in refused(tmp_path / "figures")
        ingest.import_file(tmp_path / "figures", mapping={"indicator": "=X"})
        assert landed() == {("KEN", "X", 2019): 1.0, ("KEN", "X", 2020): 2.0}


def test_stata_and_spss_files_are_read(tmp_path):
    frame = pd.DataFrame([["KEN", "X", 2020.0, 1.5], ["GHA", "X", 2020.0, None]], columns=layouts.REQUIRED)
    frame.to_stata(tmp_path / "figures", write_index=False, version=117)
    report = ingest.import_file(tmp_path / "figures")
    assert (report.layout, report.empty, landed()) == ("Stata, tidy", 1, {("KEN", "X", 2020): 1.5})
    pyreadstat.write_sav(frame, tmp_path / "spss.sav")
    assert ingest.import_file(tmp_path / "spss.sav").layout == "SPSS, tidy"
    assert landed("spss.sav") == {("KEN", "X", 2020): 1.5}
    (tmp_path / "half.dta").write_bytes((tmp_path / "figures").read_bytes()[:300])
    assert "cannot be read as a Stata file" in refused(tmp_path / "half.dta")


# ------------------------------------------------------------------ workbooks and packages

HEADER = list(layouts.REQUIRED)


def book(*sheets) -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets:
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    return made


def test_every_sheet_is_read_and_each_that_is_not_is_named(tmp_path):
    made = book(
        ("GDP", [HEADER, ["KEN", "X", 2020, 1]]),
        ("Life", [*[["A title"]] * 14, HEADER, ["KEN", "Y", 2020, 2], ["nowhere", "Y", 2020, 3]]),
        ("Notes", [["Figures of our own"]]),
        ("Draft", [HEADER, ["KEN", "Z", 2020, 9]]),
    )
    made["Draft"].sheet_state = "hidden"
    made["GDP"].row_dimensions[2].hidden = True
    made.save(tmp_path / "figures")
    report = ingest.import_file(tmp_path / "figures", skip_invalid=True)
    assert landed() == {("KEN", "X", 2020): 1.0, ("KEN", "Y", 2020): 2.0}
    assert report.faults[["line", "field"]].to_numpy().tolist() == [[17, "Life: market"]]
    told = " ".join(map(str, report.remarks()))
    assert all(word in told for word in ("'Draft' is hidden", "sheet 'Notes'", "'GDP' has 1 hidden rows"))


def test_a_percent_cell_is_read_as_it_is_shown(tmp_path):
    made = book(("S", [HEADER, ["KEN", "X", 2020, 0.287]]))
    made["S"]["D2"].number_format = "0.0%"
    made.save(tmp_path / "figures")
    ingest.import_file(tmp_path / "figures")
    assert landed() == {("KEN", "X", 2020): 28.7}


def test_a_country_merged_over_its_rows_holds_for_each_and_a_figure_does_not(tmp_path):
    made = book(("S", [HEADER, ["Kenya", "X", 2019, 1], [None, "X", 2020, 2], ["Ghana", "X", 2020, 3]]))
    made["S"].merge_cells("A2:A3")
    made.save(tmp_path / "figures")
    ingest.import_file(tmp_path / "figures")
    assert landed() == {("KEN", "X", 2019): 1.0, ("KEN", "X", 2020): 2.0, ("GHA", "X", 2020): 3.0}
    made["S"].merge_cells("D2:D3")
    made.save(tmp_path / "figures")
    assert "merged over several rows" in refused(tmp_path / "figures")


def test_formulas_without_a_stored_result_are_named(tmp_path):
    book(("S", [HEADER, ["KEN", "X", 2020, "=1+1"], ["GHA", "X", 2020, 3]])).save(tmp_path / "figures")
    assert "1 formulas have no stored result" in refused(tmp_path / "figures")


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "a", "protected by a password"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "a.xls", "old Excel format"),
        (b"<html><table><tr><td>iso3</td></tr></table></html>", "a.xls", "a web page that is called an Excel file"),
        (b'<?xml version="1.0"?><mes:GenericData xmlns:mes="http://www.sdmx.org/x">', "a.xml", "is SDMX-ML that"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "a",
            "Excel 2003 XML",
        ),
    ],
)
def test_what_cannot_be_read_is_named_for_what_it_is(tmp_path, content, name, reason):
    (tmp_path / name).write_bytes(content)
    assert reason in refused(tmp_path / name)


def test_an_xls_file_that_is_text_is_read_as_text(tmp_path):
    (tmp_path / "figures").write_text("iso3\tindicator\tyear\tvalue\nKEN\tX\t2020\t1.5\n", encoding="utf-16")
    assert ingest.import_file(tmp_path / "figures", name="figures.xls").added == 1


def test_every_table_of_a_zip_is_read_and_each_that_is_not_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "figures", "w") as packed:
        packed.writestr("a.csv", "iso3,indicator,year,value\nKEN,X,2020,1\nGHA,X,2020,2\nnowhere,X,2020,2\n")
        packed.writestr("in/b.csv", "Country Name,Country Code,Indicator Name,Indicator Code,2020\nKenya,KEN,T,Y,3\n")
        packed.writestr("notes.txt", "nothing to see")
        packed.writestr("chart.png", "no picture")
    report = ingest.import_file(tmp_path / "figures", skip_invalid=True)
    assert landed() == {("KEN", "X", 2020): 1.0, ("GHA", "X", 2020): 2.0, ("KEN", "Y", 2020): 3.0}
    assert report.faults["field"].tolist() == ["a.csv: market"]
    told = " ".join(map(str, report.remarks()))
    assert ("chart.png was not read" in told, "notes.txt was not read" in told) == (True, True)
