"""Which figures are there: a heat map of indicators by year."""

from typing import Any

import pandas as pd

from dashboard import theme


def heat(coverage: pd.DataFrame, titles: dict[str, str], unit: str, look: theme.Theme) -> dict[str, Any]:
    """Markets with a figure, by indicator (rows, in the order of titles) and year (columns).

    coverage: indicator, year, markets. titles: code -> text. unit: what a cell counts, in the reader's language.
    """
    first, last = int(coverage["year"].min()), int(coverage["year"].max())
    years = list(range(first, last + 1))
    grid = coverage.pivot(index="indicator", columns="year", values="markets").reindex(
        index=list(titles), columns=years
    )
    scale = [[i / (len(look.sequence) - 1), colour] for i, colour in enumerate(look.sequence)]
    return {
        "data": [
            {
                "type": "heatmap",
                "x": years,
                "y": list(titles.values()),
                "z": [[None if pd.isna(cell) else int(cell) for cell in row] for row in grid.to_numpy()],
                "colorscale": scale,
                "zmin": 0,
                "xgap": 1,
                "ygap": 1,
                "hovertemplate": "%{y}, %{x}: %{z} " + unit + "<extra></extra>",
                "colorbar": {
                    "title": {"text": unit, "side": "right", "font": {"size": 12, "color": look.muted}},
                    "thickness": 8,
                    "outlinewidth": 0,
                    "tickfont": {"size": 11, "color": look.muted},
                },
            }
        ],
        "layout": theme.layout(
            look,
            height=70 + 15 * len(titles),
            yaxis={"autorange": "reversed", "automargin": True, "showgrid": False, "tickfont": {"size": 11}},
            xaxis={"showgrid": False, "tickformat": "d", "side": "top", "automargin": True},
        ),
    }
