"""What a reader does on the Adapt page, in a real browser, with the models that ship."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

TRAINING_MS = 300_000


def test_our_example_is_checked_trained_compared_registered_and_removed(own_app, visit):
    reader = visit(own_app)
    reader.go("/adapt")
    assert reader.title() == "72 Swahili examples ready for training"
    reader.page.get_by_text(re.compile("^Only 18 test examples: results are rough")).wait_for()
    reader.page.get_by_role("button", name="Train the adapter").click()
    reader.page.get_by_role("heading", name="Save?").wait_for(timeout=TRAINING_MS)
    reader.settle()
    assert re.match(r"Swahili: F1 0\.\d+ before, 0\.\d+ after, on 18 test examples$", reader.title())
    reader.page.get_by_text(re.compile("^Loss on other languages could not be measured")).wait_for()
    expect(reader.page.locator(".js-plotly-plot").first.locator(".scatterlayer path.point")).to_have_count(8)
    reader.page.get_by_text("Details for engineers", exact=True).last.click()
    reader.page.get_by_text("Is the loss still falling?", exact=True).wait_for()
    expect(reader.page.locator(".js-plotly-plot").nth(1).locator(".scatterlayer path.point").nth(5)).to_be_attached()
    assert not reader.scrolls_sideways()

    sentence = reader.page.get_by_role("textbox", name="A sentence in Swahili")
    sentence.fill("Viatu hivi ni vizuri sana")
    sentence.press("Enter")
    reader.settle()
    expect(reader.page.get_by_text(re.compile("^Before · "))).to_be_visible()
    expect(reader.page.get_by_text(re.compile("^After · "))).to_be_visible()

    reader.page.get_by_role("textbox", name="Name", exact=True).fill("sentiment")
    reader.page.get_by_role("button", name="Save the adapter").click()
    reader.page.get_by_text("There is a model 'sentiment' already. Choose another name.").wait_for()
    reader.page.get_by_role("textbox", name="Name", exact=True).fill("sokoni")
    reader.page.get_by_role("button", name="Save the adapter").click()
    reader.page.get_by_text("The adapter sokoni is saved and answers from now on.").wait_for()
    reader.settle()

    reader.page.get_by_role("link", name="Its card").click()
    reader.page.wait_for_url(re.compile(r"/cards\?.*model=sokoni"))
    reader.settle()
    reader.page.go_back()
    reader.settle()
    reader.page.get_by_role("button", name="Remove").click()
    reader.page.get_by_role("button", name="Remove it for good").click()
    reader.page.get_by_text(re.compile("^None yet. ")).wait_for()


def test_a_training_can_be_stopped_while_another_reader_looks_on(own_app, visit):
    reader, other = visit(own_app), visit(own_app)
    reader.go("/adapt")
    other.go("/adapt")
    reader.page.get_by_role("button", name="Train the adapter").click()
    reader.page.get_by_role("heading", name=re.compile("^(Learning|Swahili): ")).wait_for()
    other.go("/language")  # answers go on
    assert other.title()
    ended = reader.page.get_by_role("heading", name="Save?")
    stop = reader.page.get_by_role("button", name="Stop", exact=True)
    ended.or_(stop).first.wait_for()
    if stop.is_visible():
        stop.click()
        reader.page.get_by_role("heading", name=re.compile("^(Stopped|Swahili): ")).wait_for(timeout=TRAINING_MS)


def test_a_file_with_wrong_columns_is_refused_and_mended_by_choosing_them(own_app, visit, tmp_path):
    reader = visit(own_app)
    reader.go("/adapt?rows=file")
    reader.page.get_by_role("combobox", name="Language").click()
    reader.page.keyboard.type("Swahili")
    reader.page.get_by_role("option", name="Swahili", exact=True).click()
    file = tmp_path / "market.csv"
    rows = [f"Bidhaa ya {place} ni {word},{label}" for place in range(20) for word, label in
            (("nzuri", "positive"), ("mbaya", "negative"))]  # fmt: skip
    file.write_text("maoni,hisia\n" + "\n".join(rows), "utf-8")
    reader.page.locator("input[type=file]").set_input_files(file)
    reader.page.get_by_text("The file lacks the columns text, label; it has maoni, hisia.").wait_for()
    assert reader.page.get_by_role("button", name="Train the adapter").count() == 0
    reader.choose("Text in column", "maoni")
    reader.choose("Label in column", "hisia")
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("40 Swahili examples ready for training")
    reader.page.get_by_text("No row is neutral: the adapter will not learn it.").wait_for()
