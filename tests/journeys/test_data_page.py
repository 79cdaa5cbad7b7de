"""What a reader does on the Data page, in a real browser: import, refresh, export, coverage, findings, settings."""

import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
HEADER = "iso3,indicator,year,value\n"
FAULTY = HEADER + "DEU,SP.POP.TOTL,2023,84000000\nGermoney,SP.POP.TOTL,2023,1\nFRA,SP.POP.TOTL,2023,lots\n"
GOOD = HEADER + "DEU,SP.POP.TOTL,2023,84000000\nITA,SP.POP.TOTL,2023,59000000\nFRA,SP.POP.TOTL,2023,68000000\n"


@pytest.fixture(scope="module")
def bank():
    """A World Bank of our own, in a process of its own; one indicator is no longer there."""
    command = [sys.executable, "tests/data/worldbank_server.py", "--fault", "SP.DYN.LE00.IN=retired"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@pytest.fixture(scope="module")
def app(built, bank, serve):
    """The dashboard on the embedded facts, refreshing from our own World Bank."""
    with serve(built, ATLAS_WORLD_BANK_URL=bank) as address:
        yield address


def observations(reader) -> int:
    said = reader.page.get_by_text(re.compile(r"^[\d,]+ observations of")).first.inner_text()
    return int(re.match(r"([\d,]+)", said)[1].replace(",", ""))


def upload(reader, name: str, text: str) -> None:
    file = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    reader.page.locator('[data-testid="stFileUploaderDropzoneInput"]').first.set_input_files(file)
    expect(reader.page.get_by_text(f"{name} · tidy")).to_be_visible(timeout=20_000)
    reader.settle()


def test_a_faulty_file_lands_nothing_and_the_corrected_one_lands(app, visit):
    reader = visit(app)
    reader.go("/data?section=import")
    before = observations(reader)
    upload(reader, "people.csv", FAULTY)
    expect(reader.page.get_by_text("Problems found: 2.")).to_be_visible()
    assert reader.page.get_by_role("button", name="Import").last.is_disabled()
    assert observations(reader) == before

    reader.go("/data?section=import")
    upload(reader, "people.csv", GOOD)
    expect(reader.page.get_by_text("No problems found.")).to_be_visible()
    reader.page.locator(".st-key-land button").click()
    expect(reader.page.get_by_text("people.csv: 3 values added")).to_be_visible(timeout=20_000)
    reader.settle()
    assert observations(reader) == before + 3


def test_the_export_carries_every_observation(app, visit, tmp_path):
    reader = visit(app)
    reader.go("/data?section=export")
    reader.page.get_by_role("button", name="Prepare the file").click()
    button = reader.page.locator('[data-testid="stDownloadButton"] button')
    button.wait_for(timeout=20_000)
    with reader.page.expect_download() as download:
        button.click()
    download.value.save_as(tmp_path / "export.parquet")
    assert pyarrow.parquet.read_metadata(tmp_path / "export.parquet").num_rows == observations(reader)


def test_coverage_and_findings_are_shown(app, visit):
    reader = visit(app)
    reader.go("/data")
    reader.page.get_by_text("Coverage", exact=True).first.click()
    reader.page.wait_for_selector(".js-plotly-plot .heatmaplayer image, .js-plotly-plot .heatmaplayer path")
    reader.page.get_by_text("Findings", exact=True).first.click()
    expect(reader.page.get_by_text(re.compile(r"\d+ high, \d+ medium, \d+ low\."))).to_be_visible(timeout=20_000)
    reader.settle()
    expect(reader.page.get_by_test_id("stDataFrame")).to_have_count(1)


def test_a_refresh_reports_what_landed_and_names_what_failed(app, visit):
    reader = visit(app)
    reader.go("/data?section=refresh")
    before = observations(reader)
    reader.page.get_by_role("button", name="Refresh now").click()
    expect(reader.page.get_by_text(re.compile(r"World Bank, \d+ s: indicators landed: \d+"))).to_be_visible(
        timeout=120_000
    )
    reader.settle()
    expect(reader.page.get_by_text("1 failed (what was stored stays)")).to_be_visible()
    table = reader.page.locator('[data-testid="stDataFrame"]')
    assert "SP.DYN.LE00.IN" in table.inner_text() or "SP.DYN.LE00.IN" in table.locator("table").text_content()

    reader.page.get_by_text("Sources", exact=True).first.click()
    reader.settle()
    assert observations(reader) > before


def test_the_language_of_new_visitors_is_a_setting(app, visit):
    reader = visit(app)
    reader.go("/data?section=settings")
    reader.choose("Language a new visitor sees", "简体中文")
    reader.page.get_by_role("button", name="Save").click()
    expect(reader.page.get_by_text("Saved.")).to_be_visible(timeout=20_000)
    newcomer = visit(app)
    newcomer.go("/")
    assert re.search("[\u4e00-\u9fff]", newcomer.title())
