"""A reader drags a slider, in a real browser: the answer moves with the hand, and the server has the last word."""

import re
import time

import pytest
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser

OLD = "From before the last move."
RANKING, SCENARIO = "/ranking?recipe=healthcare", "/scenarios?recipe=healthcare&market=IND"


def slider(reader, name: str) -> Locator:
    return reader.page.get_by_role("slider", name=re.compile(f"^{name}")).first


def answer(reader) -> Locator:
    return reader.page.locator(".lepton-answer")


def leaders(reader) -> list[str]:
    """The first ones as they are listed, with their scores."""
    rows = answer(reader).locator("li:visible")
    return [row.inner_text() for row in rows.all()]


def grasp(reader, thumb: Locator) -> dict[str, float]:
    """Press the mouse on a slider's thumb; where the slider lies."""
    thumb.scroll_into_view_if_needed()
    box = thumb.bounding_box()
    low, high, value = (float(thumb.get_attribute(name) or 0) for name in ("min", "max", "step"))
    value = float(thumb.input_value())
    reader.page.mouse.move(
        box["x"] + 8 + (box["width"] - 16) * (value - low) / (high - low), box["y"] + box["height"] / 2
    )
    reader.page.mouse.down()
    return box


def drag(reader, box: dict[str, float], share: float) -> None:
    """Move the mouse to a share of the slider's width."""
    reader.page.mouse.move(box["x"] + 8 + (box["width"] - 16) * share, box["y"] + box["height"] / 2)


def landed(reader) -> None:
    """The server has answered where the sliders stand."""
    expect(reader.page.locator(".lepton-answer:not(.is-moving)")).to_be_visible()
    reader.settle()


def test_a_ranking_moves_with_the_hand_and_the_server_says_the_same(full_app, visit):
    reader = visit(full_app)
    reader.go(RANKING)
    before = leaders(reader)
    box = grasp(reader, slider(reader, "Size"))
    drag(reader, box, 0.9)
    expect(answer(reader)).to_have_class(re.compile("is-moving"))
    expect(answer(reader).get_by_role("status")).to_contain_text("leads as it stands")
    held = [row.split("\n")[:3] for row in leaders(reader)]
    assert held != [row.split("\n")[:3] for row in before]
    reader.page.mouse.up()
    landed(reader)
    assert [row.split("\n")[:3] for row in leaders(reader)] == held
    assert "w_size=2.7" in reader.page.url
    first = answer(reader).locator("li .lepton-name").first.inner_text()
    assert reader.title().startswith(f"{first} leads; ")
    assert not reader.complaints


@pytest.mark.parametrize(("page", "name"), [(RANKING, "Size"), (SCENARIO, "Population")])
def test_two_hundred_moves_in_five_seconds_end_where_the_hand_ends(full_app, visit, page, name):
    reader = visit(full_app)
    reader.go(page)
    thumb = slider(reader, name)
    box = grasp(reader, thumb)
    for step in range(200):
        drag(reader, box, 0.2 + 0.6 * (step % 40) / 40)
        time.sleep(0.02)
    drag(reader, box, 0.75)
    reader.page.mouse.up()
    end = float(thumb.input_value())
    landed(reader)
    assert float(thumb.input_value()) == end
    assert reader.page.locator('[data-testid="stException"]').count() == 0
    assert not reader.complaints
    mine = reader.page.get_by_role("spinbutton", name=re.compile(f"^{name}")).first
    assert float(mine.input_value()) == end


def test_one_undo_takes_a_whole_drag_back(full_app, visit):
    reader = visit(full_app)
    reader.go(SCENARIO)
    thumb = slider(reader, "Population")
    for shares in ((0.5, 0.6, 0.7), (0.6, 0.4)):
        box = grasp(reader, thumb)
        for share in shares:
            drag(reader, box, share)
            reader.page.wait_for_timeout(300)  # longer than a slider is held still before the server is asked
        reader.page.mouse.up()
        landed(reader)
        shown = float(thumb.input_value())
        if shares[0] == 0.5:
            first = shown
    reader.page.get_by_role("button", name="Undo").click()
    landed(reader)
    expect(thumb).to_have_value(f"{first:g}")
    reader.page.get_by_role("button", name="Undo").click()
    landed(reader)
    expect(thumb).to_have_value("0")
    assert reader.title() == "Change an assumption to start"


def test_keys_move_a_slider_and_tell_where_it_stands(full_app, visit):
    reader = visit(full_app)
    reader.go(SCENARIO)
    thumb = slider(reader, "Population")
    thumb.focus()
    reader.page.keyboard.press("End")
    expect(thumb).to_have_attribute("aria-valuetext", re.compile(r"^\+100 % → "))
    reader.page.keyboard.press("Home")
    expect(thumb).to_have_attribute("aria-valuetext", re.compile(r"^-50 % → "))
    landed(reader)
    reader.page.get_by_role("button", name=re.compile("^Back to today's value: Population")).click()
    landed(reader)
    expect(thumb).to_have_value("0")


def test_who_wants_plain_sliders_gets_them(full_app, visit):
    reader = visit(full_app)
    reader.go(RANKING + "&w_size=2.5")
    reader.page.get_by_text("Answer while a slider moves").click()
    expect(answer(reader)).to_have_count(0)
    reader.settle()
    assert reader.page.locator('[data-testid="stSlider"]').first.is_visible()
    assert "w_size=2.5" in reader.page.url


def test_a_lost_server_leaves_the_browsers_answer_and_says_so(synthetic, serve, visit):
    with serve(synthetic) as address:
        reader = visit(address)
        reader.go(RANKING)
    box = grasp(reader, slider(reader, "Size"))
    drag(reader, box, 0.9)
    reader.page.mouse.up()
    expect(answer(reader).get_by_role("status")).to_contain_text("No answer from the server yet")
    assert len(leaders(reader)) == 20
    reader.complaints.clear()  # of a connection that is gone


def test_figures_in_sight_follow_the_answer_and_charts_below_when_they_are_seen(full_app, visit):
    reader = visit(full_app)
    reader.go(SCENARIO)
    figures, view = (reader.page.locator(f".st-key-lepton_server_{name}") for name in ("figures", "view"))
    box = grasp(reader, slider(reader, "Population"))
    drag(reader, box, 0.9)
    expect(figures).to_have_attribute("data-lepton-old", OLD)
    reader.page.mouse.up()
    landed(reader)
    reader.page.emulate_media(media="print")
    assert OLD in view.evaluate("place => getComputedStyle(place, '::before').content")
    reader.page.emulate_media(media="screen")
    figures.scroll_into_view_if_needed()
    expect(figures).not_to_have_attribute("data-lepton-old", OLD)
    told = re.search(r"→ (\d+),", answer(reader).locator(".lepton-subject").inner_text())
    expect(figures.get_by_test_id("stMetricValue").first).to_contain_text(re.compile(rf"^{told[1]} \("))
    assumed = reader.page.locator(".st-key-assumptions").get_by_role("button")
    expect(assumed).to_have_count(1)
    reader.page.evaluate("document.querySelector('.st-key-lepton_server_view').scrollIntoView()")
    expect(view).not_to_have_attribute("data-lepton-old", OLD)
    assumed.click()  # drawn in a part of its own, heard by all
    expect(slider(reader, "Population")).to_have_value("0")
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("Change an assumption to start")
    assert not reader.complaints


def test_an_answer_that_the_server_refuses_comes_back_when_a_slider_moves_again(full_app, visit):
    reader = visit(full_app)
    others = ("need", "purchasing_power", "health", "digital", "governance", "risk", "talent", "competition", "policy")
    reader.go(RANKING + "&w_size=1" + "".join(f"&w_{name}=0" for name in others))
    box = grasp(reader, slider(reader, "Size"))
    drag(reader, box, 0)
    reader.page.mouse.up()
    expect(answer(reader)).to_have_count(0)
    grasp(reader, slider(reader, "Size"))
    drag(reader, box, 0.5)
    reader.page.mouse.up()
    landed(reader)
    assert len(leaders(reader)) == 20
    assert not reader.complaints
