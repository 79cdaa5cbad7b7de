"""Labelled rows to train and judge on: parquet files that are not part of the program."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from models.errors import ModelError

BESIDE = Path(__file__).parents[1].parent / "shared" / "data"


def folder(given: Path | None, variable: str, beside: Path, files: Sequence[str]) -> Path:
    """Where files lie: as given, as the environment's variable names it, or beside the repository. files: what the
    folder holds. Raises ModelError where there is no such folder."""
    named = given or (Path(os.environ[variable]) if os.environ.get(variable) else beside)
    if not named.is_dir():
        raise ModelError(
            "There are no data to train on in {folder}. Name the folder that holds {files} with --data-dir or "
            "{variable}.",
            folder=str(named),
            files=", ".join(files),
            variable=variable,
        )
    return named


def read(file: Path, columns: Sequence[str] = ()) -> pd.DataFrame:
    """A parquet file, or these of its columns. Raises ModelError when it cannot be read or lacks one of them."""
    try:
        rows = pd.read_parquet(file)
    except (OSError, ValueError) as error:
        raise ModelError("{file} cannot be read: {error}", file=str(file), error=str(error)) from error
    if missing := [column for column in columns if column not in rows.columns]:
        raise ModelError(
            "{file} lacks the columns {columns}; it has {have}.",
            file=str(file),
            columns=", ".join(missing),
            have=", ".join(map(str, rows.columns)),
        )
    return rows[list(columns)].reset_index(drop=True) if columns else rows
