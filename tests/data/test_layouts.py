"""What kind of file is this? Recognised by content; what is no market data is turned away with a reason."""

import csv
import gzip
import io
import json
import struct
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import ingest, layouts, limits, store
from tests.stored import landed

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "indicators" / "worldbank-layouts"
needs_shared = pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs ../shared")
GOOD = b"iso3,indicator,year,value\nDEU,X,2020,1\n"
API_CSV = """\ufeff"Data Source","World Development Indicators",

"Last Updated Date","2026-07-13",

"Country Name","Country Code","Indicator Name","Indicator Code","2019","2020","2021",
"Aruba","ABW","GDP per head (current US$)","X.GDP","1.5","","3.5",
"Africa Eastern and Southern","AFE","GDP per head (current US$)","X.GDP","7","8","9",
"""
BULK_CSV = """Country Name,Country Code,Indicator Name,Indicator Code,2019,2020,2021
Aruba,ABW,GDP per head (current US$),X.GDP,1.5,,3.5
Africa Eastern and Southern,AFE,GDP per head (current US$),X.GDP,7,8,9
"""
DATABANK_CSV = """Country Name,Country Code,Series Name,Series Code,2019 [YR2019],2020 [YR2020],2021 [YR2021]
Aruba,ABW,GDP per head (current US$),X.GDP,1.5,..,3.5
Africa Eastern and Southern,AFE,GDP per head (current US$),X.GDP,7,8,9


Data from database: World Development Indicators
Last Updated: 07/13/2026
"""


def api_json(pages: int = 1) -> str:
    def row(code: str, name: str, year: int, value: float | None) -> dict:
        indicator = {"id": "X.GDP", "value": "GDP per head (current US$)"}
        return {"indicator": indicator, "country": {"id": code[:2], "value": name}, "countryiso3code": code,
                "date": str(year), "value": value, "unit": "", "obs_status": "", "decimal": 0}  # fmt: skip

    rows = [row("ABW", "Aruba", year, value) for year, value in ((2021, 3.5), (2020, None), (2019, 1.5))]
    rows += [row("AFE", "Africa Eastern and Southern", year, 7 + year - 2019) for year in (2019, 2020, 2021)]
    return json.dumps([{"page": 1, "pages": pages, "per_page": 50, "total": 6, "lastupdated": "2026-07-13"}, rows])


def refusal(file: Path, **options) -> str:
    """Why a file is turned away; the store stays as it was."""
    before = store.version()
    with pytest.raises(layouts.LayoutError) as refused:
        ingest.import_file(file, **options)
    assert store.version() == before
    return str(refused.value)


# ------------------------------------------------------------------ the World Bank's own layouts


@pytest.mark.parametrize("name", ["a.csv", "API_MISLEADING.txt", "WDICSV.csv"])
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("World Bank API CSV", API_CSV),
        ("World Bank bulk CSV", BULK_CSV),
        ("World Bank DataBank", DATABANK_CSV),
        ("World Bank API JSON", api_json()),
    ],
)
def test_world_bank_files_are_known_by_their_content_not_their_name(home, tmp_path, kind, text, name):
    (tmp_path / name).write_text(text, encoding="utf-8")
    report = ingest.import_file(tmp_path / name)
    assert (report.layout, report.added, report.aggregates) == (kind, 2, 3)
    assert landed(name) == {("ABW", "X.GDP", 2019): 1.5, ("ABW", "X.GDP", 2021): 3.5}


@pytest.mark.parametrize("text", [API_CSV, BULK_CSV, DATABANK_CSV])
def test_a_world_bank_file_describes_its_indicator(home, tmp_path, text):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    ingest.import_file(tmp_path / "a.csv")
    found = store.indicators(store.connect()).set_index("code").loc["X.GDP"]
    assert (found["name"], found["unit"], found["status"]) == ("GDP per head (current US$)", "current US$", "extended")


def test_a_fault_in_a_world_bank_file_names_the_line_of_the_file_and_the_year(home, tmp_path):
    (tmp_path / "a.csv").write_text(API_CSV.replace('"3.5"', '"three"'), encoding="utf-8")
    with pytest.raises(ingest.ImportRefused) as refused:
        ingest.import_file(tmp_path / "a.csv")
    assert refused.value.report.faults[["line", "field"]].to_numpy().tolist() == [[6, "2021"]]


def test_a_year_that_stands_twice_is_refused(home, tmp_path):
    (tmp_path / "a.csv").write_text(BULK_CSV.replace("2020", "2019"))
    assert "more than one column for 2019" in refusal(tmp_path / "a.csv")


def test_one_page_of_several_is_refused(home, tmp_path):
    (tmp_path / "a.json").write_text(api_json(pages=2))
    assert "page 1 of 2" in refusal(tmp_path / "a.json")


@pytest.mark.parametrize(
    "text", ['[{"page": 1, "pages": 1}, null]', "[{", '[{"message": []}]', '[{"a": 1}, {"b": 2}, {"c": 3}]']
)
def test_other_json_is_refused(home, tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    assert "not one whole answer of the World Bank's API" in refusal(tmp_path / "a.json")


def test_json_that_is_nested_too_deeply_is_refused(home, tmp_path, monkeypatch):
    def nested(_: bytes) -> None:
        raise RecursionError

    (tmp_path / "a.json").write_text(api_json())
    monkeypatch.setattr(json, "loads", nested)
    assert "(it is nested too deeply)" in refusal(tmp_path / "a.json")


@needs_shared
@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        ("api-csv-single-indicator/API_NY.GDP.PCAP.CD_DS2_en_csv_v2_33610.csv", "World Bank API CSV"),
        ("api-csv-topic/API_14_DS2_en_csv_v2_3054360.csv", "World Bank API CSV"),
        ("databank-extract/world_bank_indicators.csv", "World Bank DataBank"),
    ],
)
def test_the_cells_of_a_genuine_table_land_as_they_stand(home, tmp_path, sample, kind):
    original = (SAMPLES / sample).read_text(encoding="utf-8-sig")
    (tmp_path / "a.csv").write_text(original, encoding="utf-8")
    report = ingest.import_file(tmp_path / "a.csv")
    rows = list(csv.reader(io.StringIO(original)))
    start = next(i for i, row in enumerate(rows) if "Country Code" in row)
    expected = {
        (row[1], row[3], int(header[:4])): float(cell)
        for row in rows[start + 1 :]
        for header, cell in zip(rows[start][4:], row[4:], strict=False)
        if cell not in ("", "..")
    }
    found = landed("a.csv")
    assert report.layout == kind
    assert len(expected) == report.values == len(found) + report.aggregates
    assert {key: expected[key] for key in found} == found


@needs_shared
def test_a_genuine_answer_of_the_api_lands_as_it_stands(home):
    file = SAMPLES / "api-json" / "country-FRA-indicator-NY.GDP.MKTP.CD.json"
    ingest.import_file(file)
    rows = [row for row in json.loads(file.read_bytes())[1] if row["value"] is not None]
    assert landed(file.name) == {("FRA", "NY.GDP.MKTP.CD", int(row["date"])): row["value"] for row in rows}


@needs_shared
def test_the_genuine_pointer_in_place_of_the_bulk_file_is_explained(home):
    assert "git lfs pull" in refusal(SAMPLES / "wdi-bulk" / "WDICSV.csv.git-lfs-pointer")


# ------------------------------------------------------------------ what is no market data


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"  \n\n", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git lfs pull"),
        (b"\n<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b'<?xml version="1.0"?><Root/>', "web page or XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old Excel format"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(100), "not UTF-8 text"),
        (bytes(range(256)) * 4, "not UTF-8 text"),
        (GOOD.decode().encode("utf-16")[:-1], "breaks off"),
        (GOOD + "Curaçao,X,2020,1\n".encode("latin-1"), "line 3: not UTF-8 text"),
        (b"country,indicator,year\nDEU,X,2020\n", "no layout we know"),
        (b"hello\n", "Its first line is: 'hello'"),
        (b"iso3,indicator,year,value\n", "a header and no rows"),
        (b"iso3,indicator,year,value", "a header and no rows"),
        (b"iso3,indicator,year,value,value\nDEU,X,2020,1,2\n", "more than one column for value"),
        (b"x" * 400_000, "The first line of figures.csv has more than 100,000 characters"),
    ],
)
def test_a_file_without_market_data_is_turned_away_with_a_reason(home, tmp_path, content, reason):
    (tmp_path / "figures.csv").write_bytes(content)
    assert reason in refusal(tmp_path / "figures.csv")


def test_a_missing_file_is_reported_as_such(home, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"figures\.csv"):
        ingest.import_file(tmp_path / "figures.csv")


def test_a_mapping_to_a_column_that_is_not_there_is_refused(home, tmp_path):
    (tmp_path / "figures.csv").write_bytes(GOOD)
    assert "no column 'units', which --map names" in refusal(tmp_path / "figures.csv", mapping={"unit": "units"})
    assert "no column 'amount'" in refusal(tmp_path / "figures.csv", mapping={"value": "amount"})


def test_a_mapping_that_does_not_help_is_repeated(home, tmp_path):
    (tmp_path / "figures.csv").write_bytes(GOOD.replace(b"value", b"wert"))
    assert "--map value=amount did not help" in refusal(tmp_path / "figures.csv", mapping={"value": "amount"})


def test_a_parquet_file_with_other_columns_is_turned_away(home, tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "f.parquet")
    assert "has the columns a" in refusal(tmp_path / "f.parquet")


def test_a_parquet_file_without_rows_is_turned_away(home, tmp_path):
    pq.write_table(pa.table({"iso3": [], "indicator": [], "year": [], "value": []}), tmp_path / "f.parquet")
    assert "has no rows" in refusal(tmp_path / "f.parquet")


# ------------------------------------------------------------------ damaged files


def packed(tmp_path: Path, kind: str) -> bytes:
    rows = b"".join(b"DEU,X%d,2020,%d\n" % (n, n * 7919 % 1000) for n in range(3000))
    content = GOOD + rows
    if kind == "gzip":
        return gzip.compress(content)
    if kind == "zip":
        with zipfile.ZipFile(tmp_path / "whole", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", content)
    elif kind == "xlsx":
        book = openpyxl.Workbook()
        for row in csv.reader(io.StringIO(content.decode())):
            book.active.append(row)
        book.save(tmp_path / "whole")
    else:
        columns = list(csv.DictReader(io.StringIO(content.decode())))
        pq.write_table(pa.Table.from_pylist(columns), tmp_path / "whole")
    return (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize("kind", ["gzip", "zip", "xlsx", "parquet"])
@pytest.mark.parametrize("share", [0.3, 0.95])
def test_a_truncated_download_is_called_damaged(home, tmp_path, kind, share):
    content = packed(tmp_path, kind)
    (tmp_path / "half").write_bytes(content[: int(len(content) * share)])
    assert "damaged" in refusal(tmp_path / "half")


@pytest.mark.parametrize("kind", ["gzip", "zip", "xlsx", "parquet"])
def test_flipped_bytes_never_end_in_a_traceback(home, tmp_path, kind):
    content = packed(tmp_path, kind)
    before = store.version()
    for place in (0.05, 0.2, 0.4, 0.6, 0.8, 0.97):
        spoilt = bytearray(content)
        start = int(len(content) * place)
        spoilt[start : start + 8] = b"\xff\x00\xff\x00\xff\x00\xff\x00"
        (tmp_path / "spoilt").write_bytes(spoilt)
        try:
            ingest.import_file(tmp_path / "spoilt", preview=True)
        except (layouts.LayoutError, ingest.ImportRefused) as error:
            assert str(error)
    assert store.version() == before


def test_a_zip_with_a_password_is_turned_away(home, tmp_path):
    content = bytearray(packed(tmp_path, "zip"))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    (tmp_path / "locked.zip").write_bytes(content)
    assert "cannot be unpacked" in refusal(tmp_path / "locked.zip")


def test_links_in_a_zip_lead_nowhere(home, tmp_path):
    (tmp_path / "elsewhere.csv").write_bytes(GOOD)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("figures.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, str(tmp_path / "elsewhere.csv"))
    assert "holds no file with market data" in refusal(tmp_path / "a.zip")


def test_a_zip_of_very_many_parts_is_not_searched(home, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(2001):
            archive.writestr(f"{number}.csv", "")
    assert "in 2,001 parts" in refusal(tmp_path / "a.zip")


def test_a_workbook_brings_in_no_other_file(home, tmp_path):
    (tmp_path / "word.txt").write_text("FROM ELSEWHERE")
    book = openpyxl.Workbook()
    book.active.append(["iso3", "indicator", "year", "value"])
    book.active.append(["DEU", "X", 2020, 1])
    book.save(tmp_path / "plain.xlsx")
    sheet = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as plain, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as changed:
        for name in plain.namelist():
            text = plain.read(name)
            if name == sheet:
                text = text.replace(
                    b"<worksheet", b'<!DOCTYPE x [<!ENTITY e SYSTEM "../word.txt">]><worksheet', 1
                ).replace(b"<v>2020</v>", b"<v>&e;</v>")
                assert b"&e;" in text
            changed.writestr(name, text)
    assert "cannot be read as an Excel file" in refusal(tmp_path / "a.xlsx")


def test_a_zip_without_figures_says_what_it_holds(home, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("notes.csv", "this,that\n1,2\n")
    assert "holds no file with market data" in refusal(tmp_path / "a.zip")


# ------------------------------------------------------------------ bombs


def test_a_gzip_bomb_is_not_unfolded(home, tmp_path):
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(GOOD + bytes(40 << 20)))
    assert "unfolds to more than" in refusal(tmp_path / "bomb.gz")


def test_a_zip_bomb_is_not_unfolded(home, tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", GOOD + bytes(40 << 20))
    assert "unfolds to" in refusal(tmp_path / "bomb.zip")


@pytest.mark.parametrize("claim", [60, 600 << 20, 0xFFFFFFF0])
def test_a_zip_that_lies_about_its_size_is_turned_away(home, tmp_path, claim):
    with zipfile.ZipFile(tmp_path / "whole.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", GOOD * 500_000)
    content = bytearray((tmp_path / "whole.zip").read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", content, content.index(signature) + offset, claim)
    (tmp_path / "bomb.zip").write_bytes(content)
    assert refusal(tmp_path / "bomb.zip")


def test_a_workbook_with_a_cell_far_out_is_not_written_out(home, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["iso3", "indicator", "year", "value"])
    for row in range(2, 200_000, 1000):
        book.active.cell(row, 16_000, "x")
    book.save(tmp_path / "wide.xlsx")
    assert "more than 1,000 columns" in refusal(tmp_path / "wide.xlsx")


def test_a_parquet_file_that_claims_too_many_rows_is_turned_away(home, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_ROWS", 5)
    (tmp_path / "f.parquet").write_bytes(packed(tmp_path, "parquet"))
    assert "more than 5 rows" in refusal(tmp_path / "f.parquet")


def test_a_file_beyond_the_limit_is_not_read(home, tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_BYTES", 10)
    (tmp_path / "figures.csv").write_bytes(GOOD)
    assert "the limit is" in refusal(tmp_path / "figures.csv")


def test_sdmx_csv_2_may_name_the_sign_between_several_values_of_a_cell(home, tmp_path):
    file = tmp_path / "answer.csv"
    file.write_text(
        "STRUCTURE[;],STRUCTURE_ID,ACTION,REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,NOTES[]\n"
        "dataflow,OURS:POP(1.0),I,DEU,SP.POP.TOTL,2023,83280000,mid-year\n"
    )
    report = ingest.import_file(file, preview=True)
    assert (report.values, report.fault_count, report.layout) == (1, 0, "SDMX-CSV")
