"""What stands around every page: the mark, the title of the tab, the language of the document, refused links."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import streamlit as st

from analytics.index import recipe
from dashboard import components, load, navigation, widgets
from dashboard.i18n.translation import _, current
from dashboard.markup import literal
from data import store

PRODUCT = "Lepton Atlas"
STATIC = Path(__file__).with_name("static")
DOCUMENT_LANGUAGES = {"en": "en", "zh": "zh-Hans"}
"""For the lang attribute: what screen readers speak, and which shapes Han characters take."""
SCRIPT = """<script data-page="{page}">
document.documentElement.lang = "{language}";
if (window.innerWidth < 768) {{
  const drawer = document.querySelector('[data-testid="stSidebar"]');
  if (drawer && drawer.getBoundingClientRect().right > 60)
    drawer.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  document.querySelector('.st-key-controls details[open] > summary')?.click();
}}
</script>"""
"""Runs when page or language change. In a narrow window the navigation is a drawer, which closes on a choice, and what
stands beside the answer in a wide one (`components.controls`) comes before it: it folds."""


def logo() -> None:
    """Mark and name of the product, top left, in the colours of the reader's theme; and how a narrow window differs."""
    st.html(STATIC / "frame.css")
    st.logo(str(STATIC / f"logo-{'dark' if components.dark() else 'light'}.svg"), size="medium")


OPENED = "opened_page"
CHART_HEIGHT = 320
"""Pixels of the chart that most pages have below their answer."""


def opening(title: str, name: str, draw: Callable[[], None]) -> None:
    """Draw a page. While one that was just opened takes long, its name and a chart in grey stand below what is
    drawn already. name: as in the address."""
    body = st.container()
    if st.session_state.get(OPENED) == name:
        with body:
            draw()
        return
    told = _("Opening: {page}").format(page=title)
    with st.container(key="opening"), st.spinner(told), st.skeleton(CHART_HEIGHT), body:
        draw()
    st.session_state[OPENED] = name


def finish(page_title: str, page_name: str) -> None:
    """When the page is drawn: name the tab after it, and say which language the document is in."""
    st.set_page_config(page_title=tab_title(page_title))
    entry = navigation.entry(page_name)
    said = SCRIPT.format(language=DOCUMENT_LANGUAGES[current()], page=entry.name)
    st.html(said, unsafe_allow_javascript=True)  # nothing in it but what stands in our own lists


def tab_title(page_title: str) -> str:
    """Page, market and industry, as far as the page asks for them: Decision · Germany · Healthcare · Lepton Atlas."""
    market, industry = widgets.drawn("market"), widgets.drawn("recipe")
    parts = [page_title]
    if market is not None:
        with suppress(store.StoreError):  # the page says it
            parts.append(load.markets()["name"].get(market, market))
    if industry in recipe.NAMES:
        parts.append(_(recipe.load(industry).title))
    return " · ".join((*parts, PRODUCT))


REFUSED = ":material/link_off:"


def refused_choices() -> None:
    """Say what the address asks for and does not exist here, and what is shown instead; a button takes that."""
    for found in widgets.untold():
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"refused_{found.key}"):
            template = (
                _("{label}: “{asked}” is not available here. Shown instead: {shown}.")
                if components.PLAIN_CODE.fullmatch(found.asked)
                else _("{label}: what the link asks for is not available here. Shown instead: {shown}.")
            )
            said = template.format(
                label=found.label, asked=literal(found.asked), shown=literal(found.shown or _("nothing"))
            )
            st.markdown(f"{REFUSED} {said}", width="stretch")
            st.button(
                _("Keep what is shown"),
                key=f"accept_{found.key}",
                type="tertiary",
                on_click=widgets.accept,
                args=(found.key,),
            )
