"""A page alone: opened in Streamlit's own test runner, with a store of its own and no cache from another test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_caches() -> Iterator[None]:
    """Nothing loaded by another test is served to this one."""
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """Open a page by its name, with an address: open_page("market", market="DEU"). Fails on an exception box."""

    def opened(name: str, **address: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
        if name == "overview":
            app.query_params.update(address)
            app.run()
        else:
            app.run()
            app.query_params.update(address)
            app.switch_page(f"../pages/{name}.py").run()
        assert not app.exception, app.exception[0].message
        return app

    return opened


@pytest.fixture
def text_of() -> Callable[[AppTest], list[str]]:
    """What a reader sees in words: headings, sentences, captions, metrics, labels, buttons, placeholders, tables."""

    def gathered(app: AppTest) -> list[str]:
        said = []
        for kind in ("title", "subheader", "caption", "markdown", "info", "warning", "error", "success"):
            said += [element.value for element in app.get(kind)]
        for metric in app.metric:
            said += [metric.label, metric.value, metric.delta, metric.proto.help]
        for kind in ("selectbox", "multiselect", "button_group", "file_uploader", "checkbox", "button"):
            for widget in app.get(kind):
                proto = widget.proto
                said += [proto.label, proto.help, getattr(proto, "placeholder", "")]
                said += [getattr(option, "content", option) for option in getattr(proto, "options", ())]
        for kind in ("download_button", "page_link", "expander", "popover"):
            said += [getattr(element.proto, "label", "") for element in app.get(kind)]
        for frame in app.dataframe:
            said += [str(column) for column in frame.value.columns if not column.isascii() or column[0].isupper()]
        return [str(text) for text in said if text]

    return gathered
