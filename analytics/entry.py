"""Go, pilot or wait; and how: export, licensing, joint venture or a company of our own."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

STRATEGY_FILE = Path(__file__).with_name("strategy.toml")
CRITERIA = ("control", "commitment", "speed", "reversibility", "ip_risk", "law_need")


@dataclass(frozen=True)
class Rules:
    """The thresholds of a decision; see strategy.toml."""

    shortlist: int
    certain: float
    possible: float
    weakest_law: float


@dataclass(frozen=True)
class Decision:
    """verdict: go, pilot or wait. rule: the key of the rule that fired; facts: the figures it looked at.

    flip: the smallest change that would give another verdict, as a key, the verdict it gives and the figure needed.
    """

    verdict: str
    rule: str
    facts: Mapping[str, float]
    flip: tuple[str, str, float]


@cache
def rules() -> Rules:
    return Rules(**tomllib.loads(STRATEGY_FILE.read_text(encoding="utf-8"))["decision"])


@cache
def modes() -> pd.DataFrame:
    """What each entry mode is like: (modes, CRITERIA), 0-1."""
    raw = tomllib.loads(STRATEGY_FILE.read_text(encoding="utf-8"))["mode"]
    return pd.DataFrame(raw).T[list(CRITERIA)].astype(float)


@cache
def default_weights() -> Mapping[str, float]:
    return tomllib.loads(STRATEGY_FILE.read_text(encoding="utf-8"))["weight"]


def decide(p_shortlist: float, law_ahead_of: float, untapped_high: float | None, limits: Rules) -> Decision:
    """Go, pilot or wait for one market.

    p_shortlist: share of the ways to build the index in which it ranks among the first limits.shortlist, 0-1.
    law_ahead_of: share of markets with a weaker rule of law, 0-1 (NaN: unknown). untapped_high: upper end of the
    untapped potential; None where none was estimated. The first rule that holds: "unlikely" waits, "weak law" and
    "saturated" go no further than a pilot, "certain" goes, "promising" pilots.
    """
    facts = {"p_shortlist": p_shortlist, "law_ahead_of": law_ahead_of}
    if untapped_high is not None:
        facts["untapped_high"] = untapped_high
    saturated = untapped_high is not None and untapped_high < 0
    weak = pd.notna(law_ahead_of) and law_ahead_of < limits.weakest_law
    given_up = ("p_shortlist", "wait", limits.possible)
    if p_shortlist < limits.possible:
        return Decision("wait", "unlikely", facts, ("p_shortlist", "pilot", limits.possible))
    if weak:
        to_go = ("law_ahead_of", "go", limits.weakest_law)
        return Decision(
            "pilot", "weak law", facts, to_go if p_shortlist >= limits.certain and not saturated else given_up
        )
    if saturated:
        to_go = ("untapped_high", "go", 0.0)
        return Decision("pilot", "saturated", facts, to_go if p_shortlist >= limits.certain else given_up)
    if p_shortlist >= limits.certain:
        return Decision("go", "certain", facts, ("p_shortlist", "pilot", limits.certain))
    nearer_go = limits.certain - p_shortlist <= p_shortlist - limits.possible
    return Decision("pilot", "promising", facts, ("p_shortlist", "go", limits.certain) if nearer_go else given_up)


def mode_scores(rule_of_law: float, certainty: float, weights: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Entry modes for a market, the best first: points per criterion and their weighted mean `score`, 0-100.

    rule_of_law, certainty: 0-1, shares of markets behind this one and of weightings that shortlist it. Control and
    speed count as they are; commitment counts against a mode the less certain the market is, reversibility for it; IP
    risk and the need for law count against it the weaker the rule of law is. Raises ValueError for weights that are
    negative, unknown or sum to zero.
    """
    weights = dict(default_weights() if weights is None else weights)
    unknown = set(weights) - set(CRITERIA)
    if unknown or any(not weight >= 0 for weight in weights.values()) or not sum(weights.values()) > 0:
        raise ValueError(
            f"Weights must be given for {', '.join(CRITERIA)}, none negative and at least one above zero"
            + (f"; unknown: {', '.join(sorted(unknown))}." if unknown else ".")
        )
    traits = modes()
    points = pd.DataFrame(
        {
            "control": traits["control"],
            "commitment": 1 - traits["commitment"] * (1 - certainty),
            "speed": traits["speed"],
            "reversibility": 1 - (1 - traits["reversibility"]) * (1 - certainty),
            "ip_risk": 1 - traits["ip_risk"] * (1 - rule_of_law),
            "law_need": 1 - traits["law_need"] * (1 - rule_of_law),
        }
    )
    weight = pd.Series(weights).reindex(points.columns).fillna(0.0)
    points["score"] = 100 * (points @ weight) / weight.sum()
    return points.sort_values("score", ascending=False, kind="stable")
