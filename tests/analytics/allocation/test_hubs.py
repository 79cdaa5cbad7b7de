"""Offices on the map: who is served from where, what they share, and what speaks for a site."""

from dataclasses import replace

import numpy as np
import pytest

from analytics.allocation import hubs
from analytics.allocation import problem as allocation_problem
from analytics.allocation import solve as allocation
from analytics.allocation.problem import Hub, Lock, Market, Opportunity, Problem


def market(code: str, zone: str, language: str, weekend: str | None = "sat,sun") -> Market:
    return Market(code, code, "World", language, zone, 50_000.0, 10_000.0, 1, 5, 0.1, weekend=weekend)


MARKETS = (
    market("DEU", "Europe/Berlin", "de"),
    market("GBR", "Europe/London", "en"),
    market("ARE", "Asia/Dubai", "ar", None),
    market("NZL", "Pacific/Auckland", "en"),
)
HUBS = (
    Hub("GBR", "Europe/London", 100_000.0, 4.0),
    Hub("NZL", "Pacific/Auckland", 50_000.0, 4.0, open=False),
    Hub("DEU", "Europe/Berlin", 200_000.0, 4.0, open=False),
)
PROBLEM = Problem(
    base_year=2026,
    budget_usd=(2e6, 2e6),
    people=(20, 20),
    markets=MARKETS,
    opportunities=tuple(
        Opportunity(m.market, "health", amount, amount, amount)
        for m, amount in zip(MARKETS, (4e8, 3e8, 2e8, 1e8), strict=True)
    ),
    hubs=HUBS,
    draws=10,
)


@pytest.fixture(scope="module")
def plan() -> allocation.Plan:
    return allocation.solve(PROBLEM)


def test_each_open_market_is_linked_to_the_hub_that_serves_it(plan):
    found = hubs.lay_out(PROBLEM, plan)
    links = found.links.set_index("market")
    assert links["hub"].to_dict() == {"DEU": "GBR", "GBR": "GBR", "ARE": "GBR"}
    assert links["overlap_hours"].to_dict() == {"DEU": 7.0, "GBR": 8.0, "ARE": 4.0}
    assert found.clocks_on == "2026-01-15"


def test_working_days_are_shared_where_both_weekends_are_known(plan):
    links = hubs.lay_out(PROBLEM, plan).links.set_index("market")
    assert links.at["DEU", "shared_days"] == 5
    assert np.isnan(links.at["ARE", "shared_days"])


def test_a_hub_has_the_staff_and_languages_of_the_markets_it_serves(plan):
    found = hubs.lay_out(PROBLEM, plan)
    office = found.hubs.set_index("site").loc["GBR"]
    assert len(found.hubs) == 1
    assert office["staff"] == found.links["people"].sum() == plan.years["people"].iloc[-1]
    assert office["languages"] == ("ar", "de", "en")
    assert office["markets"] == ("DEU", "GBR", "ARE")


def test_markets_without_a_hub_are_marked_with_the_reason(plan):
    out = hubs.lay_out(PROBLEM, plan).unserved.set_index("market")
    assert list(out.index) == ["NZL"]
    assert str(out.at["NZL", "reason"]) == "the only sites within its working hours are locked closed"
    alone = replace(PROBLEM, hubs=HUBS[:1])
    out = hubs.lay_out(alone, allocation.solve(alone)).unserved.set_index("market")
    assert str(out.at["NZL", "reason"]) == "no candidate site shares enough working hours with it"
    shut = replace(alone, locks=(Lock("ARE", open=False),))
    out = hubs.lay_out(shut, allocation.solve(shut)).unserved.set_index("market")
    assert str(out.at["ARE", "reason"]) == "a lock keeps it closed"


def test_an_office_without_native_speakers_serves_its_own_market_only():
    speaks_english = replace(PROBLEM, hubs=(replace(HUBS[0], languages=("en",)),))
    found = hubs.lay_out(speaks_english, allocation.solve(speaks_english))
    assert set(found.links["language"]) == {"en"}
    reasons = found.unserved.set_index("market")["reason"].map(str)
    assert reasons["DEU"] == reasons["ARE"]
    assert reasons["DEU"] == "no candidate site within its working hours has native speakers of its language"
    assert reasons["NZL"] == "no candidate site shares enough working hours with it"
    nobody = replace(PROBLEM, hubs=(replace(HUBS[0], languages=()),))
    assert set(hubs.lay_out(nobody, allocation.solve(nobody)).links["market"]) == {HUBS[0].site}
    read = allocation_problem.read(allocation_problem.to_json(speaks_english))
    assert read.hubs == speaks_english.hubs and allocation_problem.read(allocation_problem.to_json(nobody)) == nobody


def test_without_candidate_hubs_open_markets_are_unserved_and_it_is_said():
    bare = replace(PROBLEM, hubs=())
    found = hubs.lay_out(bare, allocation.solve(bare))
    assert found.candidates.empty
    assert found.links.empty
    assert set(map(str, found.unserved["reason"])) == {"open, but the allocation names no candidate hubs"}


def test_a_market_that_opens_later_is_unserved_until_then():
    later = replace(PROBLEM, locks=(Lock("GBR", year=2026, open=False), Lock("GBR", year=2027, open=True)))
    found = hubs.lay_out(later, allocation.solve(later), 2026)
    assert str(found.unserved.set_index("market").at["GBR", "reason"]) in ("a lock keeps it closed", "opens in 2027")


def test_candidates_are_scored_by_parts_that_add_up():
    found = hubs.score_sites(PROBLEM).set_index("site")
    weights = {"overlap": 0.4, "reach": 0.3, "languages": 0.15, "cost": 0.15}
    for _, row in found.iterrows():
        whole = sum(weight * row[f"part_{part}"] for part, weight in weights.items())
        assert row["score"] == pytest.approx(100 * whole / sum(weights.values()))
        assert 0 <= row["score"] <= 100
    assert found.at["GBR", "markets"] == ("DEU", "GBR", "ARE")
    assert found.at["GBR", "part_reach"] == pytest.approx(0.9)
    assert found.at["GBR", "overlap_hours"] == pytest.approx(0.4 * 7 + 0.3 * 8 + 0.2 * 4 + 0.1 * 0)
    assert found.at["NZL", "part_cost"] == 1.0
    assert found.index[-1] == "NZL"


def test_a_site_scored_by_cost_alone_is_the_cheapest():
    assert hubs.score_sites(PROBLEM, {"cost": 1.0})["site"].iloc[0] == "NZL"


@pytest.mark.parametrize("weights", [{"cost": -1.0}, {"view": 1.0}, {"cost": 0.0}, {"cost": float("nan")}])
def test_weights_that_mean_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="none negative, at least one above zero"):
        hubs.score_sites(PROBLEM, weights)


def test_a_year_outside_the_plan_is_refused(plan):
    with pytest.raises(ValueError, match="choose from 2026 to 2027"):
        hubs.lay_out(PROBLEM, plan, 2030)
