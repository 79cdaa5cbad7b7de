"""A Parquet file, its columns told from its schema; and what an export says of itself."""

from collections.abc import Mapping
from datetime import datetime

import pyarrow
import pyarrow.parquet

from data import exports, layouts, limits, store
from data.faults import Fault
from data.ingest.reading import LINE, sql_name
from data.ingest.report import Arrived
from data.layouts import LayoutError


def open_parquet(
    connection: store.Connection,
    layout: layouts.Layout,
    mapping: Mapping[str, str] | None,
    arrived: Arrived,
    now: datetime,
) -> tuple[layouts.Layout, exports.Note | None]:
    """Lay the view `raw` over the file; returns its layout, and what an export says of itself. Raises LayoutError."""
    name = arrived.name
    try:
        with layout.path.open("rb") as file:
            metadata = pyarrow.parquet.read_metadata(file)
        schema = metadata.schema.to_arrow_schema()
    except (OSError, ValueError, NotImplementedError) as error:
        raise LayoutError(
            "{file} is damaged Parquet ({error}). Export or download it again.", file=name, error=error
        ) from error
    limits.check_parquet(metadata, layout.path.stat().st_size, name)
    columns = schema.names
    if metadata.num_rows == 0:
        raise LayoutError("{file} has no rows. Nothing to import.", file=name)
    layouts.check_mapping(columns, name, mapping)
    fields = layouts.match_columns(columns, mapping)
    if fields is None:
        raise layouts.UnknownColumns(
            "{file} has the columns {columns}. Needed: market (iso3), indicator, year and value. Rename the columns, "
            "or say "
            "which is which (--map market=COLUMN).",
            columns,
            file=name,
            columns=", ".join(columns),
        )
    exported, note = (metadata.metadata or {}).get(b"atlas_export"), None
    if exported is not None:
        note = exports.read(exported, name, now)
        if not {"source", "snapshot"} <= set(columns):
            raise LayoutError(
                "{file} is a damaged export ({reason}). Write it again: python -m data export",
                file=name,
                reason=Fault("it lacks a column"),
            )
        fields |= {"source": "source", "snapshot": "snapshot"}
    for column in fields.values():
        if pyarrow.types.is_nested(schema.field(column).type):
            raise LayoutError(
                "{file} has lists in its column {column}. Write one value a row.", file=name, column=column
            )
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW raw AS SELECT file_row_number + 1 AS {sql_name(LINE)}, * "
        f"FROM read_parquet({store.literal(layout.path)}, file_row_number = true, hive_partitioning = false)"
    )
    kind = "parquet" if note is None else "atlas export"
    fixed = layouts.fixed_fields(columns, mapping)
    return layouts.Layout(kind, layout.path, tuple(columns), fields, fixed=fixed, decimal="."), note
