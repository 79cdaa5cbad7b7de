"""Decisions and entry modes: each rule fires on its own case, gates come first, and every mode can win."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.market import entry_mode
from analytics.market.entry_mode import Traits

LIMITS = entry_mode.Rules(shortlist=20, certain=0.8, possible=0.25, weakest_law=0.2, least_known=0.6, nearly_equal=5.0)
SHARES = st.floats(0, 1)


@pytest.mark.parametrize(
    ("p_shortlist", "law", "verdict", "rule"),
    [
        (0.95, 0.9, "go", "certain"),
        (0.95, 0.1, "pilot", "weak law"),
        (0.5, 0.9, "pilot", "promising"),
        (0.1, 0.9, "wait", "unlikely"),
        (0.95, float("nan"), "go", "certain"),
    ],
)
def test_each_rule_fires_on_its_case(p_shortlist, law, verdict, rule):
    decision = entry_mode.decide(p_shortlist, law, LIMITS)
    assert (decision.verdict, decision.rule) == (verdict, rule)


@given(SHARES, SHARES, SHARES, st.sampled_from(["closed", "restricted"]))
def test_a_legal_gate_blocks_whatever_the_figures_say(p_shortlist, law, known, gate):
    decision = entry_mode.decide(p_shortlist, law, LIMITS, known, (gate, "data"))
    assert (decision.verdict, decision.flip) == ("blocked", None)


def test_nothing_is_advised_on_a_market_that_is_hardly_known():
    assert entry_mode.decide(1.0, 1.0, LIMITS, known_share=0.44).verdict == "no advice"
    assert entry_mode.decide(1.0, 1.0, LIMITS, known_share=0.60).verdict == "go"


@given(SHARES, SHARES)
def test_the_change_that_is_said_to_flip_a_decision_does_flip_it(p_shortlist, law):
    decision = entry_mode.decide(p_shortlist, law, LIMITS)
    figure, verdict, needed = decision.flip
    down = {"p_shortlist": p_shortlist, "law_ahead_of": law}[figure] >= needed
    moved = needed - 1e-9 if down else needed

    after = entry_mode.decide(
        moved if figure == "p_shortlist" else p_shortlist, moved if figure == "law_ahead_of" else law, LIMITS
    )

    assert decision.verdict != verdict
    assert after.verdict == verdict


@pytest.mark.parametrize("figures", [(0.1, 0.9), (0.95, 0.9)])
@pytest.mark.parametrize("gates", [(), ("closed",)])
def test_a_mode_is_named_only_where_entering_is_advised(figures, gates):
    advice = entry_mode.advise(Traits(figures[1], figures[0]), 1.0, gates, LIMITS)
    assert bool(advice.nearly) == (advice.verdict in entry_mode.ENTERED)


# ------------------------------------------------------------------ modes


def test_export_leads_where_the_market_is_uncertain_and_the_law_weak():
    assert entry_mode.mode_scores(Traits(0.05, 0.1, 0.5, 0.2)).index[0] == "export"


def test_a_company_of_our_own_leads_in_a_large_certain_market_near_home():
    assert entry_mode.mode_scores(Traits(0.95, 1.0, 0.95, 0.1)).index[0] == "wholly_owned"


def test_a_joint_venture_leads_in_a_large_certain_market_far_away():
    assert entry_mode.mode_scores(Traits(0.7, 0.9, 0.9, 0.9)).index[0] == "joint_venture"


def test_licensing_leads_in_a_small_uncertain_market_far_away_with_good_law():
    assert entry_mode.mode_scores(Traits(0.95, 0.3, 0.3, 0.8)).index[0] == "licensing"


def test_an_ownership_limit_rules_out_a_company_of_our_own():
    scores = entry_mode.mode_scores(Traits(0.95, 1.0, 0.95, 0.1), gates=("ownership",))
    assert scores.index[-1] == "wholly_owned" and not scores.at["wholly_owned", "allowed"]
    assert "wholly_owned" not in entry_mode.advised(scores, LIMITS)


def test_modes_within_five_points_are_called_nearly_equal():
    scores = entry_mode.mode_scores(Traits(0.7, 0.9, 0.9, 0.9))
    named = entry_mode.advised(scores, LIMITS)
    assert named[0] == scores.index[0]
    for mode, row in scores.iterrows():
        assert (mode in named) == (row["score"] >= scores["score"].iloc[0] - 5)


@given(SHARES, SHARES, SHARES, SHARES)
def test_scores_lie_between_0_and_100(rule_of_law, certainty, size, distance):
    scores = entry_mode.mode_scores(Traits(rule_of_law, certainty, size, distance))["score"]
    assert scores.between(0, 100).all()


def test_what_is_unknown_counts_as_the_middle():
    unknown = entry_mode.mode_scores(Traits(float("nan"), 0.5, float("nan"), float("nan")))
    assert unknown["score"].equals(entry_mode.mode_scores(Traits(0.5, 0.5, 0.5, 0.5))["score"])


@given(SHARES, SHARES, st.floats(0.1, 10))
def test_only_the_proportions_of_weights_matter(rule_of_law, certainty, scale):
    traits = Traits(rule_of_law, certainty)
    scaled = {key: weight * scale for key, weight in entry_mode.default_weights().items()}
    assert entry_mode.mode_scores(traits, scaled)["score"].to_dict() == pytest.approx(
        entry_mode.mode_scores(traits)["score"].to_dict()
    )


@pytest.mark.parametrize("weights", [{"control": 0.0}, {"control": -1.0}, {"colour": 1.0}, {"control": float("nan")}])
def test_weights_that_mean_nothing_are_refused_with_a_sentence(weights):
    with pytest.raises(ValueError, match="none negative and at least one above zero"):
        entry_mode.mode_scores(Traits(0.5, 0.5), weights)


# ------------------------------------------------------------------ real markets

SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "indicators" / "observations.parquet"


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared")
def test_each_mode_wins_for_some_real_market(home):
    from analytics.index import recipe
    from dashboard import load
    from data import ingest

    ingest.import_file(SHARED)
    first = set()
    for name in recipe.NAMES:
        for advice in load.verdicts(name, load.default_year(name)).values():
            assert bool(advice.nearly) == (advice.verdict in entry_mode.ENTERED)
            first |= set(advice.nearly[:1])
    assert first == set(entry_mode.modes().index)
