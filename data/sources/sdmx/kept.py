"""Answers of a refresh that has not ended, as they came: a file each in the data folder. For a day a killed refresh is
taken up from them.
"""

import hashlib
import json
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from data import atomic, private, store

MAX_AGE = timedelta(days=1)


class Kept:
    """The answers of one service under one address; those of another are not seen."""

    def __init__(self, base_url: str, now: datetime) -> None:
        self.folder = store.home() / "refresh"
        self.base_url, self.now = base_url, now

    def put(self, query: str, body: bytes) -> None:
        """Keep an answer until its values have landed. Raises StoreError when it cannot be written."""
        note = {"query": self._about(query), "at": self.now.isoformat(), "sha256": hashlib.sha256(body).hexdigest()}
        try:
            private.folder(self.folder)
            atomic.put(self._file(query), json.dumps(note).encode() + b"\n" + body)
        except OSError as error:
            raise store.unwritten(error) from error

    def get(self, query: str) -> bytes | None:
        """An answer as it was kept; None where it was not, not whole, or longer ago than a day."""
        try:
            head, _, body = self._file(query).read_bytes().partition(b"\n")
            note = json.loads(head)
            age = self.now - datetime.fromisoformat(note["at"])
            whole = note["query"] == self._about(query) and note["sha256"] == hashlib.sha256(body).hexdigest()
            return body if whole and timedelta(0) <= age <= MAX_AGE else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def forget(self, *queries: str) -> None:
        """Remove answers that have landed, or that are no good."""
        with suppress(OSError):
            for query in queries:
                self._file(query).unlink(missing_ok=True)
            self.folder.rmdir()  # unless others are left in it

    def _about(self, query: str) -> str:
        return hashlib.sha256(f"{self.base_url}\n{query}".encode()).hexdigest()

    def _file(self, query: str) -> Path:
        return self.folder / f"{self._about(query)[:32]}.answer"
