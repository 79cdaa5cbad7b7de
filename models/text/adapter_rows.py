"""Rows an adapter can learn a market from: our own example, or a language of the shared texts; and the general rows of
all other languages that show what it forgets.

The shared texts are those of `corpora.sentiment`. A market's sample is taken from their dev and test splits, since the
model has learned from their training split already: what it is judged on would look better than it is.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from models.cards import Source
from models.errors import ModelError
from models.text import corpora

EXAMPLE = Path(__file__).with_name("samples") / "swahili_products.csv"
EXAMPLE_LANGUAGE = "sw"
EXAMPLE_SOURCE = ("Lepton Atlas example: Swahili product reviews", "Apache-2.0")
SAMPLE, SAMPLE_TEST = 500, 100
MIN_DEV = 60
"""Dev rows that a language needs to be offered, and MIN_TEST test rows."""
MIN_TEST = 20
GENERAL = 40
"""General rows a language, to keep what was known and again to measure forgetting on."""


@dataclass(frozen=True)
class LabelledRows:
    """Labelled rows and where they come from. key: another one for other rows."""

    key: str
    rows: pd.DataFrame
    source: Source


def example() -> LabelledRows:
    """72 product reviews in Swahili, written for this program."""
    rows = pd.read_csv(EXAMPLE, dtype=str, keep_default_na=False)
    return LabelledRows(f"example {digest(EXAMPLE.read_bytes())}", rows, Source(*EXAMPLE_SOURCE, "", len(rows)))


def digest(content: bytes) -> str:
    """What tells one file from another."""
    return hashlib.sha256(content).hexdigest()[:16]


def languages() -> tuple[str, ...]:
    """Languages of the shared texts with rows enough to adapt to. Raises ModelError when there are none."""
    rows = _shared()
    counts = rows.groupby(["language", "split"]).size().unstack(fill_value=0)
    return tuple(counts.index[(counts["dev"] >= MIN_DEV) & (counts["test"] >= MIN_TEST)])


def shared(language: str, seed: int = 0, judged_on: int = SAMPLE_TEST) -> LabelledRows:
    """Up to 500 rows of a language: dev rows to learn from, a fifth of them for early stopping, and test rows to be
    judged on. judged_on: how many of these, beyond the 500. Raises ModelError without the shared texts."""
    rows = _shared()
    if not (rows["language"] == language).any():
        raise ModelError(
            "There are no shared rows in {language}. Choose from: {languages}.",
            language=language,
            languages=", ".join(sorted(set(rows["language"]))),
        )
    rows = rows[rows["language"] == language]
    held = rows[rows["split"] == "test"]
    held = held.sample(min(judged_on, len(held)), random_state=seed)
    learned = rows[rows["split"] == "dev"]
    learned = learned.sample(min(SAMPLE - min(SAMPLE_TEST, len(held)), len(learned)), random_state=seed)
    split = ["dev" if place % 5 == 4 else "train" for place in range(len(learned))]
    both = pd.concat([learned.assign(split=split), held])
    known = {name.lower(): (name, licence) for name, licence, _url in (corpora.AFRISENTI, corpora.XED, corpora.NUSAX)}
    used = [known.get(name, (name, "")) for name in sorted(both["source"].unique())]
    names, licences = (", ".join(dict.fromkeys(part)) for part in zip(*used, strict=True))
    return LabelledRows(
        f"shared {language}",
        both[["text", "label", "split"]].reset_index(drop=True),
        Source(names, licences, "", len(both)),
    )


def general(language: str, seed: int = 0) -> pd.DataFrame:
    """Text, label, language, split of every other language: 40 training and 40 test rows each.

    Raises ModelError without the shared texts.
    """
    return _general(language.split("-")[0], seed, *_stamp())


def seen() -> frozenset[str]:
    """The texts of the general test split. Raises ModelError without the shared texts."""
    return _seen(*_stamp())


@lru_cache(maxsize=4)
def _general(plain: str, seed: int, file: Path, changed: int) -> pd.DataFrame:
    rows = corpora.sentiment().rows
    rows = rows[rows["split"].isin(["train", "test"]) & (rows["language"].str.split("-").str[0] != plain)]
    shuffled = rows.sample(frac=1, random_state=seed)
    kept = shuffled[shuffled.groupby(["language", "split"]).cumcount() < GENERAL]
    return kept[["text", "label", "language", "split"]].reset_index(drop=True)


@lru_cache(maxsize=1)
def _seen(file: Path, changed: int) -> frozenset[str]:
    rows = corpora.sentiment().rows
    return frozenset(rows.loc[rows["split"] == "test", "text"])


def _shared() -> pd.DataFrame:
    return _outside_training(*_stamp())


@lru_cache(maxsize=1)
def _outside_training(file: Path, changed: int) -> pd.DataFrame:
    rows = corpora.sentiment().rows
    return rows[rows["split"] != "train"].reset_index(drop=True)


def _stamp() -> tuple[Path, int]:
    """The file of the shared texts and when it changed. Raises ModelError."""
    file = corpora.folder() / "sentiment.parquet"
    return file, file.stat().st_mtime_ns if file.is_file() else 0
