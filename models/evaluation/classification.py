"""How good a classifier is: accuracy, macro-F1 by language with intervals, calibration, confusion.

macro-F1 is the mean of the classes' F1 over the labels that occur among the rows at hand, so that a language without
neutral rows is not judged on them. Intervals: bootstrap over rows, 2.5th to 97.5th percentile.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from models.evaluation.calibration import calibration_error

DRAWS = 200


def report(
    truth: Sequence[str],
    predicted: Sequence[str],
    confidence: Sequence[float],
    labels: Sequence[str],
    languages: Sequence[str] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Everything a card shows of a test split.

    truth, predicted: a label a row (a truth outside `labels` counts as wrong). confidence: the probability given to the
    prediction. Returns n, accuracy, macro_f1 (mean over languages where there are some, else over classes), ece, bins,
    per_class, confusion (rows the truth, in the order of labels) and per_language. Raises ValueError without rows.
    """
    if not len(truth):
        raise ValueError("There is no row to evaluate.")
    known = [*labels, *sorted(set(truth) - set(labels))]
    number = {label: index for index, label in enumerate(known)}
    y = np.array([number[label] for label in truth])
    p = np.array([number[label] for label in predicted])
    right = (y == p).astype(float)
    found: dict[str, Any] = {"n": len(y), "accuracy": float(right.mean())}
    found["ece"], found["bins"] = calibration_error(np.asarray(confidence, dtype=float), right)
    found["per_class"] = _per_class(y, p, known)
    confusion = np.zeros((len(known), len(known)), dtype=int)
    np.add.at(confusion, (y, p), 1)
    if len(known) <= 20:
        found["confusion"] = confusion[: len(labels), : len(labels)].tolist()
    if languages is not None:
        found["per_language"] = _per_language(y, p, np.asarray(languages), len(known), seed)
        found["macro_f1"] = float(np.mean([entry["macro_f1"] for entry in found["per_language"].values()]))
    else:
        found["macro_f1"] = macro_f1(y, p, len(known))
    return found


def macro_f1(y: np.ndarray, p: np.ndarray, classes: int) -> float:
    """Mean F1 of the classes that occur in y; y and p are class numbers of one length."""
    return float(_macro(_table(y, p, classes)[None])[0])


def _table(y: np.ndarray, p: np.ndarray, classes: int) -> np.ndarray:
    """Per class: hits, rows of it, predictions of it; (3, classes)."""
    return np.stack([np.bincount(y[y == p], minlength=classes), np.bincount(y, minlength=classes),
                     np.bincount(p, minlength=classes)])  # fmt: skip


def _macro(tables: np.ndarray) -> np.ndarray:
    """tables (draws, 3, classes) -> macro-F1 a draw, over the classes that occur in it."""
    hits, rows, guesses = tables[:, 0], tables[:, 1], tables[:, 2]
    f1 = 2 * hits / np.maximum(rows + guesses, 1)
    occurs = rows > 0
    return (f1 * occurs).sum(1) / np.maximum(occurs.sum(1), 1)


def _per_class(y: np.ndarray, p: np.ndarray, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    hits, rows, guesses = _table(y, p, len(labels))
    return {
        label: {
            "n": int(rows[i]),
            "precision": float(hits[i] / guesses[i]) if guesses[i] else 0.0,
            "recall": float(hits[i] / rows[i]),
            "f1": float(2 * hits[i] / (rows[i] + guesses[i])),
        }
        for i, label in enumerate(labels)
        if rows[i]
    }


def _per_language(
    y: np.ndarray, p: np.ndarray, languages: np.ndarray, classes: int, seed: int
) -> dict[str, dict[str, float]]:
    random = np.random.default_rng(seed)
    found = {}
    for language, rows in pd.Series(np.arange(len(y))).groupby(languages).indices.items():
        ys, ps = y[rows], p[rows]
        draws = random.integers(len(ys), size=(DRAWS, len(ys)))
        low, high = np.percentile(_macro(np.stack([_table(ys[d], ps[d], classes) for d in draws])), (2.5, 97.5))
        found[str(language)] = {
            "n": len(ys),
            "macro_f1": macro_f1(ys, ps, classes),
            "accuracy": float((ys == ps).mean()),
            "low": float(low),
            "high": float(high),
        }
    return found
