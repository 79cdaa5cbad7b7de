"""When an answer is not to be relied on (selective prediction), and when it is none of the known classes."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AbstentionRule:
    """When an answer is not to be relied on.

    threshold: smallest probability of the likeliest class. outside: the label that stands for "none of these"; rule:
    with x the log odds of the likeliest other class and z those of `outside`, its probability is
    1 / (1 + exp(-(rule[0] x + rule[1] z + rule[2]))), found on dev (Platt 1999).
    """

    threshold: float = 0.0
    outside: str | None = None
    rule: tuple[float, ...] = ()


def out_of_scope_logits(shares: np.ndarray, outside: int) -> np.ndarray:
    """x and z of `Doubts`, (texts, 2), from probabilities (texts, labels)."""
    inner = np.delete(shares, outside, axis=1)
    likely = np.clip(
        np.stack((inner.max(1) / np.maximum(inner.sum(1), 1e-9), shares[:, outside]), axis=1), 1e-6, 1 - 1e-6
    )
    return np.log(likely / (1 - likely))
