"""Cell nuclei in a microscope picture: which pixels are nucleus, and where one ends and the next begins.

A U-Net gives for every pixel how likely it is nucleus, how far inside one it lies (its distance to the nucleus' edge
over the largest such distance in it, so that one measure finds the middles of small and of large nuclei alike) and
which way that nucleus' middle lies. `instances` makes nuclei of these maps.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from skimage.measure import regionprops
from torch import Tensor, nn

from models import devices
from models.vision import unet
from models.vision.nuclei import instances
from models.vision.nuclei.instances import InstanceRule, Maps
from models.vision.unet import FLIPS, UNet, padded

FULL = 12
"""Channels at the picture's own resolution."""
TILE, MARGIN = 1024, 64
ONE_COLOUR, WEAKEST_SHARE = 0.97, 0.4
"""Of a picture in shades of one colour: the least share of its light that is of that colour, and the most that the
weakest channel has of what the strongest has. JPEG leaves 0.978; no stain of the training pictures is below 0.47."""
KINDS = ("fluorescence", "bright field", "stained on white", "stained tissue")


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
        self.head = nn.Sequential(unet.Conv(FULL + 3, 16), nn.Conv2d(16, 4, 3, padding=1))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 3, height, width), normalised -> logit inside, distance, flow y and x (n, 4, height, width); deepest
        features."""
        maps, deepest = self.body(pictures)
        return self.head(torch.cat((F.pixel_shuffle(maps, self.config.stem), pictures), 1)), deepest


def without_tint(pixels: np.ndarray) -> np.ndarray:
    """A picture in shades of one colour, such as the pure blue that microscopes export, in shades of grey as bright as
    its strongest channel; any other as it is. uint8 (height, width, 3)."""
    light = _sampled(pixels, 256).reshape(-1, 3).astype(np.float64)
    shares, colours = np.linalg.eigh(light.T @ light)
    colour = np.abs(colours[:, -1])
    if shares[-1] < ONE_COLOUR * max(shares.sum(), 1.0) or colour.min() > WEAKEST_SHARE * colour.max():
        return pixels
    shades = (pixels @ (colour * colour.max()).astype(np.float32)).round().clip(0, 255).astype(np.uint8)
    return np.repeat(shades[..., None], 3, axis=2)


def _sampled(pixels: np.ndarray, side: int) -> np.ndarray:
    """About `side` rows and columns of a picture."""
    return pixels[:: max(1, pixels.shape[0] // side), :: max(1, pixels.shape[1] // side)]


def normalised(pixels: np.ndarray) -> Tensor:
    """uint8 (height, width, 3) -> float32 (3, height, width), the 1st and 99.8th percentile at 0 and 1; of a picture in
    one colour, its shades (`without_tint`)."""
    pixels = without_tint(pixels)
    sample = _sampled(pixels, 512)
    low, high = map(float, np.percentile(sample, (1, 99.8)))
    scaled = (pixels.astype(np.float32) - low) / max(high - low, 8.0)  # an empty picture is not stretched to noise
    return torch.from_numpy(np.clip(scaled, -0.5, 1.5).transpose(2, 0, 1).copy())


def kind(pixels: np.ndarray) -> str:
    """What the picture was taken of, by its colours: one of KINDS."""
    values = without_tint(pixels).reshape(-1, 3).astype(np.float32)
    colour = float((values.max(1) - values.min(1)).mean())
    if colour < 5:
        return KINDS[0] if values.mean() < 110 else KINDS[1]
    return KINDS[2] if np.percentile(values.min(1), 90) > 190 else KINDS[3]


@torch.inference_mode()
def maps(network: Network, pixels: np.ndarray, device: str, bf16: bool, mirrored: bool = True) -> Maps:
    """One picture's maps, in tiles where it is large; mirrored: the mean of the picture and its mirror images."""
    whole = normalised(pixels)
    height, width = whole.shape[1:]
    found, features = np.zeros((4, height, width), np.float32), []
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            y, x = max(0, top - MARGIN), max(0, left - MARGIN)
            bottom, right = min(height, top + TILE), min(width, left + TILE)
            part = whole[None, :, y : bottom + MARGIN, x : right + MARGIN].to(device)
            tile, deep = _views(network, part, bf16, mirrored)
            found[:, top:bottom, left:right] = tile[:, top - y : bottom - y, left - x : right - x].cpu().numpy()
            features.append(deep.float().cpu().numpy())
    return Maps(found[0], found[1], found[2:], np.mean(features, axis=0))


def _views(network: Network, part: Tensor, bf16: bool, mirrored: bool) -> tuple[Tensor, Tensor]:
    height, width = part.shape[-2:]
    total, deep = 0, 0
    flips = FLIPS if mirrored else FLIPS[:1]
    for flip in flips:
        seen = padded(part.flip(flip) if flip else part, network.config.multiple)
        with devices.precision(part.device.type, bf16):
            found, deepest = network(seen.contiguous(memory_format=torch.channels_last))
        found = found[:, :, :height, :width].float()
        found[:, :1] = found[:, :1].sigmoid()
        for axis in flip:
            found[:, axis] = -found[:, axis]  # the flow's y is the last channel but one, its x the last
        total = total + (found.flip(flip) if flip else found)
        deep = deep + deepest.float().mean((2, 3))
    return total[0] / len(flips), deep[0] / len(flips)


def described(seen: Maps, numbered: np.ndarray, rule: InstanceRule) -> list[Nucleus]:
    """Every nucleus of the instances, by its number, in the maps' pixels."""
    sure = instances.confidences(seen, numbered, rule)
    return [
        Nucleus(part.label, tuple(map(float, part.centroid)), int(part.area), float(sure[part.label - 1]),
                (part.bbox[1], part.bbox[0], part.bbox[3], part.bbox[2]))
        for part in regionprops(numbered)
    ]  # fmt: skip


def settings(config: unet.Config, rule: InstanceRule) -> dict[str, Any]:
    """What the card keeps to rebuild the model."""
    return {"network": asdict(config), "rule": asdict(rule)}


def from_settings(card_settings: Mapping[str, Any]) -> tuple[unet.Config, InstanceRule]:
    """The reverse of `settings`. Raises KeyError, TypeError for what they cannot be."""
    network, rule = dict(card_settings["network"]), dict(card_settings["rule"])
    config = unet.Config(**network | {"widths": tuple(network["widths"])})
    return config, InstanceRule(**rule | {name: tuple(rule[name]) for name in ("depths", "odds", "trust")})


def distances(numbered: np.ndarray) -> np.ndarray:
    """Each pixel's distance to its nucleus' edge over the largest in it, float32 (height, width), 0 outside."""
    made = np.zeros(numbered.shape, np.float32)
    for number, place in enumerate(ndimage.find_objects(numbered), start=1):
        if place is None:
            continue
        inside = numbered[place] == number
        depth = ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
        made[place] = np.where(inside, depth / depth.max(), made[place])
    return made


def flows(numbered: np.ndarray) -> np.ndarray:
    """Each nucleus pixel's way to its nucleus' centroid, or to the pixel of it next to that.

    float32 (2, height, width), y before x: one pixel long, shorter where less than two pixels away; 0 outside.
    """
    made = np.zeros((2, *numbered.shape), np.float32)
    for number, place in enumerate(ndimage.find_objects(numbered), start=1):
        if place is None:
            continue
        inside = numbered[place] == number
        where = np.argwhere(inside).astype(np.float32)
        middle = where.mean(0)
        middle = where[np.square(where - middle).sum(1).argmin()]
        way = middle - where
        way /= np.maximum(np.hypot(way[:, 0], way[:, 1]), 2)[:, None]
        for axis in (0, 1):
            made[axis][place][inside] = way[:, axis]
    return made
