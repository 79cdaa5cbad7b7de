"""What scikit-learn alone gives: TF-IDF of character n-grams and a logistic regression for every language by itself.

    python -m models.text.tfidf_baseline sentiment|topic [--data-dir FOLDER]

A row of the table of what was tried. It knows one vocabulary a language, so its coefficients are many times those of
the hashed models, and it answers in no language that it has no rows of.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from models.errors import ModelError
from models.text.evaluation import Rows, mean_macro_f1
from models.text.recipes import RECIPES

GRID: tuple[tuple[float, str | None], ...] = ((3.0, "balanced"), (30.0, None))
"""Inverse strength of the penalty and weights of the classes: the pair that is better on dev is kept for all."""
SEVERAL = 1_500
"""Rows of a language from which an n-gram has to stand in two of them."""


def fitted(train: Rows, others: Sequence[Rows], penalty: float, weights: str | None) -> tuple[list[np.ndarray], int]:
    """Labels of the rows of each of the others, one more than there are in a language without rows of two classes; and
    how many coefficients that took."""
    found, size = [np.full(len(rows.y), train.y.max() + 1) for rows in others], 0
    for language in np.unique(train.languages.astype(str)):
        own = train.languages == language
        if len(set(train.y[own])) < 2:
            continue
        reads = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(1, 5), sublinear_tf=True, min_df=1 + (own.sum() > SEVERAL)
        )
        model = LogisticRegression(C=penalty, class_weight=weights, max_iter=60, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a few more steps change hundredths of a point
            model.fit(reads.fit_transform(train.texts[own]), train.y[own])
        size += model.coef_.size
        for labels, rows in zip(found, others, strict=True):
            if (here := rows.languages == language).any():
                labels[here] = model.predict(reads.transform(rows.texts[here]))
    return found, size


def row(name: str, where: Path | None = None) -> dict[str, Any]:
    """The row for a recipe's task, as `Card.tried` holds it. Raises ModelError for another name or missing data."""
    if name not in ("sentiment", "topic"):
        raise ModelError(
            "There is no such comparison for {name}: sentiment or topic.",
            name=repr(name),
        )
    began = time.monotonic()
    corpus = RECIPES[name].corpus(where)
    labels = tuple(sorted(corpus.rows["label"].unique()))
    train, dev, test = (Rows.of(corpus.split(split), labels) for split in ("train", "dev", "test"))
    best: dict[str, Any] = {}
    for penalty, weights in GRID:
        (on_dev, on_test), size = fitted(train, (dev, test), penalty, weights)
        score = mean_macro_f1(on_dev, dev, len(labels) + 1)
        if score > best.get("dev", -1):
            best = {
                "name": f"TF-IDF and logistic regression (scikit-learn), a language by itself, C {penalty:g}",
                "macro_f1": mean_macro_f1(on_test, test, len(labels) + 1),
                "accuracy": float((on_test == test.y).mean()), "parameters": size, "dev": score,
            }  # fmt: skip
    return best | {"seconds": round(time.monotonic() - began)}


def main(arguments: list[str] | None = None) -> int:
    """Print the row of a task; 1 when there is none."""
    parser = argparse.ArgumentParser(prog="python -m models.text.tfidf_baseline", description=__doc__.split("\n")[0])
    parser.add_argument("name")
    parser.add_argument("--data-dir", type=Path)
    options = parser.parse_args(arguments)
    try:
        found = row(options.name, options.data_dir)
    except ModelError as error:
        print(f"tfidf: {error}", file=sys.stderr)
        return 1
    print(
        "; ".join(
            f"{key} {value:.4f}" if isinstance(value, float) else f"{key} {value}" for key, value in found.items()
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
