"""A scenario for a board: what came of it for one market, who moves, what matters most, and how it was computed."""

import re
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from analytics.scenario import document as scenarios
from analytics.scenario import outcome as outcomes
from analytics.scenario import sweeps
from analytics.scenario.base import ScenarioBase
from analytics.scenario.document import Scenario
from analytics.scenario.outcome import ScenarioResult
from analytics.scenario.propagation import Elasticity
from dashboard import components, load, ranking_words
from dashboard.board.content import Board, Chart, Section, Series, Slide, Table, asked, numbers, span, written
from dashboard.board.vintage import state_of_the_store
from dashboard.i18n import translation
from dashboard.i18n.faults import said
from dashboard.i18n.translation import _, compact, listing, number, percent, share, with_unit
from dashboard.scenarios import state, words

MOVERS = 14
BARS = 12
FIGURES = 10
"""Of a tornado, whose table stands beside it on one slide."""
FIRST = 15
POTENTIALS = 10
TOLD = 8
"""Assumptions told on the first slide; the appendix holds them all."""
LONGEST_CODE = 120
"""Lines of the scenario as one reads it; a longer one is written without its spaces."""
DAMPED, LAST = "damped trend", "last value"


def scenario_board(
    found: ScenarioResult,
    ground: ScenarioBase,
    current: Scenario,
    iso3: str,
    names: pd.Series,
    made_at: date | None = None,
) -> Board:
    """Everything a board is told about a scenario, in the reader's language. current: the scenario with its name.

    Numbers are written as the Scenarios page writes them. Raises ScenarioError as `sweeps.tornado`.
    """
    foot = footnote(ground, current)
    slides = [
        _answer(found, ground, current, iso3, names, foot),
        _movers(found, iso3, names, foot),
        _tornado(ground, current, iso3, names, foot),
        _first(found, iso3, names, foot),
    ]
    if ground.estimate is not None and not np.isnan(found.markets.at[iso3, "potential"]):
        codes = tuple(code for measure in ground.estimate.measures for code in measure.codes)
        slides.append(_potential(found, ground, iso3, names, footnote(ground, current, codes)))
    return Board(
        title=_("Scenario: {name}").format(name=current.name),
        subtitle=_("{market}: {industry}, {year}").format(
            market=names.get(iso3, iso3), industry=_(ground.recipe.title), year=current.base.year + current.horizon
        ),
        slides=tuple(slides),
        appendix=tuple(_appendix(found, ground, current, names)),
        footnote=foot,
        language=translation.current(),
        made_at=made_at or datetime.now(UTC).date(),
        about=(
            _("What a change of assumptions does to the rank of one country, and how sure that is."),
            assumed(current),
        ),
        engineers=_engineers(current),
    )


# ------------------------------------------------------------------ figures as the page writes them


def rank_text(row: pd.Series, when: str = "") -> str:
    """A rank with its 5-95 % interval; when: "_before" for without the scenario."""
    return f"{int(row['rank' + when])} ({int(row['rank' + when + '_low'])}–{int(row['rank' + when + '_high'])})"


def score_text(row: pd.Series, when: str = "") -> str:
    """A score with its 5-95 % interval."""
    middle, low, high = (row[f"score{when}{end}"] for end in ("", "_low", "_high"))
    return f"{middle:.1f} ({low:.1f}–{high:.1f})"


def potential_text(row: pd.Series, when: str = "") -> str:
    """A potential with its 90 % interval."""
    middle, low, high = (row[f"potential{when}{end}"] for end in ("", "_low", "_high"))
    if np.isnan(middle):
        return "–"
    return f"{number(middle)} ({number(low)}–{number(high)})"


def movers(found: ScenarioResult, iso3: str, most: int = MOVERS) -> pd.Index:
    """The markets whose rank moves most, by their rank after; the market in question among them where it moves."""
    moved = found.markets[found.markets["rank"] != found.markets["rank_before"]]
    largest = (moved["rank"] - moved["rank_before"]).abs().sort_values(ascending=False, kind="stable").index[:most]
    keep = largest if iso3 in largest or iso3 not in moved.index else largest[:-1].append(pd.Index([iso3]))
    return found.markets.loc[keep].sort_values("rank", kind="stable").index


# ------------------------------------------------------------------ slides


def _answer(
    found: ScenarioResult, ground: ScenarioBase, current: Scenario, iso3: str, names: pd.Series, foot: str
) -> Slide:
    row, name = found.markets.loc[iso3], names.get(iso3, iso3)
    rows = [
        (_("Rank"), rank_text(row, "_before"), rank_text(row)),
        (_("Score"), score_text(row, "_before"), score_text(row)),
    ]
    if ground.estimate is not None:
        rows.append((_("Potential"), potential_text(row, "_before"), potential_text(row)))
    rows.append((_("Improves in"), "", share(float(row["p_improves"]))))
    sentences = [words.summary(found, names), words.chance(found, iso3)]
    sentences += [text for text in (words.outside(found, iso3, names),) if text]
    sentences.append(assumed(current))
    sentences += words.notes(found.notes, names)
    sentences += [text for text in (words.moved_along(found, iso3), words.alone(current, found)) if text]
    sentences.append(asked(_("whether plans for {market} should count on this.").format(market=name)))
    return Slide(
        title=words.headline(found, iso3, name),
        sentences=tuple(sentences),
        chart=_contributions(ground, current, iso3) or _place(row),
        table=Table((_("Figure"), _("Before (5–95 %)"), _("After (5–95 %)")), tuple(rows)),
        footnote=foot,
    )


def _contributions(ground: ScenarioBase, current: Scenario, iso3: str) -> Chart | None:
    """What each assumption adds to the score, where there are several and not too many."""
    if not 2 <= len(current.shocks) <= BARS:
        return None
    parts = outcomes.contributions(ground, current).loc[iso3]
    return Chart(
        "bars",
        _("What each assumption adds to the score"),
        tuple(words.told(shock) for shock in current.shocks),
        (Series(_("Points"), numbers(parts)),),
        _("What each assumption adds to the score, points"),
        decimals=2,
    )


def _place(row: pd.Series) -> Chart:
    """The rank without and with the scenario, each with its interval."""
    when = ("_before", "")
    series = Series(
        _("Rank"), *(tuple(float(row[f"rank{end}"]) for end in when), ()),
        *(tuple(float(row[f"rank{end}_{side}"]) for end in when) for side in ("low", "high")),
    )  # fmt: skip
    names = _("Without the scenario"), _("With the scenario")
    return Chart(
        "ranks", _("Rank without and with the scenario"), names, (series,), _("Rank, 1 is the best"), highlight=1
    )


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


def _movers(found: ScenarioResult, iso3: str, names: pd.Series, foot: str) -> Slide:
    keep = movers(found, iso3)
    if keep.empty:
        return Slide(_("No market changes its rank"), (words.summary(found, names),), None, None, foot)
    table = found.markets.loc[keep]
    most = (table["rank"] - table["rank_before"]).abs().idxmax()
    first = table.loc[most]
    word = _("{market} moves most: up from rank {before} to {after}")
    if first["rank"] > first["rank_before"]:
        word = _("{market} moves most: down from rank {before} to {after}")
    title = word.format(market=names.get(most, most), before=int(first["rank_before"]), after=int(first["rank"]))
    return Slide(
        title=title,
        sentences=(words.summary(found, names),),
        chart=Chart(
            "ranks",
            _("Ranks before and after of the markets that move most"),
            tuple(str(names.get(code, code)) for code in keep),
            (
                Series(_("Before"), numbers(table["rank_before"])),
                Series(_("After, 5–95 %"), numbers(table["rank"]), (), numbers(table["rank_low"]),
                       numbers(table["rank_high"])),
            ),
            _("Rank, 1 is the best"),
            highlight=_position(keep, iso3),
        ),
        table=Table(
            (_("Market"), _("Before"), _("After (5–95 %)"), _("Improves in")),
            tuple(
                (str(names.get(code, code)), str(int(row["rank_before"])), rank_text(row), share(row["p_improves"]))
                for code, row in table.iterrows()
            ),
            _position(keep, iso3),
        ),
        footnote=foot,
    )  # fmt: skip


def _tornado(ground: ScenarioBase, current: Scenario, iso3: str, names: pd.Series, foot: str) -> Slide:
    name = names.get(iso3, iso3)
    table = sweeps.tornado(ground, current, iso3)
    here = outcomes.read(ground, current, iso3)
    sides = table[["score_down", "score_up"]] if len(table) else table
    widest = sides.sub(here.score).abs().max(axis=1).sort_values(ascending=False, kind="stable")
    keep = widest[widest > 0].index[:FIGURES]
    if not len(keep):
        return Slide(
            _("Which figure of {market} matters most?").format(market=name),
            (_("No figure of this market has enough history."),), None, None, foot,
        )  # fmt: skip
    sides = sides.loc[keep]
    titles = [words.indicator_name(code) + ("" if table.at[code, "own"] else " *") for code in keep]
    first = table.loc[keep[0]]
    low, high = sorted((first["score_down"], first["score_up"]))
    return Slide(
        title=_("{figure} matters most for {market}: its score lies between {low} and {high}").format(
            figure=words.indicator_name(keep[0]), market=name, low=f"{low:.1f}", high=f"{high:.1f}"
        ),
        sentences=(
            _(
                "Each figure alone, by its own standard deviation over the last 15 years, on top of the scenario. "
                "* Too short a past: the median of other markets stands in."
            ),
        ),
        chart=Chart(
            "tornado",
            _("What one standard deviation of each figure does"),
            tuple(titles),
            (
                Series(_("one standard deviation down"), numbers(sides["score_down"])),
                Series(_("one up"), numbers(sides["score_up"])),
            ),
            _("Score, 0–100; in the scenario {score}").format(score=f"{here.score:.1f}"),
            middle=here.score,
            decimals=1,
        ),
        table=Table(
            (
                _("Figure"),
                _("In the scenario"),
                _("Standard deviation"),
                _("Rank if lower"),
                _("Rank if higher"),
            ),
            tuple(
                (
                    title,
                    with_unit(table.at[code, "value"], words.indicator_unit(code)),
                    compact(table.at[code, "sd"]),
                    str(int(table.at[code, "rank_down"])),
                    str(int(table.at[code, "rank_up"])),
                )
                for code, title in zip(keep, titles, strict=True)
            ),
        ),
        footnote=foot,
    )


def _first(found: ScenarioResult, iso3: str, names: pd.Series, foot: str) -> Slide:
    ordered = found.markets.sort_values(["rank", "score"], ascending=[True, False], kind="stable")
    first = ordered.head(FIRST)
    table = first if iso3 in first.index else ordered.loc[[*first.index, iso3]]
    before = found.markets.index[found.markets["rank_before"] <= len(first)]
    new = [str(names.get(code, code)) for code in first.index if code not in before]
    leader = str(names.get(table.index[0], table.index[0]))
    if new:
        title = _("{leader} leads; new in the top {count}: {new}").format(
            leader=leader, count=len(first), new=listing(new[: words.NAMED])
        )
    else:
        title = _("{leader} leads; the top {count} are the same as before").format(leader=leader, count=len(first))
    return Slide(
        title=title,
        sentences=(),
        chart=Chart(
            "bars",
            _("Scores of the leading markets after the scenario"),
            tuple(f"{int(row['rank'])}  {names.get(code, code)}" for code, row in table.iterrows()),
            (
                Series(_("After"), numbers(table["score"]), (), numbers(table["score_low"]),
                       numbers(table["score_high"])),
            ),
            _("Score after the scenario, 0–100, with its 5–95 % interval"),
            highlight=_position(table.index, iso3),
            decimals=1,
        ),
        table=Table(
            (_("Market"), _("Rank before"), _("Rank after"), _("Score before"), _("Score after")),
            tuple(
                (
                    str(names.get(code, code)),
                    str(int(row["rank_before"])),
                    rank_text(row),
                    f"{row['score_before']:.1f}",
                    f"{row['score']:.1f}",
                )
                for code, row in table.iterrows()
            ),
            _position(table.index, iso3),
        ),
        footnote=foot,
    )  # fmt: skip


def _potential(found: ScenarioResult, ground: ScenarioBase, iso3: str, names: pd.Series, foot: str) -> Slide:
    """The potential before and after of the market in question, and of those whose potential changes most."""
    fit = ground.estimate.fit
    known = found.markets[found.markets["potential_before"] > 0]
    change = known["potential"] / known["potential_before"] - 1
    others = change.drop(iso3, errors="ignore").abs().sort_values(ascending=False, kind="stable")
    keep = [iso3, *others[others > 1e-9].index[: POTENTIALS - 1]]
    table, row = found.markets.loc[keep], found.markets.loc[iso3]
    before, after = number(row["potential_before"]), number(row["potential"])
    word = _("The potential of {market} goes from {before} to {after}")
    if before == after:
        word = _("The potential of {market} stays at {after}")
    unit = _("{outcome}, {unit}").format(outcome=_(fit.outcome_title), unit=_(fit.outcome_unit))
    return Slide(
        title=word.format(market=names.get(iso3, iso3), before=before, after=after),
        sentences=(
            _(
                "{unit}, as a model of {count} markets predicts it for {year}; 90 % intervals. "
                "What the scenario changes is associated with the potential, and need not cause it."
            ).format(unit=unit, count=fit.n, year=fit.year),
        ),
        chart=Chart(
            "bars",
            _("Potential before and after the scenario"),
            tuple(str(names.get(code, code)) for code in keep),
            (
                Series(_("Before"), numbers(table["potential_before"]), (), numbers(table["potential_before_low"]),
                       numbers(table["potential_before_high"])),
                Series(_("After"), numbers(table["potential"]), (), numbers(table["potential_low"]),
                       numbers(table["potential_high"])),
            ),
            _("{unit}, with its 90 % interval").format(unit=unit),
            highlight=0,
            decimals=0 if table["potential"].max() >= 100 else 1,
        ),
        table=Table(
            (_("Market"), _("Before (90 %)"), _("After (90 %)"), _("Change")),
            tuple(
                (
                    str(names.get(code, code)),
                    potential_text(line, "_before"),
                    potential_text(line),
                    "–" if np.isnan(change.get(code, np.nan)) else percent(f"{change[code] * 100:+.1f}"),
                )
                for code, line in table.iterrows()
            ),
            0,
        ),
        footnote=foot,
    )  # fmt: skip


def _position(keep: pd.Index, iso3: str) -> int | None:
    return int(keep.get_loc(iso3)) if iso3 in keep else None


# ------------------------------------------------------------------ what it rests on


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


def _appendix(found: ScenarioResult, ground: ScenarioBase, current: Scenario, names: pd.Series) -> list[Section]:
    sections = [
        Section(_("How it was computed"), tuple(_method(found, ground, current))),
        Section(_("What is assumed"), (assumed(current, len(current.shocks) + len(current.uncertain) + 1),)),
        Section(_("What the score is made of"), tuple(_recipe(ground))),
        Section(_("Knock-on changes"), tuple(_links(ground))),
    ]
    if ground.outlook is not None:
        sections.append(Section(_("How the figures were projected"), tuple(_outlook(ground, current))))
    if found.notes:
        sections.append(Section(_("Values kept within limits"), tuple(words.notes(found.notes, names))))
    return [*sections, Section(_("Sources"), tuple(_sources(ground)))]


def _engineers(current: Scenario) -> tuple[Section, ...]:
    """What it takes to compute the scenario again."""
    code = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", _on_one_line, scenarios.to_json(current))
    if code.count("\n") > LONGEST_CODE:
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


def _method(found: ScenarioResult, ground: ScenarioBase, current: Scenario) -> list[str]:
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
        ).format(draws=found.draws),
        _("Shocks are carried out in their order and held within what the unit allows; then moves what is associated."),
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
