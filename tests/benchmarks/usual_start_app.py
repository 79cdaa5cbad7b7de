"""A start page as Streamlit's are usually written: a CSV file, a slider of years, a choice of countries, a line chart
and a metric a country. The file is named by ATLAS_BENCH_CSV (iso3, year, value)."""

import os

import pandas as pd
import streamlit as st


@st.cache_data
def figures() -> pd.DataFrame:
    return pd.read_csv(os.environ["ATLAS_BENCH_CSV"])


st.set_page_config(page_title="Income of nations")
table = figures()
st.title("Income of nations")
first, last = st.slider("Years", int(table["year"].min()), int(table["year"].max()), (1990, int(table["year"].max())))
chosen = st.multiselect("Countries", sorted(table["iso3"].unique()), ["DEU", "FRA", "GBR", "BRA", "MEX", "JPN"])
shown = table[table["iso3"].isin(chosen) & table["year"].between(first, last)]
st.header("Over time")
st.line_chart(shown, x="year", y="value", color="iso3")
st.header(f"In {last}")
cells = st.columns(4)
for place, iso3 in enumerate(chosen):
    own = shown[shown["iso3"] == iso3].sort_values("year")["value"]
    if len(own):
        cells[place % 4].metric(iso3, f"{own.iloc[-1] / 1e9:,.0f} bn", f"{own.iloc[-1] / own.iloc[0]:.2f} x")
