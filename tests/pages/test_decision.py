"""The Decision page: gates first, a verdict with its rule, what would flip it, and a sheet that prints."""

import re

import pytest

from dashboard import load


def said(app) -> list[str]:
    return [text.value.removeprefix("- ") for text in app.markdown]


def test_the_leader_gets_a_verdict_the_rule_that_fired_and_what_would_flip_it(full_home, open_page):
    app = open_page("decision", recipe="healthcare")
    assert re.search(r" – (Go|Pilot|Wait|Not without|No advice)", app.title[0].value)
    assert any(re.match(r"In the top 20 in|Its rule of law|A legal gate|Only", text) for text in said(app))
    assert any("It would " in text for text in said(app))


def test_the_last_market_waits_and_no_mode_is_named(full_home, open_page):
    last = load.ranking("healthcare", load.default_year("healthcare")).scores.index[-1]
    app = open_page("decision", recipe="healthcare", market=last)
    assert app.title[0].value.endswith((" – Wait", " – Not without legal clearance"))
    assert not any("nearly equal" in text or "clearly ahead" in text for text in said(app))
    assert not any("Mode" in frame.value.columns for frame in app.table)


def test_two_markets_stand_side_by_side(full_home, open_page):
    app = open_page("decision", market="DEU", beside="JPN")
    assert [title.value.split(" – ")[0] for title in app.title] == ["Germany", "Japan"]


def test_entry_modes_follow_their_weights(full_home, open_page):
    verdicts = load.verdicts("general", load.default_year("general"))
    entered = next(iso3 for iso3, advice in verdicts.items() if advice.nearly)
    app = open_page("decision", market=entered)
    for key in ("commitment", "speed", "reversibility", "ip_risk", "law_need", "local_knowledge"):
        app.slider(key=f"m_{key}").set_value(0.0)
    app.slider(key="m_control").set_value(2.0)
    app.run()
    assert app.title[0].value.endswith("set up a wholly owned subsidiary")


def test_weights_that_are_all_zero_are_refused_with_a_sentence(full_home, open_page):
    app = open_page("decision", market="DEU")
    for key in ("control", "commitment", "speed", "reversibility", "ip_risk", "law_need", "local_knowledge"):
        app.slider(key=f"m_{key}").set_value(0.0)
    app.run()
    assert not app.exception
    assert "at least one above zero" in app.info[0].value


def test_without_weight_distance_leaves_the_rank(full_home, open_page):
    app = open_page("decision", market="DEU", far="0")
    [told] = [text for text in said(app) if text.startswith("If distance from home counts")]
    before, after = re.findall(r"from (\d+) to (\d+)", told)[0]
    assert before == after


@pytest.mark.parametrize(
    ("market", "reason"),
    [("USA", "home market"), ("PRK", "no figures for it|only .* is known"), ("MCO", "no figures|only|too few people")],
)
def test_a_market_without_a_rank_is_never_replaced_by_another(full_home, open_page, market, reason):
    app = open_page("decision", recipe="healthcare", market=market)
    name = load.markets().at[market, "name"]
    assert name in app.title[0].value and re.search(
        f"is not ranked for healthcare: .*({reason}).*No advice", app.title[0].value
    )
    assert app.query_params["market"] == [market] or app.query_params["market"] == market
    assert len(app.title) == 1


def test_a_code_that_is_no_country_is_said_to_be_none(full_home, open_page):
    app = open_page("decision", recipe="healthcare", market="XYZ")
    assert app.title[0].value == "No country has the code XYZ"


def test_a_gate_is_told_with_its_source_and_month_and_blocks_the_verdict(full_home, open_page):
    ranked = load.ranking("healthcare", load.default_year("healthcare")).scores.index
    blocked = next((iso3 for iso3 in ("RUS", "BLR", "VEN", "MMR", "AFG", "CUB", "IRN") if iso3 in ranked), "PRK")
    app = open_page("decision", recipe="healthcare", market=blocked)
    assert any(re.match(r"Sanctions: .+ \(.+; read 20\d\d-\d\d\)$", text) for text in said(app))
    assert blocked == "PRK" or app.title[0].value.endswith("Not without legal clearance")


def test_the_potential_changes_no_verdict(full_home, open_page, background, monkeypatch):
    from analytics.potential import learners

    monkeypatch.setattr(learners, "NAMES", ("least squares", "ridge"))
    before = open_page("decision", recipe="healthcare")
    assert any(text == "Potential: being estimated." for text in said(before))
    background()
    load.potentials._estimates.clear()
    after = open_page("decision", recipe="healthcare")
    assert after.title[0].value == before.title[0].value
    assert not any("being estimated" in text for text in said(after))


def test_an_industry_that_cannot_rank_names_what_is_missing(home, open_page):
    assert open_page("decision", recipe="finance").title[0].value == "Finance cannot be ranked yet"
