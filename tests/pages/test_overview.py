"""The Overview: the answer as a sentence, the map, the ranked list, what changed, what is not known."""

import json

import pytest

from dashboard import load
from data import store


def ranked(name: str) -> int:
    """How many markets an industry ranks."""
    return len(load.ranking(name, load.default_year(name)).scores)


def figure(app) -> dict:
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def test_the_embedded_facts_rank_and_are_called_what_they_are(home, open_page, text_of):
    app = open_page("overview")
    assert app.title[0].value.startswith("Judged on 41 % of the score, China, India and Germany lead; ")
    said = text_of(app)
    assert any("**You are looking at the built-in sample data.**" in text for text in said)
    assert any(text.startswith("- ") and "indicators are not in the store" in text for text in said)
    assert app.subheader[0].value == f"Top 12 of {ranked('general')}"


def test_the_list_shows_rank_range_market_score_and_coverage(home, open_page):
    listed = open_page("overview").dataframe[0].value
    assert list(listed["rank"]) == sorted(listed["rank"])
    assert list(listed["market"][:3]) == ["China", "India", "Germany"]
    assert listed["range"].str.fullmatch(r"\d+–\d+").all()
    assert listed["score"].between(0, 100).all()


def test_the_map_shows_every_ranked_market(home, open_page):
    traces = figure(open_page("overview"))["data"]
    assert [trace["type"] for trace in traces] == ["choropleth", "choropleth", "scattergeo"]
    assert len(traces[1]["locations"]) + len(traces[2]["customdata"]) == ranked("general")
    assert traces[1]["text"][0].startswith(f"<b>China</b><br>Rank 1 of {ranked('general')}")


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
    assert " lead; " in app.title[0].value
    assert app.subheader[0].value == f"Top 12 of {ranked(name)}"
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
    shown = len(load.shown_markets("general", load.default_year("general"), (), ("Low income",)))
    assert app.subheader[0].value == f"Top {min(shown, 12)} of {shown}" and shown < ranked("general")
    assert not app.exception


def test_income_groups_wait_for_a_refresh_on_the_embedded_facts(home, open_page):
    assert open_page("overview").multiselect(key="income").disabled


def test_filters_that_match_nothing_say_so(full_home, open_page):
    app = open_page("overview", region="155", income="Low income,Upper middle income")
    shown = {"region": ["155"], "income": ["Low income", "Upper middle income"]}
    assert {key: app.multiselect(key=key).value for key in shown} == shown
    app = open_page("overview", region="053", income="High income")  # Australia and New Zealand
    assert app.info[0].value == "No ranked country passes these filters. Choose fewer."
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
    assert app.title[0].value.startswith("Judged on 41 % of the score, China, India")
    assert not any("<script>" in text or "passwd" in text for text in text_of(app))


def test_no_title_is_surer_than_the_ranking_pages_own_computation(full_home, open_page):
    year = load.default_year("healthcare")
    sure, ranking = load.certainty("healthcare", year), load.ranking("healthcare", year)
    stay = int((sure.p_top(10)[ranking.scores.index[:10]] >= 0.9).sum())
    overview = open_page("overview", recipe="healthcare")
    assert f"{stay} of the top 10 stay" in overview.title[0].value or stay < 2
    forest = open_page("ranking", recipe="healthcare")
    assert overview.title[0].value.rstrip(".").split("; ")[1] == forest.title[0].value.split("; ")[1]
    listed = overview.dataframe[0].value
    for rank, span in zip(listed["rank"], listed["range"], strict=True):
        low, high = map(int, span.split("–"))
        assert low <= rank <= high


def test_home_and_markets_one_is_in_are_left_out_and_named_as_such(full_home, open_page, text_of):
    store.put_settings({"present_markets": "DEU,FRA"})
    app = open_page("overview")
    assert not {"United States", "Germany", "France"} & set(app.dataframe[0].value["market"])
    assert any("without the United States (home); without 2 countries you are in (Germany and France)" in text
               for text in text_of(app))  # fmt: skip
    left_out = app.dataframe[1].value.set_index("market")["reason"]
    assert left_out["Germany"] == "you are there already" and left_out["United States"] == "home market"


def _with_profile(app):
    """With the company profile open."""
    app.session_state["profile"] = True
    return app.run()


def test_the_profile_can_be_changed_from_the_page(full_home, open_page, text_of):
    app = _with_profile(open_page("overview"))
    app.selectbox(key="profile_size").set_value(0)
    app.multiselect(key="profile_present").set_value(["DEU"])
    app.text_input(key="profile_product").set_value("Cardiac monitors (home)")
    app.multiselect(key="profile_languages").set_value(["en", "es"])
    app.button(key="profile_save").click().run()
    assert not app.exception
    profile = store.settings(store.connect())
    assert (profile["minimum_population"], profile["present_markets"]) == ("0", "DEU")
    assert (profile["product"], profile["product_languages"]) == ("Cardiac monitors (home)", "en,es")
    assert any(text.startswith("For Cardiac monitors (home). Countries ranked:") for text in text_of(app))


def test_a_product_called_like_an_address_is_no_link(full_home, open_page, text_of):
    store.put_settings({"product": "www.other.invalid"})
    shown = [text for text in text_of(open_page("overview")) if "Countries ranked" in text]
    assert shown and not any("www.other" in text for text in shown)  # a joiner stands in it, which nobody sees


def test_a_product_name_that_could_be_markup_is_refused_and_nothing_is_kept(full_home, open_page, speak):
    app = _with_profile(open_page("overview"))
    app.text_input(key="profile_product").set_value("**Monitors** <b>")
    app.button(key="profile_save").click().run()
    assert "product" in app.error[0].value and not app.exception
    speak("zh")
    chinese = _with_profile(open_page("overview", lang="zh"))
    assert chinese.multiselect(key="profile_present").proto.placeholder == "未选择"
    assert store.settings(store.connect())["product"] == ""
