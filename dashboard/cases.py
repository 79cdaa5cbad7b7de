"""The case of one market in words: verdict, reasons, what could stop us, and how it may be entered."""

from dataclasses import dataclass

import pandas as pd

from analytics.index.composite import Ranking
from analytics.market import entry_mode
from analytics.potential.fit import PotentialFit
from analytics.potential.panel import PotentialError
from dashboard import load, ranking_words
from dashboard.filters import MarketFilters
from dashboard.i18n.translation import _, compact, ends, in_sentence, listing, number, share
from data import gates
from data.gates import Gate


@dataclass(frozen=True)
class Case:
    """Everything a decision on one ranked market rests on. potential: None while it is being estimated."""

    iso3: str
    name: str
    ranking: Ranking
    advice: entry_mode.Advice
    gates: tuple[Gate, ...]
    rank: int
    low: int
    high: int
    distribution: tuple[float, ...]
    potential: PotentialFit | PotentialError | None

    @property
    def spoken(self) -> str:
        return in_sentence(self.iso3, self.name)


def case(iso3: str, choice: MarketFilters, weights: dict[str, float] | None = None) -> Case:
    """The case of a ranked market. Raises NotRanked, ValueError for weights of criteria that mean nothing."""
    ranking, sure = load.ranking(choice.recipe, choice.year), load.certainty(choice.recipe, choice.year)
    home, advice = load.settings()["home_market"], load.verdicts(choice.recipe, choice.year)[iso3]
    if weights is not None:
        known = float(ranking.scores.at[iso3, "coverage"])
        advice = entry_mode.advise(advice.traits, known, advice.gates, entry_mode.rules(), weights)
    return Case(
        iso3=iso3,
        name=load.markets().at[iso3, "name"],
        ranking=ranking,
        advice=advice,
        gates=gates.between(home, iso3, choice.recipe),
        rank=int(sure.ranks.at[iso3, "rank"]),
        low=int(sure.ranks.at[iso3, "low"]),
        high=int(sure.ranks.at[iso3, "high"]),
        distribution=tuple(sure.distribution[sure.ranks.index.get_loc(iso3)]),
        potential=load.potential_if_ready(choice.recipe, choice.year),
    )


def verdict_names() -> dict[str, str]:
    return {
        "go": _("Go"),
        "pilot": _("Pilot"),
        "wait": _("Wait"),
        "blocked": _("Not without legal clearance"),
        "no advice": _("No advice: too little is known"),
    }


def mode_names() -> dict[str, str]:
    return {
        "export": _("Exporting"),
        "licensing": _("Licensing"),
        "joint_venture": _("Joint venture"),
        "wholly_owned": _("Wholly owned"),
    }


def mode_advice() -> dict[str, str]:
    """What to do, by mode: the end of "Go: ..."."""
    return {
        "export": _("export from home"),
        "licensing": _("license to a local partner"),
        "joint_venture": _("set up a joint venture"),
        "wholly_owned": _("set up a wholly owned subsidiary"),
    }


def verdict(case: Case) -> str:
    """The verdict with the mode of entry where one is advised: Go: set up a joint venture."""
    name = verdict_names()[case.advice.verdict]
    if not case.advice.nearly:
        return name
    return _("{verdict}: {mode}").format(verdict=name, mode=mode_advice()[case.advice.nearly[0]])


def mode_sentence(case: Case) -> str:
    """Which modes are nearly equal, and which the law bars; empty where no entry is advised."""
    if not case.advice.nearly:
        return ""
    best, *others = (mode_names()[mode].lower() for mode in case.advice.nearly)
    told = (
        _("{modes} are nearly equal (within {points} points of 100).").format(
            modes=listing([mode_names()[mode] for mode in case.advice.nearly]).capitalize(),
            points=number(entry_mode.rules().nearly_equal),
        )
        if others
        else _("{mode} is clearly ahead of the other ways to enter.").format(mode=best.capitalize())
    )
    barred = case.advice.modes.index[~case.advice.modes["allowed"]]
    if len(barred):
        names = listing([mode_names()[mode].lower() for mode in barred])
        told += " " + _("Ruled out by ownership limits: {modes}.").format(modes=names)
    return told


def reason(case: Case) -> str:
    """The rule that fired, with the figures it looked at."""
    rules, traits = entry_mode.rules(), case.advice.traits
    words = {
        "gate": _("A legal gate stands before it, whatever the figures say."),
        "little known": _("Only {known} of the score is known; no advice below {least}."),
        "certain": _("In the top {shortlist} in {p} of index variants (we require {certain})."),
        "promising": _("In the top {shortlist} in {p} of index variants; we require {certain} to go."),
        "unlikely": _("In the top {shortlist} in only {p} of index variants; a pilot needs {possible}."),
        "weak law": _("Its rule of law is ahead of only {law} of countries, so no more than a pilot is advised."),
    }
    return words[case.advice.decision.rule].format(
        shortlist=rules.shortlist,
        p=share(traits.certainty),
        certain=share(rules.certain),
        possible=share(rules.possible),
        law=share(traits.rule_of_law),
        known=share(case.advice.decision.facts["known"]),
        least=share(rules.least_known),
    )


def flip_sentence(case: Case) -> str:
    """The smallest change that would give another verdict; empty where no figure would."""
    if case.advice.decision.flip is None:
        return ""
    figure, other, needed = case.advice.decision.flip
    now = case.advice.decision.facts[figure]
    words = {
        "p_shortlist": _("It would rise to “{verdict}” from {needed} on.")
        if needed > now
        else _("It would drop to “{verdict}” below {needed}."),
        "law_ahead_of": _("It would be “{verdict}” if its rule of law were ahead of {needed} of countries."),
    }
    return words[figure].format(verdict=verdict_names()[other], needed=share(needed))


def rank_sentence(case: Case) -> str:
    return _("Ranked {rank} of {count}; {low} to {high} in 90 % of index variants.").format(
        rank=case.rank, count=len(case.ranking.scores), low=case.low, high=case.high
    )


def gate_sentence(gate: Gate) -> str:
    """A gate with its source and the month it was read."""
    kinds = {
        "closed": _("Sanctions"),
        "restricted": _("Sanctions"),
        "ownership": _("Foreign ownership"),
        "approval": _("Product approval"),
        "data": _("Data"),
    }
    return _("{kind}: {rule} ({source}; read {as_of})").format(
        kind=kinds[gate.kind], rule=_(gate.text), source=gate.source, as_of=gate.as_of
    )


def no_gate() -> str:
    return _(
        "No sanctions, ownership limits, approvals or data rules are known to us; that does not mean there are none."
    )


def untapped(case: Case) -> tuple[float, float, float] | None:
    """What countries like it have beyond what it has, with the 90 % interval: in US$ of the whole country where there
    is such an amount, else in the outcome's unit. None where it was not estimated."""
    if not isinstance(case.potential, PotentialFit) or case.iso3 not in case.potential.estimates.index:
        return None
    gap = case.potential.untapped.loc[case.iso3]
    return None if gap.isna().any() else (float(gap["amount"]), float(gap["low"]), float(gap["high"]))


def untapped_unit(fit: PotentialFit) -> str:
    return "US$" if fit.estimates["untapped_usd"].notna().any() else _(fit.outcome_unit)


def potential_sentence(case: Case) -> str:
    """What countries like it have, with its interval, against what it has; or why that is not said."""
    if case.potential is None:
        return _("Potential: being estimated.")
    if isinstance(case.potential, PotentialError):
        return _("No potential can be estimated for this industry yet.")
    if case.iso3 not in case.potential.estimates.index:
        return _("No potential was estimated for this country.")
    row, fit = case.potential.estimates.loc[case.iso3], case.potential
    low, high = ends(row["low"], row["high"])
    told = _("{outcome}: {predicted} {unit} is usual for a country like it (90 %: {low} to {high})").format(
        outcome=_(fit.outcome_title),
        unit=_(fit.outcome_unit),
        predicted=compact(row["predicted"]),
        low=low,
        high=high,
    )
    if pd.isna(row["actual"]):
        return told + _("; no figure of its own is reported.")
    told += _("; {actual} was reported for {year}.").format(actual=compact(row["actual"]), year=fit.year)
    if row["untapped_high"] < 0:
        return told + " " + _("It spends more than countries like it: little may be left to win.")
    if row["untapped_low"] > 0:
        return told + " " + _("It lies below what is usual, beyond the interval.")
    return told + " " + _("It lies within what is usual: no clear gap either way.")


def why_unranked(iso3: str, choice: MarketFilters, ranking: Ranking) -> str:
    """Why a market has no rank and gets no advice, as a sentence."""
    name = in_sentence(iso3, load.markets().at[iso3, "name"])
    industry = _(ranking.recipe.title).lower()
    if iso3 in ranking.aside.index:
        return _("{market} is not ranked for {industry}: {reason}. No advice.").format(
            market=name, industry=industry, reason=ranking_words.aside_reasons()[ranking.aside.at[iso3, "reason"]]
        )
    if iso3 in ranking.unranked.index:
        return _("{market} is not ranked for {industry}: only {known} of the score is known. No advice.").format(
            market=name, industry=industry, known=share(float(ranking.unranked[iso3]))
        )
    return _("{market} is not ranked for {industry}: there are no figures for it. No advice.").format(
        market=name, industry=industry
    )
