"""How good segmentation and detection are, by the measures of their fields.

Instances: a predicted one matches the true one it overlaps most when their intersection over union (IoU) exceeds a
threshold; AP at that threshold is TP / (TP + FP + FN) in a picture, averaged over pictures (Data Science Bowl 2018;
Caicedo et al. 2019, Nature Methods 16). Boxes: average precision is the area under the precision-recall curve over all
pictures with precision made monotone (Everingham et al. 2010, PASCAL VOC from 2010 on), mAP its mean over classes.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment


def dice(truth: np.ndarray, predicted: np.ndarray) -> float:
    """2 |A and B| / (|A| + |B|) of two masks (bool, any one shape); 1 where both are empty (Dice 1945)."""
    both = int(truth.sum()) + int(predicted.sum())
    return 2 * int((truth & predicted).sum()) / both if both else 1.0


def overlaps(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """IoU of every true (1..n) with every predicted (1..m) instance, (n, m). truth, predicted: int (height, width)."""
    truth, predicted = _compact(truth), _compact(predicted)
    n, m = int(truth.max(initial=0)), int(predicted.max(initial=0))
    together = np.bincount(truth.ravel() * (m + 1) + predicted.ravel(), minlength=(n + 1) * (m + 1)).reshape(
        n + 1, m + 1
    )
    a, b, both = together.sum(1)[1:, None], together.sum(0)[None, 1:], together[1:, 1:]
    return both / np.maximum(a + b - both, 1)


def matched(iou: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    """Pairs (true, found) with IoU of at least the threshold, as many as can be, each in one pair only."""
    if not iou.size:
        return []
    rows, columns = linear_sum_assignment(-(iou >= threshold).astype(float) - iou / (2 * min(iou.shape) + 1))
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if iou[r, c] >= threshold]


def instance_ap(truth: np.ndarray, predicted: np.ndarray, thresholds: Sequence[float] = (0.5,)) -> np.ndarray:
    """TP / (TP + FP + FN) at each threshold for one picture; 1 where there is nothing and nothing is found."""
    iou = overlaps(truth, predicted)
    n, m = iou.shape
    if n + m == 0:
        return np.ones(len(thresholds))
    hits = np.array([len(matched(iou, threshold)) for threshold in thresholds])
    return hits / (n + m - hits)


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """IoU of boxes (n, 4) with boxes (m, 4), left, top, right, bottom -> (n, m)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = np.clip(high - low, 0, None).prod(2)
    area = [np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(1) for boxes in (a, b)]
    return both / np.maximum(area[0][:, None] + area[1][None] - both, 1e-9)


def hits(boxes: np.ndarray, scores: np.ndarray, truth: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Whether each found box (n, 4), taken by falling score, meets a true one (m, 4) not met before -> bool (n,)."""
    found, free = np.zeros(len(boxes), dtype=bool), np.ones(len(truth), dtype=bool)
    if not len(truth) or not len(boxes):
        return found
    iou = box_iou(boxes, truth)
    for index in np.argsort(-scores, kind="stable"):
        best = int(iou[index].argmax())  # as PASCAL VOC: the best true box, taken or not
        if iou[index, best] >= threshold and free[best]:
            found[index], free[best] = True, False
    return found


def average_precision(scores: np.ndarray, right: np.ndarray, positives: int) -> float:
    """Area under the precision-recall curve. scores, right: of all boxes found, (n,); positives: true boxes there are.

    nan without any true box.
    """
    if not positives:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hit = np.cumsum(right[order])
    recall = np.concatenate(([0.0], hit / positives))
    precision = np.concatenate(([1.0], hit / np.arange(1, len(hit) + 1)))
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(((recall[1:] - recall[:-1]) * precision[1:]).sum())


def _compact(instances: np.ndarray) -> np.ndarray:
    """Numbers without gaps, the background 0."""
    _, compact = np.unique(np.concatenate(([0], instances.ravel())), return_inverse=True)
    return compact[1:].reshape(instances.shape)
