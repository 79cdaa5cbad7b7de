"""In Chinese, every page is Chinese: no English sentence is left on it."""

import re
from collections.abc import Iterator

import pytest
import streamlit as st

from analytics.scenario import document as scenarios
from analytics.scenario.document import Base, Scenario, Shock
from data import gates

CJK = re.compile("[\u4e00-\u9fff]")
SENTENCE = re.compile(r"[A-Za-z’']+(?: [A-Za-z’'-]+){3,}")
MAY_BE_ENGLISH = ("近期公共假日", "What is the price", "¿Cuántos datos")
"""The holidays library names a market's holidays in Chinese for some markets only; the Assistant's sample questions
are in the customers' languages."""
ASSUMED = scenarios.to_link(
    Scenario(
        "A",
        Base("general", 2023),
        (
            Shock("indicator", "SP.POP.TOTL", "scale", 1.3, ("DEU", "FRA")),
            Shock("weight", "digital", "set", 0.0),
            Shock("exchange rate", "", "scale", 0.9),
        ),
    )
)
FOUND_BY = re.compile("[\u4e00-\u9fff].* · (.* · [A-Z]{3}|[A-Z].*)$")
"""A country or a group in a list to choose from: one finds it in both languages."""
VIEWS = ("world", "tornado", "two", "goal", "draws", "compare")
SECTIONS = ("sources", "refresh", "import", "export", "coverage", "findings", "rows", "settings")
VISITS = [
    ("shortlist", {"recipe": "healthcare"}),
    *(("overview", address) for address in ({}, {"recipe": "finance"}, {"region": "053", "income": "High income"})),
    *(("market", address) for address in ({"market": "DEU"}, {"market": "GRL", "recipe": "healthcare"})),
    *(("compare", address) for address in ({}, {"markets": "DEU,GRL,FRA"}, {"markets": "DEU,FRA", "scale": "indexed"})),
    ("ranking", {"recipe": "healthcare"}),
    ("decision", {"market": "DEU", "beside": "JPN"}),
    *(("scenarios", {"market": "DEU", "scenario": ASSUMED, "view": view}) for view in VIEWS),
    *(("plan", address) for address in ({}, {"recipe": "healthcare"})),
    *(("language", {"lab": lab}) for lab in ("text", "file", "reach")),
    ("language", {"lab": "reach", "where": "NGA,KEN", "by": "gdp"}),
    *(("vision", {"look": look, "market": "DEU"}) for look in ("nuclei", "cells", "tags")),
    *(("vision", {"from": way}) for way in ("file", "camera", "files")),
    *(("cards", address) for address in ({}, {"model": "topic"})),
    *(("adapt", {"rows": rows}) for rows in ("example", "shared", "file")),
    ("assistant", {}),
    *(("data", {"section": section}) for section in SECTIONS),
]


@pytest.fixture(scope="module", autouse=True)
def no_caches() -> Iterator[None]:
    """Nothing is patched here: what a visit has loaded serves the next, as on one server; the models that look at a
    picture, above all."""
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture(params=["home", "full_home"])
def any_home(request):
    return request.getfixturevalue(request.param)


def _without_laws(text: str) -> str:
    """A sentence without the names of laws it cites, which stand in the language of the table."""
    for gate in gates.shipped():
        text = text.replace(gate.source, "")
    return text


@pytest.mark.parametrize(
    ("page", "address"), VISITS, ids=lambda part: "-".join(part.values()) if isinstance(part, dict) else part
)
def test_a_page_in_chinese_has_no_english_sentence(any_home, open_page, text_of, page, address):
    app = open_page(page, lang="zh", **address)
    said = [re.sub("`[^`]*`", "", _without_laws(text)) for text in text_of(app) if not FOUND_BY.search(text)]
    english = [text for text in said if SENTENCE.search(text) and not text.lstrip("- ").startswith(MAY_BE_ENGLISH)]
    assert english == []
    for heading in (*app.title, *app.subheader, *app.caption):
        assert CJK.search(heading.value), heading.value


@pytest.mark.parametrize("section", ["sources", "findings"])
def test_tables_have_chinese_columns(full_home, open_page, section):
    for frame in open_page("data", section=section, lang="zh").dataframe:
        assert all(CJK.search(str(column)) for column in frame.value.columns)


def test_findings_are_chinese_sentences(full_home, open_page):
    shown = open_page("data", section="findings", lang="zh").dataframe[0].value
    assert len(shown)
    for column in ("问题", "处理办法", "类型", "严重程度"):
        assert shown[column].map(lambda text: bool(CJK.search(text))).all()


def test_the_map_and_charts_speak_chinese(full_home, open_page):
    for page in ("overview", "market", "compare"):
        for chart in open_page(page, lang="zh", markets="DEU,FRA").get("plotly_chart"):
            spec = chart.proto.spec.encode().decode("unicode_escape", "ignore")
            assert not SENTENCE.search(
                re.sub(r"Source Sans, sans-serif|%\{[^}]*\}", "", spec).replace("natural earth", "")
            )


def test_clicking_the_language_changes_the_page_and_the_address(home, open_page, speak):
    app = open_page("overview")
    app.segmented_control(key="lang").set_value("zh").run()
    assert app.title[0].value.endswith("的指数构造方式中仍居此列。")
    assert dict(app.query_params) == {"lang": "zh"}
    speak("zh")  # the test runner reads labels back as the reader saw them
    app.segmented_control(key="lang").set_value("en").run()
    assert app.title[0].value.startswith("Judged on 41 % of the score, China")
    assert dict(app.query_params) == {}
