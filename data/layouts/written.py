"""Files of characters by their first bytes: JSON, SDMX-ML, PC-Axis, or a table of text."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from data import apart, limits
from data.layouts import answers, pcaxis, sdmxml
from data.layouts.layout import Layout
from data.layouts.text import from_text

JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*\{|\{\s*[\"}])")
LARGE = 1 << 20
"""Bytes from which on what is read by Python is read in a process of its own."""
Reader = Callable[[Path, Path, Mapping[str, str] | None, str], Layout]


def from_plain(path: Path, scratch: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    """The layout of a file that is not packed. Raises LayoutError for what is no market data."""
    with path.open("rb") as file:
        start = file.read(4096)
    reader = _reader(start)
    if reader is None:
        return from_text(path, mapping, name)
    if path.stat().st_size <= LARGE:
        return reader(path, scratch, mapping, name)
    try:
        return apart.run(reader, path, scratch, mapping, name, seconds=limits.MAX_SECONDS)
    except apart.TookTooLong:
        raise limits.too_slow(name) from None


def _reader(start: bytes) -> Reader | None:
    if JSON.match(start[:64]):
        return answers.from_json
    if sdmxml.START.search(start) and start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return sdmxml.from_sdmxml
    return pcaxis.from_pcaxis if pcaxis.START.match(start) else None
