"""Allocation: the plan is the one that trying all would find, keeps every limit, and says what binds or conflicts."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import optimize

from analytics.allocation import baselines, infeasibility, milp, response_curve
from analytics.allocation import problem as allocation_problem
from analytics.allocation import solve as allocation
from analytics.allocation.limits import Choice, violations
from analytics.allocation.problem import (
    Bound,
    CurrentAllocation,
    Hub,
    Lock,
    Market,
    Opportunity,
    Problem,
    RegionLimit,
    Response,
)
from analytics.json_documents import DocumentError

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "allocation.json"
SLOW = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
PLACES = (
    ("DEU", "Europe", "de", "Europe/Berlin", 100_000.0, 150_000.0),
    ("AUT", "Europe", "de", "Europe/Vienna", 80_000.0, 60_000.0),
    ("JPN", "Asia", "ja", "Asia/Tokyo", 90_000.0, 100_000.0),
)


def market(n: int, **changes) -> Market:
    code, region, language, zone, wage, entry = PLACES[n]
    return replace(Market(code, code, region, language, zone, wage, entry, 1, 3, 0.2), **changes)


def offer(n: int, amount: float, industry: str = "health", spread: float = 2.0) -> Opportunity:
    return Opportunity(PLACES[n][0], industry, amount, amount / spread, amount * spread)


def small(**changes) -> Problem:
    """Two markets, two years, no programme money; solved to the last cent."""
    whole = Problem(
        base_year=2026,
        budget_usd=(500_000.0, 600_000.0),
        people=(4, 5),
        markets=(market(0), market(2)),
        opportunities=(offer(0, 4e7), offer(2, 3e7)),
        response=Response(programme_ratio=0.0),
        gap=1e-7,
        draws=20,
        held_out=200,
    )
    return replace(whole, **changes)


def document(problem: Problem | None = None) -> dict:
    return json.loads(allocation_problem.to_json(problem or small()))


# -- against trying everything -----------------------------------------------------------------------------------


def by_hand(problem: Problem, choice: Choice) -> float:
    """The objective, reckoned anew: straight pieces by np.interp, the tail by sorting."""
    how, years = problem.response, len(problem.budget_usd)
    wages = {m.market: m for m in problem.markets}
    draws = response_curve.draws(problem, problem.draws, problem.seed, matched=True)
    expected = response_curve.expected_usd(problem)
    totals = np.zeros(problem.draws)
    for j, row in enumerate(problem.opportunities):
        home = wages[row.market]
        size = max(how.attainable_share * expected[j], 1.0) / how.scale_usd
        kappa = how.scale_usd * size**how.scale_exponent * (1 + how.friction_weight * home.friction)
        stock = most = 0.0
        for t in range(years):
            region = problem.region_limits.get(home.region, RegionLimit())
            heads = min(
                home.max_people,
                problem.people[t],
                problem.budget_usd[t] // home.wage_usd,
                *([region.people] if region.people is not None else []),
                *([region.budget_usd // home.wage_usd] if region.budget_usd is not None else []),
                *([problem.language_capacity[home.language]] if home.language in problem.language_capacity else []),
            )
            most = heads * home.wage_usd + problem.carry_over * most
            stock = choice.people[j, t] * home.wage_usd + problem.carry_over * stock
            reach = max(most / kappa, 1e-6)
            ends = -2 * np.log(1 - np.arange(how.segments + 1) / how.segments * (1 - np.exp(-reach / 2)))
            share = np.interp(stock / kappa, ends, 1 - np.exp(-ends))
            totals += draws[:, j] * how.attainable_share * share * (1 + problem.discount_rate) ** -t
    count = problem.cvar_tail * problem.draws
    assert count == int(count)
    worst = np.sort(totals)[: int(count)].mean()
    return (1 - problem.risk) * totals.mean() + problem.risk * worst


def every_choice(problem: Problem):
    years = len(problem.budget_usd)
    most = [next(m.max_people for m in problem.markets if m.market == row.market) for row in problem.opportunities]
    openings = list(itertools.product(range(years + 1), repeat=len(problem.hubs)))
    for heads in itertools.product(*(range(n + 1) for n in most for _ in range(years))):
        people = np.array(heads).reshape(len(most), years)
        opened = np.array(
            [
                sum(people[j] for j, row in enumerate(problem.opportunities) if row.market == m.market) > 0
                for m in problem.markets
            ]
        )
        if (opened[:, 1:] < opened[:, :-1]).any():
            continue
        for opening in openings:
            hubs = np.array([[t >= since for t in range(years)] for since in opening], dtype=bool).reshape(-1, years)
            choice = Choice(people, np.zeros(people.shape), opened, hubs)
            if not violations(problem, choice):
                yield choice


CASES = {
    "two years": small(),
    "risk": small(risk=0.5, opportunities=(offer(0, 4e7, spread=4), offer(2, 3.5e7, spread=1.2))),
    "only the tail": small(risk=1.0, opportunities=(offer(0, 4e7, spread=4), offer(2, 3.5e7, spread=1.2))),
    "hubs": small(
        hubs=(Hub("DEU", "Europe/Berlin", 50_000.0, 4.0), Hub("SGP", "Asia/Singapore", 70_000.0, 4.0)),
        budget_usd=(450_000.0, 500_000.0),
    ),
    "locks and bounds": small(
        locks=(Lock("DEU", year=2027, people=2), Lock("JPN", open=True)), bounds=(Bound("JPN", max_people=1),)
    ),
    "language and region": small(
        language_capacity={"ja": 1}, region_limits={"Europe": RegionLimit(budget_usd=330_000.0)}
    ),
    "larger presence": small(markets=(market(0, min_people=3), market(2, min_people=2, is_open=True))),
    "three markets, one year": small(
        budget_usd=(700_000.0,),
        people=(6,),
        markets=(market(0), market(1), market(2)),
        opportunities=(offer(0, 4e7), offer(0, 2e7, "retail"), offer(1, 2e7), offer(2, 3e7)),
        language_capacity={"de": 4},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_plan_is_the_one_that_trying_every_plan_finds(name):
    problem = CASES[name]

    best = max(by_hand(problem, choice) for choice in every_choice(problem))
    plan = allocation.solve(problem)

    assert plan.reached
    assert plan.objective == pytest.approx(best, rel=1e-6)
    assert by_hand(problem, plan.choice) == pytest.approx(best, rel=1e-6)
    assert plan.bound >= best * (1 - 1e-9)


def test_net_of_cost_nothing_is_spent_that_does_not_come_back():
    dear = small(objective="net", opportunities=(offer(0, 1e5), offer(2, 1e5)))
    plan = allocation.solve(dear)
    assert plan.rows.empty
    assert plan.objective == pytest.approx(0.0, abs=1.0)


# -- what always holds -------------------------------------------------------------------------------------------


@st.composite
def problems(draw) -> Problem:
    count = draw(st.integers(1, 3))
    hub = Hub("AUT", "Europe/Vienna", 40_000.0, 0.0)
    return small(
        markets=tuple(
            market(
                n,
                min_people=draw(st.integers(0, 2)),
                max_people=draw(st.integers(2, 6)),
                friction=draw(st.floats(0, 1)),
            )
            for n in range(count)
        ),
        opportunities=tuple(
            offer(n, draw(st.floats(1e6, 1e8)), industry, draw(st.floats(1, 5)))
            for n in range(count)
            for industry in ("health", "retail")
        ),
        budget_usd=tuple(draw(st.lists(st.floats(0, 1.5e6), min_size=2, max_size=2))),
        people=(draw(st.integers(0, 8)), draw(st.integers(0, 8))),
        language_capacity={"de": draw(st.integers(0, 6))},
        hubs=(hub,) if draw(st.booleans()) else (),
        risk=draw(st.sampled_from([0.0, 0.3, 1.0])),
        response=Response(programme_ratio=draw(st.sampled_from([0.0, 1.0]))),
        carry_over=draw(st.floats(0, 0.9)),
        gap=1e-6,
    )


@SLOW
@given(problems())
def test_every_plan_keeps_every_limit_with_whole_people(problem):
    before = allocation_problem.to_json(problem)
    plan = allocation.solve(problem)

    assert violations(problem, plan.choice) == []
    assert plan.rows["people"].dtype.kind == "i"
    assert plan.objective <= plan.bound * (1 + 1e-9) + 1e-6
    assert allocation_problem.to_json(problem) == before


@SLOW
@given(problems(), st.floats(1, 3))
def test_more_budget_never_lowers_what_is_won(problem, times):
    richer = replace(problem, budget_usd=tuple(times * figure for figure in problem.budget_usd))
    fine = Response(programme_ratio=problem.response.programme_ratio, segments=20)
    poor, rich = (allocation.solve(replace(one, response=fine)) for one in (problem, richer))
    # The straight pieces are laid out anew for another budget, so that the curves may part by their error.
    scale = 0.05 * sum(row.high_usd for row in problem.opportunities) * plan_error(poor, rich)
    assert rich.objective >= poor.objective * (1 - 1e-5) - scale - 10.0


def plan_error(*plans: allocation.Plan) -> float:
    return 2 * max(plan.curve_error for plan in plans)


def test_along_the_risk_dial_the_mean_falls_and_the_bad_cases_get_better():
    problem = small(
        markets=tuple(market(n, max_people=8) for n in range(3)),
        opportunities=(offer(0, 6e7, spread=6), offer(1, 4e7, spread=2), offer(2, 3.5e7, spread=1.1)),
        budget_usd=(900_000.0, 900_000.0),
        people=(8, 8),
        gap=1e-4,
    )
    found = allocation.frontier(problem, [0.0, 0.5, 1.0])

    assert (found["mean_usd"].diff().dropna() <= 1e-6).all()
    assert (found["cvar_usd"].diff().dropna() >= -1e-6).all()
    assert found["cvar_usd"].iloc[-1] > found["cvar_usd"].iloc[0]


@pytest.mark.parametrize("points", [[], [0.5, 1.2], [-0.1], [float("nan")]])
def test_positions_outside_the_risk_dial_are_refused(points):
    with pytest.raises(ValueError, match="between 0 \\(mean\\) and 1 \\(bad cases\\)"):
        allocation.frontier(small(), points)


def test_the_same_seed_gives_the_same_plan():
    problem = allocation_problem.read(EXAMPLE.read_bytes())
    first, second = allocation.solve(problem), allocation.solve(problem)
    assert first.rows.equals(second.rows)
    assert first.objective == second.objective


def test_the_sums_of_the_years_are_those_of_the_rows():
    plan = allocation.solve(allocation_problem.read(EXAMPLE.read_bytes()))
    rows = plan.rows.groupby("year")[["people", "cost_usd", "gain_usd"]].sum()
    years = plan.years.set_index("year")
    assert rows["people"].to_dict() == years["people"].to_dict()
    assert (years["wages_usd"] + years["programme_usd"]).to_dict() == pytest.approx(rows["cost_usd"].to_dict())
    assert years["gain_usd"].to_dict() == pytest.approx(rows["gain_usd"].to_dict())
    discounted = years["gain_usd"].to_numpy() @ plan.problem.discount
    assert plan.mean_usd == pytest.approx(discounted)


def test_the_objective_promises_no_more_than_the_curves_give():
    plan = allocation.solve(replace(allocation_problem.read(EXAMPLE.read_bytes()), risk=0.0))
    assert plan.objective <= plan.mean_usd
    assert 0 < plan.curve_error < 0.02


def test_a_hub_that_no_market_needs_is_not_opened_even_if_it_costs_nothing():
    far = small(hubs=(Hub("NZL", "Pacific/Auckland", 0.0, 8.0), Hub("DEU", "Europe/Berlin", 0.0, 0.0)))
    plan = allocation.solve(far)
    assert list(plan.hubs["site"]) == ["DEU"]
    assert set(plan.served_by["hub"]) == {"DEU"}


def test_a_time_limit_that_strikes_is_said_with_the_gap_it_left():
    random = np.random.default_rng(0)
    codes = [f"X{chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(60)]
    industries = ("health", "retail", "energy", "mobility", "tourism")
    large = small(
        budget_usd=(2e7, 2e7, 2e7),
        people=(200, 210, 220),
        markets=tuple(
            replace(market(0), market=code, wage_usd=float(random.integers(30, 150)) * 1e3, max_people=40, min_people=3)
            for code in codes
        ),
        opportunities=tuple(
            Opportunity(code, industry, amount, amount / 2, amount * 2)
            for code in codes
            for industry, amount in zip(industries, random.lognormal(18.5, 1.0, 5).tolist(), strict=True)
        ),
        response=Response(),
        time_limit_s=0.3,
        draws=100,
        risk=0.5,
        gap=1e-6,
    )

    plan = allocation.solve(large)

    assert not plan.reached
    assert "time limit of 0.3 s" in plan.status
    assert violations(large, plan.choice) == []
    assert plan.gap == pytest.approx((plan.bound - plan.objective) / plan.objective)


# -- shadow prices -----------------------------------------------------------------------------------------------


def straight(**changes) -> Problem:
    """One market on one straight piece: every further USD of effort wins the same."""
    lone = Problem(
        base_year=2026,
        budget_usd=(500_000.0,),
        people=(50,),
        markets=(market(0, wage_usd=100_000.0, entry_cost_usd=0.0, max_people=20, friction=0.0),),
        opportunities=(Opportunity("DEU", "health", 1e8, 1e8, 1e8),),
        response=Response(
            segments=1, programme_ratio=0.0, attainable_share=0.1, scale_usd=1e7, scale_exponent=1.0, friction_weight=0
        ),
        gap=1e-7,
    )
    return replace(lone, **changes)


def price(plan: allocation.Plan, kind: str) -> float:
    row = plan.limits[plan.limits["kind"] == kind].iloc[0]
    return 0.0 if row["shadow_price"] is None or np.isnan(row["shadow_price"]) else row["shadow_price"]


def test_the_price_of_a_budget_is_the_slope_of_the_only_curve():
    plan = allocation.solve(straight())
    # Attainable 10 M USD, kappa 10 M USD; the piece runs from 0 to 0.5 M USD of effort.
    slope = 1e7 * (1 - np.exp(-0.05)) / 0.5e6
    assert price(plan, "budget") == pytest.approx(slope, rel=1e-6)
    assert price(plan, "people") == 0


def test_the_price_of_people_is_what_a_person_wins_where_people_bind():
    plan = allocation.solve(straight(budget_usd=(5e6,), people=(4,)))
    slope = 1e7 * (1 - np.exp(-0.04)) / 0.4e6
    assert price(plan, "people") == pytest.approx(slope * 100_000, rel=1e-6)
    assert price(plan, "budget") == 0


def test_a_binding_presence_has_a_price_per_person():
    plan = allocation.solve(straight(budget_usd=(5e6,), markets=(replace(straight().markets[0], max_people=3),)))
    row = plan.limits[plan.limits["kind"] == "most people"].iloc[0]
    assert (row["used"], row["available"], row["binding"]) == (3, 3, True)
    assert row["shadow_price"] > 0
    assert row["meaning"] == "USD of the objective for each person more allowed"


def test_a_least_figure_that_hurts_has_a_price_for_each_person_less():
    two = straight(
        markets=(straight().markets[0], market(1, entry_cost_usd=0.0, max_people=9, wage_usd=100_000.0)),
        opportunities=(*straight().opportunities, Opportunity("AUT", "health", 1e6, 1e6, 1e6)),
        bounds=(Bound("AUT", min_people=2),),
    )
    plan = allocation.solve(two)
    row = plan.limits[plan.limits["kind"] == "bound"].iloc[0]
    assert row["binding"]
    assert row["shadow_price"] > 0
    assert row["meaning"] == "USD of the objective for each person less required"


# -- comparison --------------------------------------------------------------------------------------------------


def test_the_plan_is_compared_with_simpler_ones_that_keep_the_same_limits():
    problem = allocation_problem.read(EXAMPLE.read_bytes())
    plan = allocation.solve(problem)
    told = allocation.compare(problem, plan)

    assert list(told.table.index) == ["optimised", "proportional", "greedy", "today"]
    for name, choice in told.choices.items():
        assert violations(problem, choice) == [], name
    assert told.table.at["optimised", "mean_usd"] > told.table.at["greedy", "mean_usd"]
    assert str(told.table.at["today", "note"]) == "as given"
    assert told.p_beats_today == told.table.at["today", "p_plan_beats"] > 0.9
    assert told.draws == problem.held_out


def test_two_plans_that_win_the_same_in_every_draw_are_equal_and_neither_beats_the_other():
    problem = allocation_problem.read(EXAMPLE.read_bytes())
    told = allocation.compare(problem, baselines.greedy(problem))
    assert told.table.at["greedy", "p_equal"] == 1.0
    assert told.table.at["greedy", "p_plan_beats"] == 0.0


def test_a_plan_does_not_beat_itself():
    problem = small(today=(CurrentAllocation("DEU", "health", 2),))
    plan = allocation.solve(problem)
    at = {(row.market, row.year): row.people for row in plan.rows.itertuples()}
    own = tuple(CurrentAllocation(code, "health", people, 0.0, year) for (code, year), people in at.items())
    told = allocation.compare(replace(problem, today=own), plan)
    assert told.p_beats_today == 0.0
    assert told.table.at["today", "difference_usd"] == pytest.approx(0.0, abs=1e-6)


def test_todays_plan_is_moved_within_the_limits_and_the_note_says_so():
    problem = small(today=(CurrentAllocation("DEU", "health", 30),))
    told = allocation.compare(problem, allocation.solve(problem))
    assert str(told.table.at["today", "note"]).startswith("moved to keep: ")
    assert "people limit 2026" in str(told.table.at["today", "note"])
    assert violations(problem, told.choices["today"]) == []


def test_simple_plans_start_from_what_is_locked():
    problem = small(locks=(Lock("JPN", people=2),))
    told = allocation.compare(problem, allocation.solve(problem))
    for choice in told.choices.values():
        assert violations(problem, choice) == []
        assert (choice.people[1] == 2).all()


# -- draws and curves --------------------------------------------------------------------------------------------


def test_draws_have_the_interval_they_were_given():
    problem = small(
        opportunities=(Opportunity("DEU", "health", 3e7, 1e7, 4e7), Opportunity("JPN", "health", 2e7, -1e7, 6e7))
    )
    drawn = response_curve.draws(problem, 40_000, 1)
    assert np.quantile(drawn[:, 0], [0.05, 0.5, 0.95]) == pytest.approx([1e7, 3e7, 4e7], rel=0.03)
    assert np.quantile(drawn[:, 1], [0.05, 0.5, 0.95]) == pytest.approx([0.0, 2e7, 6e7], rel=0.03)
    assert drawn.mean(axis=0) == pytest.approx(response_curve.expected_usd(problem), rel=0.02)


def test_draws_of_one_market_move_together():
    problem = small(opportunities=(offer(0, 3e7), offer(0, 3e7, "retail"), offer(2, 3e7)))
    related = np.corrcoef(np.log(response_curve.draws(problem, 20_000, 1)).T)
    how = problem.response
    assert related[0, 1] == pytest.approx(how.correlation_market + how.correlation_all, abs=0.03)
    assert related[0, 2] == pytest.approx(how.correlation_all, abs=0.03)


@given(st.floats(1e4, 1e9), st.integers(1, 12))
def test_the_straight_pieces_lie_under_the_curve_and_as_near_as_they_say(most, segments):
    curves = response_curve.curves(small())
    pieces = curves.pieces(np.full((2, 1), most), segments)
    for stock in np.linspace(0, most, 50):
        exact = curves.share(np.full((2, 1), stock))
        straight = np.minimum((pieces.intercept + pieces.slope * stock).min(axis=-1), pieces.top)
        assert (straight <= exact + 1e-9).all()
        assert (exact - straight <= pieces.error + 1e-5).all()


def test_cvar_is_the_mean_of_the_worst_draws():
    totals = np.array([5.0, 1.0, 4.0, 2.0, 3.0])
    assert response_curve.cvar(totals, 0.4) == pytest.approx(1.5)
    assert response_curve.cvar(totals, 0.3) == pytest.approx((1 + 0.5 * 2) / 1.5)
    assert response_curve.cvar(totals, 1.0) == pytest.approx(3.0)


# -- no plan -----------------------------------------------------------------------------------------------------


def conflict(problem: Problem) -> allocation.Infeasible:
    with pytest.raises(allocation.Infeasible) as caught:
        allocation.solve(problem)
    return caught.value


def test_a_lock_against_a_language_capacity_is_told_with_both_figures():
    error = conflict(
        small(
            markets=(market(0, min_people=3), market(2)), locks=(Lock("DEU", open=True),), language_capacity={"de": 2}
        )
    )
    assert str(error).startswith("No plan keeps all limits; 1 conflict:")
    sentence = error.conflicts[0].sentence
    assert "lock DEU open=true" in sentence
    assert "need 3 people; language capacity de allows 2." in sentence
    assert sentence.startswith("2026-2027:")
    assert error.repairs


def test_a_budget_too_small_for_a_lock_names_the_amounts():
    error = conflict(small(budget_usd=(200_000.0, 900_000.0), locks=(Lock("DEU", year=2026, people=2),)))
    assert "budget allows 200,000" in error.conflicts[0].sentence
    assert "need 350,000 USD" in error.conflicts[0].sentence
    assert any("budget 2026: would have to be 150,000 USD higher (350,000)" in r.sentence for r in error.repairs)


def test_a_market_no_hub_can_serve_is_told():
    error = conflict(small(hubs=(Hub("SGP", "Asia/Singapore", 1.0, 6.0),), locks=(Lock("DEU", open=True),)))
    assert "a hub within working hours of DEU" in error.conflicts[0].sentence
    assert "lock DEU open=true" in error.conflicts[0].sentence


def test_independent_conflicts_are_all_told():
    error = conflict(
        small(
            locks=(Lock("DEU", people=3), Lock("JPN", people=2)),
            language_capacity={"de": 2, "ja": 1},
            people=(9, 9),
            budget_usd=(2e6, 2e6),
        )
    )
    assert len(error.conflicts) == 2
    assert "language capacity de" in str(error)
    assert "language capacity ja" in str(error)


def test_what_the_repairs_say_makes_a_plan_possible():
    broken = small(locks=(Lock("DEU", people=3),), language_capacity={"de": 2}, people=(9, 9), budget_usd=(2e6, 2e6))
    repairs = conflict(broken).repairs
    assert {repair.year for repair in repairs} == {2026, 2027}
    assert all(abs(repair.by) == pytest.approx(1) for repair in repairs)
    assert allocation.solve(replace(broken, language_capacity={"de": 3})).reached


@SLOW
@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from([None, 2026, 2027]), st.integers(0, 3)), max_size=3),
    st.integers(0, 6),
    st.integers(0, 3),
    st.integers(1, 9),
)
def test_a_plan_is_refused_exactly_when_trying_all_finds_none(locked, people, german, budget):
    codes = ("DEU", "JPN")
    locks = tuple(Lock(codes[n], year=year, people=heads) for n, year, heads in locked)
    problem = small(
        locks=locks,
        people=(people, people),
        language_capacity={"de": german},
        budget_usd=(budget * 1e5, budget * 1e5),
        hubs=(Hub("AUT", "Europe/Vienna", 30_000.0, 7.0),),
        gap=1e-4,
    )
    try:
        allocation_problem.check(problem)
    except DocumentError:
        assert next(every_choice(problem), None) is None
        return
    possible = next(every_choice(problem), None) is not None
    try:
        plan = allocation.solve(problem)
        assert possible
        assert violations(problem, plan.choice) == []
    except allocation.Infeasible as error:
        assert not possible
        assert error.conflicts
        assert error.repairs


# -- files -------------------------------------------------------------------------------------------------------


def faults(raw: object) -> str:
    with pytest.raises(DocumentError) as caught:
        allocation_problem.read(raw if isinstance(raw, str | bytes) else json.dumps(raw))
    return str(caught.value)


def test_a_problem_survives_its_json():
    problem = allocation_problem.read(EXAMPLE.read_bytes())
    assert allocation_problem.read(allocation_problem.to_json(problem)) == problem


def test_what_a_file_leaves_out_comes_from_the_parameters():
    raw = document()
    for name in ("response", "risk", "draws"):
        raw.pop(name)
    problem = allocation_problem.read(json.dumps(raw))
    assert problem.response == Response()
    assert problem.draws == allocation_problem.defaults()["solve"]["draws"]


def test_another_version_is_told_before_anything_else():
    assert "version '2'; this program reads version 1" in faults(document() | {"version": 2})


def test_every_fault_is_named_with_its_path():
    raw = document()
    raw["markets"][1]["friction"] = 1.5
    raw["markets"][0]["wage_usd"] = "lots"
    raw["opportunities"][0]["market"] = "de"
    raw["surprise"] = True
    told = faults(raw)
    for path in ("markets[1].friction", "markets[0].wage_usd", "opportunities[0].market", "surprise"):
        assert path in told


def test_names_that_nothing_has_are_told_all_at_once():
    raw = document()
    raw["locks"] = [{"market": "FRA", "open": True}, {"market": "DEU", "year": 2031, "people": 1}]
    raw["language_capacity"] = {"xx": 3}
    raw["markets"][0]["timezone"] = "Europe/Atlantis"
    raw["opportunities"].append(raw["opportunities"][0])
    told = faults(raw)
    for part in (
        "locks[0].market: FRA",
        "locks[1].year: 2031 is not within 2026-2027",
        "language_capacity.xx",
        "markets[0].timezone: 'Europe/Atlantis'",
        "opportunities: DEU health is there 2 times",
    ):
        assert part in told


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b"{}",
        b"null",
        json.dumps(document()).replace("500000.0", "NaN").encode(),
        json.dumps(document()).replace("500000.0", "-Infinity").encode(),
        json.dumps(document()).replace("500000.0", "1e999").encode(),
        json.dumps(document()).replace("500000.0", "1" * 5000).encode(),
        json.dumps(document()).replace('"DEU"', '"__import__(\\"os\\").system(\\"true\\")"').encode(),
        json.dumps(document() | {"name": "x" * 1000}).encode(),
        json.dumps(document() | {"name": "a\u0000b"}).encode(),
        json.dumps(document()).replace("Europe/Berlin", "../../etc/passwd").encode(),
        b" " * 5_000_001,
    ],
)
def test_edited_and_malicious_files_are_refused_with_a_message(text):
    assert len(faults(text)) < 5000


def test_contradictory_locks_are_found_before_solving_and_told_together():
    told = faults(
        document(small())
        | {
            "locks": [
                {"market": "DEU", "open": True},
                {"market": "DEU", "year": 2027, "open": False},
                {"market": "JPN", "people": 2},
                {"market": "JPN", "year": 2026, "people": 3},
                {"market": "JPN", "industry": "health", "year": 2027, "budget_usd": 1000000},
                {"market": "JPN", "industry": "health", "year": 2027, "people": 1},
            ],
            "bounds": [{"market": "JPN", "max_people": 1}],
        }
    )
    assert "locks[0] and locks[1]: DEU cannot be open and closed in 2026" in told
    assert "locks[2] and locks[3]: people of JPN in 2026 cannot be both 2 and 3" in told
    assert "locks[2] and bounds[0]: people 2 of JPN is out of the bounds" in told
    assert "locks[5] and locks[4]: 1 people in JPN cost 90,000 USD" in told


def test_a_lock_beyond_the_markets_own_size_is_a_contradiction():
    told = faults(document() | {"locks": [{"market": "DEU", "people": 9}]})
    assert "9 people locked in DEU in 2026, but its max_people is 3" in told


def test_figures_that_do_not_fit_the_years_are_told():
    assert "people: needs 2 numbers, one for each year" in faults(document() | {"people": [1, 2, 3]})


# -- searches that were cut short --------------------------------------------------------------------------------


def cut(monkeypatch, module, gap: float = 0.125, forget: bool = False):
    """Searches of a module end at their limit of time or nodes: with what they have, or with nothing."""
    search = optimize.milp

    def stopped(*arguments, **named):
        result = search(*arguments, **named)
        if result.x is None:
            return result
        result.status, result.mip_gap = 1, gap
        if forget:
            result.x = result.mip_gap = None
        return result

    monkeypatch.setattr(module.optimize, "milp", stopped)


TODAY = (CurrentAllocation("DEU", "health", 3), CurrentAllocation("JPN", "health", 2))


def test_a_rival_whose_search_was_cut_says_so_with_its_gap(monkeypatch):
    problem = small(today=TODAY, locks=(Lock("DEU", open=True),))
    chosen = allocation.solve(problem)
    notes = baselines.compare(problem, chosen).table["note"]
    assert all(note.gap == 0 for note in notes)
    cut(monkeypatch, baselines)
    for note in baselines.compare(problem, chosen).table["note"].drop("optimised"):
        assert note.gap == 0.125 and "its search was cut short (up to 12.5% from the best)" in str(note)


def test_a_rival_that_was_not_found_in_time_is_not_said_to_be_impossible(monkeypatch):
    problem = small(today=TODAY, locks=(Lock("DEU", open=True),))
    chosen = allocation.solve(problem)
    cut(monkeypatch, baselines, forget=True)
    notes = baselines.compare(problem, chosen).table["note"].drop("optimised")
    assert {str(note) for note in notes} == {"none was found in the time allowed"}


IMPOSSIBLE = {"locks": (Lock("DEU", people=3),), "language_capacity": {"de": 2}, "people": (9, 9),
              "budget_usd": (2e6, 2e6)}  # fmt: skip


def test_repairs_from_a_search_that_was_cut_are_not_called_the_least(monkeypatch):
    assert "The least change that would make a plan possible:" in str(conflict(small(**IMPOSSIBLE)))
    cut(monkeypatch, infeasibility)
    error = conflict(small(**IMPOSSIBLE))
    assert error.repairs and error.repairs_gap == 0.125
    assert "may be larger than the least (by up to 12.5%: the search was cut short)" in str(error)


def test_a_conflict_is_told_only_where_a_search_has_proven_it(monkeypatch):
    cut(monkeypatch, infeasibility, forget=True)
    error = conflict(small(**IMPOSSIBLE))
    assert (error.conflicts, error.repairs, error.complete) == ((), (), False)
    assert "which of them conflict was not found in the time allowed" in str(error)


def test_people_that_would_have_to_give_are_whole(monkeypatch):
    search = optimize.milp

    def nearly(*arguments, **named):
        result = search(*arguments, **named)
        if result.x is not None:
            result.x = result.x - 1e-8
        return result

    monkeypatch.setattr(infeasibility.optimize, "milp", nearly)
    assert all(
        repair.by == int(repair.by) for repair in conflict(small(**IMPOSSIBLE)).repairs if repair.unit == "people"
    )


def test_a_budget_of_three_wages_pays_three_people():
    market_ = market(0, wage_usd=99_999.99, entry_cost_usd=0.0, max_people=9, friction=0.0)
    problem = small(markets=(market_,), opportunities=(offer(0, 4e9),), budget_usd=(299_999.97,), people=(9,))
    assert milp._most_heads(problem)[0, 0] == 3
    assert allocation.solve(problem).choice.people.sum() == 3
