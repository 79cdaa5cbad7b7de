"""How an index is built: one frozen choice for each step, and the rule that a choice must be one of those we know."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from data.faults import Fault

TREATMENTS = ("none", "skew", "log")
IMPUTATIONS = ("none", "group median", "nearest", "iterative")
NORMALISATIONS = ("min-max", "z-score", "rank", "percentile", "distance to target", "goalposts")
WEIGHTINGS = ("recipe", "equal", "entropy", "pca")
AGGREGATIONS = ("arithmetic", "geometric", "copeland")
MIN_IMPUTATIONS = 5


class DesignError(Fault, ValueError):
    """A design cannot be carried out on these data, or is not about the index shown; says why and what to do."""


@dataclass(frozen=True)
class Design:
    """The steps of the OECD/JRC Handbook (2008) after screening. The defaults are the house's index.

    treatment: none; skew (winsorise up to 5 values of a skewed indicator, else its logarithm); log (logarithm of every
    skewed indicator). imputation: none lets a missing indicator's weight go to the others of its dimension; the others
    fill the gap and carry `imputations` noisy copies (at least 5) through to ranks. targets: indicator -> the value
    that is good enough. goalposts: indicator -> (0 points, 100 points); both in the indicator's unit.
    indicator_weights within a dimension, dimension_weights among dimensions. within: indicators -> dimension; across:
    dimensions -> index. seed: of the imputation's noise.
    """

    treatment: str = "skew"
    imputation: str = "none"
    normalisation: str = "min-max"
    indicator_weights: str = "recipe"
    dimension_weights: str = "recipe"
    within: str = "arithmetic"
    across: str = "arithmetic"
    targets: Mapping[str, float] = field(default_factory=dict, hash=False)
    goalposts: Mapping[str, tuple[float, float]] = field(default_factory=dict, hash=False)
    imputations: int = MIN_IMPUTATIONS
    seed: int = 0

    def __post_init__(self) -> None:
        known = {
            "treatment": TREATMENTS,
            "imputation": IMPUTATIONS,
            "normalisation": NORMALISATIONS,
            "indicator_weights": WEIGHTINGS,
            "dimension_weights": WEIGHTINGS,
            "within": AGGREGATIONS,
            "across": AGGREGATIONS,
        }
        for name, options in known.items():
            if getattr(self, name) not in options:
                raise DesignError(
                    "{step} {choice} is not known; choose one of: {options}.",
                    step=name,
                    choice=repr(getattr(self, name)),
                    options=", ".join(options),
                )
        if self.imputations < MIN_IMPUTATIONS:
            raise DesignError(
                "{count} imputations hide how unsure an imputed value is; use {fewest} or more.",
                count=self.imputations,
                fewest=MIN_IMPUTATIONS,
            )

    @property
    def is_additive(self) -> bool:
        """Do the points of the indicators simply add up?"""
        return self.within == self.across == "arithmetic"
