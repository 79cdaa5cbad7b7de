"""Files of characters by their first bytes: JSON, SDMX-ML, PC-Axis, or a table of text."""

import re
from collections.abc import Mapping
from pathlib import Path

from data.layouts import answers, pcaxis, sdmxml
from data.layouts.layout import Layout
from data.layouts.text import from_text

JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*\{|\{\s*[\"}])")


def from_plain(path: Path, scratch: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    """The layout of a file that is not packed. Raises LayoutError for what is no market data."""
    with path.open("rb") as file:
        start = file.read(4096)
    if JSON.match(start[:64]):
        return answers.from_json(path, scratch, mapping, name)
    if sdmxml.START.search(start) and start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return sdmxml.from_sdmxml(path, scratch, mapping, name)
    if pcaxis.START.match(start):
        return pcaxis.from_pcaxis(path, scratch, mapping, name)
    return from_text(path, mapping, name)
