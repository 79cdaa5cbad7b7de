"""From what the reader's network answers at every step to the line it shows.

Connectionist temporal classification (Graves et al. 2006): runs of one character count once, class 0 is "nothing". A
beam search weighs what the network sees with how lines are spelled (`character_lm`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from models.prices import alphabet
from models.vision.reader.character_lm import END, ORDER, START, CharacterLM, token

BEAMS = 8
"""Lines that the decoder follows at a time."""
RIVALS = 10
"""Characters that it weighs at a step."""


@dataclass(frozen=True)
class Path:
    """What the network's answers say. steps: where each character peaks; peaks: how likely it is there; share: how
    likely the line is among the lines it might be."""

    drawn: str
    steps: tuple[int, ...]
    peaks: tuple[float, ...]
    share: float

    @property
    def evidence(self) -> tuple[float, float, float]:
        """What `Trust.line` weighs."""
        return log_odds(self.share), log_odds(min(self.peaks, default=0.5)), float(len(self.drawn))


def log_odds(share: float) -> float:
    """log(p / (1 - p)), p kept a ten-thousandth from 0 and 1."""
    share = min(max(share, 1e-4), 1 - 1e-4)
    return float(np.log(share / (1 - share)))


def decoded(
    looks: Sequence[np.ndarray], alphabet_: str, spelling: CharacterLM | None = None, weight: float = 0.0
) -> Path:
    """The likeliest line in one or more looks at it: shares (steps, characters + 1) each, class 0 for nothing.

    What a look may show is found by `rivals` and weighed by the mean of all looks' log likelihoods. spelling: how
    likely characters follow one another, to the power of `weight`. Steps and peaks are those of the first look.
    """
    told: dict[str, float] = {}
    for look in looks:
        told.update(rivals(look, alphabet_, spelling, weight))
    texts = [[alphabet_.index(char) + 1 for char in drawn] for drawn in told]
    scores = np.mean([likelihoods(look, texts) for look in looks], axis=0) + np.fromiter(told.values(), float)
    best = int(np.argmax(scores))
    shares, drawn = looks[0], list(told)[best]
    steps = aligned(shares, texts[best])
    peaks = [float(shares[step, number]) for step, number in zip(steps, texts[best], strict=True)]
    return Path(drawn, tuple(steps), tuple(peaks), float(1 / np.exp(scores - scores[best]).sum()))


def rivals(
    shares: np.ndarray, alphabet_: str, spelling: CharacterLM | None = None, weight: float = 0.0
) -> dict[str, float]:
    """Lines that shares (steps, characters + 1) may show, by CTC prefix beam search (Hannun et al. 2014), with the log
    of how likely each is spelled, times `weight`."""
    empty = -math.inf
    beams: dict[str, tuple[float, float, float]] = {"": (0.0, empty, 0.0)}  # ends in nothing, in a character; spelling
    histories = {"": START}
    for row in np.log(np.maximum(shares, 1e-9)):
        likely = [int(c) for c in np.argsort(row)[-RIVALS:] if c and row[c] > row.max() - 6.5]
        grown: dict[str, list[float]] = {}
        for prefix, (blank, char, told) in beams.items():
            both = _either(blank, char)
            stay = grown.setdefault(prefix, [empty, empty, told])
            stay[0] = _either(stay[0], both + row[0])
            if prefix:
                stay[1] = _either(stay[1], char + row[alphabet_.index(prefix[-1]) + 1])
            for number in likely:
                added = alphabet_[number - 1]
                longer = prefix + added
                if longer not in grown:
                    more = weight * spelling.after(histories[prefix], added) if spelling and weight else 0.0
                    grown[longer] = [empty, empty, told + more]
                    histories[longer] = (histories[prefix] + token(added))[-ORDER + 1 :]
                before = blank if prefix and prefix[-1] == added else both
                grown[longer][1] = _either(grown[longer][1], before + row[number])
        best = sorted(grown.items(), key=lambda item: -(_either(item[1][0], item[1][1]) + item[1][2]))[:BEAMS]
        beams = {prefix: tuple(values) for prefix, values in best}
    if not spelling or not weight:
        return dict.fromkeys(beams, 0.0)
    return {p: told + (weight * spelling.after(histories[p], END) if p else 0.0) for p, (*_, told) in beams.items()}


def likelihoods(shares: np.ndarray, texts: Sequence[Sequence[int]]) -> np.ndarray:
    """log P(text | shares) of texts, lists of classes: the sum over all their paths (Graves et al. 2006)."""
    used = sorted({0}.union(*texts))
    place = {number: index for index, number in enumerate(used)}
    logs = torch.from_numpy(np.log(np.maximum(shares[:, used], 1e-9))).double()[:, None]
    targets = torch.tensor([place[number] for text in texts for number in text], dtype=torch.long)
    steps, lengths = torch.full((len(texts),), len(shares)), torch.tensor([len(text) for text in texts])
    return -F.ctc_loss(logs.expand(-1, len(texts), -1), targets, steps, lengths, reduction="none").numpy()


def _either(one: float, other: float) -> float:
    """log(exp(one) + exp(other))."""
    if one < other:
        one, other = other, one
    return one if other == -math.inf else one + math.log1p(math.exp(other - one))


def aligned(shares: np.ndarray, classes: Sequence[int]) -> list[int]:
    """The step at which each character of a line is likeliest, along its likeliest path (Viterbi 1967)."""
    if not classes:
        return []
    states = np.zeros(2 * len(classes) + 1, dtype=int)
    states[1::2] = classes
    logs = np.log(np.maximum(shares[:, states], 1e-12))
    skips = np.zeros(len(states), dtype=bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    score = np.full(len(states), -np.inf)
    score[:2] = logs[0, :2]
    came = np.zeros((len(shares), len(states)), dtype=np.int8)
    for step in range(1, len(shares)):
        ways = np.stack(
            (score, np.r_[-np.inf, score[:-1]], np.where(skips, np.r_[-np.inf, -np.inf, score[:-2]], -np.inf))
        )
        came[step] = ways.argmax(0)
        score = ways.max(0) + logs[step]
    state = len(states) - 1 - int(score[-2] > score[-1])
    found: dict[int, int] = {}
    for step in range(len(shares) - 1, -1, -1):
        if state % 2:
            place = state // 2
            if place not in found or logs[step, state] > logs[found[place], state]:
                found[place] = step
        state -= int(came[step, state])
    return [found.get(place, 0) for place in range(len(classes))]


def families(alphabet_: str) -> tuple[np.ndarray, ...]:
    """Classes that exclude one another within a line, two tables of booleans (families, characters + 1).

    The first: decimal digits by numbering system (Arabic and extended Arabic share most of theirs). The second: letters
    of the Latin, Greek and Cyrillic alphabets, whose capitals look alike.
    """
    chars = ("", *alphabet_)
    shared = set(alphabet.DIGITS["arab"]) & {alphabet.fold(digit) for digit in alphabet.DIGITS["arabext"]}
    systems = {
        name: ({alphabet.fold(digit) for digit in digits} | (shared if name == "arabext" else set()))
        for name, digits in alphabet.DIGITS.items()
        if name not in ("hanidec", "fullwide")
    }
    digits = np.array([[char in members for char in chars] for members in systems.values()])
    letters = np.array([
        [char.isalpha() and low <= char <= high for char in chars]
        for low, high in (("A", "\u024f"), ("\u0370", "\u03ff"), ("\u0400", "\u052f"))
    ])  # fmt: skip
    return digits, letters


def consistent(shares: np.ndarray, tables: Sequence[np.ndarray]) -> np.ndarray:
    """shares (steps, characters + 1) with what belongs to another family than most of the line taken out.

    A price has digits of one numbering system and letters of one alphabet: the family with the largest share of the
    line stays, what the others had goes to the classes that are left.
    """
    kept = np.ones(shares.shape[1], dtype=bool)
    for table in tables:
        mass = (shares.sum(0) * table).sum(1)
        kept &= table[mass.argmax()] | ~table.any(0)
    left = shares * kept
    total = left.sum(1, keepdims=True)
    return np.where(total > 1e-6, left / np.maximum(total, 1e-6), shares)
