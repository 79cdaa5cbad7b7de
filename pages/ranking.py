"""How sure is each rank, and what would change it?"""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from analytics.index.composite import NotRanked, Ranking
from analytics.index.design import DesignError
from analytics.robustness.rank_intervals import Robustness
from dashboard import components, filters, load
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _
from dashboard.live import component as live
from dashboard.ranking import parts, while_moving

choice = filters.market_filters()
Draw = Callable[[Ranking, Robustness, pd.Series], None]


@st.fragment  # a choice draws this part again, not the whole page; a slider only the answer, then what is seen
def body() -> None:
    controls, picture = st.columns([1, 2.4], gap="large")
    with controls, components.controls():
        weights = parts.weight_sliders(choice.recipe)
        design = parts.method()
    names = load.markets()["name"]
    unmoved = while_moving.unmoved(choice, design, weights())

    def now() -> tuple[Ranking, Robustness]:
        asked = (choice.recipe, choice.year, design, weights())
        return load.own_ranking(*asked), load.robustness(*asked)

    def answer() -> None:
        try:
            ranking, found = now()
        except NotRanked as error:
            components.not_ranked(error)
        except DesignError as error:
            components.nothing(spelt(error))
        components.answer(parts.headline(ranking, found, names))
        if unmoved is not None:
            while_moving.first(unmoved, found)

    def section(name: str, title: str, draw: Draw) -> None:
        def told() -> None:
            try:
                ranking, found = now()
            except (NotRanked, DesignError):
                return  # the answer says so
            if title:
                st.subheader(title)
            draw(ranking, found, names)

        live.section(while_moving.CHANNEL, name, told)

    with picture:
        live.part(answer)
        if unmoved is not None:
            while_moving.base(unmoved, names)
        section("forest", "", parts.forest)
    section("pair", _("What would it take for one market to overtake another?"), parts.pair)
    left, right = st.columns(2, gap="medium")
    with left:
        section(
            "left_out", _("Which indicators carry the ranking"), lambda ranking, *_rest: parts.leave_one_out(ranking)
        )
    with right:
        section(
            "drivers",
            _("Which method choices matter"),
            lambda ranking, _found, names: parts.drivers(ranking, choice, design, weights(), names),
        )


body()
