"""How much the character model counts, and from the decoder's certainty to a probability of being right."""

from dataclasses import asdict, replace
from difflib import SequenceMatcher

import numpy as np
from sklearn.linear_model import LogisticRegression

from models.cards import Card
from models.vision.reader import ctc, line_reader
from models.vision.reader import network as reader_network
from models.vision.reader.character_lm import CharacterLM
from models.vision.reader.synthetic_lines import CONDITIONS, DEV_SEED, Lines, draw

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""What spelling may count."""


def calibrated(card: Card, network: reader_network.Network, spelling: CharacterLM, count: int) -> Card:
    """The card with the weight of spelling and the trust found on lines that nothing was learnt from, count of each
    condition."""
    dev = [draw(DEV_SEED + index, count, wear=wear) for index, wear in enumerate(CONDITIONS.values())]
    held = Lines(
        np.concatenate([d.pixels for d in dev], axis=1), np.concatenate([d.widths for d in dev]),
        sum((d.drawn for d in dev), ()), sum((d.scripts for d in dev), ()),
    )  # fmt: skip
    card = replace(card, config={**card.config, "spelling": best_weight(card, network, spelling, held)})
    trust = fit_calibration(line_reader.LineReader(card, network, spelling=spelling), held)
    return replace(card, config={**card.config, "trust": asdict(trust)})


def best_weight(card: Card, network: reader_network.Network, spelling: CharacterLM, held: Lines) -> float:
    """How much spelling is to count beside the network: the weight under which most of these lines are read right."""
    right = {}
    for weight in WEIGHTS:
        trial = replace(card, config={**card.config, "spelling": weight})
        paths = line_reader.LineReader(trial, network, spelling=spelling).paths(held.cut())
        right[weight] = sum(path.drawn == drawn for path, drawn in zip(paths, held.drawn, strict=True))
    return max(WEIGHTS, key=lambda weight: (right[weight], -weight))


def fit_calibration(reader: line_reader.LineReader, held: Lines) -> line_reader.Calibration:
    """The rule from certainty to probability that makes the truth of these lines likeliest (Platt 1999)."""
    evidence, right, odds, hits = [], [], [], []
    for path, drawn in zip(reader.paths(held.cut()), held.drawn, strict=True):
        if not path.drawn:
            continue
        evidence.append(path.evidence)
        right.append(path.drawn == drawn)
        odds += [ctc.log_odds(peak) for peak in path.peaks]
        hits += _hits(path.drawn, drawn)
    if len(set(right)) < 2 or len(set(hits)) < 2:
        return line_reader.Calibration()
    whole = LogisticRegression(C=100, max_iter=1000).fit(np.array(evidence), right)
    single = LogisticRegression(C=100).fit(np.array(odds)[:, None], hits)
    return line_reader.Calibration((*map(float, whole.coef_[0]), float(whole.intercept_[0])),
                       (float(single.coef_[0, 0]), float(single.intercept_[0])))  # fmt: skip


def _hits(read: str, truth: str) -> list[bool]:
    """For each character read, whether it belongs to the truth in the cheapest alignment."""
    matched = [False] * len(read)
    for block in SequenceMatcher(None, read, truth, autojunk=False).get_matching_blocks():
        matched[block.a : block.a + block.size] = [True] * block.size
    return matched
