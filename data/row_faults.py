"""What may be wrong with a row of a file: kinds with their sentence and remedy, as data/sql/ingest finds them."""

from collections.abc import Callable, Sequence
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
    "either": (
        "a comma with three digits behind it may separate thousands or may be a decimal comma",
        "Say which sign is the decimal one (--decimal . or --decimal ,), or write plain numbers: 46749 or 46.75.",
    ),
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
        "Multiply the values of {indicator} by {factor}, or say that they are right as they stand (--as-stated).",
    ),
    "at odds": (
        "the code {code} is {of_code}, and the name {name} is {of_name}",
        "Correct the one that is wrong, or leave its column out of the file.",
    ),
    "dimension": (
        "these figures are not the total: {column} is {value}",
        "Keep the rows with the total (--keep {column}=TOTAL, as the file writes it), or keep these (--keep "
        "{column}={value}) under a code of their own (--indicator CODE).",
    ),
    "multiplier": (
        "the multiplier {value} in column {column} is not understood",
        "Write a power of ten (6) or a word (Millions), or convert the values and leave the column out.",
    ),
    "two multipliers": (
        "column {column} says {value} and the unit says {unit}: two different multipliers",
        "Correct one of them, so that it is clear what the values are to be multiplied by.",
    ),
    "multiplied already": (
        "column {column} says {value}, but these values are too large for that: they seem to be multiplied already",
        "If they are right as they stand, leave the column {column} out of the file.",
    ),
    "separator": (
        "a point with three digits behind it may be a decimal point or may separate thousands",
        "Say which sign is the decimal one (--decimal . or --decimal ,), or write plain numbers: 46749 or 46.75.",
    ),
    "malformed": ("malformed line: {problem}", "Check quotes and the number of columns on this line."),
}
"""Problem and remedy of each kind; what stands in their places comes with the row."""
COUNTED = {
    "fractions": "{count} values between 0 and 1",
    "scale": "{count} values",
    "at odds": "{code}, {name} ({count} ×)",
    "dimension": "{value} ({count} ×)",
    "multiplier": "{value} ({count} ×)",
    "two multipliers": "{value} ({count} ×)",
    "multiplied already": "{value} ({count} ×)",
    "separator": "{example} ({count} alike)",
}
"""Kinds that are about several values at once: what is said in place of the value."""
PART = 1 << 40
"""Lines of the second part of a file - a sheet, a file of a package - count from here on."""


@dataclass(frozen=True)
class RowFault:
    """What is wrong with a row, where, and what to do about it. value: as the file has it, or how many it is about."""

    line: int
    field: str
    value: str | Fault
    kind: str
    problem: Fault
    remedy: Fault


def told_of(rows: pd.DataFrame, parts: Sequence[str] = ()) -> tuple[RowFault, ...]:
    """Faults of rows: line, field, value, kind, facts (what stands in the places of its sentences).

    parts: the names of the file's sheets or files, where it has several; the column is then told with its part.
    """
    return tuple(_told(row, parts) for row in rows.itertuples())


def _told(row: object, parts: Sequence[str]) -> RowFault:
    facts = dict(row.facts or {})
    part, line = divmod(int(row.line), PART)
    if "line" in facts:
        facts["line"] = str(int(facts["line"]) % PART)
    field = ": ".join(said for said in (parts[part] if parts else "", row.field) if said)
    problem, remedy = (Fault(sentence, **facts) for sentence in SENTENCES[row.kind])
    if row.kind == "unknown country" and facts:
        remedy = Fault("Did you mean {market}? {remedy}", remedy=Fault(SENTENCES[row.kind][1]), **facts)
    value = Fault(COUNTED[row.kind], **facts) if row.kind in COUNTED else row.value
    return RowFault(line, field, value, row.kind, problem, remedy)


def table(faults: tuple[RowFault, ...], tell: Callable[[str | Fault], str] = str) -> pd.DataFrame:
    """A row a fault: line, field, value, problem, remedy, the last three as `told` tells them; in English by itself."""
    rows = [(f.line, f.field, tell(f.value), tell(f.problem), tell(f.remedy)) for f in faults]
    return pd.DataFrame(rows, columns=["line", "field", "value", "problem", "remedy"])
