"""The Shortlist: which countries first, how sure, with what potential, and what could stop it."""

import pytest

from analytics.market import entry_mode
from dashboard import load
from dashboard.board import downloads as board_parts
from data import store

PROFILE = {"minimum_population": "0", "minimum_known_pct": "0"}


@pytest.fixture
def opened(full_home, open_page):
    store.put_settings(PROFILE)
    return open_page("shortlist", recipe="healthcare")


def cards(app) -> list[str]:
    return [element.value for element in app.markdown if element.value.startswith("#### ")]


def test_five_to_eight_countries_are_listed_each_with_its_verdict(opened):
    shown = cards(opened)
    assert 5 <= len(shown) <= 8
    names = ("Go", "Pilot", "Wait", "Not without legal clearance", "No advice")
    assert all(any(f" – {name}" in card for name in names) for card in shown)


def test_no_mode_stands_beside_wait(opened):
    assert all("Wait:" not in card for card in cards(opened))


def test_every_card_says_rank_potential_readiness_why_and_what_could_stop_it(opened, text_of):
    said = " ".join(text_of(opened))
    for heading in ("**Rank**", "**Potential**", "**Our models**", "**Why**", "**What could stop it**"):
        assert said.count(heading) == len(cards(opened))


def test_a_card_says_how_many_people_the_product_speaks_to_once_its_languages_are_known(full_home, open_page, text_of):
    store.put_settings(PROFILE)
    assert "**Your product**" not in " ".join(text_of(open_page("shortlist", recipe="healthcare")))
    store.put_settings({"product_languages": "de"})
    told = [
        text for text in text_of(open_page("shortlist", recipe="healthcare")) if text.startswith("**Your product**")
    ]
    assert any("speaks German: " in text for text in told)
    assert any("speaks none of its languages: translate into" in text for text in told)


def test_the_title_is_that_of_the_overview(full_home, open_page):
    store.put_settings(PROFILE)
    first = open_page("shortlist", recipe="healthcare").title[0].value
    assert open_page("overview", recipe="healthcare").title[0].value == first


def test_the_home_market_and_those_one_is_in_are_not_on_the_list(full_home, open_page, text_of):
    store.put_settings(PROFILE)
    leaders = list(load.ranking("healthcare", load.default_year("healthcare")).scores.index[:2])
    store.put_settings({"home_market": leaders[0], "present_markets": leaders[1]})
    names = load.markets()["name"]
    app = open_page("shortlist", recipe="healthcare")
    assert not any(card.startswith(f"#### {names[iso3]} –") for card in cards(app) for iso3 in leaders)
    assert any("(home)" in text for text in text_of(app))


def test_a_card_opens_the_decision_on_its_country(opened):
    listed = next(iter(load.verdicts("healthcare", load.default_year("healthcare"))))
    button = opened.button(key=f"open_{listed}").click().run(timeout=60)
    assert not button.exception


def test_the_executives_minute_answers_four_questions(opened, text_of):
    said = text_of(opened)
    assert [word for word in ("**What**", "**How sure**", "**What it costs**", "**What next**") if word in said] == [
        "**What**",
        "**How sure**",
        "**What it costs**",
        "**What next**",
    ]


def test_the_board_pack_is_offered_in_three_forms(opened):
    labels = {button.proto.label for button in opened.get("download_button")}
    assert {"PowerPoint", "HTML", "PDF"} <= labels


def test_the_board_pack_says_first_what_the_page_says_first(opened, monkeypatch):
    made = []
    monkeypatch.setattr(board_parts, "board_downloads", lambda make, name: made.append((make(), name)))
    opened.run()
    ((board, name),) = made
    assert board.slides[0].title == opened.title[0].value
    assert name == "lepton-atlas-shortlist-healthcare"
    listed = [card.removeprefix("#### ").split(" – ")[0] for card in cards(opened)]
    assert {row[0] for row in board.slides[0].table.rows} >= set(listed)


def test_an_industry_that_cannot_rank_says_what_is_missing(home, open_page):
    app = open_page("shortlist", recipe="healthcare")
    assert app.title[0].value == "Healthcare cannot be ranked yet"


def test_what_is_listed_is_what_the_rules_advise(opened):
    verdicts = load.verdicts("healthcare", load.default_year("healthcare"))
    enter = [advice for advice in verdicts.values() if advice.verdict in entry_mode.ENTERED]
    assert len(cards(opened)) == max(5, min(8, len(enter)))
