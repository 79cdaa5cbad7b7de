"""What a reader does on the Plan page, in a real browser."""

import re

import pytest

pytestmark = pytest.mark.browser


def test_a_plan_is_made_changed_by_keyboard_undone_and_taken_away(own_app, visit):
    reader = visit(own_app)
    reader.go("/plan?recipe=healthcare")
    assert reader.title() == "Where should money and people go?"
    reader.page.get_by_text("Or plan with figures of your own").click()
    reader.settle()  # a click while the page is drawn anew is lost
    reader.page.get_by_role("button", name=re.compile("worked example")).click()
    reader.page.get_by_text("Where the money goes").wait_for(timeout=180_000)
    reader.settle()
    planned = reader.title()
    assert re.match(r"\d+ people in (1 country|\d+ countries), .+: may reach ", planned)
    reader.sees(".scattergeo path.point")

    budget = reader.page.locator("input[type=number][aria-label*=udget]").first
    budget.fill("0.9")
    budget.press("Enter")
    reader.page.wait_for_function("before => document.querySelector('h1').innerText !== before", arg=planned)
    reader.settle()
    assert reader.title() != planned
    reader.page.get_by_role("button", name="Undo").click()
    reader.page.wait_for_function("before => document.querySelector('h1').innerText === before", arg=planned)
    reader.settle()

    with reader.page.expect_download(timeout=90_000) as taken:
        reader.page.get_by_role("button", name="PowerPoint").click()
    assert taken.value.suggested_filename.endswith(".pptx")
