"""From maps of nuclei to nuclei: several rules propose where one ends and the next begins, the likeliest are kept.

A rule that parts what touches in one picture cuts nuclei to pieces in another. So nuclei are proposed several times:
flooded from those maxima of the distance that stand out by more or less (h-maxima: Soille 2003, Morphological image
analysis; watershed: Vincent and Soille 1991). Each proposal has a probability of being a nucleus, from its shape and
from how well it agrees with the maps, its flow above all (as Stringer et al. 2021, Cellpose, Nature Methods 18, drop
what disagrees with it); they are taken from the likeliest down, without those that overlap one taken already
(non-maximum suppression).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.morphology import h_maxima
from skimage.segmentation import watershed

FEATURES = 12
"""Numbers that speak for a proposal."""
OVERLAP = 0.3
"""Share of a proposal that may lie in nuclei taken already."""


@dataclass(frozen=True)
class Maps:
    """What the network says of one picture, float32 (height, width): inside 0..1, distance about 0..1. flow: which way
    the middle lies, (2, height, width), y before x, about one pixel long. features: the picture's place among pictures,
    (width,). zoom: the maps' side over the picture's; otherwise: the features of the look in the other size, if any.
    numbered: the nuclei found already, and under which rule: to find them takes half as long as the maps."""

    inside: np.ndarray
    distance: np.ndarray
    flow: np.ndarray
    features: np.ndarray
    zoom: float = 1.0
    otherwise: np.ndarray | None = None
    numbered: "tuple[InstanceRule, np.ndarray] | None" = None


@dataclass(frozen=True)
class InstanceRule:
    """From maps to nuclei. inside: smallest probability of a nucleus pixel; depths: how far the distance must fall
    between two middles for them to be two nuclei, a set of proposals each; smallest: of a nucleus, in pixels; blur:
    standard deviation that smooths the distance, in pixels; least: probability below which a proposal is dropped; odds:
    weights of `evidence` and a constant, for the log odds of a proposal; trust: slope and constant from those to the
    log odds of a nucleus that was taken. odds and trust are found on val."""

    inside: float = 0.5
    depths: tuple[float, ...] = (0.08, 0.15, 0.25, 0.4)
    smallest: int = 12
    blur: float = 1.2
    least: float = 0.3
    odds: tuple[float, ...] = (*(0.0,) * 4, -2.0, *(0.0,) * 7, 3.0)
    trust: tuple[float, float] = (1.0, 0.0)


def instances(seen: Maps, rule: InstanceRule) -> np.ndarray:
    """Numbered nuclei, int32 (height, width), 0 the background."""
    if seen.numbered is not None and seen.numbered[0] == rule:
        return seen.numbered[1]
    found = np.zeros(seen.inside.shape, np.int32)
    rows, usual = [], None
    for cut in proposals(seen, rule):
        usual = usual or typical(cut, rule.smallest)
        odds = log_odds(evidence(seen, cut, usual), rule)
        boxes = ndimage.find_objects(cut)
        rows += [(odds[index], cut, index + 1, boxes[index]) for index in range(len(odds))]
    least, count = np.log(rule.least / (1 - rule.least)), 0
    for odds, cut, number, box in sorted(rows, key=lambda row: -row[0]):
        if odds < least:
            break
        mask, taken = cut[box] == number, found[box] > 0
        if (mask & taken).sum() <= OVERLAP * mask.sum():
            count += 1
            found[box][mask & ~taken] = count
    return _numbered(found, rule)


def proposals(seen: Maps, rule: InstanceRule) -> Iterator[np.ndarray]:
    """Nuclei cut in several ways, int32 (height, width) each, none where nothing is inside."""
    mask = seen.inside > rule.inside
    if not mask.any():
        return
    distance = np.where(mask, ndimage.gaussian_filter(seen.distance, rule.blur), 0).round(3)
    for depth in sorted(rule.depths, reverse=True):
        yield _numbered(_flooded(distance, mask, depth), rule)


def _flooded(distance: np.ndarray, mask: np.ndarray, depth: float) -> np.ndarray:
    seeds, _ = ndimage.label(h_maxima(distance, depth) & mask, np.ones((3, 3)))
    found = watershed(-distance, seeds, mask=mask).astype(np.int32)
    rest, more = ndimage.label(mask & (found == 0))  # nuclei without a middle of their own
    return np.where(rest > 0, rest + found.max(initial=0), found) if more else found


def in_size(numbered: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Numbered nuclei in other pixels, int (height, width) -> int of `shape`."""
    rows, columns = (np.arange(new) * old // new for new, old in zip(shape, numbered.shape, strict=True))
    return numbered[np.ix_(rows, columns)]


def in_one_size(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two numberings of one picture in the pixels of the finer one."""
    finer = max(one.shape, other.shape)
    return in_size(one, finer), in_size(other, finer)


def typical(numbered: np.ndarray, smallest: int) -> float:
    """The median area of nuclei that are large enough to be one, in pixels."""
    areas = np.bincount(numbered.ravel())[1:]
    areas = areas[areas >= smallest]
    return float(np.median(areas)) if len(areas) else float(smallest)


def _numbered(found: np.ndarray, rule: InstanceRule) -> np.ndarray:
    """Without what is too small to be a nucleus, the numbers without gaps."""
    areas = np.bincount(found.ravel())[1:]
    kept = areas >= rule.smallest
    number = np.concatenate(([0], np.where(kept, np.cumsum(kept), 0)))
    return number[found].astype(np.int32)


def evidence(seen: Maps, numbered: np.ndarray, usual: float) -> np.ndarray:
    """What speaks for each nucleus, (nuclei, FEATURES).

    Mean and smallest probability inside, largest and mean distance; how far the flow is from pointing to the centroid
    (mean square and cosine); log area in pixels and over the usual one; share of its box, edge over the root of its
    area, whether the picture cuts it off, mean probability at its edge.
    """
    count = int(numbered.max(initial=0))
    if not count:
        return np.zeros((0, FEATURES))
    flat, numbers = numbered.ravel(), np.arange(1, count + 1)
    areas = np.bincount(flat, minlength=count + 1)[1:].astype(float)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(flat, values.ravel(), count + 1)[1:] / areas

    y, x = np.indices(numbered.shape, np.float32)
    centre_y, centre_x = (np.concatenate(([0], mean(axis))) for axis in (y, x))
    way = np.stack((centre_y[numbered] - y, centre_x[numbered] - x))
    way /= np.maximum(np.hypot(way[0], way[1]), 2)
    astray, along = np.square(way - seen.flow).sum(0), (way * seen.flow).sum(0)
    boxes = ndimage.find_objects(numbered)
    sides = np.array([(box[0].stop - box[0].start) * (box[1].stop - box[1].start) for box in boxes])
    height, width = numbered.shape
    cut = [0 in (b[0].start, b[1].start) or b[0].stop == height or b[1].stop == width for b in boxes]
    edge = np.where(ndimage.maximum_filter(numbered, 3) != ndimage.minimum_filter(numbered, 3), numbered, 0).ravel()
    edges = np.bincount(edge, minlength=count + 1)[1:]
    at_edge = np.bincount(edge, seen.inside.ravel(), count + 1)[1:] / np.maximum(edges, 1)
    return np.stack((
        mean(seen.inside), ndimage.minimum(ndimage.gaussian_filter(seen.inside, 1), numbered, numbers),
        ndimage.maximum(seen.distance, numbered, numbers), mean(seen.distance), mean(astray), mean(along),
        np.log(areas), np.log(areas / usual), areas / sides, edges / np.sqrt(areas), np.array(cut, float), at_edge,
    ), axis=1)  # fmt: skip


def log_odds(features: np.ndarray, rule: InstanceRule) -> np.ndarray:
    """How likely proposals are nuclei, from their evidence (n, FEATURES), as log odds (n,)."""
    return features @ np.array(rule.odds[:-1]) + rule.odds[-1]


def confidences(seen: Maps, numbered: np.ndarray, rule: InstanceRule) -> np.ndarray:
    """How likely each nucleus taken is one, (nuclei,)."""
    slope, constant = rule.trust
    odds = log_odds(evidence(seen, numbered, typical(numbered, rule.smallest)), rule)
    return 1 / (1 + np.exp(-(slope * odds + constant)))
