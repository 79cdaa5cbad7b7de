"""JSON-stat and PC-Axis: figures over dimensions, each cell where it belongs, and what is no figure told apart."""

import json

import pytest

from data import ingest, layouts, limits, store
from tests.stored import landed

pytestmark = pytest.mark.usefixtures("home")


def land(folder, content: str | bytes, **options) -> ingest.ImportReport:
    (folder / "figures").write_bytes(content if isinstance(content, bytes) else content.encode())
    report = ingest.import_file(folder / "figures", **options)
    assert report.cells == sum(int(str(said).split()[0].replace(",", "")) for said in report.balance())
    return report


def refused(folder, content: str | bytes, **options) -> str:
    (folder / "figures").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises((layouts.LayoutError, ingest.ImportRefused)) as error:
        ingest.import_file(folder / "figures", **options)
    report = getattr(error.value, "report", None)
    return str(error.value) + " ".join(f"{f.problem} {f.remedy}" for f in (report.row_faults if report else ()))


# ------------------------------------------------------------------ JSON-stat


def dimension(label: str, categories: dict[str, str], **more) -> dict:
    return {"label": label, "category": {"index": list(categories), "label": categories, **more}}


def dataset(values, sex: dict[str, str] | None = None, **more) -> dict:
    sex = sex or {"T": "Total"}
    return {
        "version": "2.0", "class": "dataset", "source": "An office", "id": ["what", "geo", "sex", "time"],
        "size": [2, 2, len(sex), 2], "role": {"time": ["time"], "geo": ["geo"], "metric": ["what"]}, "value": values,
        "dimension": {
            "what": dimension("What", {"A": "Things", "B": "Others"}, unit={"B": {"label": "US$", "multiplier": 6}}),
            "geo": dimension("Country", {"EL": "Greece", "KE": "Kenya"}),
            "sex": dimension("Sex", sex),
            "time": dimension("Year", {"2019": "2019", "2020": "2020"}),
        }, **more,
    }  # fmt: skip


CELLS = {
    ("GRC", "A", 2019): 1.0, ("GRC", "A", 2020): 2.0, ("KEN", "A", 2020): 4.0,
    ("GRC", "B", 2019): 5e6, ("GRC", "B", 2020): 6e6, ("KEN", "B", 2019): 7e6, ("KEN", "B", 2020): 8e6,
}  # fmt: skip


def test_a_cube_of_json_stat_lands_cell_by_cell_with_its_multiplier(tmp_path):
    report = land(tmp_path, json.dumps(dataset([1, 2, None, 4, 5, 6, 7, 8])))
    assert (report.layout, report.empty, landed()) == ("JSON-stat", 1, CELLS)
    found = store.indicators(store.connect()).set_index("code").loc["A"]
    assert (found["name"], found["source"]) == ("Things", "An office")


def test_values_by_position_and_the_older_version_mean_the_same(tmp_path):
    sparse = {str(place): value for place, value in enumerate([1, 2, None, 4, 5, 6, 7, 8]) if value}
    land(tmp_path, json.dumps(dataset(sparse)))
    assert landed() == CELLS
    new = dataset([1, 2, None, 4, 5, 6, 7, 8])
    old = {"value": new["value"], "dimension": new["dimension"] | {key: new[key] for key in ("id", "size", "role")}}
    (tmp_path / "old").write_text(json.dumps({"mine": old}))
    ingest.import_file(tmp_path / "old")
    assert landed("old") == CELLS


def test_a_category_that_is_not_the_total_needs_a_choice_by_code_or_by_label(tmp_path):
    both = dataset(list(range(1, 17)), {"F": "Females", "0": "Total"})
    assert "sex is F" in refused(tmp_path, json.dumps(both))
    report = land(tmp_path, json.dumps(both), skip_invalid=True)
    assert (len(landed()), landed()["GRC", "A", 2019], report.skipped) == (8, 3.0, 8)
    chosen = land(tmp_path, json.dumps(both), choices=ingest.Choices(keep=(("sex", "females"),)))
    assert (landed()["GRC", "A", 2019], dict(chosen.left_out)) == (1.0, {"kept": 8})


def test_a_forecast_of_json_stat_stays_out_and_an_estimate_is_told(tmp_path):
    report = land(tmp_path, json.dumps(dataset([1, 2, 3, 4, 5, 6, 7, 8], status={"0": "e", "7": "f"})))
    assert dict(report.left_out) == {"forecast": 1}
    assert "Estimates, as the file says: 1." in map(str, report.remarks())


def test_a_cube_without_an_indicator_is_asked_for_its_code_and_countries_are_known_by_their_names(tmp_path):
    cube = dataset([1, 2, 3, 4])
    cube |= {"id": ["geo", "sex", "time"], "size": [2, 1, 2], "role": {}}
    cube["dimension"] = {
        "sex": {"category": {"label": {"T": "Total"}}},
        "geo": dimension("Land", {"1": "Germany", "2": "Kenya"}),
        "time": dimension("Jahr", {"a": "2019", "b": "2020"}),
    }
    assert "--indicator" in refused(tmp_path, json.dumps(cube))
    land(tmp_path, json.dumps(cube), mapping={"indicator": "=X"})
    assert landed() == {("DEU", "X", 2019): 1, ("DEU", "X", 2020): 2, ("KEN", "X", 2019): 3, ("KEN", "X", 2020): 4}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"value": [1, 2]}, "has 2 values, and its dimensions ask for 8"),
        ({"value": {"99": 1}}, "outside its 8 cells"),
        ({"size": [2, 2, 1, 3]}, "its sizes are not those of its dimensions"),
        ({"dimension": {}}, "breaks its own rules"),
        ({"status": ["a", "b"]}, "has 2 statuses"),
    ],
)
def test_json_stat_that_breaks_its_rules_is_refused(tmp_path, change, reason):
    assert reason in refused(tmp_path, json.dumps(dataset([1, 2, 3, 4, 5, 6, 7, 8]) | change))


def test_sdmx_json_is_named_for_what_it_is(tmp_path):
    assert "is SDMX-JSON" in refused(tmp_path, json.dumps({"data": {"dataSets": []}}))


def test_a_cube_of_very_many_cells_is_not_unfolded(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_ROWS", 7)
    assert "more than 7 rows" in refused(tmp_path, json.dumps(dataset({"0": 1})))


# ------------------------------------------------------------------ PC-Axis

PX = """CHARSET="ANSI";
AXIS-VERSION="2013";
CODEPAGE="{codepage}";
LANGUAGE="sv";
LANGUAGES="sv","en";
DECIMALS=1;
SOURCE="Byrån";
CONTENTS="Saker";
UNITS="antal";
STUB="land","kön";
STUB[en]="country","sex";
HEADING="innehåll","år";
HEADING[en]="contents","year";
CONTVARIABLE="innehåll";
VALUES("land")="Sverige","Grek"
"land";
VALUES[en]("country")="Sweden","Greece";
CODES("land")="SE","GR";
VALUES("kön")="båda","kvinnor";
VALUES[en]("sex")="both; all of them","women";
ELIMINATION[en]("sex")="both; all of them";
VALUES("innehåll")="Saker","Annat";
VALUES[en]("contents")="Things","Others";
CODES("innehåll")="C1","C2";
UNITS("Annat")="mn US$";
VALUES("år")="2019","2020";
TIMEVAL("år")=TLIST(A1,"2019"-"2020");
{more}
DATA=
{cells}
"""
ROWS = '1 2.5 3 4\n"." ".." "-" 8\n9 10 "..." 12\n13 14 15 16;'


def px(cells: str = ROWS, more: str = "", codepage: str = "utf-8") -> bytes:
    return PX.format(cells=cells, more=more, codepage=codepage).encode(codepage)


@pytest.mark.parametrize("codepage", ["utf-8", "iso-8859-15"])
def test_a_file_of_pc_axis_lands_with_its_signs_told_apart(tmp_path, codepage):
    assert "sex is kvinnor" in refused(tmp_path, px(codepage=codepage))
    report = land(tmp_path, px(codepage=codepage), skip_invalid=True)
    expected = {
        ("SWE", "C1", 2019): 1.0, ("SWE", "C1", 2020): 2.5, ("SWE", "C2", 2019): 3e6, ("SWE", "C2", 2020): 4e6,
        ("GRC", "C1", 2019): 9.0, ("GRC", "C1", 2020): 10.0, ("GRC", "C2", 2020): 12e6,
    }  # fmt: skip
    assert (report.layout, landed()) == ("PC-Axis", expected)
    told = " ".join(map(str, report.remarks()))
    for said in (
        "Cells written '.' (missing) hold no value: 1.",
        "Cells written '..' (not available) hold no value: 1.",
        "Cells written '...' (confidential) hold no value: 1.",
        "Cells written '-' are zero in PC-Axis, and read as 0: 1.",
    ):
        assert said in told
    found = store.indicators(store.connect()).set_index("code").loc["C1"]
    assert (found["name"], found["source"]) == ("Things", "Byrån")


def test_the_files_own_words_for_its_signs_hold(tmp_path):
    more = 'DATASYMBOL2="not yet counted";\nDATASYMBOLNIL="no answer";'
    report = land(tmp_path, px(more=more), skip_invalid=True)
    told = " ".join(map(str, report.remarks()))
    assert "'..' (not yet counted) hold no value: 1" in told
    assert "'-' (no answer) hold no value: 1" in told


def test_rows_behind_keys_land_where_the_keys_say_and_missing_rows_are_told(tmp_path):
    keys = 'KEYS("land")=CODES;\nKEYS("kön")=VALUES;'
    report = land(tmp_path, px('"GR","båda",9 10 11 12\n"SE","båda",1 2 3 4;', keys))
    assert (landed()["GRC", "C1", 2019], landed()["SWE", "C2", 2020], len(landed())) == (9.0, 4e6, 8)
    assert "hold zeros alone, and that were not read: 2." in " ".join(map(str, report.remarks()))
    assert "is no value of 'country'" in refused(tmp_path, px('"XX","båda",9 10 11 12;', keys))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (px("1 2 3;"), "it has 3 cells, and its variables ask for 16"),
        (px(ROWS.replace("16;", "16 17;")), "it has 17 cells, and its variables ask for 16"),
        (px("1 2 3"), "its cells break off"),
        (px().replace(b'"GR"', b'"GR","NO"'), "has 2 values, 2 of them named and 3 coded"),
        (px().replace(b"DATA=", b"DATE="), "there is no DATA"),
        (px().replace(b'CODEPAGE="utf-8"', b'CODEPAGE="rot13"'), "CODEPAGE 'rot13' is not known"),
    ],
)
def test_a_file_of_pc_axis_that_breaks_its_rules_is_refused(tmp_path, content, reason):
    assert reason in refused(tmp_path, content)


def test_a_table_of_pc_axis_with_one_content_needs_a_code(tmp_path):
    text = (
        'AXIS-VERSION="2000";\nTITLE="Folk";\nCONTENTS="Folk";\nUNITS="1000 persons";\nSTUB="Land";\nHEADING="Jahr";\n'
        'VALUES("Land")="Deutschland","Kenia";\nVALUES("Jahr")="2019","2020";\nDATA=\n83100 83200\n50900 52000;\n'
    )
    assert "--indicator" in refused(tmp_path, text)
    land(tmp_path, text, mapping={"indicator": "=SP.POP.TOTL"})
    assert landed()["KEN", "SP.POP.TOTL", 2020] == 52e6
