"""How many red cells are found where they lie apart, and where they lie close to each other."""

from collections.abc import Sequence

import numpy as np

from models.vision import counts, scores
from models.vision.cells.network import Detections
from models.vision.corpora import CELLS, Boxed

RED = CELLS.index("RBC")
GROUPS = {"no neighbour": (0, 0), "1 or 2 neighbours": (1, 2), "3 or more neighbours": (3, np.inf)}
"""How many other red cells have their middle within a cell's diameter of its own."""


def neighbours(boxes: np.ndarray) -> np.ndarray:
    """Of each box (cells, 4), how many others have their middle within its mean side of its own, (cells,)."""
    middles, across = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).mean(1)
    apart = np.hypot(*np.moveaxis(middles[:, None] - middles[None], 2, 0))
    return (apart < across[:, None]).sum(1) - 1


def recall(detections: Sequence[Detections], truth: Sequence[Boxed]) -> dict[str, dict[str, float]]:
    """By crowding, of the labelled red cells: n; recall, the share found (IoU 0.5) as likely there as not; proposed,
    the share found at all, which the number expected adds up. Groups without a cell are left out."""
    rows = np.concatenate([_rows(found, smear) for found, smear in zip(detections, truth, strict=True)])
    told = {}
    for name, (low, high) in GROUPS.items():
        group = rows[(rows[:, 0] >= low) & (rows[:, 0] <= high)]
        if len(group):
            told[name] = {"n": len(group), "recall": float(group[:, 1].mean()), "proposed": float(group[:, 2].mean())}
    return told


def _rows(found: Detections, smear: Boxed) -> np.ndarray:
    """A row a labelled red cell: its neighbours, whether it is found likely, whether it is found at all."""
    there, red = smear.boxes[smear.classes == RED], found.classes == RED
    rows = np.zeros((len(there), 3))
    rows[:, 0] = neighbours(there)
    for column, kept in ((1, red & (found.confidence >= counts.LIKELY)), (2, red)):
        met = scores.matched(scores.box_iou(there, found.boxes[kept]), 0.5)
        rows[[true for true, _ in met], column] = 1
    return rows
