"""A file of observations comes in, or all of them go out."""

from data.ingest.checking import MOST_FAULTS
from data.ingest.files import import_file
from data.ingest.landing import export
from data.ingest.report import LONGEST_NAME, ImportRefused, ImportReport, source_name

__all__ = [
    "LONGEST_NAME",
    "MOST_FAULTS",
    "ImportRefused",
    "ImportReport",
    "export",
    "import_file",
    "source_name",
]
