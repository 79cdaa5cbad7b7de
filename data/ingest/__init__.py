"""A file of observations comes in, or all of them go out."""

from data.ingest.files import import_file
from data.ingest.landing import export
from data.ingest.report import MAX_FAULTS, MAX_NAME, Choices, ImportRefused, ImportReport, Origin, source_name

__all__ = [
    "MAX_FAULTS",
    "MAX_NAME",
    "Choices",
    "ImportRefused",
    "ImportReport",
    "Origin",
    "export",
    "import_file",
    "source_name",
]
