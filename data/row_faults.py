"""What may be wrong with a row of a file: kinds with their sentence and remedy, as data/sql/ingest finds them."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from data.faults import Fault

NUMBER = "Write a plain number, or leave the cell empty if the value is missing."
NEW_CODE = "If it is new, describe it in an indicators.csv beside the file, or say that its codes are new."
MISFIT = "Convert the value, or check that it belongs to this indicator."
ONE_ROW = "Keep one row for each market, indicator and year."
SENTENCES: dict[str, tuple[str, str]] = {
    "unknown country": ("unknown country", "Use the ISO 3166 code (DEU) or the usual name (Germany)."),
    "no indicator": ("no indicator code", "Give the code, such as NY.GDP.PCAP.CD."),
    "close code": (
        "unknown indicator code, close to a known one",
        "Did you mean {code} ({name})? " + NEW_CODE,
    ),
    "no year": ("not a year", "Write four digits, such as 2023."),
    "year range": ("year out of range", "Observations lie between {first} and {last}; look for a typing slip."),
    "thousands": ("text in a number", "Remove the thousands separators."),
    "comma": ("text in a number", "Use a decimal point, not a comma."),
    "percent": ("text in a number", "Remove the percent sign."),
    "text": ("text in a number", NUMBER),
    "not finite": ("not a finite number", "Leave the cell empty if the value is missing."),
    "below": ("unit mismatch: {name} ({indicator}) is in {unit}, and nothing lies below {bound}", MISFIT),
    "above": ("unit mismatch: {name} ({indicator}) is in {unit}, and nothing lies above {bound}", MISFIT),
    "unit": (
        "unit mismatch: the catalog has {name} ({indicator}) in {unit}",
        "Convert the values, or correct the unit column.",
    ),
    "contradicted": ("duplicate key: also on line {line} with another value", ONE_ROW),
    "repeated": ("duplicate key: also on line {line} with the same value", ONE_ROW),
    "fractions": (
        "unit mismatch: {name} ({indicator}) is in {unit}, these look like fractions",
        "Multiply the values of {indicator} by {factor}.",
    ),
    "scale": (
        "unit mismatch: {name} ({indicator}) is in {unit}, these are about {power} times the stored values of the same "
        "markets and years",
        "Multiply the values of {indicator} by {factor}.",
    ),
    "malformed": ("malformed line: {problem}", "Check quotes and the number of columns on this line."),
}
"""Problem and remedy of each kind; what stands in their places comes with the row."""
COUNTED = {"fractions": "{count} values between 0 and 1", "scale": "{count} values"}
"""Kinds that are about all values of an indicator: what is said in place of the value."""


@dataclass(frozen=True)
class RowFault:
    """What is wrong with a row, where, and what to do about it. value: as the file has it, or how many it is about."""

    line: int
    field: str
    value: str | Fault
    kind: str
    problem: Fault
    remedy: Fault


def told_of(rows: pd.DataFrame) -> tuple[RowFault, ...]:
    """Faults of rows: line, field, value, kind, facts (what stands in the places of its sentences)."""
    return tuple(_told(row) for row in rows.itertuples())


def _told(row: object) -> RowFault:
    facts = row.facts or {}
    problem, remedy = (Fault(sentence, **facts) for sentence in SENTENCES[row.kind])
    if row.kind == "unknown country" and facts:
        remedy = Fault("Did you mean {market}? {remedy}", remedy=Fault(SENTENCES[row.kind][1]), **facts)
    value = Fault(COUNTED[row.kind], **facts) if row.kind in COUNTED else row.value
    return RowFault(int(row.line), row.field, value, row.kind, problem, remedy)


def table(faults: tuple[RowFault, ...], tell: Callable[[str | Fault], str] = str) -> pd.DataFrame:
    """A row a fault: line, field, value, problem, remedy, the last three as `told` tells them; in English by itself."""
    rows = [(f.line, f.field, tell(f.value), tell(f.problem), tell(f.remedy)) for f in faults]
    return pd.DataFrame(rows, columns=["line", "field", "value", "problem", "remedy"])
