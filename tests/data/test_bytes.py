"""The bytes that were named are the bytes that are read, whatever a file or a folder is called."""

import gzip
import re
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from data import ingest, private, store

HEADER = "iso3,indicator,year,value"
FORMS = ("csv", "parquet", "gz", "zip", "xlsx")
OWN = [("DEU", "MINE", 2000, 1.0), ("FRA", "MINE", 2000, 2.0)]
pytestmark = pytest.mark.usefixtures("home")


def write(file: Path, indicator: str = "MINE", values: tuple[float, float] = (1.0, 2.0)) -> Path:
    """Two rows in the form that the file's suffix says."""
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = pd.DataFrame({"iso3": ["DEU", "FRA"], "indicator": indicator, "year": 2000, "value": values})
    text = rows.to_csv(index=False)
    match file.suffix[1:]:
        case "csv":
            file.write_text(text)
        case "parquet":
            with file.open("wb") as opened:
                rows.to_parquet(opened)
        case "gz":
            file.write_bytes(gzip.compress(text.encode()))
        case "zip":
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr("figures.csv", text)
        case "xlsx":
            book = openpyxl.Workbook()
            for row in [list(rows), *rows.to_numpy().tolist()]:
                book.active.append(row)
            book.save(file)
    return file


def stored() -> list[tuple]:
    rows = store.series(store.connect(), ["MINE", "OTHER", "X"])
    return list(rows[["iso3", "indicator", "year", "value"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "neighbour"), [("panel[1]", "panel1"), ("d?*", "d2x")])
def test_a_file_named_like_a_pattern_is_read_and_not_its_neighbours(tmp_path, name, neighbour, form):
    write(tmp_path / f"{neighbour}.{form}", "OTHER", (111.0, 222.0))
    ingest.import_file(write(tmp_path / f"{name}.{form}"))
    assert stored() == OWN


@pytest.mark.parametrize("form", FORMS)
def test_a_folder_named_like_a_partition_or_a_pattern_gives_no_values(tmp_path, form):
    odd = tmp_path / "indicator=X" / "year=1999" / "value=7" / "iso3=USA" / "[c]*?"
    ingest.import_file(write(odd / f"panel.{form}"))
    assert stored() == OWN


def test_scratch_folders_may_have_such_names_too(tmp_path, monkeypatch):
    odd = tmp_path / "year=1999" / "[c]*?"
    odd.mkdir(parents=True)
    monkeypatch.setattr(private.tempfile, "tempdir", str(odd))
    ingest.import_file(write(tmp_path / "panel.csv"))
    ingest.import_file(write(tmp_path / "panel.parquet"))
    assert stored() == OWN
    assert list(odd.iterdir()) == []


def test_a_program_installed_in_such_a_folder_reads_its_own_facts(tmp_path, empty_home, monkeypatch):
    odd = tmp_path / "iso3=USA" / "year=1999" / "reference[1]*?"
    shutil.copytree(store.REFERENCE, odd)
    monkeypatch.setattr(store.build, "REFERENCE", odd)
    assert store.ensure() == "built"
    facts = store.series(store.connect(), ["gapminder:population"])
    assert (facts["iso3"].nunique() > 100, facts["year"].min()) == (True, 1952)


def test_an_export_goes_to_the_file_that_was_named_and_comes_back(tmp_path):
    ingest.import_file(write(tmp_path / "panel.csv"))
    odd = tmp_path / "year=1999" / "[c]*?"
    odd.mkdir(parents=True)
    ingest.export(odd / "all[1]*?.parquet")
    assert [file.name for file in odd.iterdir()] == ["all[1]*?.parquet"]
    report = ingest.import_file(odd / "all[1]*?.parquet")
    assert (report.added, report.changed, report.not_taken, report.layout) == (0, 0, 0, "atlas export")


def test_no_path_reaches_the_database_but_as_a_literal():
    """The two readers take `store.literal` of a copy of our own, and read nothing into its folder."""
    texts = {file: file.read_text(encoding="utf-8") for file in Path(store.__file__).parents[1].rglob("*.py")}
    readers = [
        (file.name, found[0])
        for file, text in texts.items()
        for found in re.finditer(r"FROM (read|sniff|parquet|glob)_?\w*\((?s:.*?)\n    \)", text)
    ]
    assert sorted(name for name, _ in readers) == ["parquet.py", "reading.py"]
    for _, statement in readers:
        assert re.match(r"FROM read_(csv|parquet)\(\{store\.literal\(", statement)
        assert "hive_partitioning = false" in statement


def test_a_data_folder_with_a_question_mark_is_refused_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "what?"))
    with pytest.raises(store.StoreError, match="Point ATLAS_HOME to a folder without one"):
        store.ensure()


def test_what_is_checked_is_what_lands_though_the_file_changes_meanwhile(tmp_path, monkeypatch):
    file, land = write(tmp_path / "panel.csv"), ingest.files.land_rows

    def changed(*arguments):
        write(file, "OTHER", (111.0, 222.0))
        return land(*arguments)

    monkeypatch.setattr(ingest.files, "land_rows", changed)
    ingest.import_file(file)
    assert stored() == OWN


@pytest.mark.parametrize("name", ["图" * 90 + ".csv", "..", "a\0b", "\u202egnp.csv\n# x", ""])
def test_an_upload_may_be_called_anything(tmp_path, name):
    report = ingest.import_file(write(tmp_path / "file.csv"), name=ingest.source_name(name))
    assert report.added == 2
    assert 0 < len(report.file) <= ingest.MAX_NAME
    assert report.file.isprintable()
