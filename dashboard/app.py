"""The shell: page configuration, language, navigation, and the page that was asked for."""

import time
from contextlib import suppress

import streamlit as st

from dashboard import filters, frame, garbage, navigation, trouble, widgets
from data import store

PAGE_WIDTH = 1280


@st.cache_resource(show_spinner=False)
def settle_imports() -> bool:
    """Once a server: what is imported by now is no garbage."""
    garbage.keep_imports()
    return True


st.set_page_config(
    page_title=frame.PRODUCT,
    page_icon=str(frame.STATIC / "icon.png"),
    layout="wide",
    initial_sidebar_state="collapsed",  # in a narrow window the navigation is a drawer
)
settle_imports()
try:
    with suppress(store.StoreError):  # the page says it
        filters.take_language()
    frame.logo()
    page = st.navigation(navigation.sections(), position="top")
    widgets.enter(page.url_path)
    with st.container(horizontal_alignment="center"), st.container(width=PAGE_WIDTH):
        st.caption(navigation.trail(page.url_path))
        notices = st.container()
        try:
            with trouble.caught():
                frame.opening(page.title, page.url_path, page.run)
        finally:  # also of a page that stops where it has nothing to show
            with notices, trouble.caught():
                frame.refused_choices()
            frame.finish(page.title, page.url_path)
finally:
    garbage.collect_when_due(time.monotonic())
