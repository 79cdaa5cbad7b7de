"""What a reader does in the Language lab and on the Model cards page, in a real browser, with the models that ship."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LOADING_MS = 60_000
"""Models are loaded when they are first asked."""


def test_a_typed_sentence_is_answered_with_reasons(full_app, visit):
    reader = visit(full_app)
    reader.go("/language")
    before = reader.title()
    box = reader.page.get_by_role("textbox", name="Text", exact=True)
    box.fill("<b>Terrible</b>: the train was late and nobody said sorry.")
    reader.page.get_by_role("button", name="Analyse").click()
    reader.page.wait_for_function(
        "t => (document.querySelector('h1')?.innerText ?? t) !== t", arg=before, timeout=LOADING_MS
    )
    reader.settle()
    assert "English" in reader.title()
    explained = reader.page.locator('p[dir="auto"]')
    expect(explained).to_contain_text("<b>Terrible</b>: the train was late and nobody said sorry.")
    expect(explained.locator("span").nth(1)).to_be_visible()
    assert explained.locator("b").count() == 0
    reader.page.get_by_text("Details for engineers").first.click()
    expect(reader.page.get_by_text(re.compile(r"batch of \d+ · Language v"))).to_be_visible()


def test_a_sample_in_arabic_is_a_click_away_and_runs_from_the_right(full_app, visit):
    reader = visit(full_app)
    reader.go("/language")
    before = reader.title()
    reader.page.get_by_role("button", name=re.compile("^Arabic")).click()
    reader.page.wait_for_function(
        "t => (document.querySelector('h1')?.innerText ?? t) !== t", arg=before, timeout=LOADING_MS
    )
    reader.settle()
    explained = reader.page.locator('p[dir="auto"]')
    expect(explained).to_contain_text("أنا سعيد جدا، شكرا لكم.")
    assert explained.evaluate("e => getComputedStyle(e).direction") == "rtl"


def test_a_wrong_file_is_refused_and_a_right_one_read_and_taken_away(full_app, visit, tmp_path):
    reader = visit(full_app)
    reader.go("/language?lab=file")
    wrong, right = tmp_path / "wrong.csv", tmp_path / "right.csv"
    wrong.write_bytes(b"\x89PNG\x00\x00")
    right.write_text("comment\n" + "What a lovely day\n=1+1 awful\n" * 300, "utf-8")
    reader.page.locator("input[type=file]").set_input_files(wrong)
    reader.page.get_by_text("neither CSV, XLSX nor Parquet").wait_for()
    reader.page.locator("input[type=file]").set_input_files(right)
    reader.page.get_by_role("button", name="Read all 600 rows").click()
    reader.page.get_by_role("button", name="Download the answers as CSV").wait_for(timeout=LOADING_MS)
    reader.settle()
    assert "of 600 texts are negative" in reader.title()
    with reader.page.expect_download() as taken:
        reader.page.get_by_role("button", name="Download the answers as CSV").click()
    rows = Path(taken.value.path()).read_text("utf-8-sig").splitlines()
    assert len(rows) == 601
    assert rows[2].startswith('"\'=1+1 awful",')


def test_the_reach_curve_follows_the_market(full_app, visit):
    reader = visit(full_app)
    reader.go("/language?lab=reach&where=NGA")
    assert " of people (" in reader.title()
    reader.sees(".scatterlayer path.point", 6)
    reader.page.get_by_text("GDP reached", exact=True).click()
    reader.page.wait_for_url(re.compile("by=gdp"))


def test_a_model_card_shows_its_weakest_language_and_takes_a_signature(full_app, visit):
    reader = visit(full_app)
    reader.go("/cards?model=sentiment")
    assert "weakest for" in reader.title()
    reader.sees(".scatterlayer path.point", 11)
    for box in reader.page.locator('[data-testid="stForm"] [data-testid="stCheckbox"] label').all():
        box.click()
    reader.page.get_by_role("button", name="Approved", exact=True).or_(
        reader.page.get_by_role("radio", name="Approved", exact=True)
    ).first.click()
    reader.page.get_by_role("textbox", name="Reviewed by").fill("Ada")
    reader.page.get_by_role("button", name="Sign off").click()
    reader.page.get_by_text(re.compile("^Approved by Ada on ")).wait_for()
