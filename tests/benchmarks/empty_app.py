"""The yardstick: an app with the Overview's widgets and nothing else."""

import gc

import streamlit as st


@st.cache_resource(show_spinner=False)
def settle_imports() -> bool:
    gc.collect()
    gc.freeze()
    return True


def page() -> None:
    columns = st.columns([2, 1, 2, 2, 1.4], vertical_alignment="bottom")
    columns[0].selectbox("Industry", ("general", "healthcare", "finance"), key="recipe")
    columns[1].selectbox("Year", tuple(range(2025, 1994, -1)), key="year")
    columns[2].multiselect("Region", [str(code) for code in range(17)], key="region")
    columns[3].multiselect("Income group", ["High", "Upper middle", "Lower middle", "Low"], key="income")
    columns[4].segmented_control("Language", ("en", "zh"), key="lang")
    st.title("An empty page")


st.set_page_config(page_title="Empty", layout="wide")
settle_imports()
st.navigation([st.Page(page, title="Empty", default=True)], position="top").run()
