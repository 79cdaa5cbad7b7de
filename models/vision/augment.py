"""Random views of training pictures: turned, scaled, mirrored, cut, and in other light and stain."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class View:
    """One random view: the crop's side in pixels of the picture is size / zoom; angle in radians; mirrored or not."""

    centre: tuple[float, float]
    zoom: tuple[float, float]
    angle: float
    mirrored: bool


def view(random: np.random.Generator, shape: tuple[int, int], size: tuple[int, int], zoom: tuple[float, float],
         turn: float = np.pi) -> View:  # fmt: skip
    """A view of a picture (height, width) for a crop (height, width), zoomed between the two factors, the centre where
    the crop lies inside the picture when it can."""
    scale = float(np.exp(random.uniform(*np.log(zoom))))
    stretch = float(np.exp(random.normal(0, 0.06)))
    centre = []
    for side, wanted in zip(shape, size, strict=True):
        half = wanted / scale / 2
        centre.append(float(random.uniform(half, side - half)) if side > 2 * half else side / 2)
    return View((centre[0], centre[1]), (scale * stretch, scale / stretch), float(random.uniform(-turn, turn)),
                bool(random.random() < 0.5))  # fmt: skip


def matrix(seen: View) -> np.ndarray:
    """From crop pixels, measured from its centre (y, x), to picture pixels, measured from the view's centre, (2, 2)."""
    cos, sin = np.cos(seen.angle), np.sin(seen.angle)
    turned = np.array([[cos, -sin], [sin, cos]]) @ np.diag([1 / seen.zoom[0], 1 / seen.zoom[1]])
    return turned @ np.diag([1.0, -1.0 if seen.mirrored else 1.0])


def crop(maps: Tensor, seen: View, size: tuple[int, int], nearest: int = 0) -> Tensor:
    """The view of (channels, height, width) as (channels, *size), edges mirrored; the last `nearest` channels are not
    blended between pixels."""
    height, width = maps.shape[1:]
    ys = torch.arange(size[0], dtype=torch.float32) - (size[0] - 1) / 2
    xs = torch.arange(size[1], dtype=torch.float32) - (size[1] - 1) / 2
    move = torch.from_numpy(matrix(seen)).float()
    y = move[0, 0] * ys[:, None] + move[0, 1] * xs[None] + seen.centre[0]
    x = move[1, 0] * ys[:, None] + move[1, 1] * xs[None] + seen.centre[1]
    grid = torch.stack((2 * x / width - 1, 2 * y / height - 1), -1)[None]
    blended = F.grid_sample(maps[None, : len(maps) - nearest], grid, mode="bilinear", padding_mode="reflection",
                            align_corners=False)  # fmt: skip
    if not nearest:
        return blended[0]
    picked = F.grid_sample(maps[None, -nearest:], grid, mode="nearest", padding_mode="reflection", align_corners=False)
    return torch.cat((blended, picked), 1)[0]


def recoloured(pictures: Tensor, random: np.random.Generator, strength: float = 1.0, invert: float = 0.0) -> Tensor:
    """Other light, contrast, gamma, stain, blur and noise, each picture its own. (n, 3, height, width) in 0..1."""
    count = len(pictures)

    def drawn(spread: float, channels: int = 1) -> Tensor:
        values = random.normal(0, spread * strength, (count, channels, 1, 1))
        return torch.from_numpy(values).float()

    found = pictures.clamp(0, 1) ** torch.exp(drawn(0.25))
    found = (found - 0.5) * torch.exp(drawn(0.2)) + 0.5 + drawn(0.06)
    found = found * torch.exp(drawn(0.08, 3)) + drawn(0.03, 3)
    flipped = torch.from_numpy(random.random((count, 1, 1, 1)) < invert)
    found = torch.where(flipped, 1 - found, found)
    if random.random() < 0.25:
        found = F.avg_pool2d(F.pad(found, (1, 1, 1, 1), mode="replicate"), 3, 1)
    return found + torch.randn(found.shape) * abs(random.normal(0, 0.03 * strength))
