"""An index as plain data: all that whoever works it out elsewhere needs, to come to the same scores and ranks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analytics import scales
from analytics.index import treat
from analytics.index.composite import Ranking
from analytics.scenario import propagation
from analytics.scenario.base import MAX_FIGURE, ScenarioBase, rows_of
from analytics.scenario.document import Shock
from analytics.scenario.shocks import exchanged

PARTS = {"figure": "code", "denominator": "denominator", "multiplier": "multiplier", "shareOf": "share_of"}


def index_of(ranking: Ranking) -> dict[str, Any]:
    """A ranking on its figures as they are: only its weights can be moved. Lists are as JSON takes them, None for NaN.

    normalised: a list an ingredient, a value a market, the ranked ones first. recipe: the weights before anybody moved
    them, of ingredients that are not there too, since those share their dimension's weight.
    """
    labels, directions = ranking.labels, ranking.directions
    members = list(ranking.members)
    recipe = ranking.recipe
    there = set(ranking.normalised.columns)
    return {
        "markets": list(ranking.normalised.index),
        "ranked": len(ranking.scores),
        "figures": [],
        "bounds": [],
        "exchanged": [],
        "links": [],
        "order": [],
        "dimensions": members,
        "ingredients": [
            {"dimension": members.index(labels[key]), "direction": int(directions[key])} | dict.fromkeys(PARTS, -1)
            for key in ranking.normalised
        ],
        "normalised": _columns(ranking.normalised),
        "overall": ranking.overall_weights.tolist(),
        "recipe": {
            "dimensions": [[name, float(weight)] for name, weight in recipe.dimensions.items()],
            "ingredients": [
                {"key": i.key, "weight": float(i.weight), "dimension": i.dimension, "isThere": i.key in there}
                for i in recipe.ingredients
            ],
        },
        "design": {
            name: getattr(ranking.design, name)
            for name in ("treatment", "imputation", "normalisation", "within", "across")
        },
        "rules": {
            "skewness": treat.SKEW,
            "kurtosis": treat.KURTOSIS,
            "winsorised": treat.MAX_WINSORISED,
            "largest": MAX_FIGURE,
        },
    }


def base_of(ground: ScenarioBase) -> dict[str, Any]:
    """A base of scenarios: its index, the figures that can be moved, and what moves along with them."""
    ranking, codes = ground.ranking, list(ground.figures)
    index = index_of(ranking)
    for key, ingredient in zip(ranking.normalised, index["ingredients"], strict=True):
        for name, part in PARTS.items():
            code = getattr(ranking.measures[key], part)
            ingredient[name] = codes.index(code) if code else -1
    moving = [link for link in ground.elasticities if link.used]
    return index | {
        "figures": _columns(ground.figures),
        "bounds": [[_number(edge) for edge in scales.bounds(code)] for code in codes],
        "exchanged": [codes.index(code) for code in exchanged(ground)],
        "links": [
            {
                "source": codes.index(link.source),
                "target": codes.index(link.target),
                "coefficient": link.coefficient,
                "sourceLog": link.source_scale == "log",
                "targetLog": link.target_scale == "log",
            }
            for link in moving
        ],
        "order": [codes.index(code) for code in propagation.targets(moving)],
    }


def shocks_of(ground: ScenarioBase, shocks: Sequence[Shock]) -> list[dict[str, Any]]:
    """Shocks with their figures as columns and their markets as rows of `base_of`. Shocks of one place replace each
    other. Raises ScenarioError.
    """
    codes = list(ground.figures)
    return [
        {
            "kind": shock.kind,
            "target": codes.index(shock.target) if shock.kind == "indicator" else shock.target,
            "how": shock.how,
            "value": shock.value,
            "place": "|".join((shock.kind, shock.target, *shock.markets, *shock.regions)),
        }
        | (
            {"rows": rows_of(ground, shock.markets, shock.regions)[0].tolist()}
            if shock.markets or shock.regions
            else {}
        )
        for shock in shocks
    ]


def _columns(frame: pd.DataFrame) -> list[list[float | None]]:
    return [[_number(value) for value in frame[name].to_list()] for name in frame]


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
