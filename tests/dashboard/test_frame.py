"""What stands around every page: mark and name, a tab that says which page it is, where one is, the language."""

import xml.etree.ElementTree

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import frame, navigation, theme


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_logo_is_drawn_in_the_colours_of_its_theme(name):
    text = (frame.STATIC / f"logo-{name}.svg").read_text("utf-8")
    look = theme.theme(name == "dark")
    assert xml.etree.ElementTree.fromstring(text).attrib["aria-label"] == frame.PRODUCT
    assert look.accent in text
    assert look.ink in text


def test_the_trail_names_section_and_page(speak):
    speak("en")
    assert navigation.trail("ranking") == "Assess › Ranking"
    assert navigation.trail("") == "Markets › Shortlist"
    assert navigation.trail("data") == "Data"
    speak("zh")
    assert navigation.trail("compare") == "市场 › 对比"


def test_every_language_of_the_reader_has_one_for_the_document():
    from dashboard.i18n.translation import LANGUAGES

    assert set(frame.DOCUMENT_LANGUAGES) == set(LANGUAGES)


def test_a_tab_is_called_after_its_page_market_and_industry(home, speak, monkeypatch):
    speak("en")
    chosen = {"market": "DEU", "recipe": "healthcare"}
    monkeypatch.setattr(frame.widgets, "drawn", chosen.get)
    assert frame.tab_title("Decision") == "Decision · Germany · Healthcare · Lepton Atlas"
    chosen["market"] = None
    assert frame.tab_title("Overview") == "Overview · Healthcare · Lepton Atlas"
    chosen.clear()
    assert frame.tab_title("Data") == "Data · Lepton Atlas"


def test_a_page_that_opens_slowly_says_which_it_is_until_it_is_there_and_one_drawn_again_says_nothing():
    def app() -> None:
        import streamlit as st

        from dashboard import frame

        calls = st.session_state.setdefault("calls", [])
        spinner = st.spinner

        def told(words):
            calls.append(words)
            return spinner(words)

        st.spinner = told
        try:
            frame.opening("Language lab", "language", lambda: st.title("There"))
        finally:
            st.spinner = spinner

    run = AppTest.from_function(app).run()
    assert [title.value for title in run.title] == ["There"]
    assert run.session_state["calls"] == ["Opening: Language lab"]
    run.run()
    assert [title.value for title in run.title] == ["There"]
    assert run.session_state["calls"] == ["Opening: Language lab"]
