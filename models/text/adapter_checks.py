"""Whether an adapter can be learned from labelled rows: columns, labels, balance, duplicates, language, leakage.

The rows are split by text into train, dev and test.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data.faults import Fault
from models.text import languages
from models.text.classifier import MAX_CHARACTERS

MIN_ROWS = 20
MIN_ROWS_A_CLASS = 3
MAX_ROWS = 50_000
SPLITS = ("train", "dev", "test")


@dataclass(frozen=True)
class Finding:
    """One thing a check saw. stops: whether nothing can be trained while it stands; rows: how many it concerns."""

    check: str
    fault: Fault
    stops: bool = False
    rows: int = 0

    @property
    def text(self) -> str:
        """What was seen, in English."""
        return str(self.fault)


@dataclass(frozen=True)
class Checked:
    """Rows that can be used (text, label, split), what the checks found, and the share of each class."""

    rows: pd.DataFrame
    findings: tuple[Finding, ...]
    balance: dict[str, int]

    @property
    def usable(self) -> bool:
        return not any(finding.stops for finding in self.findings)


def check(
    rows: pd.DataFrame,
    labels: tuple[str, ...],
    language: str,
    detector: Any = None,
    seen: frozenset[str] = frozenset(),
    seed: int = 0,
) -> Checked:
    """Look a market's labelled rows over: columns, labels, balance, duplicates, language, leakage; then split them.

    rows: columns text and label (split optional: train, dev, test). labels: those of the model. detector: a language
    model, to find rows in another language. seen: texts that general tests hold, which must not be learned from; rows
    that the file itself puts into its test split may.
    Everything found is in the result; `usable` says whether to go on.
    """
    findings: list[Finding] = []
    missing = [column for column in ("text", "label") if column not in rows.columns]
    if missing:
        have = ", ".join(map(str, rows.columns[:8])) or "none"
        text = Fault("The file lacks the columns {columns}; it has {have}.", columns=", ".join(missing), have=have)
        return Checked(rows.head(0), (Finding("columns", text, stops=True),), {})
    if len(rows) > MAX_ROWS:
        findings.append(
            Finding(
                "size",
                Fault("{n} rows: only the first {most} are used.", n=len(rows), most=MAX_ROWS),
                rows=len(rows) - MAX_ROWS,
            )
        )
        rows = rows.head(MAX_ROWS)
    rows = rows.assign(text=rows["text"].astype("string"), label=rows["label"].astype("string").str.strip().str.lower())
    if "split" in rows.columns:
        rows = rows.assign(split=rows["split"].astype("string").str.strip().str.lower().fillna("").astype(object))
    blank = rows["text"].isna() | (rows["text"].str.strip() == "") | rows["label"].isna() | (rows["label"] == "")
    if blank.any():
        findings.append(
            Finding(
                "empty",
                Fault("{n} rows without a text or a label are left out.", n=int(blank.sum())),
                rows=int(blank.sum()),
            )
        )
        rows = rows[~blank]
    rows = rows.assign(
        text=rows["text"].astype(object).str.slice(0, MAX_CHARACTERS), label=rows["label"].astype(object)
    )
    unknown = ~rows["label"].isin(labels)
    if unknown.any():
        names = ", ".join(sorted(rows.loc[unknown, "label"].unique())[:6])
        text = Fault(
            "{n} rows have labels that the model does not know ({names}); it knows {labels}.",
            n=int(unknown.sum()),
            names=names,
            labels=", ".join(labels),
        )
        findings.append(Finding("labels", text, stops=True, rows=int(unknown.sum())))
        rows = rows[~unknown]
    plain = rows["text"].map(_plain)
    torn = rows.groupby(plain)["label"].transform("nunique") > 1 if len(rows) else pd.Series(dtype=bool)
    if torn.any():
        text = Fault("{n} rows have the same text under different labels and are left out.", n=int(torn.sum()))
        findings.append(Finding("contradictions", text, rows=int(torn.sum())))
        rows, plain = rows[~torn], plain[~torn]
    twice = plain.duplicated()
    if twice.any():
        findings.append(
            Finding(
                "duplicates",
                Fault("{n} rows repeat an earlier text and are left out.", n=int(twice.sum())),
                rows=int(twice.sum()),
            )
        )
        rows, plain = rows[~twice], plain[~twice]
    leaked = plain.isin({_plain(text) for text in seen})
    if _is_split(rows):
        leaked &= rows["split"] != "test"
    if leaked.any():
        text = Fault(
            "{n} rows stand in the general test data and are left out, so that tests stay honest.", n=int(leaked.sum())
        )
        findings.append(Finding("leakage", text, rows=int(leaked.sum())))
        rows = rows[~leaked]
    balance = {label: int(count) for label, count in rows["label"].value_counts().items()}
    findings += _balance(rows, balance, labels)
    if detector is not None and len(rows):
        findings += _languages(rows, language, detector, seed)
    findings += _own_split(rows, balance)
    if any(finding.stops for finding in findings):
        return Checked(rows.head(0), tuple(findings), balance)
    return Checked(_split(rows, seed), tuple(findings), balance)


def _balance(rows: pd.DataFrame, balance: dict[str, int], labels: tuple[str, ...]) -> list[Finding]:
    found = []
    if len(rows) < MIN_ROWS:
        found.append(
            Finding(
                "size",
                Fault("{n} usable rows: at least {fewest} are needed.", n=len(rows), fewest=MIN_ROWS),
                stops=True,
            )
        )
    if len(balance) == 1:
        only = next(iter(balance))
        found.append(
            Finding(
                "balance",
                Fault("Every example is labelled {label}: there is nothing to tell apart.", label=only),
                stops=True,
            )
        )
    scarce = {label: count for label, count in balance.items() if count < MIN_ROWS_A_CLASS}
    if scarce and len(balance) > 1:
        names = ", ".join(f"{label} ({count})" for label, count in scarce.items())
        text = Fault(
            "Too few rows to learn and to test: {names}; each class needs {fewest}, better 50.",
            names=names,
            fewest=MIN_ROWS_A_CLASS,
        )
        found.append(Finding("balance", text, stops=True, rows=sum(scarce.values())))
    if absent := [label for label in labels if label not in balance]:
        found.append(
            Finding("balance", Fault("No row is {labels}: the adapter will not learn it.", labels=", ".join(absent)))
        )
    if len(balance) > 1 and max(balance.values()) > 4 * min(balance.values()):
        most, least = max(balance, key=balance.__getitem__), min(balance, key=balance.__getitem__)
        text = Fault(
            "{most} has {many} rows and {least} only {few}: expect {again} to be found less well.",
            most=most,
            many=balance[most],
            least=least,
            few=balance[least],
            again=least,
        )
        found.append(Finding("balance", text))
    return found


def _own_split(rows: pd.DataFrame, balance: dict[str, int]) -> list[Finding]:
    """Whether the file's own split can be used, where it has one."""
    if "split" not in rows.columns or not len(rows):
        return []
    if not _is_split(rows):
        return [
            Finding("split", Fault("The split column does not hold train, dev and test each: the rows are split here."))
        ]
    other = ~rows["split"].isin(SPLITS)
    found = []
    if other.any():
        text = Fault(
            "{n} rows are neither train, dev nor test in the split column and are left out.", n=int(other.sum())
        )
        found.append(Finding("split", text, rows=int(other.sum())))
    learned = rows.loc[rows["split"] == "train", "label"].unique()
    if len(balance) > 1 and len(learned) == 1:
        text = Fault("Every training example is labelled {label}: there is nothing to tell apart.", label=learned[0])
        found.append(Finding("split", text, stops=True))
    return found


def _languages(rows: pd.DataFrame, language: str, detector: Any, seed: int) -> list[Finding]:
    """Whether a sample of the rows is in the language it is said to be in."""
    sample = rows["text"].sample(min(300, len(rows)), random_state=seed).tolist()
    plain = language.split("-")[0]
    answers = [answer for answer in detector.predict(sample) if answer.sure]
    other = [languages.bcp47(a.label) for a in answers if languages.bcp47(a.label).split("-")[0] != plain]
    if not answers or len(other) < 0.2 * len(answers):
        return []
    most = max(set(other), key=other.count)
    text = Fault(
        "{n} of {sampled} sampled rows look as if they were not in {language}, most of them {other}.",
        n=len(other),
        sampled=len(answers),
        language=language,
        other=most,
    )
    return [Finding("language", text, rows=len(other))]


def _plain(text: str) -> str:
    """A text but for its case and spacing."""
    return " ".join(text.casefold().split())


def _is_split(rows: pd.DataFrame) -> bool:
    """Whether the file says itself what is to be learned from and what to be judged on."""
    return "split" in rows.columns and set(SPLITS) <= set(rows["split"])


def _split(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The file's own split where it has one of all three, else 70 : 10 : 20 within each class."""
    if _is_split(rows):
        return rows.loc[rows["split"].isin(SPLITS), ["text", "label", "split"]].reset_index(drop=True)
    shuffled = rows.sample(frac=1, random_state=seed)
    place = shuffled.groupby("label").cumcount() % 10
    split = np.where(place < 2, "test", np.where(place == 2, "dev", "train"))
    return shuffled.assign(split=split)[["text", "label", "split"]].reset_index(drop=True)
