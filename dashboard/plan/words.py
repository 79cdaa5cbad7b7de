"""Plans in words: the finding, what binds and what it costs, why there is none, what is left out."""

import numpy as np
import pandas as pd

from analytics.allocation import solution
from analytics.allocation.baselines import TOLD as NOTED
from analytics.allocation.baselines import Note
from analytics.allocation.hubs import HubLayout, Unserved
from analytics.allocation.infeasibility import Conflict, Infeasible, Repair
from analytics.allocation.inputs import PlanInputs
from analytics.allocation.limits import Limit, Violation
from analytics.allocation.request import PlanRequest
from analytics.allocation.solution import Answer
from analytics.index import recipe
from dashboard import load
from dashboard.i18n import translation
from dashboard.i18n.translation import _, compact, in_sentence, language_name, listing, number, share
from dashboard.places import Names

NAMED = 3
TOLD = 6
"""Binding limits told, those worth most."""


def names_of(material: PlanInputs) -> Names:
    return Names({**material.markets["name"].to_dict(), **load.markets()["name"].to_dict()})


def industry(name: str) -> str:
    return _(recipe.load(name).title) if name in recipe.NAMES else name


def region(name: str) -> str:
    """A UN region in the reader's language by its English name; a file's own words as they are."""
    return load.region_names().get(name, name)


def usd(value: float) -> str:
    """An amount as one says it: 34.2 million US$."""
    return _("{amount} US$").format(amount=compact(value))


def between(low: float, high: float) -> str:
    """An interval as one says it: 14–29.6 million."""
    bottom, top = translation.ends(low, high)
    unit = top.lstrip("-0123456789.,")
    return f"{bottom.removesuffix(unit)}–{top}"


def span(years: tuple[int, ...] | list[int]) -> str:
    return str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"


# ------------------------------------------------------------------ the finding


def headline(answer: Answer, names: Names) -> str:
    """36 people in 3 countries, Japan first: reaches up to 160 million US$ of untapped spending over 3 years.

    Whoever does as well by a simple rule is told so: no plan is praised that wins in less than half of the draws.
    """
    last = answer.comparison.table.loc["optimised"]
    if not last["people"]:
        return _("No plan within these limits wins more than it costs, so nobody is sent anywhere")
    first = solution.gained(answer.plan).index[0]
    years = len(answer.problem.years)
    told = _("{people} in {markets}, {first} first: may reach {range} US$ of untapped spending {years}")
    return told.format(
        people=people(last["people"]),
        markets=_("1 country") if last["markets"] == 1 else _("{count} countries").format(count=int(last["markets"])),
        first=in_sentence(first, names[first]),
        range=between(max(answer.low_usd, 0.0), answer.high_usd),
        years=_("in one year") if years == 1 else _("over {count} years").format(count=years),
    )


def verdict(answer: Answer) -> str:
    """Whether the plan is better than the best simple rule, said as the draws say it; empty without a rule."""
    table = answer.comparison.table
    rules = table[table.index.isin(("proportional", "greedy"))].dropna(subset="p_plan_beats")
    if rules.empty:
        return ""
    rule = rules["p_plan_beats"].idxmin()
    chance, equal = float(rules.at[rule, "p_plan_beats"]), float(rules.at[rule, "p_equal"])
    if equal >= 0.5:
        return _("A simple rule finds the same: “{rule}” reaches as much in {share} of the simulations.").format(
            rule=plans()[rule], share=share(equal)
        )
    if chance < 0.5:
        return _("A simple rule does as well: “{rule}” does better in {share} of the simulations.").format(
            rule=plans()[rule], share=share(1 - chance - equal)
        )
    return _("Better than the best simple rule (“{rule}”) in {share} of the simulations.").format(
        rule=plans()[rule], share=share(chance)
    )


def meaning(answer: Answer) -> str:
    """What the figure is, and what it is not."""
    problem = answer.problem
    return _(
        "Untapped spending reached, {low} to {high} % of {draws} simulations, discounted by {rate} a year: what the "
        "plan reaches of the gap to similar countries, at most {share} of it a year. It is not our revenue: the share "
        "and the curve are judgements, to be changed under Parameters."
    ).format(
        low=5,
        high=95,
        draws=number(answer.comparison.draws, 9),
        rate=share(problem.discount_rate),
        share=percent(problem.response.attainable_share),
    )


def nearness(answer: Answer) -> str:
    """How near to the best, and whether the search was cut short."""
    plan = answer.plan
    if plan.reached:
        return _("Within {gap} of the optimum; found in {seconds} s.").format(
            gap=percent(plan.gap), seconds=number(plan.seconds, 2)
        )
    return _(
        "The search stopped after {seconds} s: the plan keeps every limit, but may be {gap} below the best there can "
        "be. Fewer markets or years make it faster."
    ).format(seconds=number(plan.seconds, 2), gap=percent(plan.gap))


def percent(part: float) -> str:
    """A small share of one as percent, two digits: 0.0074 -> 0.74 %."""
    return translation.percent("< 0.01" if 0 < part < 1e-4 else number(part * 100, 2))


def curve(answer: Answer) -> str:
    return _(
        "The response curve is made of {segments} straight pieces that lie under it, at most {error} of what is "
        "attainable: the plan promises no more than the curve."
    ).format(segments=answer.problem.response.segments, error=percent(answer.plan.curve_error))


def against(before: Answer, after: Answer, name: str, names: Names) -> str:
    """What a scenario does to the plan, in a sentence or two."""
    change = after.mean_usd / before.mean_usd - 1 if before.mean_usd > 0 else float("nan")
    first = _("Under “{name}” the best plan wins {after} US$ instead of {before} ({change}).").format(
        name=name,
        after=compact(after.mean_usd),
        before=compact(before.mean_usd),
        change="–" if pd.isna(change) else translation.percent(f"{change * 100:+.1f}"),
    )
    moved = solution.moves(before.plan, after.plan)
    moved = moved[moved["people_after"] != moved["people_before"]]
    if moved.empty:
        return first + " " + _("Nobody moves.")
    told = [
        _("{market} {before} → {after}").format(
            market=names[row.Index], before=int(row.people_before), after=int(row.people_after)
        )
        for row in moved.head(NAMED + 1).itertuples()
    ]
    return first + " " + _("People in the last year: {moves}.").format(moves=_("; ").join(told))


# ------------------------------------------------------------------ limits


def limit(kept: Limit, names: Names) -> str:
    """A limit in the reader's words: "most people in Germany (15)"."""
    market = _label(kept, names)
    match kept.kind:
        case "budget":
            return _("the budget")
        case "total budget":
            return _("the budget of all years")
        case "most markets":
            return _("the most countries")
        case "fewest markets":
            return _("the fewest countries")
        case "people":
            return _("the number of people")
        case "region budget":
            return _("the budget of {region}").format(region=region(kept.region))
        case "region people":
            return _("the people of {region}").format(region=region(kept.region))
        case "language capacity":
            return _("the people who speak {language}").format(language=language_name(kept.language))
        case "most people":
            return _("the most people in {market} ({count})").format(market=market, count=kept.people)
        case "minimum presence":
            return _("the fewest people in {market} ({count})").format(market=market, count=kept.people)
        case "hub":
            return _("an office within working hours of {market}").format(market=market)
        case "served site":
            return _("no office in {market} without people there").format(market=market)
        case "hub lock":
            sentence = _("the office in {market} kept open") if kept.open else _("the office in {market} kept closed")
            return sentence.format(market=market)
        case "lock":
            return _lock(kept, market)
        case "bound":
            return _bound(kept, market)
    return {
        "whole people": _("whole numbers of people"),
        "no figure below 0": _("no figure below zero"),
        "programme people": _("no more programme money than the people there can use"),
        "market stays open": _("a country once open stays open"),
        "hub stays open": _("an office once open stays open"),
    }[kept.kind]


def _label(kept: Limit, names: Names) -> str:
    """A market, perhaps with an industry: "Germany, Healthcare"."""
    return f"{names[kept.market]}, {industry(kept.industry)}" if kept.industry else names[kept.market]


def _lock(kept: Limit, market: str) -> str:
    if kept.figure == "open":
        return (_("{market} locked open") if kept.open else _("{market} locked closed")).format(market=market)
    if kept.figure == "people":
        return _("{market} locked at {count} people").format(market=market, count=f"{kept.people:,.0f}")
    return _("{market} locked at {amount} US$").format(market=market, amount=_figure(kept.budget_usd))


def _bound(kept: Limit, market: str) -> str:
    if kept.figure == "people":
        sentence = _("at least {count} people in {market}")
        if kept.edge == "most":
            sentence = _("at most {count} people in {market}")
        return sentence.format(market=market, count=f"{kept.people:,.0f}")
    sentence = _("at least {amount} US$ in {market}")
    if kept.edge == "most":
        sentence = _("at most {amount} US$ in {market}")
    return sentence.format(market=market, amount=_figure(kept.budget_usd))


def _figure(value: float) -> str:
    """Of people or money: to whole ones, small shares as they are."""
    return compact(float(round(value)) if value >= 1 else value)


def binding(answer: Answer, names: Names) -> list[str]:
    """What binds, each with its price, the most worth first."""
    table = solution.prices(answer.plan)
    if table.empty:
        return [_("No limit is a bottleneck: more money or people would add nothing.")]
    told = [_price(row, names) for row in table.head(TOLD).itertuples()]
    more = [row for row in table.itertuples() if not (row.less or row.locked) and row.worth > 0]
    if more:
        told.append(
            _("Start with {limit}: 10 % more adds about {worth} US$.").format(
                limit=limit(more[0].limit, names), worth=compact(more[0].worth, 2)
            )
        )
    return told


def _price(row, names: Names) -> str:
    what, years = limit(row.limit, names), span(row.years)
    each = sorted({float(f"{price:.2g}") for price in row.prices})
    price = compact(each[0], 2) if len(each) == 1 else f"{compact(each[0], 2)}–{compact(each[-1], 2)}"
    what = what[0].upper() + what[1:]
    if row.unit == "USD":
        sentence = _("{limit} is the bottleneck in {years}: one more US$ would add {price} US$.")
        if row.less or row.locked:
            sentence = _("{limit} is the bottleneck in {years}: one US$ less there would add {price} US$.")
            if row.locked and row.prices[0] > 0:
                sentence = _("{limit} is the bottleneck in {years}: one more US$ would add {price} US$.")
    else:
        sentence = _("{limit} is the bottleneck in {years}: one more person would add about {price} US$.")
        if row.less or (row.locked and row.prices[0] < 0):
            sentence = _("{limit} is the bottleneck in {years}: one person fewer required would add about {price} US$.")
    return sentence.format(limit=what, years=years, price=price.replace("-", ""))


# ------------------------------------------------------------------ no plan


def conflicts(reason: Infeasible, names: Names) -> list[str]:
    """Which limits cannot hold together, a sentence each."""
    told = [_conflict(conflict, names) for conflict in reason.conflicts]
    if any(conflict.cut for conflict in reason.conflicts):
        told.append(_("The search was cut short: fewer limits than these may conflict already."))
    if not told:
        return [_("Which limits conflict was not found in the time allowed.")]
    if not reason.complete:
        told.append(_("There may be more: the search for them was cut short."))
    return told


def _conflict(conflict: Conflict, names: Names) -> str:
    years = span(conflict.years)
    hubs = [kept for kept in conflict.limits if kept.kind == "hub"]
    if hubs:
        others = [limit(kept, names) for kept in conflict.limits if kept not in hubs]
        return _("{years}: {others} needs {hubs}, but no candidate site that may open offers it.").format(
            years=years,
            others=listing(others) if others else _("the plan"),
            hubs=listing([limit(kept, names) for kept in hubs]),
        )
    if need := conflict.need:
        others = [limit(kept, names) for kept in conflict.limits if kept != need.cap]
        sentence = _("{years}: {amount} US$ are needed for {others}; {cap} allows {most}.")
        if need.unit != "USD":
            sentence = _("{years}: {amount} people are needed for {others}; {cap} allows {most}.")
        return sentence.format(
            years=years,
            others=listing(others),
            amount=_figure(need.amount),
            cap=limit(need.cap, names),
            most=_figure(need.allowed),
        )
    return _("{years}: {limits} cannot hold together.").format(
        years=years, limits=listing([limit(kept, names) for kept in conflict.limits])
    )


def repairs(reason: Infeasible, names: Names) -> list[str]:
    """The least that would have to give, or that it may be more than the least."""
    told = [_repair(repair, names) for repair in reason.repairs]
    if told and reason.repairs_gap:
        told.append(_("The search was cut short: less than this may do. {far}").format(far=_far(reason.repairs_gap)))
    return told


def _far(gap: float) -> str:
    """How far a search that was cut short may be from the best."""
    if np.isnan(gap):
        return _("How far it is from the best is not known.")
    return _("It may be up to {gap} below the best.").format(gap=percent(gap))


def _repair(repair: Repair, names: Names) -> str:
    what = limit(repair.limit, names)
    what = what[0].upper() + what[1:]
    if repair.limit.kind == "hub":
        return _("{limit}, {year}: add a site, or ask for fewer shared hours.").format(limit=what, year=repair.year)
    if repair.unit == "markets":
        return _("{limit}, {year}: would have to be given up.").format(limit=what, year=repair.year)
    words = {
        ("USD", True): _("{limit}, {year}: {amount} US$ more."),
        ("USD", False): _("{limit}, {year}: {amount} US$ less."),
        ("people", True): _("{limit}, {year}: {amount} people more."),
        ("people", False): _("{limit}, {year}: {amount} people fewer."),
    }
    sentence = words["USD" if repair.unit == "USD" else "people", repair.by > 0]
    amount = compact(abs(repair.by)) if repair.unit == "USD" else number(abs(repair.by))
    return sentence.format(limit=what, year=repair.year, amount=amount)


# ------------------------------------------------------------------ rivals, offices, what is left out


def wins(rival: pd.Series) -> str:
    """In which share of the simulations the plan beats this one; or that both reach the same. rival: its row."""
    if pd.isna(rival["p_plan_beats"]):
        return "–"
    return _("the same") if rival["p_equal"] >= 0.5 else share(float(rival["p_plan_beats"]))


def plans() -> dict[str, str]:
    return {
        "optimised": _("This plan"),
        "proportional": _("Proportional to potential"),
        "greedy": _("Greedy rule: best next dollar"),
        "today": _("Today's plan"),
    }


def rival_note(note: Note, names: Names) -> str:
    """How a rival was made, or why there is none."""
    said = _rival_note(note, names)
    if not note.gap or note.kind == "cut":
        return said
    return _("{note} The search for it was cut short. {far}").format(note=said, far=_far(note.gap))


def _rival_note(note: Note, names: Names) -> str:
    if note.kind == "proportional":
        return _("Split among the {count} largest markets, within the limits.").format(count=note.largest)
    if note.kind == "moved":
        told = [_broken(violation, names) for violation in note.broken[:NOTED]]
        return _("Adjusted as little as needed to meet: {limits}.").format(limits=listing(told))
    return {
        "none": _("None was found that keeps the limits."),
        "cut": _("None was found in the time allowed."),
        "greedy": _("Adds one person or market at a time, whichever gains most per US$."),
        "as given": _("As given."),
    }[note.kind]


def _broken(violation: Violation, names: Names) -> str:
    """A limit that is broken, with its year: "the most people in Germany 2027"."""
    kept = violation.limit
    plain = {
        "most people": _("the most people in {market}"),
        "minimum presence": _("the fewest people in {market}"),
    }
    words = plain[kept.kind].format(market=names[kept.market]) if kept.kind in plain else limit(kept, names)
    return words if violation.year is None else f"{words} {violation.year}"


def offices(placed: HubLayout, names: Names) -> str:
    """Which office serves whom, in a sentence each."""
    return " ".join(
        _("The office in {office} serves {markets} ({people}).").format(
            office=names[row.site],
            markets=names.listed(row.markets),
            people=people(row.staff),
        )
        for row in placed.hubs.sort_values("staff", ascending=False, kind="stable").itertuples()
    )


def people(count: float) -> str:
    return _("1 person") if count == 1 else _("{count} people").format(count=int(count))


def not_served(placed: HubLayout, names: Names) -> str:
    """The markets nobody serves, by reason; empty where there is none."""
    told = [
        _("{reason}: {markets}").format(reason=unserved(reason), markets=names.listed(list(rows["market"])))
        for reason, rows in placed.unserved.groupby("reason", sort=False)
    ]
    return _("Not chosen – {markets}.").format(markets=_("; ").join(told)) if told else ""


def unserved(reason: Unserved) -> str:
    """Why a market is not served."""
    return {
        "no sites": _("open, but there are no candidate offices"),
        "locked": _("a lock keeps it closed"),
        "no speakers": _("no candidate site within its working hours has native speakers of its language"),
        "no hours": _("no candidate site shares enough working hours with it"),
        "sites locked": _("the only sites within its working hours are locked closed"),
        "nothing untapped": _("nothing is untapped there"),
        "later": _("opens in {year}").format(year=reason.year),
        "elsewhere": _("money and people win more elsewhere"),
    }[reason.kind]


def left_out(material: PlanInputs, wish: PlanRequest, names: Names) -> list[str]:
    """What of the wish cannot be planned with, and why."""
    told = []
    for row in material.left_out[material.left_out["market"] == ""].itertuples():
        if row.reason == "not an amount":
            told.append(
                _(
                    "{industry} has no outcome in money per person, so that nothing untapped can be counted: it is "
                    "left out."
                ).format(industry=industry(row.industry))
            )
        else:
            told.append(
                _("{industry} is left out: {reason}").format(industry=industry(row.industry), reason=row.reason)
            )
    missing = material.left_out[material.left_out["market"].isin(wish.markets)]
    reasons = {
        "outcome": _("nothing is reported to compare with ({industry})"),
        "income": _("its income per person is unknown, so nothing says what people cost"),
        "language": _("its language is unknown"),
        "friction": _("its distance, law and clock are unknown"),
        "present": _("you are there already"),
        "gate": _("not without legal clearance"),
    }
    if material.offers.empty:
        for (reason, of), rows in material.left_out[material.left_out["market"] != ""].groupby(["reason", "industry"]):
            why = reasons.get(reason, reason).format(industry=industry(of))
            told.append(_("{count} markets: {reason}.").format(count=len(rows), reason=why))
        return told
    for row in missing.itertuples():
        why = reasons.get(row.reason, row.reason).format(industry=industry(row.industry))
        told.append(_("{market}: {reason}.").format(market=names[row.market], reason=why))
    return told
