"""SDMX-ML data messages, generic and structure-specific (2.1, and the generic and compact ones of 2.0), as a row an
observation.

Read as a stream by expat: no document type, no entities, bounded in depth, width and length.
"""

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from xml.parsers import expat

from data import limits
from data.layouts.layout import Layout, LayoutError
from data.layouts.text import from_text

KIND = "SDMX-ML"
START = re.compile(
    rb"sdmx\.org|<(?:\w+:)?(?:GenericData|GenericTimeSeriesData|StructureSpecific\w*Data|CompactData|CrossSectionalData)\b"
)
MAX_DEPTH, MAX_TAG = 64, 16 << 20
MAX_GROUPS, MAX_KINDS = 1_000_000, 100
"""Groups of a data set, and how many different keys they may have."""
DATA = (
    "GenericData",
    "GenericTimeSeriesData",
    "StructureSpecificData",
    "StructureSpecificTimeSeriesData",
    "CompactData",
)
KEYS = ("SeriesKey", "GroupKey", "ObsKey")
TECHNICAL = frozenset(
    {
        "action", "dataProviderID", "dataProviderSchemeAgencyId", "dataProviderSchemeId", "dataScope",
        "dataflowAgencyID", "dataflowID", "datasetID", "keyFamilyURI", "namespace", "publicationPeriod",
        "publicationYear",
        "reportingBeginDate", "reportingEndDate", "setID", "structureRef", "type", "validFromDate", "validToDate",
    }
)  # fmt: skip
"""Attributes of a data set or group that speak of the message and not of figures."""


class _Broken(ValueError):
    """The message breaks the rules, or what we bound."""


def from_sdmxml(path: Path, scratch: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    """The observations of a data message. Raises LayoutError for other messages, and for one that breaks off."""
    target = scratch / f"{path.name} observations.csv"
    reader = _Reader(target.with_suffix(".rows"), name, limits.unfolded(path.stat().st_size))
    try:
        reader.read(path)
    except (expat.ExpatError, _Broken) as error:
        raise LayoutError(
            "{file} is SDMX-ML that cannot be read ({error}). Fetch it again, or the same data as SDMX-CSV "
            "(format=csvfile).",
            file=name,
            error=error,
        ) from error
    if reader.said:
        raise LayoutError(
            "{file} holds no data, but an answer of the service: {said}. Fetch it again.",
            file=name,
            said=" ".join(reader.said)[:300],
        )
    if not reader.count:
        raise LayoutError(
            "{file} is SDMX-ML without observations ({root}). Fetch the data, not their structure.",
            file=name,
            root=reader.root,
        )
    reader.write(target)
    return replace(from_text(target, mapping, name), kind=KIND, decimal=".")


class _Reader:
    """Observations as they come, each with what its series, group and data set say of it."""

    def __init__(self, rows: Path, name: str, letters: int) -> None:
        self.rows, self.name, self.letters = rows, name, letters
        self.root, self.said, self.count = "", [], 0
        self.columns: dict[str, int] = {}
        self.path: list[str] = []
        self.text: list[str] = []
        self.at = ""
        self.dataset: dict[str, str] = {}
        self.group: dict[str, str] | None = None
        self.key: dict[str, str] = {}
        self.groups: list[tuple[dict[str, str], dict[str, str]]] = []
        self.found: dict[tuple[str, ...], dict[tuple[str, ...], dict[str, str]]] | None = None
        self.series: dict[str, str] | None = None
        self.known: dict[str, str] | None = None
        self.nested = False
        self.obs: dict[str, str] = {}

    def read(self, path: Path) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = _refuse_document_type
        deadline, fed = limits.Deadline(self.name), 0
        with path.open("rb") as file, self.rows.open("w", encoding="utf-8", newline="") as out:
            self.writer = csv.writer(out, lineterminator="\n")
            while chunk := file.read(1 << 20):
                parser.Parse(chunk, False)
                fed += len(chunk)
                if fed - parser.CurrentByteIndex > MAX_TAG:
                    raise _Broken("a tag of it is too long")
                deadline.left()
            parser.Parse(b"", True)

    def write(self, target: Path) -> None:
        """The rows below their header, all as wide as it."""
        width = len(self.columns)
        with (
            self.rows.open(encoding="utf-8", newline="") as rows,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(self.columns)
            for row in csv.reader(rows):
                writer.writerow(row + [""] * (width - len(row)))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if tag.endswith("Group") and self.path[-1:] == ["DataSet"]:
            tag = "Group"  # compact messages name it after its kind
        self.root = self.root or tag
        if len(self.path) >= MAX_DEPTH:
            raise _Broken(f"it is nested deeper than {MAX_DEPTH}")
        own = {key: text for key, text in attributes.items() if " " not in key}  # others are the message's
        if any(len(text) > limits.MAX_CELL for text in own.values()):
            raise limits.long_cell(self.name)
        if handler := _STARTS.get(tag):
            handler(self, own)
        self.path.append(tag)
        self.text = []

    def _end(self, name: str) -> None:
        tag = self.path.pop()
        said = "".join(self.text).strip()
        self.text = []
        if tag == "Obs":
            self._write_observation()
        elif tag == "Series":
            self.series = None
        elif tag == "Group":
            self._close_group()
        elif tag == "Time" and self.path[-1:] == ["Obs"]:  # 2.0
            self.obs["TIME_PERIOD"] = said
        elif said and tag in ("Text", "ErrorMessage") and "ErrorMessage" in (*self.path, tag):
            self.said.append(said)

    def _characters(self, text: str) -> None:
        if self.path[-1:] and self.path[-1] in ("Time", "Text", "ErrorMessage"):
            self.text.append(text)
            if sum(map(len, self.text)) > limits.MAX_CELL:
                raise limits.long_cell(self.name)

    # ------------------------------------------------------------------ elements

    def _structure(self, own: dict[str, str]) -> None:
        self.at = own.get("dimensionAtObservation", self.at)

    def _dataset(self, own: dict[str, str]) -> None:
        if own.get("action", "").lower() == "delete":
            raise _Broken("it asks to delete what it lists")
        if self.root not in DATA:
            raise _Broken(f"a message of the kind {self.root} is not read")
        self.dataset = {key: text for key, text in own.items() if key not in TECHNICAL}
        self.groups, self.found = [], None

    def _open_group(self, own: dict[str, str]) -> None:
        self.group, self.key = {key: text for key, text in own.items() if key not in TECHNICAL}, {}
        self.nested = False

    def _close_group(self) -> None:
        if self.group and not self.nested:
            if self.found is not None:
                raise _Broken("a group stands behind its series")
            if len(self.groups) >= MAX_GROUPS:
                raise _Broken(f"it has more than {MAX_GROUPS:,} groups")
            self.groups.append((self.key, self.group))
        self.group, self.key = None, {}

    def _open_series(self, own: dict[str, str]) -> None:
        self.series, self.known = dict(own), None
        self.nested = self.group is not None

    def _open_observation(self, own: dict[str, str]) -> None:
        if self.series is not None and self.known is None:
            self._of_series(self.series)
        self.obs = dict(own)

    def _value(self, own: dict[str, str]) -> None:
        concept, text = own.get("id") or own.get("concept") or "", own.get("value", "")
        parent = self.path[-1] if self.path else ""
        owner = self.path[-2] if len(self.path) > 1 else ""
        if not concept or parent not in (*KEYS, "Attributes"):
            return
        if parent == "GroupKey":
            self.key[concept] = text
        elif owner == "Obs":
            self.obs[concept] = text
        elif owner == "Series" and self.series is not None:
            self.series[concept] = text
        elif owner == "Group" and self.group is not None:
            self.group[concept] = text
        elif owner == "DataSet":
            self.dataset[concept] = text

    def _obs_dimension(self, own: dict[str, str]) -> None:
        at = self.at if self.at and self.at != "AllDimensions" else "TIME_PERIOD"
        self.obs[own.get("id") or at] = own.get("value", "")

    def _obs_value(self, own: dict[str, str]) -> None:
        self.obs["OBS_VALUE"] = own.get("value", "")

    def _components(self, own: dict[str, str]) -> None:
        raise _Broken("it writes values as elements of their own (Comp), which is not read")

    # ------------------------------------------------------------------ rows

    def _of_series(self, series: dict[str, str]) -> None:
        """What is known of every observation of this series: the nearer word goes before the farther."""
        self.known = self.dataset | self._of_groups(series) | (self.group or {}) | series

    def _of_groups(self, series: Mapping[str, str]) -> dict[str, str]:
        if self.found is None:
            self.found = {}
            for key, said in self.groups:
                keys = key or {k: v for k, v in said.items() if k in series}  # structure-specific: both in one
                names = tuple(sorted(keys))
                told = self.found.setdefault(names, {}).setdefault(tuple(keys[name] for name in names), {})
                told |= {k: v for k, v in said.items() if k not in keys}
            if len(self.found) > MAX_KINDS:
                raise _Broken(f"its groups have more than {MAX_KINDS} different keys")
        of_groups: dict[str, str] = {}
        for names, told in self.found.items():
            of_groups |= told.get(tuple(series.get(name, "") for name in names), {})
        return of_groups

    def _write_observation(self) -> None:
        if self.series is None:  # a flat message: what groups say hangs on the observation's own dimensions
            self.known = self.dataset | self._of_groups(self.obs)
        row = (self.known or {}) | self.obs
        self.obs = {}
        for column in row:
            self.columns.setdefault(column, len(self.columns))
        limits.check_columns(len(self.columns), self.name)
        texts = [row.get(column, "") for column in self.columns]
        self.letters -= self.writer.writerow(texts)
        self.count += 1
        if self.letters < 0:
            raise _Broken("it unfolds to far more than genuine data do")
        if self.count % 65_536 == 0:
            limits.check_rows(self.count, self.name)


def _refuse_document_type(*_: object) -> None:
    raise _Broken("it declares a document type, which no SDMX message does")


_STARTS: dict[str, Callable[[_Reader, dict[str, str]], None]] = {
    "Structure": _Reader._structure,
    "DataSet": _Reader._dataset,
    "Group": _Reader._open_group,
    "Series": _Reader._open_series,
    "Obs": _Reader._open_observation,
    "Value": _Reader._value,
    "ObsDimension": _Reader._obs_dimension,
    "ObsValue": _Reader._obs_value,
    "Comp": _Reader._components,
}
