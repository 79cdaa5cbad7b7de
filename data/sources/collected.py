"""What a refresh has fetched and not landed yet: a file an indicator in the data folder. A killed refresh is taken up
from it, and the store's lock is taken only when everything is there.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import filelock
import pandas as pd
import pyarrow
import pyarrow.parquet

from data import atomic, catalog, private, store

KEY = b"atlas_fetch"


@dataclass(frozen=True)
class Fetched:
    """One indicator as the API states it now.

    frame: iso3, indicator, year, value; markets of the store only. last_updated: as the API writes it.
    sha256: of the frame's rows. left_out: values of regions, income groups and places that are no market.
    """

    code: str
    frame: pd.DataFrame
    last_updated: str
    sha256: str
    left_out: int


def digest(frame: pd.DataFrame) -> str:
    """sha256 of the rows of a fetched frame, in their order."""
    cells = frame[[catalog.ISO3, catalog.YEAR, catalog.VALUE]].itertuples(index=False, name=None)
    text = "".join(f"{iso3},{year},{value!r}\n" for iso3, year, value in cells)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def alone() -> Iterator[None]:
    """One refresh at a time on a data folder; what else is written does not wait for it."""
    lock = filelock.FileLock(store.home() / "refresh.lock", timeout=0, mode=private.FILE)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise store.StoreBusy(
            "A refresh is under way already. Nothing was changed; wait for it to end, then look at what arrived."
        ) from None
    except OSError as error:
        raise store.unwritten(error) from error
    try:
        yield
    finally:
        lock.release()


class Collected:
    """The fetched indicators of one API for one set of markets; those of another are not seen."""

    def __init__(self, base_url: str, markets: Collection[str]) -> None:
        self.folder = store.home() / "refresh"
        self.about = hashlib.sha256("\n".join([base_url, *sorted(markets)]).encode()).hexdigest()

    def put(self, fetched: Fetched) -> None:
        """Keep an indicator until it lands. Raises StoreError when it cannot be written."""
        note = {"about": self.about} | {key: value for key, value in vars(fetched).items() if key != "frame"}
        table = pyarrow.Table.from_pandas(fetched.frame, preserve_index=False)
        table = table.replace_schema_metadata({KEY: json.dumps(note).encode()})
        try:
            private.folder(self.folder)
            atomic.put(self._file(fetched.code), partial(pyarrow.parquet.write_table, table))
        except OSError as error:
            raise store.unwritten(error) from error

    def get(self, code: str) -> Fetched | None:
        """An indicator as it was kept; None where it was not, not whole, or of another API or other markets."""
        try:
            with self._file(code).open("rb") as opened:
                table = pyarrow.parquet.read_table(opened)
            note = json.loads((table.schema.metadata or {})[KEY])
            if note.pop("about") != self.about or note["code"] != code:
                return None
            frame = table.replace_schema_metadata(None).to_pandas()
            found = Fetched(frame=frame, **note)
            return found if digest(frame) == found.sha256 else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def forget(self, codes: Iterable[str]) -> None:
        """Remove indicators that have landed, or that nothing waits for."""
        with suppress(OSError):
            for code in codes:
                self._file(code).unlink(missing_ok=True)
            self.folder.rmdir()  # unless others are left in it

    def _file(self, code: str) -> Path:
        return self.folder / f"{hashlib.sha256(code.encode()).hexdigest()[:32]}.parquet"
