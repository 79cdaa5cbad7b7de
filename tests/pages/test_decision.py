"""The Decision page: a verdict with its rule, what would flip it, and a sheet that prints."""

import re

from dashboard import load


def sentences(app) -> list[str]:
    return [text.value for text in app.markdown]


def test_the_leader_gets_a_verdict_the_rule_that_fired_and_what_would_flip_it(full_home, open_page):
    app = open_page("decision", recipe="healthcare")
    assert re.search(r"(Go|Pilot|Wait); enter by ", app.subheader[0].value)
    assert re.search(r"among the first 20|rule of law|untapped potential", sentences(app)[0])
    assert any(text.startswith("It would be “") for text in sentences(app))


def test_the_last_market_waits(full_home, open_page):
    last = load.ranking("healthcare", load.default_year("healthcare")).scores.index[-1]
    app = open_page("decision", recipe="healthcare", market=last)
    assert "Wait" in app.subheader[0].value


def test_two_markets_stand_side_by_side(full_home, open_page):
    app = open_page("decision", market="DEU", beside="JPN")
    assert [title.value.split(":")[0] for title in app.title] == ["Germany", "Japan"]


def test_entry_modes_follow_their_weights(full_home, open_page):
    app = open_page("decision", market="DEU")
    for key in ("commitment", "speed", "reversibility", "ip_risk", "law_need"):
        app.slider(key=f"m_{key}").set_value(0.0)
    app.slider(key="m_control").set_value(2.0)
    app.run()
    assert app.subheader[0].value.endswith("enter by wholly owned")


def test_weights_that_are_all_zero_are_refused_with_a_sentence(full_home, open_page):
    app = open_page("decision", market="DEU")
    for key in ("control", "commitment", "speed", "reversibility", "ip_risk", "law_need"):
        app.slider(key=f"m_{key}").set_value(0.0)
    app.run()
    assert not app.exception
    assert "at least one above zero" in app.info[0].value


def test_without_weight_distance_leaves_the_rank(full_home, open_page):
    app = open_page("decision", market="DEU", far="0")
    [told] = [text for text in sentences(app) if text.startswith("With distance weighing")]
    before, after = re.findall(r"from (\d+) to (\d+)", told)[0]
    assert before == after


def test_home_is_at_no_distance_from_itself(full_home, open_page):
    app = open_page("decision", market="USA")
    table = next(frame.value for frame in app.dataframe if "From home" in frame.value.columns)
    assert table.set_index("From home").loc["Distance between capitals", "Figure"] == "0 km"


def test_an_industry_that_cannot_rank_names_what_is_missing(home, open_page):
    assert open_page("decision", recipe="finance").title[0].value == "Finance cannot be ranked yet"
