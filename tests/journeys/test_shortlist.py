"""A reader on the start page, and links that show another reader the same, in a real browser."""

import re

import pytest
from playwright.sync_api import Locator, expect
from pptx import Presentation

pytestmark = pytest.mark.browser

NARROW = (390, 844)
ESTIMATING_MS = 300_000
"""Fitting six learners takes half a minute, and longer where other readers wait too."""


def cards(reader) -> Locator:
    return reader.page.locator('[class*="st-key-card_"]')


def opened(visit, reader):
    """Another reader, with a session of its own, at the address the first one sees."""
    other = visit(reader.address)
    other.go(reader.page.url.removeprefix(reader.address))
    return other


def test_the_start_page_names_the_countries_to_look_at_and_opens_a_decision(full_app, visit):
    reader = visit(full_app)
    reader.go("/")
    assert reader.title().startswith("Overall, ") and " lead; " in reader.title()
    main = reader.page.get_by_test_id("stMain")
    for said in (
        "In one minute",
        "What",
        "How sure",
        "What it costs",
        "What next",
        "Countries ranked: without the United States",
    ):
        expect(main).to_contain_text(said)
    expect(cards(reader).nth(4)).to_be_visible()
    assert 5 <= cards(reader).count() <= 8
    for said in ("Rank ", "Potential ", "Our models ", "Why ", "What could stop it "):
        expect(cards(reader).first).to_contain_text(said)

    reader.choose("Industry", "Healthcare")
    reader.page.wait_for_url(re.compile("recipe=healthcare"))
    reader.settle()
    reader.page.get_by_test_id("stPopoverButton").filter(has_text="Board pack").click()
    with reader.page.expect_download() as given:
        reader.page.get_by_role("button", name="PowerPoint").click()
    assert given.value.suggested_filename == "lepton-atlas-shortlist-healthcare.pptx"
    deck = Presentation(given.value.path())
    assert deck.slides[1].shapes.title.text_frame.text.startswith(reader.title())
    reader.page.keyboard.press("Escape")
    assert reader.title().startswith("For healthcare, ")
    country, _verdict = cards(reader).nth(1).locator("h4").inner_text().split(" – ")
    cards(reader).nth(1).get_by_role("button", name="Decision").click()
    reader.page.wait_for_url(re.compile(r"/decision\?.*market=[A-Z]{3}"))
    reader.settle()
    assert reader.page.get_by_role("combobox", name="Country").input_value().startswith(country)
    assert "recipe=healthcare" in reader.page.url
    decided = reader.title()
    assert country in decided

    other = opened(visit, reader)
    assert other.title() == decided


def test_the_start_page_draws_itself_again_when_potential_and_costs_are_worked_out(full_app, visit):
    reader = visit(full_app)
    reader.go("/?recipe=healthcare")
    main = reader.page.get_by_test_id("stMain")
    expect(main).not_to_contain_text("is being estimated", timeout=ESTIMATING_MS)
    expect(main).not_to_contain_text("Being worked out.", timeout=ESTIMATING_MS)
    reader.settle()
    expect(main).to_contain_text(re.compile(r"\d+ people and .+ US\$ over \d years|Nothing to plan\."))


def test_a_link_to_the_start_page_shows_another_reader_the_same(full_app, visit):
    reader = visit(full_app)
    reader.go("/?recipe=finance")
    assert reader.title().startswith("For finance, ")
    other = opened(visit, reader)
    assert other.title() == reader.title()
    listed = reader.page.locator('[class*="st-key-card_"] h4')
    expect(other.page.locator('[class*="st-key-card_"] h4')).to_have_text(listed.all_inner_texts())


def test_on_a_phone_the_start_page_fits_and_answers_on_the_first_screen(full_app, visit):
    reader = visit(full_app, NARROW)
    reader.go("/?recipe=healthcare")
    expect(cards(reader).first).to_be_visible()
    assert reader.page.locator("h1").first.bounding_box()["y"] < 400
    assert not reader.scrolls_sideways()


def test_a_link_to_the_overview_shows_another_reader_the_same(full_app, visit):
    reader = visit(full_app)
    reader.go("/overview?recipe=healthcare")
    reader.page.get_by_test_id("stPopoverButton").filter(has_text="Filters").click()
    reader.page.get_by_role("combobox", name=re.compile("Region")).click()
    reader.page.keyboard.type("asia")
    reader.page.get_by_role("option").first.wait_for()
    reader.page.keyboard.press("Enter")
    reader.page.keyboard.press("Escape")
    reader.page.wait_for_url(re.compile("region=142$"))
    reader.settle()
    assert " countries shown; " in reader.title()
    other = opened(visit, reader)
    assert other.title() == reader.title()


def test_a_link_to_a_decision_shows_another_reader_the_same(full_app, visit):
    reader = visit(full_app)
    reader.go("/decision?recipe=healthcare&market=DEU")
    reader.page.get_by_role("combobox", name="Country").click()
    reader.page.keyboard.type("Japan")
    reader.page.get_by_role("option", name=re.compile("^Japan")).click()
    reader.page.wait_for_url(re.compile("market=JPN"))
    reader.settle()
    assert "Japan" in reader.title()
    other = opened(visit, reader)
    assert other.title() == reader.title()


def test_a_link_to_a_scenario_shows_another_reader_the_same(full_app, visit):
    reader = visit(full_app)
    reader.go("/scenarios?recipe=healthcare&market=IND")
    plain = reader.title()
    number = reader.page.locator(
        '[data-testid="stExpander"] [role="spinbutton"], [data-testid="stExpander"] input[type=number]'
    )
    number.first.fill("20")
    number.first.press("Enter")
    reader.page.wait_for_url(re.compile("scenario="))
    expect(reader.page.locator("h1").first).not_to_have_text(plain)
    reader.settle()
    assert reader.title().startswith("India ")
    other = opened(visit, reader)
    assert other.title() == reader.title()


def test_a_link_to_a_plan_shows_another_reader_the_same(full_app, visit):
    reader = visit(full_app)
    reader.go("/plan?recipe=healthcare")
    money = reader.page.get_by_text("Where the money goes")
    estimate = reader.page.get_by_role("button", name="Estimate the potential of Healthcare")
    money.or_(estimate).first.wait_for()
    if estimate.is_visible():  # no reader has asked for it yet
        estimate.click()
        money.wait_for(timeout=ESTIMATING_MS)
    reader.settle()
    usual = reader.title()
    budget = reader.page.locator("input[type=number][aria-label*=udget]").first
    budget.fill("0.9")
    budget.press("Enter")
    reader.page.wait_for_url(re.compile("budget=900000"))
    reader.page.wait_for_function("before => document.querySelector('h1').innerText !== before", arg=usual)
    reader.settle()
    assert "untapped spending" in reader.title()
    other = visit(full_app)
    other.page.goto(reader.page.url)
    other.page.get_by_text("Where the money goes").wait_for(timeout=ESTIMATING_MS)
    other.settle()
    assert other.title() == reader.title()
