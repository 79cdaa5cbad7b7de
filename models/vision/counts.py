"""How many things are in a picture, with an interval that also holds what was missed.

The confidences of what was found add up to the number expected. How far the true number lies from it is taken from
pictures that the network had not learned from: the quantiles of (true - expected) / sqrt(expected + 1), as split
conformal prediction takes them (Lei et al. 2018, "Distribution-free predictive inference for regression").
"""

from collections.abc import Sequence

import numpy as np

LIKELY = 0.5
"""From this confidence on a thing is more likely there than not."""
USUAL = 0.8
"""Share of pictures that `within` speaks of."""
MISS = 0.05
"""Share of pictures whose true number may lie outside the interval."""
Spread = tuple[float, float]


def spread(expected: Sequence[float], true: Sequence[int]) -> Spread:
    """The lowest and the highest of the middle 95 % of deviations, in units of sqrt(expected + 1); of few pictures,
    the outermost. Raises ValueError without a picture."""
    expected = np.asarray(expected, dtype=float)
    if not len(expected):
        raise ValueError("A spread needs at least one picture.")
    off = np.sort((np.asarray(true) - expected) / np.sqrt(expected + 1))
    outside = int(MISS / 2 * (len(off) + 1))  # this many may be left out on either side
    place = max(0, outside - 1)
    return float(min(0.0, off[place])), float(max(0.0, off[-1 - place]))


def count_interval(confidences: Sequence[float], around: Spread) -> tuple[float, float, float]:
    """The number expected of the things found, and its 95 % interval."""
    mean = float(np.sum(confidences))
    low, high = (mean + side * np.sqrt(mean + 1) for side in around)
    return mean, max(0.0, float(low)), float(high)


def within(expected: Sequence[float], true: Sequence[int]) -> float:
    """How far counts are usually off: of USUAL of the pictures at most this share of the number expected."""
    expected = np.asarray(expected, dtype=float)
    off = np.abs(np.asarray(true) - expected) / np.maximum(expected, 1.0)
    return float(np.quantile(off, USUAL))


def covered(expected: Sequence[float], true: Sequence[int], around: Spread) -> float:
    """The share of pictures whose true number lies in the interval, whole numbers at its ends included."""
    intervals = [count_interval([mean], around) for mean in expected]
    return float(np.mean([round(low) <= n <= round(high) for (_, low, high), n in zip(intervals, true, strict=True)]))
