"""JSON-stat 2.0 and 1.x: figures over dimensions, in a list or by position, with units and statuses beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from data.faults import Fault
from data.layouts import cubes
from data.layouts.layout import Layout, LayoutError, together

KIND = "JSON-stat"
ROLES = {"time": "year", "geo": "market", "metric": "indicator"}


def datasets(answer: object) -> dict[str, dict[str, Any]]:
    """The datasets of an answer by name: one for version 2.0, those of a bundle for 1.x; none for other JSON."""
    if not isinstance(answer, dict):
        return {}
    if "dimension" in answer and "value" in answer:
        return {"": answer}
    return {k: v for k, v in answer.items() if isinstance(v, dict) and "dimension" in v and "value" in v}


def from_jsonstat(
    tables: Mapping[str, dict[str, Any]], path: Path, scratch: Path, mapping: Mapping[str, str] | None, name: str
) -> Layout:
    """Every dataset as a table. Raises LayoutError for one that breaks the standard, or does not say what it must."""
    written = []
    for number, (title, dataset) in enumerate(tables.items()):
        try:
            cube = _cube(dataset, name)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            if isinstance(error, Fault):
                raise
            raise LayoutError(
                "{file} is JSON-stat that breaks its own rules ({error}). Fetch it again, or as CSV.",
                file=name,
                error=f"{type(error).__name__}: {error}"[:200],
            ) from error
        target = scratch / f"{path.name} {number}.csv"
        written.append(replace(cubes.written(cube, target, mapping, name, path.stat().st_size), part=title))
    return together(written, [])


def _cube(dataset: dict[str, Any], name: str) -> cubes.Cube:
    dimensions = dataset["dimension"]
    ids, sizes = (dataset.get(key) or dimensions[key] for key in ("id", "size"))
    roles = dataset.get("role") or dimensions.get("role") or {}
    kinds = {one: ROLES[role] for role, named in roles.items() if role in ROLES for one in named}
    axes = tuple(_axis(one, dimensions[one], kinds.get(one, "")) for one in ids)
    if [len(axis.codes) for axis in axes] != list(sizes):
        raise ValueError("its sizes are not those of its dimensions")
    count = cubes.size(axes, name)
    return cubes.Cube(
        KIND, axes, _cells(dataset["value"], dataset.get("status"), count), str(dataset.get("source") or "")
    )


def _axis(name: str, dimension: dict[str, Any], kind: str) -> cubes.Axis:
    category = dimension["category"]
    labels, index = category.get("label") or {}, category.get("index")
    if index is None:
        index = list(labels)
    codes = [str(code) for code in (sorted(index, key=index.__getitem__) if isinstance(index, dict) else index)]
    if len(set(codes)) != len(codes) or not codes:
        raise ValueError(f"dimension {name} has no categories, or one of them twice")
    units = [category.get("unit", {}).get(code) or {} for code in codes]
    extension = dimension.get("extension") or {}
    return cubes.Axis(
        name=name,
        codes=tuple(codes),
        labels=tuple(str(labels.get(code, code)) for code in codes),
        kind=kind or ("unit" if name.strip().lower() in ("unit", "units", "unit_measure") else ""),
        total=str(extension.get("eliminationValueCode") or "") if isinstance(extension, dict) else "",
        units=tuple(str(unit.get("label") or unit.get("base") or "") for unit in units),
        multipliers=tuple(str(unit["multiplier"]) if unit.get("multiplier") is not None else "" for unit in units),
    )


def _cells(values: Any, statuses: Any, count: int) -> Iterator[tuple[int, str, str]]:
    """Position, value and status of each cell. Raises ValueError for more or fewer than the dimensions make."""
    if isinstance(values, list) and len(values) != count:
        raise ValueError(f"it has {len(values):,} values, and its dimensions ask for {count:,}")
    given = enumerate(values) if isinstance(values, list) else ((int(place), v) for place, v in values.items())
    if not isinstance(values, list) and any(not 0 <= int(place) < count for place in values):
        raise ValueError(f"a value stands outside its {count:,} cells")
    status = _status(statuses, count)
    return ((place, _text(value), status(place)) for place, value in given)


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else repr(value)


def _status(statuses: Any, count: int):
    """Which status a position has: one for all, one a cell, or by position."""
    if isinstance(statuses, list):
        if len(statuses) not in (1, count):
            raise ValueError(f"it has {len(statuses):,} statuses, and its dimensions ask for {count:,}")
        return lambda place: str(statuses[place % len(statuses)] or "")
    if isinstance(statuses, dict):
        return lambda place: str(statuses.get(str(place)) or "")
    return lambda place: str(statuses or "")
