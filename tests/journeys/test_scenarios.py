"""A reader on Scenarios, in a real browser: quick hands on a slider, a typed number, undo, a shared address."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, expect

from analytics.scenario import document as scenarios

pytestmark = pytest.mark.browser

PAGE = "/scenarios?recipe=healthcare&market=IND"
USERS = "Internet users"


def thumb(reader) -> Locator:
    """The slider of internet users; its title also says today's figure."""
    return reader.page.get_by_role("slider", name=re.compile(f"^{USERS} · ")).first


def number(reader) -> Locator:
    """The number beside it."""
    return reader.page.get_by_role("spinbutton", name=re.compile(f"^{USERS} · ")).first


def assumed(reader) -> Locator:
    """The buttons that say what is assumed."""
    return reader.page.locator(".st-key-assumptions button:visible")


def in_the_address(reader) -> float:
    """The change of internet users that the address holds."""
    (text,) = parse_qs(urlsplit(reader.page.url).query)["scenario"]
    (shock,) = scenarios.from_link(text).shocks
    return shock.value


def said(change: float) -> str:
    """The assumption in words."""
    return f"{USERS}, India: {'+' if change >= 0 else '−'}{abs(change):.3g} % of population"


def open_digital(reader) -> None:
    reader.go(PAGE)
    reader.page.get_by_text("Digital", exact=True).first.click()
    expect(thumb(reader)).to_be_visible()
    reader.settle()


def change(reader, points: str) -> None:
    """Type a change, and wait until it is assumed."""
    number(reader).fill(points)
    number(reader).press("Enter")
    expect(assumed(reader)).to_contain_text(said(float(points)))


def agrees(reader, value: float) -> None:
    """Thumb, number, assumption and address say the same, and go on saying it."""
    for _again in range(2):
        expect(number(reader)).to_have_value(f"{value:.1f}")
        assert float(thumb(reader).input_value()) == pytest.approx(value)
        expect(assumed(reader)).to_have_count(1)
        expect(assumed(reader)).to_contain_text(said(value))
        _until(reader, lambda: in_the_address(reader) == pytest.approx(value))
        reader.page.wait_for_timeout(400)


def _until(reader, told: Callable[[], bool]) -> None:
    """Wait until it is so: the address follows the page, after a moment on a busy machine."""
    for _look in range(100):
        if told():
            return
        reader.page.wait_for_timeout(100)
    assert told()


def test_a_slider_moved_quickly_and_everything_beside_it_agree_and_the_address_holds_it(full_app, visit):
    reader = visit(full_app)
    open_digital(reader)
    assert reader.title() == "Change an assumption to start"
    assert float(thumb(reader).input_value()) == 0.0

    thumb(reader).focus()
    for _press in range(40):
        reader.page.keyboard.press("ArrowRight")
    for _press in range(8):
        reader.page.keyboard.press("ArrowLeft")
    reader.page.wait_for_url(re.compile("scenario="))
    reader.settle()
    end = (40 - 8) * 0.5
    agrees(reader, end)
    moved = reader.title()
    assert re.fullmatch(r"India ((probably )?(rises|falls)|may (rise|fall)|stays) .*\(\d+–\d+\)", moved)

    change(reader, "30")
    reader.settle()
    agrees(reader, 30.0)
    typed = reader.title()
    assert typed != moved

    other = visit(full_app)
    other.go(reader.page.url.removeprefix(full_app))
    assert other.title() == typed

    reader.page.get_by_role("button", name="Undo").click()
    expect(reader.page.locator("h1").first).to_have_text(moved)
    reader.settle()
    agrees(reader, end)


def test_a_saved_scenario_is_opened_in_the_place_of_another(full_app, visit):
    reader = visit(full_app)
    open_digital(reader)
    change(reader, "30")
    reader.settle()
    kept = reader.title()
    reader.page.get_by_test_id("stPopoverButton").filter(has_text="Save").click()
    reader.page.get_by_role("button", name="Save My scenario").click()
    expect(reader.page.get_by_text("Saved.", exact=True)).to_be_visible()
    reader.page.keyboard.press("Escape")
    reader.settle()

    change(reader, "-5")
    reader.settle()
    reader.page.get_by_test_id("stPopoverButton").filter(has_text="folder_open").click()
    reader.page.locator(".st-key-scenario_open_saved button").click()
    expect(assumed(reader)).to_contain_text(said(30.0))
    reader.settle()
    assert reader.title() == kept
    assert in_the_address(reader) == 30.0
