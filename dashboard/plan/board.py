"""A plan for a board: what it wins, where money and people go, what holds it back, rivals, offices, how it was made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pandas as pd

from analytics.allocation import problem as allocation_problem
from analytics.allocation import solution
from analytics.allocation.baselines import Comparison
from analytics.allocation.hubs import HubLayout
from analytics.allocation.problem import Problem
from analytics.allocation.solution import Answer
from analytics.allocation.solve import Plan
from dashboard.board.content import Board, Chart, Section, Series, Slide, Table, asked, numbers
from dashboard.board.spending import MILLION, footnote, money, stacked
from dashboard.i18n import translation
from dashboard.i18n.translation import _, compact, language_name, listing, number, share
from dashboard.places import Names
from dashboard.plan import words

MAX_CODE = 120


@dataclass(frozen=True)
class Maker:
    """Makes the board when it is downloaded, on another thread."""

    found: Answer
    names: Names
    name: str

    def __call__(self) -> Board:
        found = self.found
        return plan_board(found.problem, found.plan, found.comparison, found.layout, self.names, self.name)


def maker(answer: Answer, names: Names, name: str) -> Callable[[], Board]:
    return Maker(answer, names, name)


def plan_board(
    problem: Problem,
    plan: Plan,
    comparison: Comparison,
    layout: HubLayout,
    names: Names,
    name: str = "",
    made_at: date | None = None,
) -> Board:
    """Everything a board is told about a plan, in the reader's language."""
    found = solution.assembled(plan, comparison, layout)
    foot = footnote(problem)
    slides = [_answer(found, names, foot)]
    if not plan.rows.empty:
        slides += [money(found, names, foot), _people(found, names, foot)]
    slides += [_limits(found, names, foot), _rivals(found, names, foot)]
    if problem.hubs and len(layout.hubs):
        slides.append(_offices(found, names, foot))
    industries = listing(list(dict.fromkeys(words.industry(o.industry) for o in problem.opportunities)))
    return Board(
        title=_("Plan: {name}").format(name=name or problem.name or _("My plan")),
        subtitle=_("{industries}, {years}").format(industries=industries, years=words.span(problem.years)),
        slides=tuple(slides),
        appendix=tuple(_appendix(found, names)),
        footnote=foot,
        language=translation.current(),
        made_at=made_at or datetime.now(UTC).date(),
        about=(
            _("Where people and money go, what they may reach, and what holds that back."),
            _("In the plan: {markets}.").format(markets=names.listed([market.market for market in problem.markets])),
        ),
        engineers=_engineers(problem),
    )


def _answer(answer: Answer, names: Names, foot: str) -> Slide:
    gained = solution.gained(answer.plan)
    chart = table = None
    if len(gained):
        rows = answer.plan.rows.groupby("market")[["gain_usd", "low_usd", "high_usd"]].sum().loc[gained.index]
        last = answer.plan.rows[answer.plan.rows["year"] == answer.problem.years[-1]].groupby("market")["people"].sum()
        chart = Chart(
            "bars",
            _("Untapped spending reached over all years, not discounted"),
            tuple(names[iso3] for iso3 in gained.index),
            (
                Series(
                    _("Gain"),
                    numbers(rows["gain_usd"] / MILLION),
                    (),
                    numbers(rows["low_usd"] / MILLION),
                    numbers(rows["high_usd"] / MILLION),
                ),
            ),
            _("Million US$, with the sum of each year's 5–95 % interval"),
            highlight=0,
            decimals=1,
        )
        table = Table(
            (_("Market"), _("People in the last year"), _("Reached, million US$")),
            tuple((names[iso3], str(int(last.get(iso3, 0))), number(gained[iso3] / MILLION)) for iso3 in gained.index),
        )
    sentences = [text for text in (words.verdict(answer), words.meaning(answer)) if text]
    if answer.comparison.p_beats_today is not None:
        sentences.append(_against_today(answer.comparison.table.loc["today"]))
    sentences.append(asked(_("whether to give these people and this money, or which limits to change.")))
    return Slide(words.headline(answer, names), tuple(sentences), chart, table, foot)


def _against_today(today: pd.Series) -> str:
    """Whether the plan is better than today's, said as the simulations say it. today: its row of the comparison."""
    chance, equal = float(today["p_plan_beats"]), float(today["p_equal"])
    if equal >= 0.5:
        return _("Today's plan reaches the same in {share} of the simulations.").format(share=share(equal))
    if chance >= 0.5:
        return _("Better than today's plan in {share} of the simulations.").format(share=share(chance))
    return _("Today's plan does better in {share} of the simulations.").format(share=share(1 - chance - equal))


def _people(answer: Answer, names: Names, foot: str) -> Slide:
    staffed = solution.staffed(answer.plan)
    order = staffed.sum(axis=1).sort_values(ascending=False, kind="stable").index
    years = list(staffed.columns)
    return Slide(
        _("{first} people in {start}, {last} in {end}").format(
            first=int(staffed[years[0]].sum()),
            start=years[0],
            last=int(staffed[years[-1]].sum()),
            end=years[-1],
        ),
        (),
        stacked(staffed, names, _("Where the people work"), _("People"), 0),
        Table(
            (_("Market"), *map(str, years)),
            tuple((names[iso3], *(str(int(staffed.at[iso3, year])) for year in years)) for iso3 in order),
        ),
        foot,
    )


def _limits(answer: Answer, names: Names, foot: str) -> Slide:
    prices = solution.prices(answer.plan)
    told = words.binding(answer, names)
    title = _("Nothing holds the plan back")
    if len(prices):
        first = words.limit(prices.at[0, "limit"], names)
        title = _("{limit} holds the plan back most").format(limit=first[0].upper() + first[1:])
    return Slide(
        title,
        (
            *told,
            _("Prices are for small changes with markets and offices as they are; another market might open for more."),
        ),
        _worth(prices[prices["worth"] > 0], names),
        None,
        foot,
    )


def _worth(prices: pd.DataFrame, names: Names) -> Chart | None:
    """What each limit that binds is worth; None where none is."""
    if prices.empty:
        return None
    told = [words.limit(kept, names) for kept in prices["limit"]]
    return Chart(
        "bars",
        _("What more of each limit would win"),
        tuple(text[0].upper() + text[1:] for text in told),
        (Series(_("Gain"), numbers(prices["worth"] / MILLION)),),
        _("Million US$ more, if the limit were a tenth higher"),
        highlight=0,
        decimals=2,
    )


def _rivals(answer: Answer, names: Names, foot: str) -> Slide:
    table, titles = answer.comparison.table, words.plans()
    known = table[table["mean_usd"].notna()]
    title = words.verdict(answer) or _("No simpler plan keeps the limits")
    rows = tuple(
        (
            titles[key],
            number(row["mean_usd"] / MILLION),
            number(row["cvar_usd"] / MILLION),
            number(row["cost_usd"] / MILLION),
            str(int(row["people"])),
            words.wins(row),
        )
        for key, row in known.iterrows()
    )
    notes = [
        f"{titles[key]}: {words.rival_note(row['note'], names)}"
        for key, row in table.drop(index="optimised").iterrows()
    ]
    return Slide(
        title,
        (
            _("Tested on {draws} new simulations, discounted.").format(draws=number(answer.comparison.draws, 9)),
            *notes,
        ),
        Chart(
            "columns",
            _("Expected gain and gain in bad cases"),
            tuple(titles[key] for key in known.index),
            (
                Series(_("Expected"), numbers(known["mean_usd"] / MILLION)),
                Series(_("In bad cases"), numbers(known["cvar_usd"] / MILLION)),
            ),
            _("Million US$, discounted"),
            decimals=1,
        ),
        Table(
            (
                _("Plan"),
                _("Expected, million US$"),
                _("Bad cases, million US$"),
                _("Cost, million US$"),
                _("People"),
                _("This plan wins in"),
            ),
            rows,
            0,
        ),
        foot,
    )


def _offices(answer: Answer, names: Names, foot: str) -> Slide:
    placed = answer.layout
    rows = tuple(
        (
            names[row.market],
            names[row.hub],
            number(row.overlap_hours),
            language_name(row.language),
            str(row.people),
        )
        for row in placed.links.sort_values(["hub", "people"], ascending=[True, False], kind="stable").itertuples()
    )
    count = len(placed.hubs)
    title = _("{count} offices serve {markets} markets in {year}")
    if count == 1:
        title = _("One office serves {markets} markets in {year}")
    sentences = [words.offices(placed, names)]
    if len(placed.unserved):
        sentences.append(words.not_served(placed, names))
    sites = placed.candidates
    return Slide(
        title.format(count=count, markets=len(placed.links), year=placed.year),
        tuple(sentences),
        Chart(
            "bars",
            _("Scores of candidate sites"),
            tuple(names[site] for site in sites["site"]),
            (Series(_("Score"), numbers(sites["score"])),),
            _("Score, 0–100"),
        ),
        Table((_("Market"), _("Served from"), _("Shared hours"), _("Language"), _("People")), rows),
        foot,
    )


def _engineers(problem: Problem) -> tuple[Section, ...]:
    """What it takes to compute the plan again."""
    code = allocation_problem.to_json(problem)
    seed = Section(_("To compute it again"), (_("Seed of the draws: {seed}.").format(seed=problem.seed),))
    if code.count("\n") > MAX_CODE:
        return (seed,)
    told = _("Open this as a file on the Plan page, and the same plan comes out.")
    return seed, Section(_("The problem itself"), (told,), code)


def _appendix(answer: Answer, names: Names) -> list[Section]:
    problem = answer.problem
    how = problem.response
    return [
        Section(
            _("How it was computed"),
            (
                _(
                    "A mixed-integer programme over {markets} markets, {industries} industries and {years} years, "
                    "solved with HiGHS; people are whole numbers."
                ).format(
                    markets=len(problem.markets),
                    industries=len({row.industry for row in problem.opportunities}),
                    years=len(problem.years),
                ),
                words.nearness(answer),
                words.curve(answer),
            ),
        ),
        Section(
            _("What is assumed"),
            (
                _("Attainable a year: {share} of what is untapped.").format(share=words.percent(how.attainable_share)),
                _(
                    "Effort that wins 63 % of 1 million US$: {amount} US$; it grows with the amount to the {power}."
                ).format(amount=compact(how.scale_usd), power=number(how.scale_exponent)),
                _("At full friction it costs {times} times as much.").format(times=number(1 + how.friction_weight)),
                _("Effort that still works a year later: {share}.").format(share=share(problem.carry_over)),
                _("Risk preference {risk}; bad cases are the worst {tail} of simulations.").format(
                    risk=number(problem.risk), tail=share(problem.cvar_tail)
                ),
            ),
        ),
        Section(
            _("Markets of the plan"),
            tuple(
                _("{market}: person and year {wage} US$, entry {entry} US$, friction {friction}.").format(
                    market=names[market.market],
                    wage=compact(market.wage_usd),
                    entry=compact(market.entry_cost_usd),
                    friction=number(market.friction, 2),
                )
                for market in problem.markets
            ),
        ),
    ]
