"""Files beside the data that describe its indicators and markets."""

import csv
from pathlib import Path

import pandas as pd

from data import catalog, layouts
from data.layouts import LayoutError

MAX_BESIDE = 20 << 20
"""Bytes of a file that describes the data it lies beside."""


def described_beside(folders: tuple[Path, ...]) -> dict[str, catalog.Indicator]:
    """Indicators by code that an indicators.csv in these folders describes."""
    described: dict[str, catalog.Indicator] = {}
    for companion in (folder / "indicators.csv" for folder in folders):
        try:
            described |= catalog.read_companion(companion) if companion.exists() else {}
        except (ValueError, csv.Error) as error:
            raise _companion_error(companion, error) from error
    return described


def companion_groups(folder: Path) -> pd.DataFrame | None:
    """Income groups and World Bank regions from a country file lying beside the data: iso3, income_group, wb_region."""
    for pattern in layouts.COMPANIONS[1:]:
        for file in sorted(folder.glob(pattern)):
            try:
                with file.open(encoding="utf-8-sig", newline="") as opened:
                    rows = [
                        {key.lower().replace(" ", "").replace("_", ""): value for key, value in row.items() if key}
                        for row in csv.DictReader(opened)
                    ]
            except (ValueError, csv.Error) as error:
                raise _companion_error(file, error) from error
            groups = [
                (row.get("iso3") or row.get("countrycode"), row["incomegroup"], row.get("region") or None)
                for row in rows
                if row.get("incomegroup")
            ]
            if groups:
                return pd.DataFrame(groups, columns=["iso3", "income_group", "wb_region"])
    return None


def _companion_error(file: Path, error: Exception) -> LayoutError:
    return LayoutError(
        "{name}, which lies beside the data and should describe it, cannot be read ({error}). Correct it as UTF-8 CSV, "
        "or move it to another folder.",
        name=file.name,
        error=error,
    )
