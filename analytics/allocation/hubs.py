"""Which office serves which market? Hubs of a plan, the working hours they share, and how candidate sites compare."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analytics.allocation import response_curve
from analytics.allocation.problem import Hub, Market, Problem, defaults
from analytics.allocation.solve import Plan
from analytics.market import working_hours

PARTS = ("overlap", "reach", "languages", "cost")
DAY_HOURS = 8.0


@dataclass(frozen=True)
class Unserved:
    """Why no office serves a market; str() says it in English. kind: a key of UNSERVED; year: in which it opens."""

    kind: str
    year: int = 0

    def __str__(self) -> str:
        return UNSERVED[self.kind].format(year=self.year)


UNSERVED = {
    "no sites": "open, but the allocation names no candidate hubs",
    "locked": "a lock keeps it closed",
    "no hours": "no candidate site shares enough working hours with it",
    "no speakers": "no candidate site within its working hours has native speakers of its language",
    "sites locked": "the only sites within its working hours are locked closed",
    "nothing untapped": "nothing is untapped there",
    "later": "opens in {year}",
    "elsewhere": "money and people win more elsewhere",
}


@dataclass(frozen=True)
class HubLayout:
    """Offices and links in one year of a plan.

    hubs: site, timezone, since (year), staff (people in the markets it serves), markets and languages (tuples),
    cost_usd a year, score. links: market, hub, overlap_hours (0-8, on clocks_on), shared_days (working days of the
    week both have; NaN where a weekend is unknown), language, people, gain_usd (expected, that year). unserved: market,
    is_open, reason (Unserved). candidates: see score_sites. weights: of the score's parts. clocks_on: the day whose
    clocks count.
    """

    year: int
    hubs: pd.DataFrame
    links: pd.DataFrame
    unserved: pd.DataFrame
    candidates: pd.DataFrame
    weights: Mapping[str, float]
    clocks_on: str


def lay_out(problem: Problem, plan: Plan, year: int | None = None) -> HubLayout:
    """The offices of a plan in a year (the last by default). Raises ValueError for a year outside the plan."""
    year = problem.years[-1] if year is None else year
    if year not in problem.years:
        raise ValueError(f"{year} is not a year of this plan; choose from {problem.years[0]} to {problem.years[-1]}.")
    candidates = score_sites(problem)
    now = plan.rows[plan.rows["year"] == year]
    people, gain = now.groupby("market")["people"].sum(), now.groupby("market")["gain_usd"].sum()
    markets = {market.market: market for market in problem.markets}
    sites = {hub.site: hub for hub in problem.hubs}
    links = []
    for row in plan.served_by[plan.served_by["year"] == year].itertuples():
        market, hub = markets[row.market], sites[row.hub]
        links.append(
            {
                "market": row.market,
                "hub": row.hub,
                "overlap_hours": working_hours.shared_hours(hub.timezone, market.timezone, problem.clocks_on),
                "shared_days": _shared_days(problem, row.hub, market),
                "language": market.language,
                "people": int(people.get(row.market, 0)),
                "gain_usd": float(gain.get(row.market, 0.0)),
            }
        )
    columns = ["market", "hub", "overlap_hours", "shared_days", "language", "people", "gain_usd"]
    table = pd.DataFrame(links, columns=columns)
    offices = []
    for row in plan.hubs[plan.hubs["year"] <= year].itertuples():
        mine = table[table["hub"] == row.site]
        offices.append(
            {
                "site": row.site,
                "timezone": sites[row.site].timezone,
                "since": int(row.year),
                "staff": int(mine["people"].sum()),
                "markets": tuple(mine["market"]),
                "languages": tuple(sorted(set(mine["language"]))),
                "cost_usd": float(row.cost_usd),
                "score": float(candidates.set_index("site").at[row.site, "score"]),
            }
        )
    columns = ["site", "timezone", "since", "staff", "markets", "languages", "cost_usd", "score"]
    return HubLayout(
        year=year,
        hubs=pd.DataFrame(offices, columns=columns),
        links=table,
        unserved=_unserved(problem, plan, year, set(table["market"])),
        candidates=candidates,
        weights=dict(defaults()["site"]),
        clocks_on=problem.clocks_on.isoformat(),
    )


def score_sites(problem: Problem, weights: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Candidate sites, the best first: site, timezone, cost_usd, overlap_hours, markets, languages, part_*, score.

    overlap_hours: shared with all markets, 0-8, weighted by their untapped potential. markets: those it could serve.
    Parts, 0-1: overlap of the working day; reach, share of the potential it could serve; languages, share of the
    markets' languages spoken there; cost, that of the cheapest site over its own. score: their weighted mean, 0-100.
    weights: by part, any positive scale; allocation.toml's by default. Raises ValueError for weights that mean nothing.
    """
    weights = dict(defaults()["site"] if weights is None else weights)
    if set(weights) - set(PARTS) or any(not w >= 0 for w in weights.values()) or not 0 < sum(weights.values()) < np.inf:
        raise ValueError(f"Weights are for {', '.join(PARTS)}: none negative, at least one above zero.")
    amounts = response_curve.expected_usd(problem)
    owner = response_curve.curves(problem).market
    potential = np.bincount(owner, amounts, len(problem.markets))
    share = potential / potential.sum() if potential.sum() > 0 else np.full(len(potential), 1 / len(potential))
    spoken = {market.language for market in problem.markets}
    cheapest = min((hub.cost_usd for hub in problem.hubs), default=0.0)
    rows = []
    for hub in problem.hubs:
        hours = np.array(
            [working_hours.shared_hours(hub.timezone, market.timezone, problem.clocks_on) for market in problem.markets]
        )
        near = np.array([hub.serves(market, shared) for market, shared in zip(problem.markets, hours, strict=True)])
        reached = [market for market, fine in zip(problem.markets, near, strict=True) if fine]
        languages = sorted({market.language for market in reached})
        parts = {
            "overlap": float(hours @ share) / DAY_HOURS,
            "reach": float(share[near].sum()),
            "languages": len(languages) / len(spoken),
            "cost": cheapest / hub.cost_usd if hub.cost_usd > 0 else 1.0,
        }
        score = 100 * sum(weights.get(part, 0.0) * parts[part] for part in PARTS) / sum(weights.values())
        rows.append(
            {
                "site": hub.site,
                "timezone": hub.timezone,
                "cost_usd": hub.cost_usd,
                "overlap_hours": float(hours @ share),
                "markets": tuple(market.market for market in reached),
                "languages": tuple(languages),
                **{f"part_{part}": parts[part] for part in PARTS},
                "score": score,
            }
        )
    columns = ["site", "timezone", "cost_usd", "overlap_hours", "markets", "languages", *(f"part_{p}" for p in PARTS)]
    columns.append("score")
    return pd.DataFrame(rows, columns=columns).sort_values("score", ascending=False, kind="stable", ignore_index=True)


def _shared_days(problem: Problem, site: str, market: Market) -> float:
    homes = {other.market: other.weekend for other in problem.markets}
    weekend = next((hub.weekend for hub in problem.hubs if hub.site == site), None) or homes.get(site)
    if not weekend or not market.weekend:
        return float("nan")
    return float(working_hours.shared_days(weekend, market.weekend))


def _near(problem: Problem, hub: Hub, market: Market) -> bool:
    """Whether a hub shares enough working hours with a market, whatever is spoken there."""
    hours = working_hours.shared_hours(hub.timezone, market.timezone, problem.clocks_on)
    return replace(hub, languages=None).serves(market, hours)


def _unserved(problem: Problem, plan: Plan, year: int, served: set[str]) -> pd.DataFrame:
    """Markets no hub serves in the year, and why: a lock, out of reach, nothing to win, or better elsewhere."""
    t = problem.years.index(year)
    sites = score_sites(problem)
    shut_sites = {hub.site for hub in problem.hubs if hub.open is False}
    reachable = {market for markets in sites["markets"] for market in markets}
    allowed = {market for markets in sites.loc[~sites["site"].isin(shut_sites), "markets"] for market in markets}
    amounts = response_curve.expected_usd(problem)
    owner = response_curve.curves(problem).market
    rows = []
    for m, market in enumerate(problem.markets):
        if market.market in served:
            continue
        is_open = bool(plan.choice.opened[m, t])
        shut = any(
            lock.market == market.market and lock.open is False and (lock.year is None or lock.year >= year)
            for lock in problem.locks
        )
        if is_open:
            reason = Unserved("no sites")
        elif shut:
            reason = Unserved("locked")
        elif problem.hubs and market.market not in reachable:
            reason = Unserved("no hours")
            if any(_near(problem, hub, market) for hub in problem.hubs):
                reason = Unserved("no speakers")
        elif problem.hubs and market.market not in allowed:
            reason = Unserved("sites locked")
        elif not (amounts[owner == m] > 0).any():
            reason = Unserved("nothing untapped")
        elif plan.choice.opened[m].any():
            reason = Unserved("later", problem.years[int(plan.choice.opened[m].argmax())])
        else:
            reason = Unserved("elsewhere")
        rows.append((market.market, is_open, reason))
    return pd.DataFrame(rows, columns=["market", "is_open", "reason"])
