"""Where the money of a plan goes: a slide that the plan's pack and the shortlist's share."""

import pandas as pd

from analytics.allocation import solution
from analytics.allocation.problem import Problem
from analytics.allocation.solution import Answer
from dashboard.board.content import Chart, Series, Slide, Table, numbers, span
from dashboard.i18n.translation import _, compact, number, share
from dashboard.places import Names

MILLION = 1e6
MARKETS = 8
"""Series of a stacked chart; the rest is one."""


def footnote(problem: Problem) -> str:
    """What the figures stand on."""
    return _(
        "Untapped amounts with their 90 % intervals: Lepton Atlas, or the plan's file. {draws} draws to plan with, "
        "{held_out} others to compare; discounted by {rate} a year."
    ).format(
        draws=number(problem.draws, 9),
        held_out=number(problem.held_out, 9),
        rate=share(problem.discount_rate),
    )


def money(answer: Answer, names: Names, foot: str) -> Slide:
    """What is spent, where and on what, year by year."""
    spent = solution.spent(answer.plan)
    total = answer.plan.years[["wages_usd", "programme_usd", "entry_usd", "hubs_usd"]].sum()
    return Slide(
        _("{amount} US$ are spent in {years}: {wages} on people").format(
            amount=compact(float(total.sum())),
            years=span(min(answer.problem.years), max(answer.problem.years)),
            wages=share(float(total["wages_usd"] / max(total.sum(), 1.0))),
        ),
        (),
        stacked(spent / MILLION, names, _("Where the money goes"), _("Million US$ a year"), 1),
        Table(
            (_("Year"), _("Wages"), _("Programme"), _("Entry"), _("Offices"), _("Gain")),
            tuple(
                (
                    str(int(row.year)),
                    *(
                        number(value / MILLION)
                        for value in (row.wages_usd, row.programme_usd, row.entry_usd, row.hubs_usd, row.gain_usd)
                    ),
                )
                for row in answer.plan.years.itertuples()
            ),
        ),
        foot,
    )


def stacked(table: pd.DataFrame, names: Names, title: str, unit: str, decimals: int) -> Chart:
    """One series a market and year, the largest first; offices, if any, are a series of their own."""
    hubs = table.loc[["hubs"]] if "hubs" in table.index else table.iloc[:0]
    places = table.drop(index=hubs.index)
    places = places.loc[places.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    series = [Series(names[iso3], numbers(row)) for iso3, row in places.head(MARKETS).iterrows()]
    if len(places) > MARKETS:
        series.append(Series(_("others"), numbers(places.iloc[MARKETS:].sum())))
    series += [Series(_("Offices"), numbers(row)) for _key, row in hubs.iterrows()]
    return Chart("stacked", title, tuple(map(str, table.columns)), tuple(series), unit, decimals=decimals)
