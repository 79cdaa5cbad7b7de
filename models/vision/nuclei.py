"""Cell nuclei in a microscope picture: which pixels are nucleus, and where one ends and the next begins.

A U-Net gives for every pixel how likely it is nucleus and how far inside one it lies: its distance to the nucleus'
edge over the largest such distance in it, so that one measure finds the middles of small and of large nuclei alike.
Middles are maxima that stand out from what lies between them (h-maxima: Soille 2003, Morphological image analysis), and
from them the nuclei are flooded to their edges (watershed: Vincent and Soille 1991).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from skimage.measure import regionprops
from skimage.morphology import h_maxima
from skimage.segmentation import watershed
from torch import Tensor, nn

from models.vision import unet
from models.vision.unet import FLIPS, UNet, padded

FULL = 12
"""Channels at the picture's own resolution."""
TILE, MARGIN = 1024, 64
KINDS = ("fluorescence", "bright field", "stained on white", "stained tissue")


@dataclass(frozen=True)
class Rule:
    """From maps to nuclei. inside: smallest probability of a nucleus pixel; depth: how far the distance must fall
    between two middles for them to be two nuclei; smallest: of a nucleus, in pixels; share: of the median nucleus, what
    is smaller is dirt; blur: standard deviation that smooths the distance, in pixels; odds: probability that a nucleus
    found is one, logistic in the mean probability, the largest distance and the log size over the median, from val."""

    inside: float = 0.5
    depth: float = 0.2
    smallest: int = 12
    share: float = 0.03
    blur: float = 1.2
    odds: tuple[float, ...] = (0.0, 0.0, 0.0, 2.0)


@dataclass(frozen=True)
class Maps:
    """What the network says of one picture, float32 (height, width): inside 0..1, distance about 0..1. features: the
    picture's place among pictures, (width,)."""

    inside: np.ndarray
    distance: np.ndarray
    features: np.ndarray


@dataclass(frozen=True)
class Nucleus:
    """One nucleus. centre: y, x in pixels; area: in pixels; confidence: that it is one, 0..1; box: left, top, right,
    bottom; number: in the instances."""

    number: int
    centre: tuple[float, float]
    area: int
    confidence: float
    box: tuple[int, int, int, int]


class Network(nn.Module):
    """The U-Net at half resolution and two convolutions at the picture's own."""

    def __init__(self, config: unet.Config) -> None:
        super().__init__()
        self.config = replace(config, outputs=FULL * config.stem**2)
        self.body = UNet(self.config)
        self.head = nn.Sequential(unet.Conv(FULL + 3, 16), nn.Conv2d(16, 2, 3, padding=1))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 3, height, width), normalised -> logit inside and distance (n, 2, height, width); deepest features."""
        maps, deepest = self.body(pictures)
        return self.head(torch.cat((F.pixel_shuffle(maps, self.config.stem), pictures), 1)), deepest


def normalised(pixels: np.ndarray) -> Tensor:
    """uint8 (height, width, 3) -> float32 (3, height, width), the 1st and 99.8th percentile at 0 and 1."""
    sample = pixels[:: max(1, pixels.shape[0] // 512), :: max(1, pixels.shape[1] // 512)]
    low, high = map(float, np.percentile(sample, (1, 99.8)))
    scaled = (pixels.astype(np.float32) - low) / max(high - low, 8.0)  # an empty picture is not stretched to noise
    return torch.from_numpy(np.clip(scaled, -0.5, 1.5).transpose(2, 0, 1).copy())


def kind(pixels: np.ndarray) -> str:
    """What the picture was taken of, by its colours: one of KINDS."""
    values = pixels.reshape(-1, 3).astype(np.float32)
    colour = float((values.max(1) - values.min(1)).mean())
    if colour < 5:
        return KINDS[0] if values.mean() < 110 else KINDS[1]
    return KINDS[2] if np.percentile(values.min(1), 90) > 190 else KINDS[3]


@torch.inference_mode()
def maps(network: Network, pixels: np.ndarray, device: str, bf16: bool, mirrored: bool = True) -> Maps:
    """One picture's maps, in tiles where it is large; mirrored: the mean of the picture and its mirror images."""
    whole = normalised(pixels)
    height, width = whole.shape[1:]
    inside, distance = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    features = []
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            y, x = max(0, top - MARGIN), max(0, left - MARGIN)
            bottom, right = min(height, top + TILE), min(width, left + TILE)
            part = whole[None, :, y : bottom + MARGIN, x : right + MARGIN].to(device)
            found, deep = _views(network, part, bf16, mirrored)
            kept = found[:, top - y : bottom - y, left - x : right - x].float().cpu().numpy()
            inside[top:bottom, left:right], distance[top:bottom, left:right] = kept
            features.append(deep.float().cpu().numpy())
    return Maps(inside, distance, np.mean(features, axis=0))


def _views(network: Network, part: Tensor, bf16: bool, mirrored: bool) -> tuple[Tensor, Tensor]:
    height, width = part.shape[-2:]
    total, deep = 0, 0
    flips = FLIPS if mirrored else FLIPS[:1]
    for flip in flips:
        seen = padded(part.flip(flip) if flip else part, network.config.multiple)
        with torch.autocast(part.device.type, torch.bfloat16, enabled=bf16):
            found, deepest = network(seen.contiguous(memory_format=torch.channels_last))
        found = found[:, :, :height, :width].float()
        found = torch.cat((found[:, :1].sigmoid(), found[:, 1:]), 1)
        total = total + (found.flip(flip) if flip else found)
        deep = deep + deepest.float().mean((2, 3))
    return total[0] / len(flips), deep[0] / len(flips)


def instances(seen: Maps, rule: Rule) -> np.ndarray:
    """Numbered nuclei, int32 (height, width), 0 the background."""
    mask = seen.inside > rule.inside
    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    distance = np.where(mask, ndimage.gaussian_filter(seen.distance, rule.blur), 0).round(3)
    seeds, _ = ndimage.label(h_maxima(distance, rule.depth) & mask, np.ones((3, 3)))
    found = watershed(-distance, seeds, mask=mask).astype(np.int32)
    rest, more = ndimage.label(mask & (found == 0))  # nuclei without a middle of their own
    found = np.where(rest > 0, rest + found.max(initial=0), found) if more else found
    areas = np.bincount(found.ravel())[1:]
    typical = np.median(areas[areas >= rule.smallest]) if (areas >= rule.smallest).any() else 0
    kept = areas >= max(rule.smallest, rule.share * typical)
    number = np.concatenate(([0], np.where(kept, np.cumsum(kept), 0)))
    return number[found].astype(np.int32)


def evidence(seen: Maps, found: np.ndarray) -> np.ndarray:
    """What speaks for each nucleus: mean probability, largest distance, log size over the median, (nuclei, 3)."""
    count = int(found.max(initial=0))
    if not count:
        return np.zeros((0, 3))
    numbers = np.arange(1, count + 1)
    areas = np.bincount(found.ravel(), minlength=count + 1)[1:]
    return np.stack((
        ndimage.mean(seen.inside, found, numbers), ndimage.maximum(seen.distance, found, numbers),
        np.log(areas / np.median(areas)),
    ), axis=1)  # fmt: skip


def confidences(seen: Maps, found: np.ndarray, rule: Rule) -> np.ndarray:
    """How likely each nucleus found is one, (nuclei,)."""
    weights = np.array(rule.odds)
    return 1 / (1 + np.exp(-(evidence(seen, found) @ weights[:-1] + weights[-1])))


def described(seen: Maps, found: np.ndarray, rule: Rule) -> list[Nucleus]:
    """Every nucleus of the instances, by its number."""
    sure = confidences(seen, found, rule)
    return [
        Nucleus(part.label, tuple(map(float, part.centroid)), int(part.area), float(sure[part.label - 1]),
                (part.bbox[1], part.bbox[0], part.bbox[3], part.bbox[2]))
        for part in regionprops(found)
    ]  # fmt: skip


def settings(config: unet.Config, rule: Rule) -> dict[str, Any]:
    """What the card keeps to rebuild the model."""
    return {"network": asdict(config), "rule": asdict(rule)}


def from_settings(found: Mapping[str, Any]) -> tuple[unet.Config, Rule]:
    """The reverse of `settings`. Raises KeyError, TypeError for what they cannot be."""
    network, rule = dict(found["network"]), dict(found["rule"])
    config = unet.Config(**network | {"widths": tuple(network["widths"])})
    return config, Rule(**rule | {"odds": tuple(rule["odds"])})


def distances(found: np.ndarray) -> np.ndarray:
    """Each pixel's distance to its nucleus' edge over the largest in it, float32 (height, width), 0 outside."""
    made = np.zeros(found.shape, np.float32)
    for number, place in enumerate(ndimage.find_objects(found), start=1):
        if place is None:
            continue
        inside = found[place] == number
        depth = ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
        made[place] = np.where(inside, depth / depth.max(), made[place])
    return made


def total(counts: Sequence[float]) -> tuple[float, float, float]:
    """How many of the things found are there, and a 95 % interval, from the confidence of each (independent)."""
    chances = np.asarray(counts, dtype=float)
    mean, spread = float(chances.sum()), float(np.sqrt((chances * (1 - chances)).sum()))
    return mean, max(0.0, mean - 1.96 * spread), mean + 1.96 * spread
