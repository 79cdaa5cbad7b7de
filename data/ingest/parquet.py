"""A Parquet file, its columns told from its schema; and what an export says of itself."""

from collections.abc import Mapping
from dataclasses import replace
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
    found = _told_by_columns(schema, layout, mapping, name)
    fields = dict(found.mapping)
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
    for column in (*fields.values(), *found.spread, *found.unread):
        if pyarrow.types.is_nested(schema.field(column).type):
            raise LayoutError(
                "{file} has lists in its column {column}. Write one value a row.", file=name, column=column
            )
    texts = ", ".join(f"{sql_name(c)}::VARCHAR AS {sql_name(c)}" for c in found.spread)  # of one type, to be unpivoted
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW raw AS SELECT file_row_number + 1 AS {sql_name(LINE)}, "
        f"* {f'REPLACE ({texts})' if texts else ''} "
        f"FROM read_parquet({store.literal(layout.path)}, file_row_number = true, hive_partitioning = false)"
    )
    kind = "parquet" if note is None else "atlas export"
    return replace(found, kind=kind, mapping=fields, decimal="."), note


def _told_by_columns(
    schema: pyarrow.Schema, layout: layouts.Layout, mapping: Mapping[str, str] | None, name: str
) -> layouts.Layout:
    """What the columns are: a row a figure, or a column a year or an indicator. Raises LayoutError."""
    columns = tuple(schema.names)
    fixed = layouts.fixed_fields(columns, mapping)
    if fields := layouts.match_columns(columns, mapping):
        return layouts.Layout("parquet", layout.path, columns, fields, fixed=fixed)
    is_number = (pyarrow.types.is_integer, pyarrow.types.is_floating, pyarrow.types.is_decimal)
    kinds = ["1" if any(test(schema.field(column).type) for test in is_number) else "" for column in columns]
    found = layouts.known_layout(columns, layout.path, 1, ",", mapping, False, iter([kinds]))
    if found is None or found.keys:
        raise layouts.UnknownColumns(
            "{file} has the columns {columns}. Needed: market (iso3), indicator, year and value. Rename the columns, "
            "or say "
            "which is which (--map market=COLUMN).",
            columns,
            file=name,
            columns=", ".join(columns),
        )
    return found
