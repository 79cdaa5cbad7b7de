"""Settings, and what people said of answers and models."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import pandas as pd

from data.faults import Fault
from data.store.connection import Connection, StoreError, cursor_of, named, reading, utc
from data.store.writer import writing

DEFAULT_SETTINGS = {
    "home_market": "USA",
    "home_currency": "USD",
    "language": "en",
    "present_markets": "",
    "minimum_population": "1000000",
    "minimum_known_pct": "80",
    "industry": "general",
    "product": "",
    "product_languages": "",
}
"""The company profile. present_markets: ISO codes, comma separated: markets one is in already. product_languages: codes
of the languages that the product itself speaks, comma separated."""


class SettingsChanged(StoreError):
    """Settings are no longer what the reader was shown; names: which."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            "Changed meanwhile: {names}. Nothing was written; look at them and try again.", names=", ".join(names)
        )
        self.names = tuple(names)


_KNOWN_SETTINGS = {
    "home_market": (
        "SELECT 1 FROM markets WHERE iso3 = $value",
        Fault("a market's ISO code, such as USA, DEU or CHN"),
    ),
    "home_currency": (
        "SELECT 1 FROM markets WHERE currency = $value",
        Fault("a market's currency code, such as USD, EUR or CNY"),
    ),
    "language": (
        "SELECT 1 FROM market_names WHERE kind = 'display' AND $value IN (language, split_part(language, '_', 1))",
        Fault("a language that market names are kept in, such as en or zh"),
    ),
    "present_markets": (
        "SELECT 1 WHERE NOT EXISTS (FROM (SELECT unnest(string_split($value, ',')) AS code) "
        "WHERE code <> '' AND code NOT IN (SELECT iso3 FROM markets))",
        Fault("a list of ISO codes of markets, such as DEU,FRA"),
    ),
    "minimum_population": (
        "SELECT 1 WHERE try_cast($value AS BIGINT) BETWEEN 0 AND 10000000000",
        Fault("a number of people from 0 to 10 billion"),
    ),
    "minimum_known_pct": (
        "SELECT 1 WHERE try_cast($value AS INTEGER) BETWEEN 0 AND 100",
        Fault("a percentage from 0 to 100"),
    ),
    "industry": ("SELECT 1 WHERE regexp_full_match($value, '[a-z_]{1,40}')", Fault("the name of an industry's recipe")),
    "product": (
        r"SELECT 1 WHERE regexp_full_match($value, '[\p{L}\p{M}\p{N} .,&+''’()/-]{0,60}')",
        Fault("a name of at most 60 letters, digits, spaces and plain marks such as & + / -"),
    ),
    "product_languages": (
        "SELECT 1 WHERE NOT EXISTS (FROM (SELECT unnest(string_split($value, ',')) AS code) "
        "WHERE code <> '' AND code NOT IN (SELECT language FROM market_languages))",
        Fault("a list of codes of languages, such as en,es"),
    ),
}


def put_settings(values: Mapping[str, str], shown: Mapping[str, str] | None = None) -> None:
    """Change settings. shown: what their reader was shown, where they are to be replaced only if that still stands.

    Raises StoreError naming a key or a value that does not exist, SettingsChanged where something else stands by now.
    """
    unknown = set(values) - set(DEFAULT_SETTINGS)
    if unknown:
        raise StoreError(
            "No such setting: {names}. Known: {known}.",
            names=", ".join(sorted(unknown)),
            known=", ".join(DEFAULT_SETTINGS),
        )
    with writing(Fault("a change of settings"), data=False, only=("settings",)) as connection:
        present = settings(connection)
        if moved := [key for key, value in (shown or {}).items() if present[key] != value]:
            raise SettingsChanged(moved)
        for key, value in values.items():
            query, remedy = _KNOWN_SETTINGS[key]
            if not connection.execute(query, {"value": value}).fetchone():
                raise StoreError("{key}: {value} is not {remedy}.", key=key, value=repr(value), remedy=remedy)
        connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", list(values.items()))


VERDICTS = ("up", "down")
DECISIONS = ("approved", "approved with conditions", "rejected")
CHECKLIST = ("purpose", "data", "fairness", "privacy", "limits")
"""What a review of a model goes through."""
MAX_TEXT = 4_000
"""Characters of a question, a comment or a note that are kept."""


def put_feedback(
    key: str,
    *,
    asked_at: datetime,
    question: str,
    kind: str,
    entries: Sequence[str],
    confidence: float,
    verdict: str,
    intent: str = "",
    comment: str = "",
) -> None:
    """Keep what somebody said of one of the assistant's replies; said again under the same key, it replaces.

    kind: of the reply. entries: ids it cited. intent: its label, "" where none was recognised. Texts are cut at
    MAX_TEXT characters. Raises StoreError for a verdict that is neither up nor down, StoreBusy while another
    process writes.
    """
    if verdict not in VERDICTS:
        raise StoreError("{verdict} is no verdict: {names}.", verdict=repr(verdict), names=" or ".join(VERDICTS))
    row = {
        "id": key,
        "asked_at": utc(asked_at),
        "question": _kept(question),
        "kind": kind,
        "entries": list(entries),
        "confidence": confidence,
        "intent": intent,
        "verdict": verdict,
        "comment": _kept(comment),
    }
    with writing(Fault("a verdict"), data=False, only=("assistant_feedback",)) as connection:
        connection.execute("DELETE FROM assistant_feedback WHERE id = $id", {"id": key})
        connection.execute(f"INSERT INTO assistant_feedback ({', '.join(row)}) VALUES ({named(row)})", row)


def put_review(
    model: str,
    *,
    version: str,
    weights_sha256: str,
    reviewer: str,
    reviewed_at: datetime,
    checks: Mapping[str, bool],
    decision: str,
    note: str = "",
) -> None:
    """Keep a review of a model; earlier ones stay. checks: what was found in order, by CHECKLIST.

    Raises StoreError without a reviewer, for a decision or a check that is not known, and for an approval while a
    point of the checklist is open; StoreBusy while another process writes.
    """
    if not reviewer.strip():
        raise StoreError("A review needs the name of who made it.")
    if decision not in DECISIONS:
        raise StoreError("{decision} is no decision: {names}.", decision=repr(decision), names=", ".join(DECISIONS))
    if set(checks) != set(CHECKLIST):
        raise StoreError("A review answers each point of the checklist: {names}.", names=", ".join(CHECKLIST))
    if decision == "approved" and not all(checks.values()):
        still = ", ".join(name for name in CHECKLIST if not checks[name])
        raise StoreError("Not in order yet: {still}. Approve with conditions, or reject.", still=still)
    row = {
        "model": model,
        "version": version,
        "weights_sha256": weights_sha256,
        "reviewer": _kept(reviewer.strip()),
        "reviewed_at": utc(reviewed_at),
        **{name: bool(checks[name]) for name in CHECKLIST},
        "decision": decision,
        "note": _kept(note),
    }
    with writing(Fault("a review"), data=False, only=("model_reviews",)) as connection:
        connection.execute(f"INSERT INTO model_reviews ({', '.join(row)}) VALUES ({named(row)})", row)


@reading
def feedback(connection: Connection) -> pd.DataFrame:
    """A row a reply that somebody judged, the newest first; entries is a list of ids."""
    return cursor_of(connection).execute("SELECT * FROM assistant_feedback ORDER BY asked_at DESC, id").df()


@reading
def reviews(connection: Connection, model: str | None = None) -> pd.DataFrame:
    """A row a review of a model (of all for None), the newest first."""
    return (
        cursor_of(connection)
        .execute(
            "SELECT * FROM model_reviews WHERE model = coalesce($model, model) ORDER BY reviewed_at DESC, model",
            {"model": model},
        )
        .df()
    )


def _kept(text: str) -> str:
    """Text as the store keeps it: cut, without null bytes and lone surrogates."""
    return text[:MAX_TEXT].replace("\0", "").encode("utf-8", "ignore").decode()


@reading
def settings(connection: Connection) -> dict[str, str]:
    """The organisation's settings, defaults where it chose nothing."""
    return DEFAULT_SETTINGS | dict(cursor_of(connection).execute("SELECT key, value FROM settings").fetchall())
