"""A link restores exactly what it says on every page, and choices go along from page to page."""

import pytest

ADDRESS = {"recipe": "healthcare", "year": "2020", "market": "DEU", "markets": "DEU,FRA", "lang": "zh"}


@pytest.mark.parametrize("page", ["overview", "market", "compare"])
def test_a_link_restores_recipe_year_market_and_language(full_home, open_page, page):
    app = open_page(page, **ADDRESS)
    assert app.selectbox(key="recipe").value == "healthcare"
    assert app.selectbox(key="year").value == 2020
    assert app.segmented_control(key="lang").value == "zh"
    assert app.selectbox(key="recipe").label == "行业"
    if page == "market":
        assert app.selectbox(key="market").value == "DEU"
        assert app.title[0].value == "德国"
    if page == "compare":
        assert app.multiselect(key="markets").value == ["DEU", "FRA"]
        assert app.title[0].value.startswith(("德国", "法国"))
    assert {key: app.query_params[key] for key in ADDRESS} == ADDRESS


def test_choices_go_along_from_page_to_page(full_home, open_page, speak):
    app = open_page("overview")
    app.selectbox(key="recipe").set_value("finance").run()
    app.selectbox(key="year").set_value(2021).run()
    app.segmented_control(key="lang").set_value("zh").run()
    speak("zh")  # the test runner reads labels back as the reader saw them
    app.query_params.clear()  # the navigation opens a page without an address
    for page in ("market", "compare", "overview"):
        app.switch_page(f"../pages/{page}.py").run()
        assert not app.exception
        assert app.selectbox(key="recipe").value == "finance"
        assert app.selectbox(key="year").value == 2021
        assert app.segmented_control(key="lang").value == "zh"
        assert dict(app.query_params).items() >= {"recipe": "finance", "year": "2021", "lang": "zh"}.items()
    app.switch_page("../pages/data.py").run()
    assert app.segmented_control(key="lang").value == "zh"


def test_a_region_chosen_on_the_overview_is_there_on_return(full_home, open_page):
    app = open_page("overview", region="155")
    app.switch_page("../pages/market.py").run()
    app.switch_page("../pages/overview.py").run()
    assert app.multiselect(key="region").value == ["155"]


def test_a_year_of_another_industry_falls_back_where_it_is_unknown(home, open_page):
    app = open_page("overview", year="2003")
    assert app.selectbox(key="year").value == 2003
    app.selectbox(key="recipe").set_value("healthcare").run()
    assert not app.exception
    assert app.selectbox(key="year").value != 2003


@pytest.mark.parametrize("page", ["overview", "market", "compare", "ranking"])
def test_an_unknown_industry_or_year_in_the_address_is_told_and_stays_there(full_home, open_page, page):
    asked = {"recipe": "helthcare", "year": "1850"}
    app = open_page(page, **asked)
    said = [element.value for element in app.markdown]
    assert any("Industry: “helthcare” is not available here. Shown instead: General." in text for text in said)
    assert any("Year: “1850” is not available here. Shown instead: 2024." in text for text in said)
    assert {key: app.query_params[key] for key in asked} == asked
    app.button(key="accept_recipe").click().run()
    app.selectbox(key="year").set_value(2020).run()
    assert not any("not available here" in element.value for element in app.markdown)
    assert "recipe" not in app.query_params
    assert app.query_params["year"] == "2020"


@pytest.mark.parametrize("page", ["market", "decision", "scenarios"])
def test_an_unknown_market_is_never_replaced_in_the_address(full_home, open_page, page):
    app = open_page(page, market="ATL", recipe="healthcare")
    assert app.query_params["market"] == "ATL"


def test_a_market_that_the_next_page_does_not_rank_is_told_there(full_home, open_page):
    app = open_page("market", market="GRL", recipe="healthcare")
    app.query_params.clear()
    app.switch_page("../pages/decision.py").run()
    assert app.query_params["market"] == "GRL"
    app.switch_page("../pages/market.py").run()
    assert app.selectbox(key="market").value == "GRL"


ODD = {
    "a long code": {"market": "A" * 100_000},
    "many codes": {"region": ",".join(["XX"] * 5_000)},
    "no number": {"far": "nan", "year": "NaN"},
    "an endless number": {"far": "1e999", "year": "-0"},
    "nothing": {"recipe": "", "market": "", "lang": ""},
    "control characters": {"recipe": "a\x00b\r\n", "market": "\u202eDEU"},
    "a link of another kind": {"scenario": "!", "plan": "!", "training": "../../x", "model": "../../x"},
    "many parameters": {f"p{place}": "1" for place in range(1_000)},
}


@pytest.mark.parametrize("what", ODD)
def test_no_address_breaks_a_page(home, open_page, what):
    app = open_page("decision" if "number" in what else "data", **{"section": "rows"} | ODD[what])
    assert app.title[0].value
    assert not [error for error in app.error if "Reference" in error.value]
