"""What a scenario for a board rests on: sources, method, assumptions, and what it takes to compute it again."""

import re

import pandas as pd

from analytics.scenario import document as scenarios
from analytics.scenario.base import ScenarioBase
from analytics.scenario.document import Scenario
from analytics.scenario.outcome import ScenarioResult
from analytics.scenario.propagation import Elasticity
from dashboard import components, load, ranking_words
from dashboard.board.content import Section, span, written
from dashboard.board.vintage import state_of_the_store
from dashboard.i18n.faults import said
from dashboard.i18n.translation import _, listing, number, percent, share
from dashboard.scenarios import state, words

TOLD = 8
"""Assumptions told on the first slide; the appendix holds them all."""
MAX_CODE = 120
"""Lines of the scenario as one reads it; a longer one is written without its spaces."""
DAMPED, LAST = "damped trend", "last value"


def assumed(current: Scenario, most: int = TOLD) -> str:
    """Every assumption in one sentence."""
    told = [words.told(shock) for shock in current.shocks]
    told += [words.uncertain_told(entry) for entry in current.uncertain]
    if current.horizon:
        told.insert(0, _("{years} years ahead").format(years=current.horizon))
    if not told:
        return _("Nothing is assumed.")
    more = [_("and {count} more").format(count=len(told) - most)] if len(told) > most else []
    return _("Assumed: {assumptions}.").format(assumptions=_("; ").join([*told[:most], *more]))


def footnote(ground: ScenarioBase, current: Scenario, more: tuple[str, ...] = ()) -> str:
    """Publishers, licences and vintage; the scenario; how the figures were carried forward.

    more: codes behind a figure that are not behind the ranking.
    """
    years = ground.ranking.years if ground.today is None else ground.today.years
    parts = [
        load.source_line((*_codes(ground), *more)),
        _("Figures of {years}.").format(years=span(years.min(axis=None), years.max(axis=None))),
        _("Scenario: {name}.").format(name=current.name),
    ]
    if ground.outlook is not None:
        parts.append(_carried(ground, current))
    return " ".join(parts)


def _codes(ground: ScenarioBase) -> tuple[str, ...]:
    return tuple(code for measure in ground.ranking.measures.values() for code in measure.codes)


def _snapshot(current: Scenario) -> str:
    rows = load.snapshots().set_index("id")
    return current.base.snapshot if current.base.snapshot in rows.index else str(rows.index[0])


def _carried(ground: ScenarioBase, current: Scenario) -> str:
    methods = ground.outlook.methods["method"].value_counts()
    return _(
        "Projected {years} years ahead: {damped} indicators by damped trend, {last} by their last value, which did "
        "as well when tested on past years."
    ).format(years=current.horizon, damped=int(methods.get(DAMPED, 0)), last=int(methods.get(LAST, 0)))


def appendix(result: ScenarioResult, ground: ScenarioBase, current: Scenario, names: pd.Series) -> list[Section]:
    sections = [
        Section(_("How it was computed"), tuple(_method(result, ground, current))),
        Section(_("What is assumed"), (assumed(current, len(current.shocks) + len(current.uncertain) + 1),)),
        Section(_("What the score is made of"), tuple(_recipe(ground))),
        Section(_("Knock-on changes"), tuple(_links(ground))),
    ]
    if ground.outlook is not None:
        sections.append(Section(_("How the figures were projected"), tuple(_outlook(ground, current))))
    if result.notes:
        sections.append(Section(_("Values kept within limits"), tuple(words.notes(result.notes, names))))
    return [*sections, Section(_("Sources"), tuple(_sources(ground)))]


def for_engineers(current: Scenario) -> tuple[Section, ...]:
    """What it takes to compute the scenario again."""
    code = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", _on_one_line, scenarios.to_json(current))
    if code.count("\n") > MAX_CODE:
        code = scenarios.to_json(current, indent=None)
    again = [
        state_of_the_store(_snapshot(current)),
        _("Seed of the draws: {seed}.").format(seed=current.seed),
    ]
    if state.standing(current).gone:
        again.append(_("The scenario was made on snapshot {snapshot}.").format(snapshot=current.base.snapshot))
    told = _("Open this as a scenario file on the Scenarios page, and the same numbers come out.")
    return Section(_("To compute it again"), tuple(again)), Section(_("The scenario itself"), (told,), code)


def _on_one_line(found: re.Match) -> str:
    return "[" + re.sub(r"\n\s*", " ", found[1]) + "]"


def _method(result: ScenarioResult, ground: ScenarioBase, current: Scenario) -> list[str]:
    ranking = ground.ranking
    said_so = [
        _("{industry}: {question}").format(industry=_(ground.recipe.title), question=_(ground.recipe.question)),
        _(
            "{markets} markets are ranked on {indicators} indicators, by what was known in {year}; a figure counts "
            "when it is at most {window} years old, a market when {coverage} of the weight is known."
        ).format(
            markets=len(ranking.scores),
            indicators=len(ranking.measures),
            year=current.base.year,
            window=ground.recipe.window,
            coverage=share(ground.recipe.minimum_coverage),
        ),
        _("Each indicator is put on 0–100 and weighed; the score is what they add up to, after OECD/JRC (2008)."),
        _(
            "Intervals hold 5–95 % of {draws} draws in which every weight is off by about 25 % and every elasticity by "
            "its standard error. Before and after use the same draws."
        ).format(draws=result.draws),
        _("Shocks are applied in order and kept within what the unit allows; then the associated figures move."),
        _("Knock-on changes are associated with the assumption; none is known to be caused by it."),
    ]
    if state.standing(current).gone:
        said_so.append(
            _(
                "This scenario was made on data that are not in this store. It is shown on the data here, so its "
                "results may differ."
            )
        )
    if ground.estimate is not None:
        fit = ground.estimate.fit
        said_so.append(
            _(
                "Potential: {outcome} in {year}, predicted from figures {horizon} years older by {learner}, chosen by "
                "its errors on markets it had not seen."
            ).format(outcome=_(fit.outcome_title), year=fit.year, horizon=fit.horizon, learner=_(fit.learner))
        )
    return said_so


def _recipe(ground: ScenarioBase) -> list[str]:
    """The weights of the recipe, dimension by dimension, with the direction of each indicator."""
    ranking, told = ground.ranking, []
    whole = ranking.overall_weights / ranking.overall_weights.sum()
    for dimension, keys in whole.groupby(ranking.labels, sort=False).groups.items():
        parts = [
            (_("{name} {share}") if ranking.directions[key] > 0 else _("{name} {share} (less is better)")).format(
                name=ranking_words.ingredient_title(ranking, key), share=_percent(whole[key])
            )
            for key in keys
        ]
        told.append(
            _("{dimension}, {share} of the score: {parts}.").format(
                dimension=_(dimension).capitalize(), share=_percent(whole[keys].sum()), parts=_("; ").join(parts)
            )
        )
    if ranking.missing:
        missing = listing([_(ingredient.title) for ingredient in ranking.missing])
        told.append(_("Not in the store, so their weight went to the others: {missing}.").format(missing=missing))
    return told


def _percent(part: float) -> str:
    return percent(written(part * 100, 1))


def _links(ground: ScenarioBase) -> list[str]:
    told = [_link(entry) for entry in ground.elasticities]
    return told or [_("No estimated association is used: each shock moves its one indicator only.")]


def _link(entry: Elasticity) -> str:
    named = {"source": words.indicator_name(entry.source), "target": words.indicator_name(entry.target)}
    if not entry.n:
        return _("{target} moves with {source} one for one: they are the same at two sets of prices.").format(**named)
    unit = {"log": "%"}.get(entry.target_scale, _(words.indicator_unit(entry.target)))
    step = (
        _("1 %") if entry.source_scale == "log" else _("one {unit}").format(unit=_(words.indicator_unit(entry.source)))
    )
    size = entry.coefficient, entry.standard_error, entry.low, entry.high
    if (entry.source_scale, entry.target_scale) == ("log", "level"):  # per unit of the logarithm: 1 % is a hundredth
        size = tuple(part / 100 for part in size)
    if (entry.source_scale, entry.target_scale) == ("level", "log"):
        size = tuple(part * 100 for part in size)
    coefficient, error, low, high = (number(part) for part in size)
    return _(
        "{target} with {source}: {coefficient} {unit} for {step} (standard error {error}; 90 %: {low} to {high}; "
        "{markets} markets, {rows} market-years)."
    ).format(
        **named,
        coefficient=coefficient,
        unit=unit,
        step=step,
        error=error,
        low=low,
        high=high,
        markets=entry.n_markets,
        rows=entry.n,
    )


def _outlook(ground: ScenarioBase, current: Scenario) -> list[str]:
    methods = ground.outlook.methods
    told = [_carried(ground, current)]
    for method, word in ((DAMPED, _("By damped trend: {names}.")), (LAST, _("By their last value: {names}."))):
        codes = methods.index[methods["method"] == method]
        if len(codes):
            told.append(word.format(names=listing([words.indicator_name(code) for code in codes])))
    return told


def _sources(ground: ScenarioBase) -> list[str]:
    """Every indicator behind the ranking: publisher, licence, and the years of its figures."""
    ranking = ground.ranking if ground.today is None else ground.today
    known, spans = load.indicators(), {}
    for key, measure in ranking.measures.items():
        years = ranking.years[key].dropna()
        for code in measure.codes:
            spans[code] = (*spans.get(code, ()), *years)
    told = [
        _("{name} ({code}): {source}, {licence}; figures of {years}.").format(
            name=words.indicator_name(code),
            code=code,
            source=said(known.at[code, "source"]),
            licence=said(known.at[code, "licence"]),
            years=span(min(years), max(years)),
        )
        for code, years in spans.items()
        if code in known.index and len(years)
    ]
    return [components.ranking_source(ground.ranking), *told]
