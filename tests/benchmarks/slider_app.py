"""The yardstick of the Scenarios page: one slider, one empty chart that is drawn again when the slider moves."""

import gc

import streamlit as st


@st.cache_resource(show_spinner=False)
def settle_imports() -> bool:
    gc.collect()
    gc.freeze()
    return True


def page() -> None:
    st.title("One slider")
    value = st.slider("Value", 0, 200, 50, key="value")
    figure = {"data": [{"type": "scatter", "x": [], "y": []}], "layout": {"title": {"text": str(value)}, "height": 400}}
    st.plotly_chart(figure, theme=None, key="chart")


st.set_page_config(page_title="One slider", layout="wide")
settle_imports()
st.navigation([st.Page(page, title="One slider", default=True)], position="top").run()
