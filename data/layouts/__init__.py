"""What kind of file is this? Recognised by content, never by name, before anything is read in earnest."""

from data.layouts.headers import NoIndicator, known_layout
from data.layouts.layout import (
    FIELDS,
    OWN,
    REQUIRED,
    SDMX,
    YEAR_HEADER,
    Layout,
    LayoutError,
    UnknownColumns,
    check_mapping,
    fixed_fields,
    is_labelled,
    match_columns,
    named_columns,
    plain,
)
from data.layouts.packed import COMPANIONS, companion_name
from data.layouts.panels import UnknownHeadings
from data.layouts.recognise import check_size, recognise

__all__ = [
    "COMPANIONS",
    "FIELDS",
    "OWN",
    "REQUIRED",
    "SDMX",
    "YEAR_HEADER",
    "Layout",
    "LayoutError",
    "NoIndicator",
    "UnknownColumns",
    "UnknownHeadings",
    "check_mapping",
    "check_size",
    "companion_name",
    "fixed_fields",
    "is_labelled",
    "known_layout",
    "match_columns",
    "named_columns",
    "plain",
    "recognise",
]
