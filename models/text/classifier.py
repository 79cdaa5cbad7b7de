"""What every text model answers: a class with calibrated probabilities, whether it is sure, and the reasons by word."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

MAX_CHARACTERS = 2_000
"""Characters of a text that are read; the rest is cut, and the answer says so."""
AHEAD_SHARE, AHEAD_TIMES = 0.8, 2.0
"""An answer is sure from this probability on, or where it is this many times as likely as the next one."""


@dataclass(frozen=True)
class Answer:
    """One text classified: probabilities by class (calibrated, the likeliest first), and whether to rely on them.

    note: "" or why not to: "empty" (nothing to read), "no words" (no letter in it), "cut" (longer than MAX_CHARACTERS),
    "windowed" (read to 100,000 characters by the encoder, window by window, by our n-grams its beginning alone),
    "unsure" (below the model's threshold, or not clearly ahead), "unseen" (a language or script the model never saw).
    """

    label: str
    probabilities: dict[str, float]
    sure: bool
    note: str = ""

    @property
    def confidence(self) -> float:
        """The probability of the likeliest class."""
        return self.probabilities[self.label]


def clearly_ahead(probabilities: Iterable[float]) -> bool:
    """Whether the likeliest class leads by enough to be said without a doubt: the one rule, for every page.

    At 0.5 of two classes the winner is a coin's toss, however low a model's own threshold.
    """
    order = sorted(probabilities, reverse=True)
    return bool(order) and (order[0] >= AHEAD_SHARE or len(order) < 2 or order[0] >= AHEAD_TIMES * order[1])


@dataclass(frozen=True)
class Reason:
    """What one word did to the score of a class: where it stands in the text, and its attribution (signed)."""

    start: int
    end: int
    weight: float


class Classifier(Protocol):
    """A loaded text model. Thread-safe for reading; `device` is where it runs ("cpu", "cuda")."""

    name: str
    labels: tuple[str, ...]
    device: str

    def predict(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> list[Answer]:
        """One answer a text; languages: BCP 47 codes where they are known (else found out)."""
        ...

    def explain(self, text: str, label: str | None = None, language: str | None = None) -> list[Reason]:
        """Integrated gradients by word for a class (the likeliest unless told); sums to the change of its logit.

        A model that answers together with one of the hub leaves each word out in turn instead.
        """
        ...

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """One unit vector a text, shape (texts, dimensions), float32. Raises TextError where a model has none."""
        ...
