"""Scenarios in words: what is assumed, what came of it, and how two of them differ."""

import pandas as pd

from analytics.index import recipe
from analytics.scenario.document import Scenario, Shock, Uncertain
from analytics.scenario.outcome import ScenarioResult
from analytics.scenario.shocks import Caveat
from dashboard import load
from dashboard.i18n.translation import (
    _,
    in_sentence,
    listing,
    number,
    percent,
    sentence,
    share,
    territory_name,
    with_unit,
)
from data import catalog

NAMED = 4
"""Moves told in a sentence."""


def indicator_name(code: str) -> str:
    known = catalog.load().get(code)
    return _(known.name) if known else code


def indicator_unit(code: str) -> str:
    known = catalog.load().get(code)
    return known.unit if known else ""


def weight_name(target: str) -> str:
    """A dimension, or an indicator of the recipe."""
    return _(target).capitalize() if target in catalog.DIMENSIONS else indicator_name(target)


def place(shock: Shock | Uncertain) -> str:
    """For whom a shock holds."""
    names = load.markets()["name"]
    here = [names.get(iso3, iso3) for iso3 in shock.markets] + [territory_name(code) for code in shock.regions]
    if len(here) > NAMED:
        return _("{count} places").format(count=len(here))
    return listing(here) if here else _("all markets")


def told(shock: Shock) -> str:
    """One assumption: "Internet users in India: 75 % of population"."""
    if shock.kind == "exchange rate":
        return _("Currency of {place}: {change} against the US$").format(
            place=place(shock), change=_percent(shock.percent)
        )
    if shock.kind == "weight":
        return _("Weight of {name}: {change}").format(name=weight_name(shock.target), change=_amount(shock, ""))
    return _("{name}, {place}: {change}").format(
        name=indicator_name(shock.target), place=place(shock), change=_amount(shock, indicator_unit(shock.target))
    )


def uncertain_told(entry: Uncertain) -> str:
    """One uncertain input with its range."""
    given = {key: number(value) for key, value in entry.parameters.items()}
    shapes = {
        "triangular": _("between {low} and {high}, most likely {mode}"),
        "normal": _("{mean} give or take {sd}"),
        "bootstrap": _("{years} of its own past yearly changes"),
    }
    hows = {"set": _("set to"), "add": _("changed by"), "scale": _("multiplied by")}
    return _("{name}, {place}: {how} {range}").format(
        name=indicator_name(entry.target),
        place=place(entry),
        how=hows[entry.how],
        range=shapes[entry.distribution].format(**given),
    )


def _amount(shock: Shock, unit: str) -> str:
    if shock.how == "scale":
        return _percent(shock.percent)
    if shock.how == "add":
        sign = "+" if shock.value >= 0 else "−"
        return sign + with_unit(abs(shock.value), unit)
    return with_unit(shock.value, unit)


def _percent(change: float) -> str:
    sign = "+" if change >= 0 else "−"
    return percent(f"{sign}{number(abs(change))}")


SURE, LIKELY = 0.9, 0.6
"""Shares of the draws from which a move is called certain, and probable."""


def headline(outcome: ScenarioResult, iso3: str, name: str) -> str:
    """The answer for one market: its rank before and after, said no surer than the draws are."""
    row, market = outcome.markets.loc[iso3], in_sentence(iso3, name)
    before, after = int(row["rank_before"]), int(row["rank"])
    interval = {"low": int(row["rank_low"]), "high": int(row["rank_high"])}
    if before == after:
        return sentence(_("{market} stays at rank {rank} ({low}–{high})").format(market=market, rank=after, **interval))
    chance = float(row["p_improves"] if after < before else row["p_worsens"])
    rises = (
        _("{market} rises from rank {before} to {after} ({low}–{high})"),
        _("{market} probably rises from rank {before} to {after} ({low}–{high})"),
        _("{market} may rise from rank {before} to {after} ({low}–{high})"),
    )
    falls = (
        _("{market} falls from rank {before} to {after} ({low}–{high})"),
        _("{market} probably falls from rank {before} to {after} ({low}–{high})"),
        _("{market} may fall from rank {before} to {after} ({low}–{high})"),
    )
    word = (rises if after < before else falls)[0 if chance >= SURE else 1 if chance >= LIKELY else 2]
    return sentence(word.format(market=market, before=before, after=after, **interval))


def certainty(outcome: ScenarioResult, iso3: str) -> str:
    """How sure the direction is, and how open the place stays."""
    row = outcome.markets.loc[iso3]
    low, high = int(row["rank_low"]), int(row["rank_high"])
    if int(row["rank"]) == int(row["rank_before"]):
        return _("Its place stays open: {low} to {high} in 90 % of index variants.").format(low=low, high=high)
    better = int(row["rank"]) < int(row["rank_before"])
    chance = float(row["p_improves"] if better else row["p_worsens"])
    template = (
        _("Better in {p} of 100 index variants, but the place stays open: {low} to {high}.")
        if better
        else _("Worse in {p} of 100 index variants, but the place stays open: {low} to {high}.")
    )
    return template.format(p=round(chance * 100), low=low, high=high)


def summary(outcome: ScenarioResult, names: pd.Series) -> str:
    """Who else moves: the numbers of markets up and down, and the largest moves."""
    moved = outcome.markets["rank_before"] - outcome.markets["rank"]
    if not moved.any():
        return _("No rank changes.")
    largest = moved[moved != 0].sort_values(key=abs, ascending=False, kind="stable").index[:3]
    listed = listing(
        [
            _("{market} ({before} → {after})").format(
                market=names.get(iso3, iso3),
                before=int(outcome.markets.at[iso3, "rank_before"]),
                after=int(outcome.markets.at[iso3, "rank"]),
            )
            for iso3 in largest
        ]
    )
    return _("Countries that move up: {up}, down: {down}; most of all {listed}.").format(
        up=int((moved > 0).sum()), down=int((moved < 0).sum()), listed=listed
    )


def chance(outcome: ScenarioResult, iso3: str) -> str:
    return _("Share of {draws} index variants in which it ranks better than without the scenario: {p}.").format(
        p=share(float(outcome.markets.at[iso3, "p_improves"])), draws=outcome.draws
    )


def notes(caveats: tuple[Caveat, ...], names: pd.Series) -> list[str]:
    """What a reader must know about the shocks: one sentence a kind and indicator."""
    templates = {
        "clamped": _("{name}: {wanted} is not possible and became {used} ({market})."),
        "no figure": _("{name}: no figure is known to move ({market})."),
        "new figure": _("{name}: no figure was known; {used} is assumed ({market})."),
        "not ranked": _("{market} is not ranked: too little is known of it. The shock of {name} leaves it out."),
    }
    said = []
    table = pd.DataFrame([(n.kind, n.target, n.market, n.wanted, n.used) for n in caveats])
    if table.empty:
        return said
    for (kind, target), group in table.groupby([0, 1], sort=False):
        here = [names.get(iso3, iso3) for iso3 in group[2]]
        market = listing(here) if len(here) <= NAMED else _("{count} markets").format(count=len(here))
        unit = indicator_unit(target)
        first = group.iloc[0]
        said.append(
            templates[kind].format(
                name=indicator_name(target) if target else _("Currency"),
                market=market,
                wanted=with_unit(first[3], unit),
                used=with_unit(first[4], unit),
            )
        )
    return said


def outside(outcome: ScenarioResult, iso3: str, names: pd.Series) -> str | None:
    """A warning when the question leaves what the data have seen; None when it does not."""
    row = outcome.markets.loc[iso3]
    if not row["outside"]:
        return None
    near = listing([names.get(other, other) for other in row["nearest"]])
    if row["reasons"]:
        which = listing([_feature(key) for key in row["reasons"]])
        return _(
            "Beyond what the data have seen: {which} lies outside the range of real markets. The nearest are {near}; "
            "read the result as a direction, not as an amount."
        ).format(which=which, near=near)
    return _(
        "Beyond what the data have seen: no real market combines its figures like this. The nearest are {near}; "
        "read the result as a direction, not as an amount."
    ).format(near=near)


def _feature(key: str) -> str:
    return " / ".join(indicator_name(code) for code in key.split(" / "))


def moved_along(outcome: ScenarioResult, iso3: str) -> str | None:
    """What moved with the shocks in one market, by the recipe's elasticities; None when nothing did."""
    rows = outcome.moved[(outcome.moved["iso3"] == iso3) & (outcome.moved["how"] == "propagated")]
    if rows.empty:
        return None
    told = [
        _("{name} from {before} to {after}").format(
            name=indicator_name(row.indicator),
            before=with_unit(row.before, indicator_unit(row.indicator)),
            after=with_unit(row.after, indicator_unit(row.indicator)),
        )
        for row in rows.itertuples()
    ]
    return _("Associated with it, and moved too: {moves}.").format(moves=listing(told))


def alone(scenario: Scenario, outcome: ScenarioResult) -> str | None:
    """The shocks that move nothing but themselves; None when every one carries on or there is none."""
    codes = {shock.target for shock in scenario.shocks if shock.kind == "indicator"}
    if not codes or (outcome.moved["how"] == "propagated").any():
        return None
    return _("No knock-on effects: only this indicator changes.")


def differences(a: Scenario, b: Scenario) -> list[str]:
    """What scenario b assumes otherwise than a, one sentence each."""
    said = []
    for title, one, other in (
        (_("Industry"), _(_recipe_title(a)), _(_recipe_title(b))),
        (_("Year"), str(a.base.year), str(b.base.year)),
        (_("Years ahead"), str(a.horizon), str(b.horizon)),
        (_("State of the store"), a.base.snapshot, b.base.snapshot),
        (_("Seed"), str(a.seed), str(b.seed)),
    ):
        if one != other:
            said.append(
                _("{title}: {one} in {a}, {other} in {b}.").format(
                    title=title, one=one or "–", other=other or "–", a=a.name, b=b.name
                )
            )
    ours, theirs = ({shock.place: shock for shock in s.shocks} for s in (a, b))
    for key, shock in ours.items():
        if key not in theirs:
            said.append(_("Only in {name}: {told}.").format(name=a.name, told=told(shock)))
        elif theirs[key] != shock:
            said.append(
                _("{told} in {a}; in {b} {other}.").format(
                    told=told(shock), a=a.name, b=b.name, other=told(theirs[key])
                )
            )
    said += [
        _("Only in {name}: {told}.").format(name=b.name, told=told(shock))
        for key, shock in theirs.items()
        if key not in ours
    ]
    for one, other in ((a, b), (b, a)):
        said += [
            _("Uncertain only in {name}: {told}.").format(name=one.name, told=uncertain_told(entry))
            for entry in one.uncertain
            if entry not in other.uncertain
        ]
    return said or [_("They assume the same.")]


def _recipe_title(scenario: Scenario) -> str:
    return recipe.load(scenario.base.recipe).title
