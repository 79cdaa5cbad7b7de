"""The parts of the Ranking page, each one question."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from analytics.index.composite import Ranking
from analytics.index.design import (
    AGGREGATIONS,
    IMPUTATIONS,
    NORMALISATIONS,
    TREATMENTS,
    WEIGHTINGS,
    Design,
    DesignError,
)
from analytics.index.recipe import load as load_recipe
from analytics.robustness.rank_intervals import Robustness
from dashboard import components, load, ranking_words, readiness, widgets
from dashboard.charts import rankings
from dashboard.filters import MarketFilters
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, in_sentence, listing, number, sentence, share
from dashboard.live import component as live
from dashboard.markup import literal
from dashboard.ranking import while_moving
from dashboard.ranking.while_moving import Weights

SHOWN = 30
HEAVIEST = 3.0
METHODS = {
    "treatment": TREATMENTS,
    "imputation": IMPUTATIONS,
    "normalisation": tuple(name for name in NORMALISATIONS if name not in ("distance to target", "goalposts")),
    "indicator_weights": tuple(name for name in WEIGHTINGS if name != "own"),
    "dimension_weights": tuple(name for name in WEIGHTINGS if name != "own"),
    "within": AGGREGATIONS,
    "across": AGGREGATIONS,
}
"""The choices of an index a reader can try here; targets and goalposts need figures of their own."""


def weight_sliders(recipe_name: str) -> Callable[[], Weights]:
    """A slider a dimension, at the recipe's weight. Returns what tells the weights as they stand whenever it is asked:
    none when none was moved.
    """
    st.subheader(_("Weights"))
    dimensions = load_recipe(recipe_name).dimensions
    keys = {dimension: f"w_{dimension.replace(' ', '_')}" for dimension in dimensions}
    if st.button(_("Reset the weights"), icon=":material/restart_alt:", type="tertiary", key="reset_weights"):
        for dimension, key in keys.items():
            widgets.choose(key, float(dimensions[dimension]))
        while_moving.reset()
    if live.is_on():
        while_moving.sliders(dimensions, keys, HEAVIEST)
    else:
        for dimension, weight in dimensions.items():
            widgets.slider(_(dimension).capitalize(), 0.0, HEAVIEST, keys[dimension], float(weight))
    ours = widgets.slider(
        sentence(_("our models")),
        0.0,
        HEAVIEST,
        "w_our_models",
        0.0,
        help=_("For what share of its people our sentiment model reads the language well enough. Not in the recipe."),
    )
    live.switch()

    def weights() -> Weights:
        if live.is_on():
            chosen = while_moving.chosen(dimensions, keys, HEAVIEST)
        else:
            chosen = {dimension: st.session_state[key] for dimension, key in keys.items()}
        if not ours:
            return () if chosen == dict(dimensions) else tuple(chosen.items())
        return (*chosen.items(), (readiness.DIMENSION, ours))

    return weights


def method() -> tuple[tuple[str, str], ...]:
    """The other choices of the index; empty when all are the house's."""
    titles = {
        "treatment": _("Outliers"),
        "imputation": _("Gaps"),
        "normalisation": _("Common scale"),
        "indicator_weights": _("Weights of indicators"),
        "dimension_weights": _("Weights of dimensions"),
        "within": _("Indicators to dimension"),
        "across": _("Dimensions to index"),
    }
    usual = Design()
    with st.expander(_("Method")):
        chosen = {
            name: widgets.selectbox(titles[name], options, name, getattr(usual, name), _)
            for name, options in METHODS.items()
        }
    return tuple((name, value) for name, value in chosen.items() if value != getattr(usual, name))


def headline(ranking: Ranking, robustness: Robustness, names: pd.Series) -> str:
    """The answer: who leads, and whether that holds however the index is built."""
    first = ranking.scores.index[0]
    return sentence(
        _("{first} leads; {certainty}").format(
            first=in_sentence(first, names[first]), certainty=ranking_words.stability(ranking, robustness, names)
        )
    )


def forest(ranking: Ranking, robustness: Robustness, names: pd.Series) -> None:
    """Rank intervals of the first markets, and the table of all."""
    table = robustness.about(ranking)[["rank", "low", "median", "high", "p_top10", "score", "coverage"]]
    template = _("<b>{market}</b><br>Rank {rank}, {low} to {high}<br>Among the first ten in {p} of draws<br>{pair}")
    order = list(table.index[:SHOWN])
    hover = {}
    for iso3, after in zip(order, [*order[1:], None], strict=True):
        row = table.loc[iso3]
        pair = ""
        if after is not None:
            pair = _("Before {other} in {p} of draws").format(
                other=names[after], p=share(robustness.beats.at[iso3, after])
            )
        hover[iso3] = template.format(
            market=names[iso3],
            rank=int(row["rank"]),
            low=int(row["low"]),
            high=int(row["high"]),
            p=share(row["p_top10"]),
            pair=pair,
        )
    components.chart(
        rankings.forest(table.loc[order], names, pd.Series(hover), None, components.look(), _("Rank, 5–95 %")),
        table.round(3).reset_index(names="iso3").assign(market=lambda rows: rows["iso3"].map(names)),
        "forest",
        _("Rank of the leading markets with its 5–95 % interval"),
        components.ranking_source(ranking),
    )
    st.caption(
        _(
            "Intervals over {draws} index variants in which weights, treatment of outliers, missing data, scaling "
            "and aggregation vary. They reflect how the index is built, not errors in the data."
        ).format(draws=number(float(robustness.draws), 6))
    )
    if imputed := int(ranking.imputed.notna().to_numpy().sum()):
        st.caption(_("{count} of the figures are imputed, not reported.").format(count=number(float(imputed), 6)))
    for warning in ranking.warnings:
        st.warning(str(warning), icon=":material/warning:")


def pair(ranking: Ranking, robustness: Robustness, names: pd.Series) -> None:
    """P(A before B), and the least change of weights that exchanges them."""
    ranked = tuple(ranking.scores.index)
    if len(ranked) < 2:
        st.write(_("Only one market is ranked."))
        return
    cells = st.columns(2)
    with cells[0]:
        leader = widgets.selectbox(_("Leader"), ranked, "leader", ranked[0], names.get)
    below = tuple(iso3 for iso3 in ranked if ranking.scores.at[iso3, "rank"] >= ranking.scores.at[leader, "rank"])
    below = tuple(iso3 for iso3 in below if iso3 != leader) or ranked[:1]
    with cells[1]:
        challenger = widgets.selectbox(_("Challenger"), below, "challenger", below[0], names.get, quiet=True)
    st.markdown(
        _("**{leader} ranks before {challenger} in {p} of draws.**").format(
            leader=names[leader], challenger=names[challenger], p=share(robustness.beats.at[leader, challenger])
        )
    )
    try:
        answer = load.overtake(ranking, challenger, leader, "dimension")
    except DesignError as error:
        st.write(spelt(error))
        return
    if not answer.exists:
        st.write(_("No weights of the dimensions let {challenger} overtake.").format(challenger=names[challenger]))
        return
    moved = answer.weights[answer.weights["change"].abs() > 0.0005].sort_values("change")
    told = listing(
        [
            _("{dimension} from {before} to {after}").format(
                dimension=_(row.Index), before=share(row.before), after=share(row.after)
            )
            for row in moved.itertuples()
        ]
    )
    st.markdown(
        _("The smallest change of weights that exchanges them: {moves}. Checked by ranking again.").format(moves=told)
    )
    if not answer.is_smallest:
        st.caption(_("Found by a search, as gaps or the method allow no proof: a smaller change may exist."))


def leave_one_out(ranking: Ranking) -> None:
    """Mean absolute shift of the first markets' ranks when an indicator is left out."""
    shifts = load.leave_one_out(ranking).iloc[:SHOWN].abs().mean().sort_values(ascending=False).head(12)
    titles = {key: ranking_words.ingredient_title(ranking, key) for key in shifts.index}
    components.chart(
        rankings.bars(
            shifts,
            titles,
            _("Average change in rank without this indicator (top {count})").format(count=SHOWN),
            components.look(),
        ),
        pd.DataFrame({"indicator": [titles[key] for key in shifts.index], "places": shifts.round(2).to_numpy()}),
        "left_out",
        _("Average change in rank without each indicator"),
        components.ranking_source(ranking),
    )


def drivers(
    ranking: Ranking,
    choice: MarketFilters,
    design: tuple[tuple[str, str], ...],
    weights: tuple[tuple[str, float], ...],
    names: pd.Series,
) -> None:
    """Sobol shares, overall or for one market; asked for by a button, since they take seconds."""
    asked = st.session_state.get("sobol_for")
    wanted = (choice.recipe, choice.year, design, weights)
    if asked != wanted:
        st.write(_("A variance decomposition (Sobol, Saltelli sampling) over the choices; it takes some seconds."))
        if not st.button(_("Work it out"), icon=":material/calculate:", key="sobol_go"):
            return
        st.session_state["sobol_for"] = wanted
    with st.spinner(_("Working it out")):
        found = load.rank_drivers(*wanted)
    if found.left_out:
        st.warning(
            _("Without {markets}: some way of building the index gives them no score.").format(
                markets=listing([literal(names.get(code, code)) for code in found.left_out])
            )
        )
    options = ("all", *(code for code in ranking.scores.index[:SHOWN] if code not in found.left_out))
    whom = widgets.selectbox(
        _("For"), options, "drivers", "all", lambda key: _("All markets") if key == "all" else names.get(key, key)
    )
    table = found.overall if whom == "all" else found.markets.loc[whom]
    components.chart(
        rankings.bars(
            table["total"].clip(lower=0),
            {key: _(key).capitalize() for key in table.index},
            _("Share of the variance of ranks, with interactions"),
            components.look(),
        ),
        table.round(3).reset_index(names="choice"),
        "sobol",
        _("Share of rank variance by method choice"),
        components.ranking_source(ranking),
    )
    widest = table["total_error"].max()
    st.caption(
        _("Average change in rank: {places} places (95 % margin: up to {error}).").format(
            places=number(found.shift, 2), error=number(float(widest), 2)
        )
    )
