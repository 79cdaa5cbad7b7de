"""A file of observations: recognised, checked whole, and only then landed. All faults are reported together."""

import hashlib
import shutil
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from data import apart, layouts, limits, private, store
from data.faults import Fault
from data.ingest.checking import check_rows
from data.ingest.companions import MAX_BESIDE
from data.ingest.landing import land_rows
from data.ingest.report import (
    NO_CHOICES,
    Arrived,
    Check,
    Choices,
    ImportRefused,
    ImportReport,
    Origin,
    source_name,
)
from data.ingest.staging import stage_rows
from data.layouts import LayoutError

KEPT_CHECKS = 16
LARGE = 1 << 20
"""Bytes of a file from which on a preview is worth a process of its own."""


def import_file(
    path: Path,
    *,
    name: str | None = None,
    mapping: Mapping[str, str] | None = None,
    skip_invalid: bool = False,
    preview: bool = False,
    max_faults: int = 1000,
    new_indicators: bool = False,
    now: datetime | None = None,
    choices: Choices = NO_CHOICES,
    origin: Origin | None = None,
) -> ImportReport:
    """Bring a file of observations into the store.

    name: what the source is called, the file's name by default; importing under the same name again replaces values and
    is idempotent. mapping: our field -> the file's column, for files with other names, or =TEXT for what is the same in
    every row. skip_invalid lands the rows without faults. preview checks and writes nothing. An `indicators.csv` and a
    `countries.csv` (or the World Bank's own country files) lying beside the file describe its indicators and income
    groups. A code that is one slip from a known one is a fault, unless it is described there or new_indicators says
    that codes may be new. choices: what the file leaves open, answered. origin: the service whose answer the file is.

    The file is checked outside the store's lock, on a copy of its bytes under a name of our own; a check that was made
    of the same bytes against the same store is not made again.

    Raises LayoutError when the file is not market data, ImportRefused when rows are wrong, StoreBusy, StoreError.
    """
    now = now or datetime.now(UTC)
    name = source_name(name or path.name)
    store.ensure()
    with private.scratch("import") as folder:
        arrived = _take(path, folder, name)
        options = (name, tuple((mapping or {}).items()), max_faults, new_indicators, now.year, choices)
        key = (arrived.digest, options, store.version())
        if preview and (kept := _kept(key)):
            return kept
        try:
            asked = (arrived, mapping, skip_invalid, preview, max_faults, new_indicators, now, choices, origin)
            if preview and arrived.file.stat().st_size > LARGE:
                report = apart.run(_import, *asked, seconds=limits.MAX_SECONDS)
            else:
                report = _import(*asked)
        except apart.TookTooLong:
            raise LayoutError.of(limits.too_slow(name)) from None
        except OSError as error:
            raise _no_room(name, folder, error) from error
        except (limits.TooMuch, apart.BrokenOff) as error:
            raise LayoutError.of(error) from error
    if preview:
        _keep(key, report)
    elif report.fault_count and (report.stopped or not skip_invalid):
        raise ImportRefused(report)
    return report


def _take(path: Path, folder: Path, name: str) -> Arrived:
    """Copy a file and what describes it into our own folder: what is checked is what lands."""
    beside, unpacked = folder / "beside", folder / "unpacked"
    with path.open("rb") as source:
        layouts.check_size(path.stat().st_size, name)
        beside.mkdir()
        unpacked.mkdir()
        try:
            with (folder / "figures").open("wb") as copy:
                while chunk := source.read(1 << 20):
                    copy.write(chunk)
                    layouts.check_size(copy.tell(), name)  # a pipe or a device tells no size beforehand
        except OSError as error:
            raise _no_room(name, folder, error) from error
    digests = [_digest(folder / "figures")]
    for pattern in layouts.COMPANIONS:
        for found in sorted(path.parent.glob(pattern)):
            target = beside / layouts.companion_name(found.name)
            if target.exists() or not found.is_file():
                continue
            if found.stat().st_size > MAX_BESIDE:
                raise LayoutError(
                    "{file}, which lies beside the data, has over {mb} MB. Move it elsewhere.",
                    file=found.name,
                    mb=MAX_BESIDE >> 20,
                )
            shutil.copyfile(found, target)
            digests.append(f"{target.name} {_digest(target)}")
    whole = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    return Arrived(name, folder / "figures", beside, unpacked, digests[0], whole)


def _no_room(name: str, folder: Path, error: OSError) -> store.StoreError:
    return store.StoreError(
        "{file} could not be checked ({error}). Nothing was changed. Make room in {folder}, or set TMPDIR to another "
        "folder.",
        file=name,
        error=error.strerror or error,
        folder=folder.parent,
    )


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _import(
    arrived: Arrived,
    mapping: Mapping[str, str] | None,
    skip_invalid: bool,
    preview: bool,
    max_faults: int,
    new_indicators: bool,
    now: datetime,
    choices: Choices,
    origin: Origin | None,
) -> ImportReport:
    """Check outside the lock, then land within it; checked again there when somebody wrote in between."""
    deadline = limits.Deadline(arrived.name)
    layout = layouts.recognise(arrived.file, arrived.unpacked, mapping, arrived.name)
    stamp = store.version()
    connection = store.connect_to_check(arrived.file.parent, _size(layout), beside_others=preview)
    try:
        with store.within(connection, deadline):
            layout, note = stage_rows(connection, layout, mapping, arrived, now, deadline, choices)
            check = Check(arrived, layout, note, now, max_faults, new_indicators, choices, origin)
            report = check_rows(connection, check)
        if preview or (report.fault_count and (report.stopped or not skip_invalid)):
            return report
        with store.writing(Fault("an import"), checked=connection) as connection:
            if store.version() != stamp:
                report = check_rows(connection, check)
                if report.fault_count and (report.stopped or not skip_invalid):
                    raise store.Abandon
            report, is_new = land_rows(connection, report, check)
            if not is_new:
                raise store.Abandon
        return report
    except store.TookTooLong as error:
        raise limits.too_slow(arrived.name) from error
    except store.DatabaseError as error:
        raise LayoutError(
            "{file} cannot be checked ({error}). Split it, or save it as CSV.",
            file=arrived.name,
            error=str(error).strip().splitlines()[0],
        ) from error
    finally:
        connection.close()


def _size(layout: layouts.Layout) -> int:
    """Bytes of a file, unpacked."""
    return sum(part.path.stat().st_size for part in (layout, *layout.parts))


_checks: OrderedDict[tuple, ImportReport] = OrderedDict()
_checking = threading.Lock()


def _kept(key: tuple) -> ImportReport | None:
    with _checking:
        return _checks.get(key)


def _keep(key: tuple, report: ImportReport) -> None:
    with _checking:
        _checks[key] = report
        while len(_checks) > KEPT_CHECKS:
            _checks.popitem(last=False)
