"""The shell: page configuration, language, navigation, and the page that was asked for."""

import time
from pathlib import Path

import streamlit as st

from dashboard import components, filters, garbage, links, navigation
from data import store

PAGE_WIDTH = 1280


@st.cache_resource(show_spinner=False)
def settle_imports() -> bool:
    """Once a server: what is imported by now is no garbage."""
    garbage.keep_imports()
    return True


st.set_page_config(
    page_title="Lepton Atlas", page_icon=str(Path(__file__).with_name("static") / "icon.png"), layout="wide"
)
settle_imports()
try:
    filters.take_language()
    page = st.navigation(navigation.sections(), position="top")
    links.enter(page.url_path)
    with st.container(horizontal_alignment="center"), st.container(width=PAGE_WIDTH):
        notices = st.container()
        try:
            page.run()
        finally:  # also of a page that stops where it has nothing to show
            with notices:
                components.refused_choices()
except store.StoreError as error:
    components.store_error(error)
finally:
    garbage.collect_when_due(time.monotonic())
