"""Blood cells in a smear: a box, a kind and a confidence for each.

An anchor-free single-stage detector: a U-Net gives, for every fourth pixel a side, how likely it is the middle of a
cell of each kind and how far the cell reaches to all four sides (CenterNet: Zhou et al. 2019; FCOS: Tian et al. 2019).
Of two boxes on one cell the weaker goes (non-maximum suppression). A second, small network names the kind of one cell
cut out of the picture.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models import devices
from models.vision import scores as vision_scores
from models.vision import unet
from models.vision.corpora import CELLS
from models.vision.unet import FLIPS, Block, UNet, padded

SIZE = (384, 512)
"""Height and width that pictures are read at: a smear of 480 x 640 at 0.8 of its side."""
STRIDE = 4
SCALE = 32.0
"""Pixels that one unit of a predicted distance stands for."""
MAX_CELLS = 400
CROP = 48


@dataclass(frozen=True)
class DetectionRule:
    """From maps to cells. lowest: score below which nothing is looked at; overlap: IoU of two boxes of one kind above
    which the weaker goes; odds: slope and level of each kind's logistic from score to probability, fitted on val."""

    lowest: float = 0.05
    overlap: float = 0.5
    odds: tuple[tuple[float, float], ...] = ((1.0, 0.0), (1.0, 0.0), (1.0, 0.0))


@dataclass(frozen=True)
class Detections:
    """Cells of one picture, by falling confidence. boxes: left, top, right, bottom in the picture's pixels, float32
    (cells, 4); classes: numbers into CELLS; scores: raw, 0..1; confidence: calibrated, 0..1. features: the picture's
    place among pictures, (width,)."""

    boxes: np.ndarray
    classes: np.ndarray
    scores: np.ndarray
    confidence: np.ndarray
    features: np.ndarray


class Network(nn.Module):
    """The U-Net at a quarter of the side, and one head for kinds and one for boxes."""

    def __init__(self, config: unet.Config) -> None:
        super().__init__()
        self.config = config
        self.body = UNet(config)
        width = config.outputs
        self.kinds = nn.Sequential(unet.Conv(width, width), nn.Conv2d(width, len(CELLS), 1))
        self.reach = nn.Sequential(unet.Conv(width, width), nn.Conv2d(width, 4, 1))
        nn.init.constant_(self.kinds[1].bias, -4.0)  # few pixels are middles

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(n, 3, height, width), 0..1 -> logits (n, kinds, h / 4, w / 4); distances to the left, upper, right and lower
        side in pixels (n, 4, h / 4, w / 4); deepest features."""
        maps, deepest = self.body(pictures)
        return self.kinds(maps), F.softplus(self.reach(maps)) * SCALE, deepest


class CropNetwork(nn.Module):
    """A small residual network for one cell of CROP pixels a side."""

    def __init__(self, widths: tuple[int, ...] = (32, 64, 96), labels: int = len(CELLS)) -> None:
        super().__init__()
        self.widths = widths
        entering = (12, *widths[:-1])
        self.blocks = nn.ModuleList(Block(a, b) for a, b in zip(entering, widths, strict=True))
        self.head = nn.Linear(widths[-1] + 2, labels)

    def forward(self, crops: Tensor, sizes: Tensor) -> Tensor:
        """(n, 3, CROP, CROP), 0..1, the log of the cells' sides over the picture's (n, 2) -> logits (n, labels)."""
        x = F.pixel_unshuffle(crops - 0.5, 2)
        for level, block in enumerate(self.blocks):
            x = block(x if level == 0 else F.max_pool2d(x, 2))
        return self.head(torch.cat((x.float().mean((2, 3)), sizes), 1))


def tensor(pixels: np.ndarray) -> Tensor:
    """uint8 (height, width, 3) -> float32 (3, height, width), 0..1."""
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy()).float() / 255


def scaled(pixels: np.ndarray) -> tuple[Tensor, float]:
    """The picture at the size the network learned at, (3, height, width), and by how much it was scaled."""
    height, width = pixels.shape[:2]
    factor = min(SIZE[0] / height, SIZE[1] / width)
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    mode = {"mode": "bilinear", "align_corners": False, "antialias": factor < 1}
    return F.interpolate(tensor(pixels)[None], size, **mode)[0], factor


@torch.inference_mode()
def detected(
    network: Network, pixels: np.ndarray, rule: DetectionRule, device: str, bf16: bool, mirrored: bool = True
) -> Detections:
    """The cells of one picture; mirrored: the maps are the mean of the picture's and its mirror images'."""
    picture, factor = scaled(pixels)
    height, width = picture.shape[1:]
    seen = padded(picture[None].to(device), network.config.multiple)
    total = []
    for flip in FLIPS if mirrored else FLIPS[:1]:
        with devices.precision(seen.device.type, bf16):
            view = (seen.flip(flip) if flip else seen).contiguous(memory_format=torch.channels_last)
            logits, reach, deepest = network(view)
        heat, reach, deep = logits[0].float().sigmoid(), reach[0].float(), deepest[0].float().mean((1, 2))
        if flip:
            heat, reach = heat.flip(flip), reach.flip(flip)
        reach = reach[[2, 1, 0, 3]] if -1 in flip else reach  # left and right change places
        reach = reach[[0, 3, 2, 1]] if -2 in flip else reach
        total.append((heat, reach, deep))
    heat, reach, deep = (torch.stack(parts).mean(0) for parts in zip(*total, strict=True))
    boxes, classes, strength = peaks(heat, reach, rule.lowest)
    boxes = np.clip(boxes, 0, (width, height, width, height)) / factor
    kept = suppressed(boxes, classes, strength, rule.overlap)
    boxes, classes, strength = boxes[kept], classes[kept], strength[kept]
    sure = confidences(strength, classes, rule)
    order = np.argsort(-sure, kind="stable")
    return Detections(boxes[order].astype(np.float32), classes[order], strength[order], sure[order], deep.cpu().numpy())


def peaks(heat: Tensor, reach: Tensor, lowest: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes (n, 4), kinds and scores where the heat of a kind is highest among its neighbours. heat: (kinds, h, w);
    reach: (4, h, w) in pixels."""
    top = F.max_pool2d(heat[None], 3, 1, 1)[0]
    where = torch.nonzero((heat == top) & (heat > lowest))
    strength = heat[tuple(where.T)]
    order = strength.argsort(descending=True)[:MAX_CELLS]
    where, strength = where[order], strength[order]
    kind, y, x = where.T
    middle = torch.stack((x, y), 1).float() * STRIDE + STRIDE / 2
    near = reach[:, y, x].T
    boxes = torch.cat((middle - near[:, :2], middle + near[:, 2:]), 1)
    return boxes.cpu().numpy(), kind.cpu().numpy(), strength.cpu().numpy()


def suppressed(boxes: np.ndarray, classes: np.ndarray, strength: np.ndarray, overlap: float) -> np.ndarray:
    """Which boxes stay, by falling score: none overlaps a stronger one of its kind by more than `overlap` (IoU)."""
    kept: list[int] = []
    for index in np.argsort(-strength, kind="stable"):
        rivals = [other for other in kept if classes[other] == classes[index]]
        if not rivals or vision_scores.box_iou(boxes[index][None], boxes[rivals]).max() <= overlap:
            kept.append(int(index))
    return np.array(kept, dtype=int)


def confidences(strength: np.ndarray, classes: np.ndarray, rule: DetectionRule) -> np.ndarray:
    """Scores as probabilities that a box of this kind is a cell of this kind (Platt 1999)."""
    odds = np.array(rule.odds)[classes].reshape(-1, 2)
    clipped = np.clip(strength, 1e-4, 1 - 1e-4)
    return 1 / (1 + np.exp(-(odds[:, 0] * np.log(clipped / (1 - clipped)) + odds[:, 1])))


def crops(pixels: np.ndarray, boxes: np.ndarray, border: float = 0.1) -> tuple[Tensor, Tensor]:
    """Every box with a border, as (n, 3, CROP, CROP) in 0..1, and the log of its sides over the picture's, (n, 2)."""
    height, width = pixels.shape[:2]
    whole = tensor(pixels)[None]
    found = [torch.zeros(0, 3, CROP, CROP)]
    for left, top, right, bottom in boxes:
        x, y = (right - left) * border, (bottom - top) * border
        l, t = max(0, int(left - x)), max(0, int(top - y))  # noqa: E741
        r, b = min(width, max(l + 1, round(right + x))), min(height, max(t + 1, round(bottom + y)))
        part = whole[:, :, min(t, height - 1) : b, min(l, width - 1) : r]
        found.append(F.interpolate(part, (CROP, CROP), mode="bilinear", align_corners=False, antialias=True))
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1) / (width, height)
    return torch.cat(found), torch.from_numpy(np.log(sides)).float().reshape(-1, 2)


def settings(config: unet.Config, rule: DetectionRule, widths: tuple[int, ...]) -> dict[str, Any]:
    """What the card keeps to rebuild the model."""
    return {"network": asdict(config), "rule": asdict(rule), "crop_widths": list(widths)}


def from_settings(card_settings: Mapping[str, Any]) -> tuple[unet.Config, DetectionRule, tuple[int, ...]]:
    """The reverse of `settings`. Raises KeyError, TypeError for what they cannot be."""
    network, rule = dict(card_settings["network"]), DetectionRule(**card_settings["rule"])
    config = unet.Config(**network | {"widths": tuple(network["widths"])})
    return config, replace(rule, odds=tuple(tuple(pair) for pair in rule.odds)), tuple(card_settings["crop_widths"])


@torch.inference_mode()
def classified(network: CropNetwork, pictures: Tensor, sizes: Tensor) -> np.ndarray:
    """Probabilities of crops, (n, kinds)."""
    where = next(network.parameters()).device
    found = [
        network(a.to(where, memory_format=torch.channels_last), b.to(where)).softmax(1).cpu()
        for a, b in zip(pictures.split(256), sizes.split(256), strict=True)
    ]
    return torch.cat(found).numpy()
