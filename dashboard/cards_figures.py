"""What a model's card says, as tables: tolerant of what a card leaves out, the same for text and picture models."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics import reach
from dashboard import language_lab_answers, load
from dashboard.language import _

if TYPE_CHECKING:
    from models.registry import Card

GROUPINGS = ("per_language", "per_kind", "per_class")
SCORES = ("macro_f1", "f1", "accuracy")
PEOPLE = ("SP.POP.TOTL", "cldr:population")


def grouping(card: "Card") -> str | None:
    """What the card has scores by: language if it has several, else kind of picture, else class."""
    return next((name for name in GROUPINGS if len(card.metrics.get(name) or {}) > 1), None)


def group_title(card: "Card", by: str, group: str) -> str:
    if by == "per_language" or card.task == "language":
        return language_lab_answers.language_of(group)
    return language_lab_answers.label_name(card.name, group).strip("`")


def groups(card: "Card", by: str) -> pd.DataFrame:
    """Score by group, the weakest first: title, score, low, high, n by group; low and high nan where not measured."""
    rows = {}
    for group, entry in (card.metrics.get(by) or {}).items():
        score = score_of(entry)
        if score is not None:
            rows[group] = (group_title(card, by, group), score, entry.get("low"), entry.get("high"), entry.get("n"))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["title", "score", "low", "high", "n"])
    return table.astype({"score": float, "low": float, "high": float, "n": float}).sort_values("score", kind="stable")


def score_of(entry: Any) -> float | None:
    """The score that an entry of a card gives: macro-F1 before F1 before accuracy."""
    if not isinstance(entry, Mapping):
        return None
    return next((float(entry[name]) for name in SCORES if isinstance(entry.get(name), int | float)), None)


def score_name(card: "Card") -> str:
    """What the card's score is called."""
    return _("macro-F1") if "macro_f1" in card.metrics else _("Accuracy")


def speakers(scores: pd.DataFrame) -> pd.Series:
    """People who speak each language of the scores (index: FLORES or BCP 47 codes), in all markets; nan if unknown."""
    from models.text import languages

    rows = load.latest(PEOPLE, int(load.status()["last_year"]), 10)
    counts = rows["indicator"].value_counts()
    code = max(PEOPLE, key=lambda one: counts.get(one, 0))
    people = rows[rows["indicator"] == code].set_index("iso3")["value"]
    spoken = reach.shares(load.market_facts("market_languages"))
    total = spoken.mul(people.reindex(spoken.index).fillna(0.0), axis=0).sum()
    found = {}
    for group in scores.index:
        short = languages.bcp47(group)
        found[group] = total.get(short.replace("-", "_"), total.get(short.partition("-")[0]))
    sizes = pd.Series(found, dtype=float)
    return sizes.where(sizes > 0)


def bins(card: "Card") -> pd.DataFrame:
    """Calibration bins that hold answers: confidence, accuracy, n."""
    rows = [bin for bin in card.metrics.get("bins") or () if isinstance(bin, Mapping) and bin.get("n")]
    table = pd.DataFrame(rows, columns=["confidence", "accuracy", "n"]).astype(float)
    return table.dropna()


def forms(card: "Card") -> pd.DataFrame:
    """Compressed forms of the model: score, cost (ms a text), bytes, texts a second, agreement with the original."""
    rows = {}
    for entry in card.variants:
        score = score_of(entry)
        if score is not None and entry.get("name"):
            rows[str(entry["name"])] = (
                score,
                *(entry.get(key) for key in ("latency_ms", "bytes", "texts_per_s", "agreement")),
            )
    names = ["score", "cost", "bytes", "texts_per_s", "agreement"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).astype(float)


def tried(card: "Card") -> pd.DataFrame:
    """The other models on the same split, the best first: name, score, parameters, seconds."""
    rows = [(e.get("name", "?"), score_of(e), e.get("parameters"), e.get("seconds")) for e in card.tried]
    table = pd.DataFrame(rows, columns=["name", "score", "parameters", "seconds"])
    return table.sort_values("score", ascending=False)


def confusion(card: "Card") -> pd.DataFrame | None:
    """How often each class is taken for each: counts, (true, given); None where the card has none that fits."""
    found = card.metrics.get("confusion")
    size = len(card.labels)
    if not found or len(found) != size or any(len(row) != size for row in found):
        return None
    titles = [group_title(card, "per_class", label) for label in card.labels]
    return pd.DataFrame(found, index=titles, columns=titles)
