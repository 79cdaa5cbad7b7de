"""Labelled text to train and judge on: parquet files of one layout, with whose they are and what they allow.

Sentiment: source, language (BCP 47), split, text, label. Topics: language (FLORES code), split, sentence_id, text,
topic. Intents: source, split, text, intent. The files are not part of the program; a folder that holds them is named by
ATLAS_TEXT_DATA or `--data-dir`, and `../shared/data/text` beside the repository is looked at.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from models import corpora
from models.cards import Source

BESIDE = corpora.BESIDE / "text"
SPLITS = ("train", "dev", "test")
AFRISENTI = ("AfriSenti", "CC BY 4.0", "https://github.com/afrisenti-semeval/afrisent-semeval-2023")
XED = ("XED", "CC BY 4.0", "https://github.com/Helsinki-NLP/XED")
NUSAX = ("NusaX", "CC BY-SA 4.0", "https://github.com/IndoNLP/nusax")
SIB = ("SIB-200", "CC BY-SA 4.0", "https://github.com/dadelani/sib-200")
BANKING77 = ("Banking77", "CC BY 4.0", "https://github.com/PolyAI-LDN/task-specific-datasets")
CLINC150 = ("CLINC150", "CC BY 3.0", "https://github.com/clinc/oos-eval")
BITEXT = (
    "Bitext customer support",
    "CDLA-Sharing 1.0",
    "https://github.com/bitext/customer-support-llm-chatbot-training-dataset",
)


@dataclass(frozen=True)
class Corpus:
    """Rows with split, text, label and language (None for an English-only task), and their sources."""

    rows: pd.DataFrame
    sources: tuple[Source, ...]

    def split(self, name: str) -> pd.DataFrame:
        """The rows of one split."""
        return self.rows[self.rows["split"] == name]


def folder(given: Path | None = None) -> Path:
    """The folder of the files. Raises ModelError when there is none."""
    return corpora.folder(given, "ATLAS_TEXT_DATA", BESIDE, ("sentiment.parquet", "topics.parquet", "intents.parquet"))


_OPUS = re.compile(r"\t\d+\t\d+\t\S+\.xml\.gz$")
_NUMBERED = re.compile(r"^or_(?:train|dev|test)_\d+\t")
_PLACEHOLDER = re.compile(r"\s*\[(?:PERSON|LOCATION|RELIGION)\]")
_PARTED = re.compile(r"\s+([.,!?;:…%)\]])|([(\[])\s+")


def sentiment(where: Path | None = None) -> Corpus:
    """AfriSenti, XED and NusaX: 64 languages; labels negative, neutral, positive; texts `repaired`."""
    rows = corpora.read(folder(where) / "sentiment.parquet", ("source", "language", "split", "text", "label"))
    rows["text"] = repaired(rows["text"], rows["language"])
    return Corpus(rows, _sources(rows, {"afrisenti": AFRISENTI, "xed": XED, "nusax": NUSAX}))


def repaired(texts: pd.Series, languages: pd.Series) -> pd.Series:
    """Texts without traces of their files, by which a model would tell a label instead of by what is said.

    In XED only English lines with a feeling are parted into tokens and have placeholders for names, only neutral
    Finnish ones end in the name of their file; AfriSenti's Oromo begins with row numbers.
    """
    texts = texts.str.replace(_OPUS, "", regex=True).str.replace(_NUMBERED, "", regex=True)
    english = languages == "en"
    parted = texts[english].str.replace(_PLACEHOLDER, "", regex=True).str.replace(_PARTED, r"\1\2", regex=True)
    texts[english] = parted.str.strip()
    return texts


def topics(where: Path | None = None) -> Corpus:
    """SIB-200: 205 languages, seven topics, the same sentences (sentence_id) in all."""
    rows = corpora.read(folder(where) / "topics.parquet", ("language", "split", "sentence_id", "text", "topic"))
    rows = rows.rename(columns={"topic": "label"}).assign(source="sib")
    return Corpus(rows, _sources(rows, {"sib": SIB}))


def languages(where: Path | None = None) -> Corpus:
    """SIB-200 again, the language itself as the label."""
    found = topics(where)
    return Corpus(found.rows.assign(label=found.rows["language"], language=None), found.sources)


def intents(source: str, where: Path | None = None) -> Corpus:
    """One of banking77, clinc150 and bitext, English. Where there is no dev split, every eighth training row is dev."""
    rows = corpora.read(folder(where) / "intents.parquet", ("source", "split", "text", "intent"))
    rows = rows[rows["source"] == source].rename(columns={"intent": "label"}).assign(language=None)
    if not (rows["split"] == "dev").any():
        train = rows.index[rows["split"] == "train"]
        rows.loc[rows.loc[train].sample(len(train) // 8, random_state=0).index, "split"] = "dev"
    return Corpus(rows, _sources(rows, {"banking77": BANKING77, "clinc150": CLINC150, "bitext": BITEXT}))


def _sources(rows: pd.DataFrame, known: dict[str, tuple[str, str, str]]) -> tuple[Source, ...]:
    counts = rows["source"].value_counts()
    return tuple(Source(*known[name], rows=int(counts[name])) for name in known if name in counts)
