"""The Scenarios page: an assumption moves, the answer follows; it is undone, linked, saved, compared and questioned."""

import json
import re
from dataclasses import replace
from urllib.parse import parse_qs

import pandas as pd
import pytest
import streamlit as st

from analytics import json_documents
from analytics.scenario import base as bases
from analytics.scenario import document as scenarios
from analytics.scenario import outcome as outcomes
from analytics.scenario import sweeps
from analytics.scenario.document import Base, BaseKey, Scenario, Shock, Uncertain
from dashboard import load
from dashboard.scenarios import words
from data import ingest, shelf, store

USERS, POPULATION, SPENDING = "IT.NET.USER.ZS", "SP.POP.TOTL", "SH.XPD.CHEX.PC.CD"
PLAIN = "Change an assumption to start"
INDIA = {"recipe": "healthcare", "market": "IND"}
PUSH = Scenario("Push", Base("healthcare", 2024), (Shock("indicator", USERS, "set", 90.0, ("IND",)),))


def title(app) -> str:
    return app.title[0].value


def said(app) -> list[str]:
    """Sentences of every kind."""
    return [element.value for kind in ("markdown", "caption", "info", "warning", "error", "success", "text")
            for element in app.get(kind)]  # fmt: skip


def button(app, label: str):
    return next(widget for widget in app.button if widget.label == label)


def chart(app, number: int = 0) -> dict:
    return json.loads(app.get("plotly_chart")[number].proto.spec)


def assumptions(app) -> list[str]:
    return [widget.label for widget in app.button if str(widget.key).startswith("drop_")]


def opened(app, *groups: str):
    """With these folded parts of the page open."""
    for group in groups:
        app.session_state[group] = True
    return app.run()


def slider(app, code: str):
    return next(widget for widget in app.slider if widget.key.startswith(f"slide|{code}|"))


def typed(app, code: str):
    return next(widget for widget in app.number_input if widget.key.startswith(f"type|{code}|"))


@pytest.fixture
def linked(full_home, open_page):
    """Open the page with a scenario in its address."""

    def opening(made: Scenario, **address: str):
        return open_page("scenarios", scenario=scenarios.to_link(made), **{"market": "IND"} | address)

    return opening


# ------------------------------------------------------------------ sliders


def name_box(app):
    return next(box for box in app.text_input if box.key.startswith("scenario_name"))


def test_it_opens_without_an_assumption_and_leaves_the_address_alone(full_home, open_page):
    app = open_page("scenarios", **INDIA)
    assert title(app) == PLAIN
    assert "scenario" not in app.query_params and assumptions(app) == []
    assert "No rank changes." in said(app)
    assert button(app, "Undo").disabled and button(app, "Reset").disabled


def test_a_moved_slider_changes_the_answer_and_stands_in_the_address(full_home, open_page):
    app = opened(open_page("scenarios", **INDIA), "group_digital")
    most = slider(app, USERS).max
    slider(app, USERS).set_value(most).run()
    assert not app.exception
    assert re.fullmatch(r"India (rises|probably rises|may rise) from rank \d+ to \d+ \(\d+–\d+\)", title(app))
    found = scenarios.from_link(app.query_params["scenario"])
    assert found.shocks == (Shock("indicator", USERS, "add", pytest.approx(most), ("IND",)),)
    assert slider(app, USERS).label.endswith("→ 100 % of population")  # the change, and the level it comes to
    assert (found.base.recipe, found.base.snapshot) == ("healthcare", load.snapshots()["id"].iloc[0])
    assert assumptions(app) == [words.told(found.shocks[0])]
    assert typed(app, USERS).value == most
    drawn = chart(app)["data"]
    assert len(drawn[0]["x"]) == len(drawn[1]["x"]) > 0


def test_the_map_can_be_zoomed_to_a_region_and_the_address_keeps_it(full_home, open_page):
    app = open_page("scenarios", recipe="healthcare", zoom="150")
    assert app.selectbox(key="zoom").value == "150"
    assert not app.exception


def test_undo_and_reset_take_it_back(full_home, open_page):
    app = opened(open_page("scenarios", **INDIA), "group_digital")
    start = slider(app, USERS).value
    most = slider(app, USERS).max
    slider(app, USERS).set_value(most).run()
    moved = title(app)
    slider(app, USERS).set_value(10.0).run()
    button(app, "Undo").click().run()
    assert (title(app), slider(app, USERS).value, typed(app, USERS).value) == (moved, most, most)
    button(app, "Reset").click().run()
    assert (title(app), slider(app, USERS).value) == (PLAIN, start)
    assert "scenario" not in app.query_params
    button(app, "Undo").click().run()
    assert title(app) == moved


def test_a_slider_moved_back_assumes_nothing(full_home, open_page):
    app = open_page("scenarios", **INDIA)
    slider(app, POPULATION).set_value(20.0).run()
    assert assumptions(app)
    slider(app, POPULATION).set_value(0.0).run()
    assert title(app) == PLAIN and assumptions(app) == []


def test_a_number_can_be_typed_and_the_slider_goes_along(full_home, open_page):
    app = opened(open_page("scenarios", **INDIA), "group_digital")
    typed(app, USERS).set_value(7.5).run()
    assert (slider(app, USERS).value, typed(app, USERS).value) == (7.5, 7.5)
    assert assumptions(app) == ["Internet users, India: +7.5 % of population"]


def test_a_level_that_a_link_sets_stands_on_the_slider_as_the_change_it_is(linked):
    app = opened(linked(PUSH), "group_digital")
    today = load.ground(BaseKey("healthcare", 2024)).figures.at["IND", USERS]
    assert typed(app, USERS).value == pytest.approx(90.0 - today, abs=0.5)
    assert slider(app, USERS).label.endswith("→ 90 % of population")


def test_a_number_beyond_the_slider_can_be_typed(full_home, open_page):
    app = open_page("scenarios", **INDIA)
    typed(app, POPULATION).set_value(400.0).run()
    assert not app.exception
    assert assumptions(app)[0].endswith(": +400 %") and slider(app, POPULATION).value == 400.0


def test_an_assumption_is_taken_back_at_its_button(linked):
    app = linked(replace(PUSH, shocks=(*PUSH.shocks, Shock("weight", "digital", "set", 2.0))))
    assert assumptions(app) == ["Internet users, India: 90 % of population", "Weight of Digital: 2"]
    app.button(key="drop_0").click().run()
    assert assumptions(app) == ["Weight of Digital: 2"]


@pytest.mark.parametrize(
    ("address", "place", "least", "most"),
    [({"scope": "region", "area": "034"}, "Southern Asia", 2, 10), ({"scope": "all"}, "all markets", 80, 80)],
)
def test_sliders_move_a_region_or_all_markets(full_home, open_page, address, place, least, most):
    app = opened(open_page("scenarios", recipe="healthcare", **address), "group_digital")
    slider(app, USERS).set_value(5.0).run()
    assert not app.exception
    assert assumptions(app) == [f"Internet users, {place}: +5 % of population"]
    (shock,) = scenarios.from_link(app.query_params["scenario"]).shocks
    ground = load.ground(BaseKey("healthcare", 2024))
    assert (shock.how, shock.markets) == ("add", ())
    assert least <= len(bases.rows_of(ground, (), shock.regions)[0]) <= most


def test_currency_weights_and_years_ahead_have_sliders_too(full_home, open_page):
    app = opened(open_page("scenarios", **INDIA), "group_other")
    next(s for s in app.slider if s.key.startswith("slide|fx|IND")).set_value(-20.0).run()
    next(s for s in app.slider if s.key.startswith("slide|weight|digital")).set_value(2.0).run()
    next(s for s in app.slider if s.key.startswith("horizon|")).set_value(2).run()
    assert not app.exception
    assert assumptions(app) == ["Currency of India: −20 % against the US\\$", "Weight of Digital: 2"]
    assert scenarios.from_link(app.query_params["scenario"]).horizon == 2
    assert any("Projected 2 years ahead" in sentence for sentence in said(app))


def test_what_each_of_several_assumptions_adds_is_a_table(linked):
    app = opened(linked(replace(PUSH, shocks=(*PUSH.shocks, Shock("weight", "digital", "set", 2.0)))), "contributions")
    table = next(frame.value for frame in app.dataframe if "Points" in frame.value)
    assert table["Assumption"].tolist() == assumptions(app)
    gained = next(metric for metric in app.metric if metric.label == "Score").delta
    assert table["Points"].sum() == pytest.approx(float(gained), abs=0.1)


def test_another_industry_keeps_the_assumptions_it_knows_and_says_which_it_does_not(linked):
    app = linked(replace(PUSH, shocks=(Shock("indicator", "SH.MED.PHYS.ZS", "set", 3.0, ("IND",)),)))
    app.selectbox(key="recipe").set_value("finance").run()
    assert not app.exception
    assert any("'SH.MED.PHYS.ZS' is no figure of the recipe finance" in error.value for error in app.error)
    app.button(key="drop_0").click().run()
    assert not app.error and title(app) == PLAIN


def test_in_chinese_the_answer_is_chinese(linked):
    app = linked(PUSH, lang="zh")
    assert title(app).startswith("印度")


# ------------------------------------------------------------------ warnings


def test_a_clamped_value_and_a_question_beyond_the_data_are_warned_of(linked):
    shocks = (
        Shock("indicator", USERS, "add", 300.0, ("IND",)),
        Shock("indicator", POPULATION, "scale", 900.0, ("IND",)),
    )
    warnings = [warning.value for warning in linked(replace(PUSH, shocks=shocks)).warning]
    assert any(re.search(r"Internet users: \d+ % of population is not possible and became 100 %", w) for w in warnings)
    assert any(w.startswith("Beyond what the data have seen: Population") for w in warnings)


# ------------------------------------------------------------------ links


def test_a_link_restores_the_answer_in_another_session(linked, open_page):
    app = linked(PUSH)
    again = open_page("scenarios", **dict(app.query_params))
    assert title(again) == title(app) != PLAIN
    assert again.selectbox(key="recipe").value == "healthcare"
    assert [metric.value for metric in again.metric] == [metric.value for metric in app.metric]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("damaged", "The link is damaged"),
        (scenarios.to_link(PUSH)[:-8], "Ask for the file"),
        ("A" * 100_000, "The link is 100,000 characters long"),
        (scenarios.to_link(replace(PUSH, base=Base("astrology", 2024))), "There is no industry astrology here."),
    ],
    ids=["damaged", "cut off", "100 kB", "unknown industry"],
)
def test_a_link_that_cannot_be_used_says_so_and_the_page_works(full_home, open_page, text, reason):
    app = open_page("scenarios", scenario=text, **INDIA)
    assert reason in app.error[0].value
    assert title(app) == PLAIN and "scenario" not in app.query_params
    slider(app, POPULATION).set_value(50.0).run()
    assert not app.exception and assumptions(app)


@pytest.mark.parametrize(
    ("shock", "reason"),
    [
        (Shock("indicator", "XX.NONE", "set", 1.0), "'XX.NONE' is no figure of the recipe healthcare"),
        (Shock("indicator", USERS, "set", 1.0, ("ZZZ",)), "ZZZ is not ranked"),
        (Shock("indicator", USERS, "set", 1.0, (), ("010",)), "No ranked market lies in the region 010"),
        (Shock("weight", "astrology", "set", 1.0), "'astrology' has no weight"),
    ],
    ids=["indicator", "market", "region", "weight"],
)
def test_a_link_that_cannot_be_carried_out_says_so_and_can_be_taken_back(linked, shock, reason):
    app = linked(replace(PUSH, shocks=(shock,)))
    assert any(reason in error.value for error in app.error)
    app.button(key="drop_0").click().run()
    assert not app.exception and not app.error and title(app) == PLAIN


def test_figures_too_large_to_compute_with_are_refused_with_a_sentence(linked):
    huge = (Shock("exchange rate", "", "scale", 1e18), Shock("exchange rate", "", "scale", 1e18, ("IND",)))
    app = linked(replace(PUSH, shocks=huge))
    assert any("too large to compute with" in error.value for error in app.error) and len(assumptions(app)) == 2


def test_a_scenario_too_long_for_the_address_says_to_send_the_file(full_home, open_page):
    app = open_page("scenarios", **INDIA)
    places = load.ground(BaseKey("healthcare", 2024)).figures.index
    many = tuple(Shock("indicator", USERS, "set", 10 + n / 7, (iso3,)) for n, iso3 in enumerate(places))
    many += tuple(Shock("indicator", "RL.EST", "set", n / 77.7, (iso3,)) for n, iso3 in enumerate(places))
    shelf.save(
        "scenarios", "Long", scenarios.to_json(Scenario("Long", Base("healthcare", 2024), many, note="é€" * 999))
    )
    opened(app, "open_scenario")
    app.button(key="scenario_open_saved").click().run()
    assert not app.exception
    if "scenario" in app.query_params:
        assert len(app.query_params["scenario"]) <= json_documents.MAX_LINK
    else:
        assert any("too long for a link" in warning.value for warning in app.warning)


# ------------------------------------------------------------------ which figures it stands on


def revise(folder, points: float) -> str:
    """India's internet users rise by so many points in a later arrival of the same source; returns its id."""
    rows = store.series(store.connect(), [USERS], ["IND"])[["iso3", "indicator", "year", "value"]]
    rows.assign(value=(rows["value"] + points).round(4)).to_csv(folder / "later.csv", index=False)
    report = ingest.import_file(folder / "later.csv", name="made-up.csv")
    assert report.fault_count == 0
    return store.snapshots(store.connect())["id"].iloc[0]


def test_a_scenario_stands_on_the_figures_it_was_made_on(full_home, tmp_path):
    first = str(load.snapshots()["id"].iloc[0])
    then = load.ground(BaseKey("healthcare", 2024))
    second = revise(tmp_path, 12.0)
    assert (load.snapshot_after(first), load.snapshot_after(second)) == (second, None)
    now = load.ground(BaseKey("healthcare", 2024))
    earlier = load.ground(BaseKey("healthcare", 2024, before=load.snapshot_after(first)))
    assert now.figures.at["IND", USERS] == pytest.approx(then.figures.at["IND", USERS] + 12)
    pd.testing.assert_frame_equal(earlier.figures, then.figures)
    pd.testing.assert_frame_equal(earlier.ranking.scores, then.ranking.scores)
    pd.testing.assert_frame_equal(earlier.record, then.record)
    assert earlier.elasticities == then.elasticities


def test_the_page_says_that_newer_figures_have_arrived_and_can_use_them(linked, tmp_path):
    made = replace(PUSH, base=replace(PUSH.base, snapshot=str(load.snapshots()["id"].iloc[0])))
    before = title(linked(made))
    st.cache_data.clear()
    newest = revise(tmp_path, 12.0)
    app = linked(made)
    assert title(app) == before
    assert any("newer data have arrived since" in info.value for info in app.info)
    app.button(key="use_newest").click().run()
    assert not app.exception
    assert not any("newer data" in info.value for info in app.info)
    assert scenarios.from_link(app.query_params["scenario"]).base.snapshot == newest


def test_figures_that_are_not_in_this_store_are_said_to_be_gone(linked):
    app = linked(replace(PUSH, base=replace(PUSH.base, snapshot="20200101T000000Z-aaaaaaaa")))
    assert any("made on data that are not in this store" in warning.value for warning in app.warning)
    assert title(app) == title(linked(PUSH))


# ------------------------------------------------------------------ questions


def test_the_tornado_shows_the_widest_swing_first(linked):
    app = linked(PUSH, view="tornado")
    ground = load.ground(BaseKey("healthcare", 2024))
    table = sweeps.tornado(ground, PUSH, "IND")
    away = table[["score_down", "score_up"]].sub(outcomes.read(ground, PUSH, "IND").score).abs().max(axis=1)
    bars = chart(app)["data"]
    assert any("Which figure of India matters most?" in text.value for text in app.subheader)
    assert bars[0]["y"][-1].removesuffix(" *") == words.indicator_name(away.idxmax())
    assert len(bars[0]["y"]) == len(bars[1]["y"]) <= min(14, len(table))
    assert any("Each figure alone, by its own standard deviation" in sentence for sentence in said(app))
    by_rank = linked(PUSH, view="tornado", tornado="rank")
    assert chart(by_rank)["layout"]["xaxis"]["title"]["text"] == "Rank"


def test_two_figures_at_once_are_a_table_around_the_present_values(linked):
    app = linked(PUSH, view="two", side=USERS, top=POPULATION)
    (cells,) = chart(app)["data"]
    assert (len(cells["z"]), len(cells["z"][0])) == (7, 7)
    assert cells["y"][3] == "90" and len(set(cells["y"])) == len(set(cells["x"])) == 7
    score = outcomes.read(load.ground(BaseKey("healthcare", 2024)), PUSH, "IND").score
    assert cells["z"][3][3] == pytest.approx(score)


def test_a_goal_is_reached_and_can_be_taken_into_the_scenario(linked):
    app = linked(PUSH, view="goal", by=USERS + ",SE.TER.ENRR")
    now = int(outcomes.run(load.ground(BaseKey("healthcare", 2024)), PUSH).markets.at["IND", "rank"])
    app.number_input(key="target_rank_IND").set_value(float(now - 3)).run()
    rank = int(re.search(r"rank (\d+), score", next(text for text in said(app) if "Run again" in text))[1])
    assert rank <= now - 3
    app.button(key="take_goal").click().run()
    assert not app.exception
    assert f"to {rank} (" in title(app)
    assert any("It is reached already." in sentence for sentence in said(app))
    assert len(assumptions(app)) == 2


def test_a_goal_that_cannot_be_reached_says_so_with_the_best_there_is(linked):
    app = linked(PUSH, view="goal", by=USERS, aim="score")
    app.number_input(key="target_score_IND").set_value(99.0).run()
    assert any(re.search(r"reaches it; the best is score \d+", error.value) for error in app.error)


def test_a_goal_without_sense_is_refused_with_a_sentence(linked):
    app = linked(PUSH, view="goal")
    app.number_input(key="target_rank_IND").set_value(500.0).run()
    assert not app.exception
    count = len(load.ranking("healthcare", 2024).scores)
    assert any(f"There is no rank 500: {count} markets are ranked" in error.value for error in app.error)


def test_an_uncertain_input_is_added_drawn_and_taken_back(linked):
    app = linked(PUSH, view="draws")
    assert any("Give at least one figure a range" in sentence for sentence in said(app))
    app.selectbox(key="uncertain_code").set_value("SH.XPD.OOPC.CH.ZS")
    next(b for b in app.button if b.label == "Add").click().run()
    assert not app.exception
    assert scenarios.from_link(app.query_params["scenario"]).uncertain == (
        Uncertain("SH.XPD.OOPC.CH.ZS", "add", "triangular", {"low": -10, "mode": 0, "high": 10}, ("IND",)),
    )
    assert any(re.search(r"India: rank \d+ \(\d+–\d+, 5–95 %\)", sentence) for sentence in said(app))
    assert any("rank correlation with the score" in sentence for sentence in said(app))
    assert sum(chart(app)["data"][0]["y"]) == pytest.approx(100, abs=1)
    app.button(key="certain_0").click().run()
    assert not app.exception and scenarios.from_link(app.query_params["scenario"]).uncertain == ()


def test_a_range_that_is_none_is_refused_with_its_reason(linked):
    app = linked(PUSH, view="draws")
    app.selectbox(key="uncertain_code").set_value(USERS)
    app.number_input(key="uncertain_low").set_value(20.0)
    next(b for b in app.button if b.label == "Add").click().run()
    assert not app.exception
    assert any("low <= mode <= high must hold" in error.value.replace("\\", "") for error in app.error)


def test_an_uncertain_amount_is_in_percent(linked):
    app = linked(PUSH, view="draws")
    app.selectbox(key="uncertain_code").set_value(POPULATION)
    next(b for b in app.button if b.label == "Add").click().run()
    (entry,) = scenarios.from_link(app.query_params["scenario"]).uncertain
    assert (entry.how, dict(entry.parameters)) == ("scale", {"low": 0.9, "mode": 1.0, "high": 1.1})


@pytest.mark.parametrize("view", ["world", "tornado", "two", "goal", "draws", "compare"])
def test_every_view_opens_on_a_plain_scenario_too(full_home, open_page, view):
    app = open_page("scenarios", view=view, **INDIA)
    assert title(app) == PLAIN and not app.error


# ------------------------------------------------------------------ the shelf


def test_a_scenario_is_saved_opened_duplicated_and_removed(linked, open_page):
    app = opened(linked(PUSH), "keep_scenario")
    app.text_input(key="scenario_author").set_value("Ann").run()
    app.button(key="save_scenario").click().run()
    assert not app.exception and "Saved." in said(app)
    kept = scenarios.from_json(shelf.read("scenarios", "Push"))
    assert (kept.shocks, kept.author) == (PUSH.shocks, "Ann")

    other = opened(open_page("scenarios", **INDIA), "open_scenario")
    assert title(other) == PLAIN
    other.button(key="scenario_open_saved").click().run()
    assert title(other) == title(app) and name_box(other).value == "Push"

    opened(other, "open_scenario").button(key="scenario_duplicate_saved").click().run()
    assert name_box(other).value == "Push (copy)" and title(other) == title(app)
    opened(other, "keep_scenario").button(key="save_scenario").click().run()
    assert {entry.name for entry in shelf.saved("scenarios")} == {"Push", "Push (copy)"}

    opened(other, "open_scenario").selectbox(key="scenario_saved").set_value("Push").run()
    other.button(key="scenario_remove_saved").click().run()
    assert not other.exception
    assert [entry.name for entry in shelf.saved("scenarios")] == ["Push (copy)"]


def test_saving_under_the_same_name_replaces_and_says_so(linked):
    shelf.save("scenarios", "Push", "old")
    app = opened(linked(PUSH), "keep_scenario")
    assert app.button(key="save_scenario").label == "Replace Push"
    app.button(key="save_scenario").click().run()
    assert scenarios.from_json(shelf.read("scenarios", "Push")).shocks == PUSH.shocks
    assert [file.read_text() for file in (store.home() / "scenarios" / "replaced").iterdir()] == ["old"]


def test_a_button_that_said_save_replaces_nothing_that_somebody_else_saved_meanwhile(linked):
    app = opened(linked(PUSH), "keep_scenario")
    assert app.button(key="save_scenario").label == "Save Push"
    shelf.save("scenarios", "Push", "of somebody else")
    app.button(key="save_scenario").click().run()
    assert any("There is one called 'Push' already" in error.value for error in app.error)
    assert shelf.read("scenarios", "Push") == "of somebody else"
    assert app.button(key="save_scenario").label == "Replace Push"


def test_what_was_replaced_is_opened_again_from_the_page(linked):
    shelf.save("scenarios", "Push", scenarios.to_json(replace(PUSH, note="the first")))
    app = opened(linked(PUSH), "keep_scenario")
    app.button(key="save_scenario").click().run()
    opened(app, "open_scenario").button(key="scenario_aside_open").click().run()
    assert not app.exception
    assert scenarios.from_link(app.query_params["scenario"]).note == "the first"


def test_a_saved_file_that_somebody_broke_is_named_and_the_page_stays(linked):
    shelf.save("scenarios", "Broken", '{"version": 1, "name": "x", "base": {"recipe": "general"}, "shocks": [7]}')
    app = linked(PUSH)
    before = title(app)
    opened(app, "open_scenario").button(key="scenario_open_saved").click().run()
    assert not app.exception
    told = [error.value.replace("\\", "") for error in app.error]
    assert any("base: 'year' is a required property" in text and "shocks[0]: 7 is not" in text for text in told)
    assert title(app) == before


def test_renaming_is_kept_in_the_address_and_the_file(linked):
    app = linked(PUSH)
    name_box(app).set_value("More / less").run()
    assert scenarios.from_link(app.query_params["scenario"]).name == "More / less"
    opened(app, "keep_scenario").button(key="save_scenario").click().run()
    assert [entry.name for entry in shelf.saved("scenarios")] == ["More / less"]


def test_the_link_to_share_is_the_address(linked):
    app = opened(linked(PUSH), "share_scenario")
    (code,) = app.code
    address, asked = code.value.split("?")
    told = {key: values[0] for key, values in parse_qs(asked).items()}
    assert address.endswith("/scenarios") and told["market"] == "IND"
    shared = scenarios.from_link(told["scenario"])
    assert (shared.shocks, shared.focus) == (PUSH.shocks, "IND")


def test_a_saved_scenario_opens_on_the_market_it_was_about(linked, open_page):
    app = opened(linked(PUSH), "keep_scenario")
    app.button(key="save_scenario").click().run()
    before = title(app)
    other = opened(open_page("scenarios", recipe="healthcare"), "open_scenario")
    other.button(key="scenario_open_saved").click().run()
    assert title(other) == before


def test_two_scenarios_are_compared_and_their_differences_said(linked):
    other = Scenario("Weights", Base("healthcare", 2024), (Shock("weight", "digital", "set", 3.0),), horizon=1)
    shelf.save("scenarios", "Weights", scenarios.to_json(other))
    app = linked(PUSH, view="compare", beside="Weights")
    table = next(frame.value for frame in app.dataframe if "Weights" in frame.value)
    ground = load.ground(BaseKey("healthcare", 2024))
    ranks = outcomes.run(ground, PUSH).markets["rank"]
    assert table["Push *"].to_dict() == ranks.reindex(table.index).to_dict()
    assert (table["Push *"] != table["Weights"]).any()
    texts = [text.value for text in app.text]
    assert "Years ahead: 0 in Push, 1 in Weights." in texts
    assert "Only in Push: Internet users, India: 90 % of population." in texts
    assert "Only in Weights: Weight of Digital: 3." in texts


def test_a_comparison_leaves_out_what_cannot_be_carried_out_and_says_why(linked):
    bad = replace(PUSH, name="Bad", shocks=(Shock("indicator", "XX.NONE", "set", 1.0),))
    shelf.save("scenarios", "Bad", scenarios.to_json(bad))
    shelf.save("scenarios", "Torn", "{")
    app = linked(PUSH, view="compare", beside="Bad,Torn")
    assert any(error.value.startswith("Bad: 'XX.NONE' is no figure") for error in app.error)
    assert any("not valid JSON" in error.value for error in app.error)


def test_alone_there_is_nothing_to_compare(linked):
    app = linked(PUSH, view="compare")
    assert any("Save a scenario, change it, and compare the two here." in sentence for sentence in said(app))


# ------------------------------------------------------------------ the potential


def test_the_potential_is_there_when_asked_for(linked):
    app = linked(replace(PUSH, base=replace(PUSH.base, learner="ridge")))
    assert [metric.label for metric in app.metric] == ["Rank", "Score", "Chance of a better rank"]
    app.toggle(key="with_potential").set_value(True).run(timeout=120)
    assert not app.exception
    potential = next(metric for metric in app.metric if metric.label == "Potential")
    assert "Current health expenditure per person" in potential.proto.help and "90 %:" in potential.proto.help


# ------------------------------------------------------------------ on the facts that come with the program


def test_scenarios_of_the_general_recipe_work_on_the_embedded_facts(home, open_page):
    app = open_page("scenarios", market="IND")
    slide = app.slider[0]
    slide.set_value(slide.max).run()
    assert not app.exception and not app.error
    assert title(app).startswith("India ") and len(assumptions(app)) == 1


def test_an_industry_that_cannot_rank_names_what_is_missing(home, open_page):
    app = open_page("scenarios", recipe="healthcare")
    assert title(app) == "Healthcare cannot be ranked yet"
