"""What is known of a text's language before its words are read: its letters, and how many people speak each.

A short text's words count less: the network knows sentences of prose, not greetings.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from data import store
from models.text import languages

WEIGHT = 0.5
"""How much speakers count: 0 not at all, every language alike; 1 as many as they are. On dev, 0.5 keeps most whole
sentences in rare languages right and most short texts in common ones."""
FEW = 6
"""Letters of a text at which what the network makes of it counts half: n letters count n / (n + FEW). On dev, texts cut
to one word are calibrated so (error 0.02 instead of 0.18), and whole sentences hardly change."""
MIN_SPEAKERS = 200_000
"""Speakers that a language without a figure, or with fewer, counts as."""


@cache
def speakers() -> dict[str, float]:
    """FLORES code -> people, at least MIN_SPEAKERS: sums over territories of population times share of speakers (CLDR's
    territory information, in data/reference)."""
    spoken = pd.read_csv(store.REFERENCE / "languages.csv", keep_default_na=False)
    people = pd.read_csv(store.REFERENCE / "observations.csv", keep_default_na=False)
    people = people[people["indicator"] == "cldr:population"].set_index("iso3")["value"].astype(float)
    count = pd.to_numeric(spoken["population_pct"]) / 100 * spoken["iso3"].map(people)
    by = count.groupby([spoken["language"], spoken["script"].replace("Kore", "Hang")]).sum()
    keys = {code: (languages.bcp47(code).partition("-")[0], code.partition("_")[2]) for code in languages.FLORES}
    return {code: max(MIN_SPEAKERS, float(by.get(key, 0.0))) for code, key in keys.items()}


class Prior:
    """Weighs a language model's logits. labels: FLORES codes."""

    def __init__(self, labels: Sequence[str]) -> None:
        known = speakers()
        self._speakers = WEIGHT * np.log([known.get(label, MIN_SPEAKERS) for label in labels]).astype(np.float32)
        scripts = np.array([languages.script(label) for label in labels])
        self._written = {script: scripts == script for script in set(scripts.tolist())}

    def weighed(self, logits: np.ndarray, texts: Sequence[str]) -> np.ndarray:
        """Logits (texts, labels), by each text's length, with the prior added; -inf for languages in scripts that a
        text has no letter of."""
        letters = np.array([sum(map(str.isalpha, text)) for text in texts], np.float32)[:, None]
        weighed = logits * (letters / (letters + FEW)) + self._speakers
        for row, text in zip(weighed, texts, strict=True):
            fitting = [self._written[script] for script in _scripts(text) if script in self._written]
            if fitting:
                row[~np.logical_or.reduce(fitting)] = -np.inf
        return weighed


def _scripts(text: str) -> set[str]:
    found = set().union(*map(languages.scripts, set(text)))
    written = languages.chinese_script(text)
    return found - {"Hans", "Hant"} | {written} if written else found
