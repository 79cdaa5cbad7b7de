"""Pieces of the Adapt page: its charts, and the interval of a mean over languages."""

import math

import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard import theme
from dashboard.adapt import result as adapt_result
from dashboard.charts import adapt as charts

LOOKS = (theme.LIGHT, theme.DARK)


def scores(n: int, score: float, low: float, high: float) -> dict[str, float]:
    return {"n": n, "macro_f1": score, "accuracy": score, "low": low, "high": high}


def test_one_language_keeps_its_own_interval():
    report = {"macro_f1": 0.6, "per_language": {"sw": scores(18, 0.6, 0.35, 0.8)}}
    assert adapt_result.overall(report) == (0.6, 0.35, 0.8)


def test_the_interval_of_a_mean_shrinks_with_the_number_of_languages():
    """Four independent means of one spread: half of it (sigma / sqrt(n))."""
    report = {"macro_f1": 0.5, "per_language": {code: scores(40, 0.5, 0.4, 0.6) for code in ("am", "de", "fr", "ha")}}
    score, low, high = adapt_result.overall(report)
    assert (score, low, high) == pytest.approx((0.5, 0.45, 0.55))


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_before_and_after_are_paired_with_their_intervals(look):
    table = pd.DataFrame(
        {
            "title": ["Swahili", "neutral"],
            "before": [0.3, 0.0],
            "before_low": [0.2, math.nan],
            "before_high": [0.4, math.nan],
            "after": [0.6, 0.5],
            "after_low": [0.5, math.nan],
            "after_high": [0.7, math.nan],
        }
    )
    hover = {"before": ["a", "b"], "after": ["c", "d"]}
    figure = charts.paired(table, ("Before", "After", "F1"), hover, look)
    go.Figure(figure)  # Plotly knows every word of it
    assert [trace["name"] for trace in figure["data"]] == ["Before", "After"]
    assert figure["layout"]["yaxis"]["ticktext"] == ["Swahili", "neutral"]
    intervals = [shape for shape in figure["layout"]["shapes"] if shape["line"]["width"] == 5]
    assert [(shape["x0"], shape["x1"]) for shape in intervals] == [(0.2, 0.4), (0.5, 0.7)]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_the_curve_of_a_training_is_drawn_as_reported(look):
    figure = charts.learning([5, 10], [0.9, 0.7], ("Step", "Loss"), ["a", "b"], look)
    go.Figure(figure)
    assert (figure["data"][0]["x"], figure["data"][0]["y"]) == ([5, 10], [0.9, 0.7])


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((0.5, 0.4, 0.6), (0.4, 0.3, 0.5), "worse than before"),
        ((0.5, 0.4, 0.6), (0.5, 0.4, 0.6), "and no better"),
        ((0.5, 0.4, 0.6), (0.55, 0.45, 0.65), "overlap"),
        ((0.5, 0.4, 0.6), (0.8, 0.7, 0.9), "do not overlap"),
    ],
)
def test_the_verdict_says_how_sure_it_is(before, after, said):
    assert said in adapt_result._verdict(before, after, 400)
    assert "results are rough" in adapt_result._verdict(before, after, 18)
