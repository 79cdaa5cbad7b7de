"""The Ranking page while a weight moves: its sliders, what the index is made of, and the first markets as they come."""

import json

import pandas as pd
import streamlit as st

from analytics.index.composite import NotRanked, Ranking
from analytics.index.design import DesignError
from analytics.index.recipe import load as load_recipe
from analytics.robustness.rank_intervals import Robustness
from analytics.scenario import portable
from dashboard import load, readiness, widgets
from dashboard.filters import MarketFilters
from dashboard.i18n.translation import _
from dashboard.live import component as live
from dashboard.load.kept import of_result

CHANNEL, TURN = "ranking", "ranking_turn"
Weights = tuple[tuple[str, float], ...]


def chosen(usual: dict[str, float], keys: dict[str, str], heaviest: float) -> dict[str, float]:
    """The weights as they stand, also in the address. usual: the recipe's. keys: in the address."""
    return {
        dimension: widgets.number(_(dimension).capitalize(), 0.0, heaviest, keys[dimension], float(weight))
        for dimension, weight in usual.items()
    }


def sliders(usual: dict[str, float], keys: dict[str, str], heaviest: float) -> None:
    """A slider a dimension, at what is chosen."""
    weights = chosen(usual, keys, heaviest)
    controls = [
        live.Slider(
            key=keys[dimension],
            label=_(dimension).capitalize(),
            about=_("The recipe gives it {usual}.").format(usual=f"{usual[dimension]:g}"),
            low=0.0,
            high=heaviest,
            step=0.1,
            least=0.0,
            most=heaviest,
            start=float(usual[dimension]),
            value=float(value),
            shock=_shock(dimension),
        )
        for dimension, value in weights.items()
    ]
    moved = [_shock(name) | {"value": value} for name, value in weights.items() if value != float(usual[name])]

    def take(values: dict[str, float], _is_same: bool) -> None:
        for key, value in values.items():
            widgets.choose(key, value)

    live.sliders(CHANNEL, "weights", controls, moved, take, st.session_state.get(TURN, 0))


def reset() -> None:
    """The sliders stand where the server says from now on."""
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1


def _shock(dimension: str) -> dict[str, str]:
    return {"kind": "weight", "target": dimension, "how": "set", "place": dimension}


def first(unmoved: Ranking, robustness: Robustness) -> None:
    """The first markets, in the browser. unmoved: the ranking before any weight moved; robustness: of the one shown."""
    live.answer(CHANNEL, robustness.ranks.reindex(unmoved.scores.index))


def base(unmoved: Ranking, names: pd.Series) -> None:
    """What the index is made of, for the browser to answer with."""
    titles = [_(dimension).capitalize() for dimension in unmoved.members]
    live.base(CHANNEL, _index(unmoved), names.reindex(unmoved.normalised.index).to_list(), titles)


def unmoved(choice: MarketFilters, design: Weights, weights: Weights) -> Ranking | None:
    """The ranking before any weight moved, but with our models where they are weighed; None where the server alone
    answers the sliders."""
    if not live.is_on():
        return None
    ours = [pair for pair in weights if pair[0] == readiness.DIMENSION]
    usual = (*load_recipe(choice.recipe).dimensions.items(), *ours) if ours else ()
    try:
        return load.own_ranking(choice.recipe, choice.year, design, usual)
    except (NotRanked, DesignError):
        return None


@of_result
def _index(ranking: Ranking) -> str:
    return json.dumps(portable.index_of(ranking), ensure_ascii=False, allow_nan=False)
