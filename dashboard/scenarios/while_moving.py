"""The Scenarios page while a slider moves: the base in the browser, and its answer beside the server's."""

import json
from typing import Any

import pandas as pd

from analytics.scenario import portable
from analytics.scenario.base import ScenarioBase
from analytics.scenario.document import Scenario
from analytics.scenario.outcome import ScenarioResult
from dashboard.i18n.translation import _
from dashboard.live import component as live
from dashboard.load.kept import of_result

CHANNEL = "scenarios"
FIRST, MOVERS = 20, 10


def shocks(ground: ScenarioBase, scenario: Scenario) -> list[dict[str, Any]]:
    """What is assumed now, for the sliders."""
    return portable.shocks_of(ground, scenario.shocks)


def answer(result: ScenarioResult, iso3: str) -> None:
    """The market in question, the first ones and who moves most, in the browser; nothing where the server answers."""
    if live.is_on():
        live.answer(
            CHANNEL, result.markets.rename(columns={"rank_low": "low", "rank_high": "high"}), iso3, FIRST, MOVERS
        )


def base(ground: ScenarioBase, names: pd.Series) -> None:
    """What the index is made of, for the browser to answer with."""
    if not live.is_on():
        return
    ranking = ground.ranking
    titles = [_(dimension).capitalize() for dimension in ranking.members]
    live.base(CHANNEL, _base(ground), names.reindex(ranking.normalised.index).to_list(), titles)


@of_result
def _base(ground: ScenarioBase) -> str:
    return json.dumps(portable.base_of(ground), ensure_ascii=False, allow_nan=False)
