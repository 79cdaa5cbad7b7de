"""The Scenarios page as Streamlit's pages are usually written: plotly.express, Streamlit's own sliders, the whole
script at every move. It works out the same with the same functions, and shows the same figures and charts."""

import plotly.express as px
import streamlit as st

from analytics.scenario import outcome
from analytics.scenario.base import ScenarioBase
from analytics.scenario.document import Base, BaseKey, Scenario, Shock
from dashboard import load

MARKET, INDUSTRY, YEAR = "IND", "healthcare", 2023
FIRST, MOVERS = 20, 10


@st.cache_resource(show_spinner=False)
def ground() -> ScenarioBase:
    return load.ground(BaseKey.of(Scenario("", Base(INDUSTRY, YEAR)), None).without_potential)


base = ground()
st.set_page_config(page_title="Scenarios, as usual", layout="wide")
st.title("Scenarios")
market = st.selectbox("Country", sorted(base.ranking.scores.index), sorted(base.ranking.scores.index).index(MARKET))
left, right = st.columns([1, 2])
scenario = Scenario("My scenario", Base(INDUSTRY, YEAR))
with left:
    for code in base.figures.columns[base.figures.loc[market].notna()]:
        percent = st.slider(code, -50.0, 100.0, 0.0, 1.0, key=code)
        if percent:
            scenario = scenario.with_shock(Shock.from_percent("indicator", code, percent, (market,)))
found = outcome.run(base, scenario)
table = found.markets.assign(market=load.markets()["name"].reindex(found.markets.index))
row = table.loc[market]
with right:
    st.header(f"{row['market']}: rank {row['rank_before']:.0f} → {row['rank']:.0f}")
    cells = st.columns(3)
    cells[0].metric("Rank", f"{row['rank']:.0f} ({row['rank_low']:.0f}–{row['rank_high']:.0f})")
    cells[1].metric("Score", f"{row['score']:.1f}", f"{row['score'] - row['score_before']:+.1f}")
    cells[2].metric("Chance of a better rank", f"{row['p_improves']:.0%}")
    for shock in scenario.shocks:
        st.write(f"{shock.target}: {shock.percent:+.0f} %")
    first = table.nsmallest(FIRST, "rank")
    st.plotly_chart(px.bar(first, x="score", y="market", orientation="h", title="The first"))
    moved = (table["rank_before"] - table["rank"]).abs().nlargest(MOVERS).index
    spread = table.loc[moved].assign(
        up=lambda rows: rows["rank_high"] - rows["rank"], down=lambda rows: rows["rank"] - rows["rank_low"]
    )
    st.plotly_chart(px.scatter(spread, "rank", "market", error_x="up", error_x_minus="down", title="Who moves most"))
    change = table.assign(iso3=table.index, change=table["rank_before"] - table["rank"])
    st.plotly_chart(
        px.choropleth(change, locations="iso3", color="change", hover_name="market", title="Change of rank")
    )
    st.dataframe(table[["market", "rank_before", "rank", "rank_low", "rank_high", "score_before", "score"]])
