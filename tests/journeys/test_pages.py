"""What a reader does on the Overview, on Market and on Compare, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

WIDE, NARROW = (1400, 900), (390, 844)
GROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 22, 27)"}
PAGES = (
    "/",
    "/overview",
    "/market?market=DEU",
    "/compare?markets=DEU,FRA,JPN",
    "/ranking",
    "/decision?market=DEU",
    "/scenarios?market=DEU",
    "/plan",
    "/language",
    "/language?lab=file",
    "/language?lab=reach",
    "/vision",
    "/vision?look=cells",
    "/vision?look=tags&market=JPN",
    "/vision?from=camera",
    "/vision?from=file",
    "/vision?from=files",
    "/cards",
    "/adapt",
    "/adapt?rows=shared",
    "/adapt?rows=file",
    "/assistant",
    "/data",
    "/data?section=coverage",
)


def test_overview_answers_draws_the_map_and_opens_a_market_from_it(full_app, visit):
    reader = visit(full_app)
    reader.go("/overview")
    assert reader.title().startswith("Overall, ") and " lead; " in reader.title()
    countries = ".choroplethlayer path.choroplethlocation"
    reader.sees(countries, 151)
    reader.sees(".scattergeo path.point", 4)

    reader.choose("Industry", "Healthcare")
    assert reader.title().startswith("For healthcare, ")
    assert "recipe=healthcare" in reader.page.url
    reader.sees(countries, 151)

    box = reader.page.locator(".choroplethlayer").bounding_box()
    reader.page.mouse.click(*on_the_map(box, longitude=-52, latitude=-10))  # Brazil
    reader.page.wait_for_url(re.compile(r"/market\?.*market=BRA"))
    reader.settle()
    assert reader.title() == "Brazil"
    assert "recipe=healthcare" in reader.page.url

    reader.open_page("Markets", "Overview")
    reader.page.wait_for_selector(".choroplethlayer path")
    assert " lead; " in reader.title()  # and does not open the market again
    assert reader.page.get_by_role("combobox", name="Industry").input_value() == "Healthcare"


def on_the_map(box: dict, longitude: float, latitude: float) -> tuple[float, float]:
    """A place on the map, near enough for a large country. box: of the drawn countries, -180 to 180 by -56 to 84."""
    return box["x"] + box["width"] * (longitude + 172) / 344, box["y"] + box["height"] * (84 - latitude) / 140


def test_a_row_of_the_list_opens_its_market(full_app, visit):
    reader = visit(full_app)
    reader.go("/overview?recipe=healthcare")
    first = re.match(r"For healthcare, (?:the )?(.+?), ", reader.title())[1]
    table = reader.page.locator('[data-testid="stDataFrame"]').first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    reader.page.mouse.click(box["x"] + 150, box["y"] + 52)  # the first row, below the header
    reader.page.wait_for_url(re.compile(r"/market\?"))
    reader.settle()
    assert reader.title() == first
    assert "market=" in reader.page.url


def test_a_market_shows_its_rank_figures_and_where_they_come_from(full_app, visit):
    reader = visit(full_app)
    reader.go("/market?market=FRA&recipe=healthcare")
    assert reader.title() == "France"
    for said in (
        "Ranked ",
        "Strengths",
        "Weaknesses",
        "Trends against structural peers",
        "Working together",
        "Source:",
    ):
        expect(reader.page.get_by_test_id("stMain")).to_contain_text(said)
    expect(reader.page.locator('[data-testid="stMetric"]')).to_have_count(5)
    expect(reader.page.locator(".js-plotly-plot .scatterlayer")).to_have_count(5)
    with reader.page.context.expect_page() as opened:
        reader.page.get_by_role("link", name="source", exact=True).first.click()
    rows = opened.value
    rows.wait_for_selector("h1")
    assert "section=rows" in rows.url and "market=FRA" in rows.url and "indicator=SP.POP.TOTL" in rows.url


def test_markets_are_compared_and_a_link_shows_another_reader_the_same(full_app, visit):
    reader = visit(full_app)
    reader.go("/compare?markets=DEU,FRA")
    assert "index variants" in reader.title()
    reader.page.get_by_role("combobox", name=re.compile("countries")).click()
    reader.page.keyboard.type("Japan")
    reader.page.get_by_role("option", name=re.compile("^Japan")).click()
    reader.page.keyboard.press("Escape")
    expect(reader.page.locator('[data-testid="stMetric"]')).to_have_count(3)
    reader.page.get_by_text("First common year = 100", exact=True).click()
    reader.settle()
    reader.page.wait_for_url(re.compile("scale=indexed"))
    assert "2015 = 100" in reader.page.locator(".js-plotly-plot .ytitle").last.text_content()

    other = visit(full_app)
    other.go(reader.page.url.removeprefix(full_app))
    assert other.title() == reader.title()
    expect(other.page.locator('[data-testid="stMetric"]')).to_have_count(3)


def test_choices_survive_the_navigation(full_app, visit):
    reader = visit(full_app)
    reader.go("/?recipe=finance&year=2020")
    for title in ("Market", "Compare", "Overview", "Shortlist"):
        reader.open_page("Markets", title)
        assert reader.page.get_by_role("combobox", name="Industry").input_value() == "Finance"
        assert reader.page.get_by_role("combobox", name="Year").input_value() == "2020"
        reader.page.wait_for_url(re.compile(r"recipe=finance.*year=2020|year=2020.*recipe=finance"))


def test_the_language_changes_at_a_click(full_app, visit):
    reader = visit(full_app)
    reader.go("/")
    assert reader.title().startswith("Overall, ")
    reader.page.get_by_text("简体中文", exact=True).click()
    reader.page.wait_for_url(re.compile("lang=zh"))
    reader.settle()
    assert reader.title().startswith("综合来看")
    expect(reader.page.get_by_text("市场", exact=True).first).to_be_visible()
    reader.open_page("市场", "对比")
    assert "指数" in reader.title()


def test_a_tab_says_which_page_it_is_and_the_document_which_language(full_app, visit):
    reader = visit(full_app)
    reader.go("/overview?recipe=healthcare")
    expect(reader.page).to_have_title("Overview · Healthcare · Lepton Atlas")
    expect(reader.page.locator("html")).to_have_attribute("lang", "en")
    expect(reader.page.get_by_test_id("stHeaderLogo")).to_be_visible()
    expect(reader.page.get_by_text("Markets › Overview", exact=True)).to_be_visible()
    reader.open_page("Assess", "Ranking")
    expect(reader.page).to_have_title("Ranking · Healthcare · Lepton Atlas")
    reader.go("/market?market=DEU&lang=zh")
    expect(reader.page).to_have_title("市场 · 德国 · 综合 · Lepton Atlas")
    expect(reader.page.locator("html")).to_have_attribute("lang", "zh-Hans")


def test_the_keyboard_reaches_the_first_filter_and_opens_it(full_app, visit):
    reader = visit(full_app)
    reader.go("/")
    for _step in range(15):
        reader.page.keyboard.press("Tab")
        if reader.page.evaluate("document.activeElement.getAttribute('role')") == "combobox":
            break
    focused = reader.page.get_by_role("combobox", name="Industry")
    assert focused.evaluate("element => element === document.activeElement")
    reader.page.keyboard.press("ArrowDown")
    reader.page.get_by_role("option", name="Healthcare", exact=True).wait_for()
    reader.page.keyboard.press("ArrowDown")
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url(re.compile("recipe="))
    reader.settle()
    assert not reader.title().startswith("Overall, ")


def test_no_page_scrolls_sideways_or_breaks_narrow_or_wide_light_or_dark(full_app, visit):
    reader = visit(full_app)
    for path in PAGES:
        reader.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        reader.go(path)
        for size, scheme in ((NARROW, "light"), (NARROW, "dark"), (WIDE, "dark"), (WIDE, "light")):
            reader.page.set_viewport_size({"width": size[0], "height": size[1]})
            reader.page.emulate_media(color_scheme=scheme)
            expect(reader.page.get_by_test_id("stApp")).to_have_css("background-color", GROUNDS[scheme])
            reader.page.wait_for_timeout(250)
            assert not reader.scrolls_sideways(), (path, size, scheme)


def test_on_a_phone_the_map_stands_above_the_list(full_app, visit):
    reader = visit(full_app, NARROW)
    reader.go("/overview")
    chart = reader.page.locator(".js-plotly-plot").first.bounding_box()
    table = reader.page.locator('[data-testid="stDataFrame"]').first.bounding_box()
    assert chart["y"] + chart["height"] <= table["y"]
    assert chart["width"] <= NARROW[0]


def test_ranking_answers_a_moved_weight_and_keeps_it_in_the_address(full_app, visit):
    reader = visit(full_app)
    reader.go("/ranking?recipe=healthcare")
    assert " leads; " in reader.title()
    slider = reader.page.get_by_role("slider", name="Size")
    slider.focus()
    for _press in range(3):
        reader.page.keyboard.press("ArrowRight")
    reader.page.wait_for_url(re.compile("w_size="))
    reader.settle()
    reader.sees(".scatterlayer path.point", 30)


def test_potential_says_where_most_is_untapped_and_how_far_to_trust_it(full_app, visit):
    reader = visit(full_app)
    reader.go("/potential?recipe=healthcare")
    assert re.search("have clearly less|No country ", reader.title())
    expect(reader.page.get_by_text(re.compile(r"\d+ of \d+ checks pass")).first).to_be_visible()
    assert not reader.scrolls_sideways()


def test_a_decision_prints_on_a_page(full_app, visit):
    reader = visit(full_app)
    reader.go("/decision?recipe=healthcare&market=DEU")
    assert reader.title().startswith("Germany – ")
    with reader.page.expect_download() as waiting:
        reader.page.get_by_role("button", name="Print as PDF").click()
    assert Path(waiting.value.path()).read_bytes().startswith(b"%PDF-")


def test_in_a_narrow_window_the_navigation_closes_when_a_page_was_chosen(full_app, visit):
    reader = visit(full_app, NARROW)
    reader.go("/?recipe=healthcare")
    reader.page.get_by_test_id("stExpandSidebarButton").click()
    reader.page.get_by_test_id("stSidebarNavLink").filter(has_text="Compare").click()
    reader.page.wait_for_url(re.compile("/compare"))
    reader.settle()
    expect(reader.page.get_by_test_id("stSidebarNavLink").first).not_to_be_in_viewport()


@pytest.mark.parametrize("page", ["ranking", "scenarios"])
def test_controls_beside_an_answer_begin_folded_on_a_phone_and_open_on_a_desk(page, full_app, visit):
    phone, desk = visit(full_app, NARROW), visit(full_app)
    phone.go(f"/{page}?recipe=healthcare")
    expect(phone.page.locator(".st-key-controls details").first).not_to_have_attribute("open", "")
    assert phone.page.locator("h1").first.bounding_box()["y"] < 700  # sliders took more than a screen
    phone.page.locator(".st-key-controls summary").first.click()
    expect(phone.page.get_by_role("slider").first).to_be_visible()
    expect(phone.page.locator(".st-key-answer h1")).to_be_in_viewport()  # it stays in sight while one moves them
    desk.go(f"/{page}?recipe=healthcare")
    expect(desk.page.get_by_role("slider").first).to_be_visible()
