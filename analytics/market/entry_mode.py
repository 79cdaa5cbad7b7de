"""Go, pilot or wait; and how: export, licensing, joint venture or a company of our own."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

STRATEGY_FILE = Path(__file__).with_name("strategy.toml")
CRITERIA = ("control", "commitment", "speed", "reversibility", "ip_risk", "law_need", "local_knowledge")
VERDICTS = ("go", "pilot", "wait", "blocked", "no advice")
ENTERED = ("go", "pilot")
"""Verdicts with which a mode of entry is advised."""
BARRED = {"ownership": ("wholly_owned",)}
"""Modes that a kind of gate rules out (`data.gates`)."""


@dataclass(frozen=True)
class Rules:
    """The thresholds of a decision; see strategy.toml."""

    shortlist: int
    certain: float
    possible: float
    weakest_law: float
    least_known: float
    nearly_equal: float


@dataclass(frozen=True)
class Decision:
    """verdict: one of VERDICTS. rule: the key of the rule that fired; facts: the figures it looked at.

    flip: the smallest change that would give another verdict, as a key, the verdict it gives and the figure needed;
    None where no figure would (a legal gate).
    """

    verdict: str
    rule: str
    facts: Mapping[str, float]
    flip: tuple[str, str, float] | None


@dataclass(frozen=True)
class Traits:
    """What the mode of entry depends on, each 0-1; NaN where unknown counts as 0.5.

    rule_of_law: share of markets with a weaker one. certainty: share of index variants that shortlist the market. size:
    share of markets with a smaller economy. distance: share of markets that are nearer to home.
    """

    rule_of_law: float
    certainty: float
    size: float = 0.5
    distance: float = 0.5


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


def decide(
    p_shortlist: float, law_ahead_of: float, limits: Rules, known_share: float = 1.0, gates: Collection[str] = ()
) -> Decision:
    """Go, pilot or wait for one market.

    p_shortlist: share of the ways to build the index in which it ranks among the first limits.shortlist, 0-1.
    law_ahead_of: share of markets with a weaker rule of law, 0-1 (NaN: unknown). known_share: share of the score's
    weight that is known, 0-1. gates: kinds of gates that stand before it. The first rule that holds: "gate" blocks
    whatever the figures say, "little known" gives no advice, "unlikely" waits, "weak law" goes no further than a pilot,
    "certain" goes, "promising" pilots.
    """
    facts = {"p_shortlist": p_shortlist, "law_ahead_of": law_ahead_of, "known": known_share}
    if {"closed", "restricted"} & set(gates):
        return Decision("blocked", "gate", facts, None)
    if known_share < limits.least_known:
        return Decision("no advice", "little known", facts, None)
    given_up = ("p_shortlist", "wait", limits.possible)
    if p_shortlist < limits.possible:
        return Decision("wait", "unlikely", facts, ("p_shortlist", "pilot", limits.possible))
    if pd.notna(law_ahead_of) and law_ahead_of < limits.weakest_law:
        to_go = ("law_ahead_of", "go", limits.weakest_law)
        return Decision("pilot", "weak law", facts, to_go if p_shortlist >= limits.certain else given_up)
    if p_shortlist >= limits.certain:
        return Decision("go", "certain", facts, ("p_shortlist", "pilot", limits.certain))
    nearer_go = limits.certain - p_shortlist <= p_shortlist - limits.possible
    return Decision("pilot", "promising", facts, ("p_shortlist", "go", limits.certain) if nearer_go else given_up)


def mode_scores(
    traits: Traits, weights: Mapping[str, float] | None = None, gates: Collection[str] = ()
) -> pd.DataFrame:
    """Entry modes for a market, the best first: points per criterion (0-1, more is better) and their mean, 0-100.

    What a criterion costs grows with what makes it matter: less control with the size of the market; commitment and
    being unable to turn back with the uncertainty of the market; the risk to intellectual property and the need for law
    with a weak rule of law; a lack of local knowledge with the distance from home. Speed counts as it is. A mode that a
    gate bars has `allowed` False and stands last. Raises ValueError for weights that are negative, unknown or sum to 0.
    """
    weights = dict(default_weights() if weights is None else weights)
    _refuse_unusable(weights)
    of, (law, certainty, size, distance) = (
        modes(),
        (
            0.5 if pd.isna(value) else value
            for value in (traits.rule_of_law, traits.certainty, traits.size, traits.distance)
        ),
    )
    points = pd.DataFrame(
        {
            "control": 1 - (1 - of["control"]) * size,
            "commitment": 1 - of["commitment"] * (1 - certainty),
            "speed": of["speed"],
            "reversibility": 1 - (1 - of["reversibility"]) * (1 - certainty),
            "ip_risk": 1 - of["ip_risk"] * (1 - law),
            "law_need": 1 - of["law_need"] * (1 - law),
            "local_knowledge": 1 - (1 - of["local_knowledge"]) * distance,
        }
    )
    weight = pd.Series(weights).reindex(points.columns).fillna(0.0)
    points["score"] = 100 * (points @ weight) / weight.sum()
    barred = {mode for kind in gates for mode in BARRED.get(kind, ())}
    points["allowed"] = ~points.index.isin(barred)
    return points.sort_values(["allowed", "score"], ascending=False, kind="stable")


def _refuse_unusable(weights: Mapping[str, float]) -> None:
    unknown = set(weights) - set(CRITERIA)
    if unknown or any(not weight >= 0 for weight in weights.values()) or not sum(weights.values()) > 0:
        raise ValueError(
            f"Weights must be given for {', '.join(CRITERIA)}, none negative and at least one above zero"
            + (f"; unknown: {', '.join(sorted(unknown))}." if unknown else ".")
        )


@cache
def _no_modes() -> pd.DataFrame:
    return mode_scores(Traits(float("nan"), float("nan"))).iloc[:0]


def advised(scores: pd.DataFrame, limits: Rules) -> tuple[str, ...]:
    """The best allowed mode, then those within limits.nearly_equal points of it. scores: of `mode_scores`."""
    allowed = scores[scores["allowed"]]
    return tuple(allowed.index[allowed["score"] >= allowed["score"].iloc[0] - limits.nearly_equal])


@dataclass(frozen=True)
class Advice:
    """What is advised for a market: the decision, and the modes of entry where it may be entered, the best first.

    modes: as `mode_scores` gives; empty where no entry is advised. nearly: the best mode, and those nearly equal.
    """

    decision: Decision
    traits: Traits
    gates: tuple[str, ...]
    modes: pd.DataFrame
    nearly: tuple[str, ...]

    @property
    def verdict(self) -> str:
        return self.decision.verdict


def advise(
    traits: Traits,
    known_share: float,
    gates: tuple[str, ...],
    limits: Rules,
    weights: Mapping[str, float] | None = None,
) -> Advice:
    """Decide, and choose a mode only where entering is advised. Raises ValueError as `mode_scores`."""
    if weights is not None:
        _refuse_unusable(weights)
    decision = decide(traits.certainty, traits.rule_of_law, limits, known_share, gates)
    if decision.verdict not in ENTERED:
        return Advice(decision, traits, gates, _no_modes(), ())
    modes = mode_scores(traits, weights, gates)
    return Advice(decision, traits, gates, modes, advised(modes, limits))
