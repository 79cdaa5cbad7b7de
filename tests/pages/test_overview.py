"""The Overview: the answer as a sentence, the map, the ranked list, what changed, what is not known."""

import json

import pytest


def figure(app) -> dict:
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def test_the_embedded_facts_rank_and_are_called_what_they_are(home, open_page, text_of):
    app = open_page("overview")
    assert app.title[0].value.startswith("Overall, United States, China and India stand out; ")
    said = text_of(app)
    assert any("**You are looking at the built-in sample data.**" in text for text in said)
    assert any(text.startswith("- ") and "indicators are not in the store" in text for text in said)
    assert app.subheader[0].value == "Top 12 of 243"


def test_the_list_shows_rank_range_market_score_and_coverage(home, open_page):
    listed = open_page("overview").dataframe[0].value
    assert list(listed["rank"]) == sorted(listed["rank"])
    assert list(listed["market"][:3]) == ["United States", "China", "India"]
    assert listed["range"].str.fullmatch(r"\d+–\d+").all()
    assert listed["score"].between(0, 100).all()


def test_the_map_shows_every_ranked_market(home, open_page):
    traces = figure(open_page("overview"))["data"]
    assert [trace["type"] for trace in traces] == ["choropleth", "choropleth", "scattergeo"]
    assert len(traces[1]["locations"]) + len(traces[2]["customdata"]) > 230
    assert traces[1]["text"][0].startswith("<b>United States</b><br>Rank 1 of 243")


def test_an_industry_that_cannot_rank_names_what_is_missing_and_where_to_get_it(home, open_page):
    app = open_page("overview", recipe="healthcare")
    assert app.title[0].value == "Healthcare cannot be ranked yet"
    missing = app.dataframe[0].value
    assert "SH.XPD.CHEX.GD.ZS" in set(missing["Code"])
    assert set(missing["Dimension"]) >= {"Health", "Purchasing power"}
    assert len(app.get("page_link")) == 1
    assert not app.get("plotly_chart")


@pytest.mark.parametrize("name", ["general", "healthcare", "finance", "education", "manufacturing", "environment"])
def test_every_industry_ranks_on_a_full_store(full_home, open_page, name):
    app = open_page("overview", recipe=name)
    assert "stand out" in app.title[0].value
    assert app.subheader[0].value == "Top 12 of 80"
    assert not any("come with the program" in element.value for element in app.markdown)


def test_choosing_an_industry_changes_the_answer_and_the_address(full_home, open_page):
    app = open_page("overview")
    before = app.title[0].value
    app.selectbox(key="recipe").set_value("healthcare").run()
    assert app.title[0].value.startswith("For healthcare, ")
    assert app.title[0].value != before
    assert dict(app.query_params) == {"recipe": "healthcare"}


def test_choosing_a_year_goes_into_the_address(full_home, open_page):
    app = open_page("overview", recipe="finance")
    app.selectbox(key="year").set_value(2020).run()
    assert dict(app.query_params) == {"recipe": "finance", "year": "2020"}
    assert not app.exception


def test_a_region_narrows_what_is_shown_but_not_the_ranking(full_home, open_page):
    app = open_page("overview")
    everywhere = dict(zip(*[app.dataframe[0].value[column] for column in ("market", "rank")], strict=True))
    app.multiselect(key="region").set_value(["155"]).run()  # Western Europe
    listed = app.dataframe[0].value
    assert set(listed["market"]) >= {"Germany", "France"}
    assert "United States" not in set(listed["market"])
    assert all(everywhere[name] == rank for name, rank in zip(listed["market"], listed["rank"], strict=True)
               if name in everywhere)  # fmt: skip
    assert app.query_params["region"] == "155"


def test_a_continent_and_an_organisation_are_one_choice_each(full_home, open_page):
    app = open_page("overview", region="142,ASEAN")
    assert app.multiselect(key="region").value == ["142", "ASEAN"]
    listed = set(app.dataframe[0].value["market"])
    assert listed & {"Japan", "South Korea", "Singapore", "India", "China"}
    assert not listed & {"United States", "Germany", "Australia", "Brazil"}


def test_an_income_group_narrows_what_is_shown(full_home, open_page):
    app = open_page("overview")
    app.multiselect(key="income").set_value(["Low income"]).run()
    assert app.subheader[0].value == "Top 12 of 80"
    assert not app.exception


def test_income_groups_wait_for_a_refresh_on_the_embedded_facts(home, open_page):
    assert open_page("overview").multiselect(key="income").disabled


def test_filters_that_match_nothing_say_so(full_home, open_page):
    app = open_page("overview", region="155", income="Low income,Upper middle income")
    shown = {"region": ["155"], "income": ["Low income", "Upper middle income"]}
    assert {key: app.multiselect(key=key).value for key in shown} == shown
    app = open_page("overview", region="053", income="High income")  # Australia and New Zealand
    assert app.info[0].value == "No ranked market passes these filters. Choose fewer."
    assert not app.title


def test_a_newer_arrival_that_moves_ranks_is_told(full_home, open_page):
    from data import ingest

    rows = "iso3,indicator,year,value\nDEU,SP.POP.TOTL,2024,999000000\nDEU,NY.GDP.MKTP.CD,2024,9990000\n"
    (full_home / "new.csv").write_text(rows)
    ingest.import_file(full_home / "new.csv")
    app = open_page("overview")
    assert any(c.value.startswith("Newest arrival: file new.csv, ") for c in app.caption)
    assert any("Germany from " in element.value for element in app.markdown)


@pytest.mark.parametrize(
    "address",
    [
        {"recipe": "<script>alert(1)</script>", "year": "never", "region": "atlantis", "income": "rich", "lang": "xx"},
        {"recipe": "x" * 20_000, "year": "9" * 400, "region": "," * 5000},
        {"recipe": "../../etc/passwd", "year": "-1", "lang": ""},
    ],
)
def test_nonsense_in_the_address_is_ignored(home, open_page, text_of, address):
    app = open_page("overview", **address)
    assert app.title[0].value.startswith("Overall, United States")
    assert not any("<script>" in text or "passwd" in text for text in text_of(app))
