"""Files to judge a model on: parquet of language, text and label; or text and intent, topic or language."""

from pathlib import Path

import pandas as pd
import pyarrow.lib

from models import cards
from models.errors import ModelError
from models.text import corpora

LABELS = ("label", "intent", "topic")
INTENTS = ("banking77", "clinc150", "bitext")


def read(file: Path, name: str) -> tuple[pd.DataFrame, str]:
    """Rows of text, label and (where the file has one) language, and the model they are for.

    Sentiment's texts are repaired as those of its corpora, so that raw rows of these are judged as it was trained.

    name "intent" stands for the intent model that knows most of the file's intents. Raises ModelError naming a fault.
    """
    try:
        rows = pd.read_parquet(file)
    except (OSError, ValueError, pyarrow.lib.ArrowException) as error:
        raise ModelError(
            "{file} cannot be read as parquet: {error}",
            file=str(file),
            error=str(error),
        ) from error
    name = _intent_model(rows) if name == "intent" else name
    task = cards.card(name).task
    label = next((column for column in LABELS if column in rows.columns), None)
    if task == "language" and "language" in rows.columns:
        labels = set(cards.card(name).labels)
        label = label if label and set(rows[label].dropna()) <= labels else "language"
    if label is None or "text" not in rows.columns:
        raise ModelError(
            "{file} needs a column text and one of {labels}; it has {have}.",
            file=str(file),
            labels=", ".join(LABELS),
            have=", ".join(map(str, rows.columns)),
        )
    if not len(rows):
        raise ModelError(
            "{file} has no rows.",
            file=str(file),
        )
    empty = rows.index[rows["text"].isna() | rows[label].isna()]
    if len(empty):
        raise ModelError(
            "{file}: {count} rows lack text or {label}, the first is row {row}.",
            file=str(file),
            count=len(empty),
            label=label,
            row=empty[0],
        )
    found = pd.DataFrame({"text": rows["text"].astype(str), "label": rows[label].astype(str)})
    if "language" in rows.columns and task != "language":
        found["language"] = rows["language"].astype(object).where(rows["language"].notna(), None)
    if task == "sentiment" and "language" in found:
        found["text"] = corpora.repaired(found["text"], found["language"])
    return found, name


def _intent_model(rows: pd.DataFrame) -> str:
    if "intent" not in rows.columns:
        raise ModelError("To find the intent model the file needs a column intent.")
    asked = set(rows["intent"].dropna())
    known = {name: len(asked & set(cards.card(name).labels)) for name in INTENTS if name in cards.names()}
    best = max(known, key=known.__getitem__, default=None)
    if best is None or not known[best]:
        raise ModelError(
            "No intent model knows any of these intents: {have} ...",
            have=", ".join(sorted(map(str, asked))[:5]),
        )
    return best
