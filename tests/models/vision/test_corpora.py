"""Rows of encoded pictures become pictures, or are refused with what is wrong with them."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from models.corpora import read
from models.errors import ModelError
from models.vision import corpora


def file(values: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(values).save(out, "PNG")
    return out.getvalue()


PICTURE = file(np.full((6, 8, 3), 9, np.uint8))


def test_nuclei_are_read_with_16_bit_numbers():
    numbers = np.zeros((6, 8), np.uint16)
    numbers[1, 2] = 40_000
    found = corpora.nuclei(pd.DataFrame([{"image": PICTURE, "instances_png": file(numbers), "split": "val"}]))[0]
    assert found.instances[1, 2] == 40_000
    assert (found.pixels.shape, found.split) == ((6, 8, 3), "val")


def test_cells_are_read_with_their_boxes():
    found = corpora.cells(pd.DataFrame([{"image": PICTURE, "labels": ["WBC"], "boxes_xyxy": [[1, 2, 3, 4]]}]))[0]
    assert found.classes.tolist() == [1]
    assert found.boxes.tolist() == [[1, 2, 3, 4]]
    assert found.split == "test"


def test_a_smear_without_cells_has_none():
    found = corpora.cells(pd.DataFrame([{"image": PICTURE, "labels": [], "boxes_xyxy": []}]))[0]
    assert found.boxes.shape == (0, 4)


@pytest.mark.parametrize(
    ("read", "row", "told"),
    [
        (corpora.nuclei, {"image": PICTURE}, "lack instances_png"),
        (corpora.nuclei, {"image": b"no", "instances_png": PICTURE}, "cannot be read"),
        (corpora.nuclei, {"image": PICTURE, "instances_png": file(np.zeros((3, 3), np.uint8))}, "do not fit"),
        (corpora.cells, {"image": PICTURE, "labels": ["Dog"], "boxes_xyxy": [[0, 0, 1, 1]]}, "Dog"),
        (corpora.cells, {"image": PICTURE, "labels": ["RBC", "RBC"], "boxes_xyxy": [[0, 0, 1, 1]]}, "one a box"),
    ],
)
def test_rows_that_cannot_be_are_refused_with_what_is_wrong(read, row, told):
    with pytest.raises(ValueError, match=told):
        read(pd.DataFrame([row]))


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="no row"):
        corpora.nuclei(pd.DataFrame({"image": [], "instances_png": []}))


def test_a_file_that_is_no_parquet_is_refused_by_name(tmp_path):
    (tmp_path / "a.parquet").write_text("hello")
    with pytest.raises(ModelError, match=r"a\.parquet"):
        read(tmp_path / "a.parquet")


def test_missing_pictures_are_told_with_where_they_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("ATLAS_VISION_DATA", str(tmp_path / "none"))
    with pytest.raises(ModelError, match="ATLAS_VISION_DATA"):
        corpora.folder()
