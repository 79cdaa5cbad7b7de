"""The shell: page configuration, language, navigation, and the page that was asked for."""

import gc
from pathlib import Path

import streamlit as st

from dashboard import components, filters, links, navigation
from data import store

PAGE_WIDTH = 1280


@st.cache_resource(show_spinner=False)
def settle_imports() -> bool:
    """Keep imported modules out of later garbage collections: Streamlit collects after every run (65-150 ms)."""
    gc.collect()
    gc.freeze()
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
        page.run()
except store.StoreError as error:
    components.store_error(error)
