"""The parts of the Compare page."""

import pandas as pd
import streamlit as st

from analytics.index import Ranking
from dashboard import answers, components
from dashboard.language import _, share, with_unit


def headline(ranking: Ranking, chosen: list[str], names: pd.Series) -> str:
    """Who of the chosen leads, and by how much."""
    scores = ranking.scores["score"].reindex(chosen).dropna().sort_values(ascending=False)
    if len(scores) < 2:
        return _("Too few of these markets are ranked to say who leads")
    lead = scores.iloc[0] - scores.iloc[1]
    return _("{first} leads {second} by {points} points").format(
        first=names[scores.index[0]], second=names[scores.index[1]], points=f"{lead:.1f}"
    )


def score_cards(ranking: Ranking, chosen: list[str], names: pd.Series) -> None:
    """Score, rank and coverage of each market, side by side."""
    for cell, iso3 in zip(st.columns(len(chosen)), chosen, strict=True):
        with cell:
            if iso3 not in ranking.scores.index:
                st.metric(names[iso3], "–", _("not ranked: too little data"), delta_color="off", delta_arrow="off")
                continue
            row = ranking.scores.loc[iso3]
            detail = _("rank {rank}, {coverage} known").format(rank=int(row["rank"]), coverage=share(row["coverage"]))
            st.metric(names[iso3], f"{row['score']:.1f}", detail, delta_color="off", delta_arrow="off")


def table(ranking: Ranking, chosen: list[str], names: pd.Series) -> None:
    """Every figure of the recipe, a column a market, the best of each row marked; years beside the values."""
    shown, plain = [], []
    for ingredient in ranking.recipe.ingredients:
        if ingredient.key not in ranking.measures:
            continue
        title = answers.ingredient_title(ranking, ingredient.key)
        unit = answers.ingredient_unit(ranking, ingredient.key)
        values = ranking.values[ingredient.key].reindex(chosen)
        years = ranking.years[ingredient.key].reindex(chosen)
        best = (values * ingredient.direction).idxmax() if values.notna().any() else None
        cells = {}
        for iso3 in chosen:
            text = with_unit(values[iso3], "") + (f" ({int(years[iso3])})" if pd.notna(values[iso3]) else "")
            mark = f" · {_('best')}" if iso3 == best else ""
            code = ranking.measures[ingredient.key].code
            cells[names[iso3]] = components.rows_link(iso3, code, text + mark)
        shown.append({_("Figure"): title, _("Unit"): unit} | cells)
        plain.append({"figure": title, "unit": unit} | {iso3: values[iso3] for iso3 in chosen})
    linked = st.column_config.LinkColumn(display_text=r"#(.*)$")
    st.dataframe(
        pd.DataFrame(shown), hide_index=True, height="content", column_config={names[iso3]: linked for iso3 in chosen}
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            components.ranking_source(ranking),
            width="stretch",
        )
        components.download(pd.DataFrame(plain), "comparison")


def rescaled(history: pd.DataFrame, how: str, unit: str) -> tuple[pd.DataFrame, str]:
    """The history as published, or with each market's first common year as 100; and its unit."""
    if how != "indexed" or history.empty:
        return history[["iso3", "year", "value"]], unit
    wide = history.pivot(index="year", columns="iso3", values="value").dropna()
    if wide.empty:
        return history.iloc[:0][["iso3", "year", "value"]], unit
    first = int(wide.index[0])
    base = history["iso3"].map(wide.loc[first])
    indexed = history.assign(value=history["value"] / base * 100)
    return indexed.loc[indexed["year"] >= first, ["iso3", "year", "value"]], _("{year} = 100").format(year=first)
