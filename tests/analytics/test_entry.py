"""Decisions and entry modes: each rule fires on its own case, and says what would change it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import entry

LIMITS = entry.Rules(shortlist=20, certain=0.8, possible=0.25, weakest_law=0.2)
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
    decision = entry.decide(p_shortlist, law, None, LIMITS)
    assert (decision.verdict, decision.rule) == (verdict, rule)


def test_a_market_that_spends_more_than_its_like_gets_a_pilot_at_most():
    decision = entry.decide(0.95, 0.9, -1.0, LIMITS)
    assert (decision.verdict, decision.rule, decision.flip) == ("pilot", "saturated", ("untapped_high", "go", 0.0))
    assert entry.decide(0.95, 0.9, 1.0, LIMITS).verdict == "go"


@given(SHARES, SHARES)
def test_the_change_that_is_said_to_flip_a_decision_does_flip_it(p_shortlist, law):
    decision = entry.decide(p_shortlist, law, None, LIMITS)
    figure, verdict, needed = decision.flip
    down = {"p_shortlist": p_shortlist, "law_ahead_of": law}[figure] >= needed
    moved = needed - 1e-9 if down else needed

    after = entry.decide(
        moved if figure == "p_shortlist" else p_shortlist, moved if figure == "law_ahead_of" else law, None, LIMITS
    )

    assert decision.verdict != verdict
    assert after.verdict == verdict


def test_export_leads_where_the_market_is_uncertain_and_the_law_weak():
    assert entry.mode_scores(0.05, 0.1).index[0] == "export"


def test_a_company_of_our_own_leads_where_the_market_is_certain_and_control_counts():
    weights = dict.fromkeys(entry.CRITERIA, 0.0) | {"control": 1.0, "ip_risk": 1.0}
    assert entry.mode_scores(0.9, 1.0, weights).index[0] == "wholly_owned"


@given(SHARES, SHARES)
def test_scores_lie_between_0_and_100(rule_of_law, certainty):
    scores = entry.mode_scores(rule_of_law, certainty)["score"]
    assert scores.between(0, 100).all()


@given(SHARES, SHARES, st.floats(0.1, 10))
def test_only_the_proportions_of_weights_matter(rule_of_law, certainty, scale):
    plain = entry.mode_scores(rule_of_law, certainty)
    scaled = {key: weight * scale for key, weight in entry.default_weights().items()}
    assert entry.mode_scores(rule_of_law, certainty, scaled)["score"].to_dict() == pytest.approx(
        plain["score"].to_dict()
    )


@pytest.mark.parametrize("weights", [{"control": 0.0}, {"control": -1.0}, {"colour": 1.0}, {"control": float("nan")}])
def test_weights_that_mean_nothing_are_refused_with_a_sentence(weights):
    with pytest.raises(ValueError, match="none negative and at least one above zero"):
        entry.mode_scores(0.5, 0.5, weights)
