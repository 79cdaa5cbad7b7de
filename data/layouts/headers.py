"""Whose table is this? A header row against every layout we know, the particular ones first."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from data.layouts.asking import NoIndicator, no_indicator
from data.layouts.layout import YEAR_HEADER, Layout, fixed_fields, named_columns, plain
from data.layouts.panels import panel

__all__ = ["NoIndicator", "known_layout"]

SERIES_HEADER = re.compile(r"^(.*\S)\s*\[([A-Za-z0-9_.:]+)\]$")
KEYS_AND_TIME = re.compile(r"^(.+)\\\s*(?:time_period|time)$", re.IGNORECASE)
FLAG_OF_YEAR = re.compile(r"^Y\d{4}[FN]$")


def known_layout(
    row: Sequence[str],
    path: Path,
    line: int,
    delimiter: str,
    mapping: Mapping[str, str] | None,
    preamble: bool,
    below: Iterator[Sequence[str]],
) -> Layout | None:
    """The layout of which `row` is the header on this line of a file; None when it is no header.

    preamble: whether the lines before were those of the World Bank's API. below: the rows that follow, of which some
    may be taken. Raises LayoutError for a table that lacks no more than its indicator.
    """
    names = {}
    for cell in reversed(row):
        names[cell.strip().lower()] = cell
    years = {int(m[1]): cell for cell in row if (m := YEAR_HEADER.match(cell.strip()))}
    at = {"header_line": line, "delimiter": delimiter}
    for family in (_world_bank, _weo, _eurostat, _fao, _undata, _databank_series):
        if found := family(row, names, years, path, at, mapping or {}, preamble):
            return found
    return _by_columns(row, names, years, path, at, mapping) or _by_headings(row, path, at, mapping, below)


def _world_bank(row, names, years, path, at, mapping, preamble) -> Layout | None:
    for code, title, kind in (
        ("indicator code", "indicator name", "World Bank API CSV" if preamble else "World Bank bulk CSV"),
        ("series code", "series name", "World Bank DataBank"),
    ):
        if years and "country code" in names and code in names:
            fields = {"market": names["country code"], "indicator": names[code]}
            if title in names:
                fields["name"] = names[title]
            return Layout(kind, path, tuple(row), fields, years=years, **at)
    return None


def _weo(row, names, years, path, at, mapping, preamble) -> Layout | None:
    """The IMF's World Economic Outlook, by country."""
    if not (years and "weo subject code" in names and ("iso" in names or "country" in names)):
        return None
    fields = {"market": names.get("iso") or names["country"], "indicator": names["weo subject code"]}
    if "subject descriptor" in names:
        fields["name"] = names["subject descriptor"]
    if "units" in names:
        fields["unit"] = names["units"]
    if until := names.get("estimates start after"):
        fields["estimates after"] = until
    return Layout("IMF WEO", path, tuple(row), fields, years=years, decimal=".", **at)


def _eurostat(row, names, years, path, at, mapping, preamble) -> Layout | None:
    """Eurostat's TSV: the keys joined in the first column, then a column a period; flags stand behind the values."""
    keys = KEYS_AND_TIME.match(row[0].strip()) if row else None
    if keys is None or not years:
        return None
    joined = tuple(key.strip() for key in keys[1].split(","))
    fields = {ours: column for ours, column in named_columns(joined, mapping).items() if ours in ("market", "unit")}
    if "indicator" in mapping and not mapping["indicator"].startswith("="):
        fields["indicator"] = named_columns(joined, mapping).get("indicator", "")
    fixed = fixed_fields(row, mapping)
    if "market" not in fields:
        return None
    if not fields.get("indicator") and "indicator" not in fixed:
        raise no_indicator(joined)
    return Layout("Eurostat TSV", path, tuple(row), fields, years=years, keys=joined, fixed=fixed, decimal=".", **at)


def _fao(row, names, years, path, at, mapping, preamble) -> Layout | None:
    """FAOSTAT: an item and an element together say what is meant."""
    if not {"area", "item", "element"} <= set(names) or not (years or {"year", "value"} <= set(names)):
        return None
    fixed = fixed_fields(row, mapping)
    fields = {"market": names["area"]} | {f: names[n] for f, n in (("unit", "unit"),) if n in names}
    if not years:
        fields |= {"year": names["year"], "value": names["value"]}
    return Layout(
        "FAOSTAT",
        path,
        tuple(row),
        fields,
        years=years,
        fixed=fixed,
        joined=() if "indicator" in fixed else (names["item"], names["element"]),
        **at,
    )


def _undata(row, names, years, path, at, mapping, preamble) -> Layout | None:
    """UNdata's tables; footnotes stand below them."""
    year = names.get("year") or names.get("year(s)")
    if "country or area" not in names or year is None or "value" not in names:
        return None
    fields = {"market": names["country or area"], "year": year, "value": names["value"]}
    fixed = fixed_fields(row, mapping)
    said = named_columns(row, mapping).get("indicator") if "indicator" in mapping else None
    item = said or names.get("item") or names.get("variable") or names.get("series") or names.get("indicator")
    if "indicator" not in fixed:
        if item is None:
            raise no_indicator(row)
        fields["indicator"] = item
    if unit := names.get("unit"):
        fields["unit"] = unit
    return Layout("UNdata", path, tuple(row), fields, fixed=fixed, **at)


def _databank_series(row, names, years, path, at, mapping, preamble) -> Layout | None:
    """The World Bank's DataBank with a column a series."""
    series = {m[2]: (m[1], cell) for cell in row if (m := SERIES_HEADER.match(cell.strip())) and not m[2].isdigit()}
    series = {code: found for code, found in series.items() if not YEAR_HEADER.match(found[1].strip())}
    year = names.get("time") or names.get("year") or names.get("time code")
    if not (series and year and "country code" in names):
        return None
    return Layout(
        "World Bank DataBank",
        path,
        tuple(row),
        {"market": names["country code"], "year": year},
        series={code: cell for code, (_, cell) in series.items()},
        titles={code: title for code, (title, _) in series.items()},
        **at,
    )


def _by_columns(row, names, years, path, at, mapping) -> Layout | None:
    """Tidy tables and SDMX-CSV by the names of their columns; then tables with a column a year or a series."""
    fields, fixed = named_columns(row, mapping), fixed_fields(row, mapping)
    has = set(fields) | set(fixed)
    if {"market", "indicator", "year", "value"} <= has:
        heads = {plain(cell) for cell in row}
        is_sdmx = "obs value" in heads or {"location", "time", "value"} <= heads  # the latter is OECD's older form
        kind = "SDMX-CSV" if is_sdmx else "tidy"
        return Layout(kind, path, tuple(row), fields, fixed=fixed, **at)
    if "market" in has and len(years) >= 1 and "value" not in has:
        if "indicator" not in has:
            raise no_indicator(row)
        kept = {ours: column for ours, column in fields.items() if ours in ("market", "indicator", "unit")}
        return Layout("wide", path, tuple(row), kept, years=years, fixed=fixed, **at)
    if {"entity", "year"} <= set(names) and "value" not in has:
        used = {"entity", "code", "year", "iso3"} | {n for n in names if n.endswith(("-annotations", "region"))}
        series = {cell.strip(): cell for name, cell in names.items() if name and name not in used}
        if series:
            return Layout(
                "OWID grapher",
                path,
                tuple(row),
                {"market": names.get("code") or names["entity"], "year": names["year"]},
                series=_renamed(series, fixed),
                titles={code: code for code in series},
                **at,
            )
    return None


def _by_headings(row, path, at, mapping, below) -> Layout | None:
    """A column an indicator; else a table that says of one indicator nothing but countries, years and values."""
    if found := panel(row, below, path, at, mapping):
        return found
    has = set(named_columns(row, mapping)) | set(fixed_fields(row, mapping))
    if {"market", "year", "value"} <= has and len(row) >= 3:
        raise no_indicator(row)
    return None


def _renamed(series: dict[str, str], fixed: Mapping[str, str]) -> dict[str, str]:
    if "indicator" in fixed and len(series) == 1:
        return {fixed["indicator"]: next(iter(series.values()))}
    return series
