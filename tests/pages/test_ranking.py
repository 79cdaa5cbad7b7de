"""The Ranking page: intervals, weights as sliders, what exchanges two markets."""

import json
import re


def forest(app) -> dict:
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def test_the_headline_says_who_leads_and_how_many_stay_whatever_the_method(full_home, open_page):
    title = open_page("ranking", recipe="healthcare").title[0].value
    assert re.fullmatch(
        r".+ leads; (\d+ of the top 10 stay there in 90 % of index variants|only .+ is certain to stay in the top 10|"
        r"no place in the top 10 is certain)",
        title,
    )


def test_every_market_shown_has_its_interval_and_the_point_lies_on_the_rank(full_home, open_page):
    drawn = forest(open_page("ranking"))
    assert len(drawn["layout"]["shapes"]) == len(drawn["data"][0]["x"]) == 30
    assert drawn["data"][0]["x"][0] == 1


def test_a_slider_moved_changes_the_ranking_and_stands_in_the_address(full_home, open_page):
    app = open_page("ranking", recipe="healthcare")
    before = forest(app)["layout"]["yaxis"]["ticktext"]
    app.slider(key="w_size").set_value(0.0).run()
    assert not app.exception
    assert forest(app)["layout"]["yaxis"]["ticktext"] != before
    assert app.query_params["w_size"] == "0"


def test_a_link_restores_weights_and_method_and_ignores_nonsense(full_home, open_page):
    app = open_page("ranking", w_size="2.5", w_growth="lots", w_risk="99", normalisation="rank", across="magic")
    assert app.slider(key="w_size").value == 2.5
    assert app.slider(key="w_growth").value == 0.7
    assert app.slider(key="w_risk").value == 0.6
    assert app.selectbox(key="normalisation").value == "rank"
    assert app.selectbox(key="across").value == "arithmetic"


def test_reset_brings_the_recipes_weights_back(full_home, open_page):
    app = open_page("ranking", w_size="2.5")
    app.button(key="reset_weights").click().run()
    assert app.slider(key="w_size").value == 1.8


def test_weights_that_are_all_zero_are_refused_with_a_sentence(full_home, open_page):
    app = open_page("ranking", recipe="healthcare")
    for slider in app.slider:
        slider.set_value(0.0)
    app.run()
    assert not app.exception
    assert "zero" in app.info[0].value or "above" in app.info[0].value


def test_a_pair_says_how_often_one_is_first_and_what_would_exchange_them(full_home, open_page):
    said = [text.value for text in open_page("ranking", recipe="healthcare").markdown]
    assert any(re.match(r"\*\*.+ ranks before .+ in \d+ % of draws\.\*\*", text) for text in said)
    assert any("smallest change of weights" in text or "let " in text for text in said)


def test_sobol_shares_come_when_asked_for(full_home, open_page):
    app = open_page("ranking", recipe="healthcare")
    charts = len(app.get("plotly_chart"))
    app.button(key="sobol_go").click().run(timeout=120)
    assert not app.exception
    assert len(app.get("plotly_chart")) == charts + 1


def test_an_industry_that_cannot_rank_names_what_is_missing(home, open_page):
    assert open_page("ranking", recipe="finance").title[0].value == "Finance cannot be ranked yet"


def test_filled_gaps_are_counted_and_called_imputed(full_home, open_page):
    told = [text.value for text in open_page("ranking", imputation="nearest").caption]
    plain = [text.value for text in open_page("ranking").caption]
    assert any(re.fullmatch(r"[\d,]+ of the figures are imputed, not reported\.", text) for text in told)
    assert not any("are imputed" in text for text in plain)


def test_our_models_readiness_is_a_dimension_only_where_it_is_weighed(full_home, open_page):
    plain = open_page("ranking", recipe="healthcare")
    assert plain.slider(key="w_our_models").value == 0.0
    weighed = open_page("ranking", recipe="healthcare", w_our_models="3")
    assert weighed.slider(key="w_our_models").value == 3.0
    assert weighed.title[0].value != plain.title[0].value
    charts = [chart.proto.spec for chart in weighed.get("plotly_chart")]
    assert any("our sentiment model" in chart for chart in charts)  # among the indicators that carry the ranking
    assert not any("our sentiment model" in chart.proto.spec for chart in plain.get("plotly_chart"))
