"""How good a text model is on labelled rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models import devices
from models.evaluation import classification
from models.text.network import Network
from models.text.text_model import TextModel


@dataclass(frozen=True)
class Rows:
    """A split as arrays: texts, label numbers, languages."""

    texts: np.ndarray
    y: np.ndarray
    languages: np.ndarray

    @classmethod
    def of(cls, rows: pd.DataFrame, labels: Sequence[str]) -> "Rows":
        number = {label: index for index, label in enumerate(labels)}
        languages = rows["language"].astype(object).where(rows["language"].notna(), None)
        return cls(
            rows["text"].to_numpy(object), rows["label"].map(number).to_numpy(np.int64), languages.to_numpy(object)
        )


def logits(network: Network, rows: Rows) -> np.ndarray:
    """Logits of every row, (rows, labels)."""
    with devices.precision(devices.device(), bool(network.longest)):  # bf16 for what reads tokens: 6 times as fast
        return network.answers(list(rows.texts), list(rows.languages))


def mean_macro_f1(predicted: np.ndarray, rows: Rows, classes: int) -> float:
    """Mean over languages of macro-F1 (one language: its own)."""
    keys = np.array([language or "" for language in rows.languages])
    return float(np.mean([
        classification.macro_f1(rows.y[keys == key], predicted[keys == key], classes) for key in np.unique(keys)
    ]))  # fmt: skip


def evaluate(model: TextModel, rows: pd.DataFrame) -> dict[str, Any]:
    """What `classification.report` says of a model on rows of text, label and, where there is one, language."""
    languages = rows["language"].tolist() if "language" in rows and rows["language"].notna().all() else None
    answers = model.predict(rows["text"].tolist(), languages)
    predicted, sure = [a.label for a in answers], [a.confidence for a in answers]
    by = languages
    if model.card.task == "language":
        by = rows["label"].tolist()
    metrics = classification.report(rows["label"].tolist(), predicted, sure, model.labels, by)
    outside = model.abstention.outside
    if outside is not None and (rows["label"] == outside).any():
        truth, guess = rows["label"].to_numpy(), np.array(predicted)
        inside = truth != outside
        metrics["in_scope_accuracy"] = float((truth == guess)[inside].mean())
        metrics["out_of_scope_recall"] = float((guess == outside)[~inside].mean())
        metrics["out_of_scope_precision"] = float((truth == outside)[guess == outside].mean())
    return metrics
