"""The Compare page: who leads, figure by figure, over time."""

import json
import re

import pytest


def lines(app) -> dict:
    return json.loads(app.get("plotly_chart")[-1].proto.spec)


def test_the_embedded_facts_compare_the_first_three(home, open_page):
    app = open_page("compare")
    assert app.title[0].value.startswith("United States leads China by ")
    assert app.multiselect(key="markets").value == ["USA", "CHN", "IND"]
    assert [metric.label for metric in app.metric] == ["United States", "China", "India"]
    assert re.fullmatch(r"rank 1, \d+ % known", app.metric[0].delta)


def test_an_industry_that_cannot_rank_names_what_is_missing(home, open_page):
    app = open_page("compare", recipe="finance")
    assert app.title[0].value == "Finance cannot be ranked yet"
    assert not app.metric


def test_the_best_of_each_row_is_marked_and_linked_to_its_rows(full_home, open_page):
    app = open_page("compare", markets="DEU,FRA", recipe="healthcare")
    table = app.dataframe[0].value
    assert list(table.columns) == ["Figure", "Unit", "Germany", "France"]
    assert "Health expenditure, whole market" in set(table["Figure"])
    cells = table[["Germany", "France"]].map(str)
    assert cells.apply(lambda row: row.str.contains("best").sum() == 1, axis=1).all()
    assert cells["Germany"].str.startswith("data?section=rows&market=DEU&indicator=").all()


def test_a_single_market_asks_for_another(full_home, open_page):
    app = open_page("compare")
    app.multiselect(key="markets").set_value(["DEU"]).run()
    assert app.title[0].value == "Compare markets"
    assert app.info[0].value == "Choose at least two markets."
    assert not app.metric


def test_two_markets(full_home, open_page):
    app = open_page("compare", markets="JPN,KOR")
    assert {"Japan", "South Korea"} == {metric.label for metric in app.metric}
    assert " leads " in app.title[0].value


def test_six_markets_keep_their_order_and_no_seventh_fits(full_home, open_page):
    chosen = ["DEU", "FRA", "GBR", "JPN", "KOR", "IND"]
    app = open_page("compare", markets=",".join([*chosen, "BRA"]))
    assert app.multiselect(key="markets").value == chosen
    assert len(app.metric) == 6
    assert app.multiselect(key="markets").proto.max_selections == 6
    labels = [note["text"] for note in lines(app)["layout"]["annotations"]]
    assert labels == ["Germany", "France", "United Kingdom", "Japan", "South Korea", "India"]


def test_a_market_that_is_not_ranked_says_so_beside_the_others(full_home, open_page):
    app = open_page("compare", markets="DEU,FRA,GRL", recipe="healthcare")
    greenland = next(metric for metric in app.metric if metric.label == "Greenland")
    assert (greenland.value, greenland.delta) == ("–", "not ranked: too little data")


def test_markets_of_which_none_is_ranked_have_no_leader(full_home, open_page):
    app = open_page("compare", markets="GRL,FRO", recipe="healthcare")
    assert app.title[0].value == "Too few of these markets are ranked to say who leads"


def test_an_indexed_scale_starts_at_100(full_home, open_page):
    app = open_page("compare", markets="DEU,FRA", trend="SP.POP.TOTL")
    app.segmented_control(key="scale").set_value("indexed").run()
    figure = lines(app)
    assert figure["layout"]["yaxis"]["title"]["text"] == "2015 = 100"
    assert [trace["y"][0] for trace in figure["data"]] == [100.0, 100.0]
    assert app.query_params["scale"] == "indexed"


def test_another_indicator_over_time(full_home, open_page):
    app = open_page("compare", markets="DEU,FRA")
    app.selectbox(key="trend").set_value("IT.NET.USER.ZS").run()
    assert lines(app)["layout"]["yaxis"]["title"]["text"] == "% of population"


@pytest.mark.parametrize("markets", ["<script>,<b>", "X" * 10_000, ",,,", "deu,fra"])
def test_unknown_markets_in_the_address_are_ignored(home, open_page, markets):
    assert open_page("compare", markets=markets).multiselect(key="markets").value == ["USA", "CHN", "IND"]


def test_known_markets_among_unknown_ones_are_kept(home, open_page):
    app = open_page("compare", markets="DEU,<script>,FRA,DEU", scale="upside-down", trend="nothing")
    assert app.multiselect(key="markets").value == ["DEU", "FRA"]
    assert app.segmented_control(key="scale").value == "absolute"
