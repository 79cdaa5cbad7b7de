"""Labelled pictures as they may come instead: in pure blue, as microscopes export them, in half and twice the size."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from models.vision import images
from models.vision.corpora import Segmented
from models.vision.nuclei import instances, training
from models.vision.nuclei import network as nuclei_network
from models.vision.nuclei.instances import InstanceRule, Maps

MAX_SIDE = 320
"""Of a picture that is judged in other sizes: larger ones take a CPU up to a minute each."""
TOLD = ("n", "ap50", "low", "high", "dice", "count_error")
"""What is told of each condition, of `training.evaluate`."""


def in_blue(picture: Segmented) -> Segmented:
    """The picture with its brightness in the blue channel only."""
    made = np.zeros_like(picture.pixels)
    made[..., 2] = picture.pixels.max(2)
    return replace(picture, pixels=made)


def in_size(picture: Segmented, factor: float) -> Segmented:
    """The picture and its nuclei with `factor` times its sides."""
    pixels = images.resized(picture.pixels, factor)
    return replace(picture, pixels=pixels, instances=instances.in_size(picture.instances, pixels.shape[:2]))


def changed(pictures: Sequence[Segmented]) -> dict[str, list[Segmented]]:
    """By condition, the pictures as they come under it, without those over MAX_SIDE; in blue, those of fluorescence,
    which alone are exported so."""
    pictures = [picture for picture in pictures if max(picture.pixels.shape[:2]) <= MAX_SIDE]
    glowing = [p for p in pictures if nuclei_network.kind(p.pixels) == nuclei_network.KINDS[0]]
    found = {
        "pure blue": [in_blue(picture) for picture in glowing],
        "half size": [in_size(picture, 0.5) for picture in pictures],
        "twice the size": [in_size(picture, 2.0) for picture in pictures],
    }
    return {condition: pictures for condition, pictures in found.items() if pictures}


def evaluate(
    predict: Callable[[Sequence[np.ndarray]], Sequence[Maps]], pictures: Sequence[Segmented], rule: InstanceRule
) -> dict[str, Mapping[str, Any]]:
    """By condition: n, ap50 with its interval (low, high), dice and count_error on the pictures under it."""
    found = {}
    for condition, labelled in changed(pictures).items():
        judged = training.evaluate(predict([picture.pixels for picture in labelled]), labelled, rule)
        found[condition] = {name: judged[name] for name in TOLD}
    return found
