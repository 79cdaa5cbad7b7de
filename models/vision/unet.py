"""The network under every vision model: a U-Net of residual blocks (Ronneberger et al. 2015; He et al. 2016).

The picture enters by space-to-depth (Shi et al. 2016), so that the widest maps are computed at half or a quarter of its
side while no pixel is lost. Batch normalisation folds into the convolutions when the network serves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FLIPS: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-2, -1))
"""The picture itself and its three mirror images, as the axes to flip."""


@dataclass(frozen=True)
class Config:
    """widths: channels of the levels, each at half the side of the one before. stem: how many pixels a side become one
    at the first level. outputs: channels that come out at the first level's side."""

    widths: tuple[int, ...] = (48, 96, 144, 192, 256)
    stem: int = 2
    outputs: int = 48

    @property
    def multiple(self) -> int:
        """The sides of a picture must be multiples of this."""
        return self.stem * 2 ** (len(self.widths) - 1)


class Conv(nn.Sequential):
    """3x3 or 1x1 convolution, batch norm, ReLU."""

    def __init__(self, inside: int, outside: int, side: int = 3) -> None:
        super().__init__(
            nn.Conv2d(inside, outside, side, padding=side // 2, bias=False), nn.BatchNorm2d(outside), nn.ReLU()
        )


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.first = Conv(inside, outside)
        self.second = nn.Sequential(nn.Conv2d(outside, outside, 3, padding=1, bias=False), nn.BatchNorm2d(outside))
        self.shortcut = nn.Identity() if inside == outside else nn.Conv2d(inside, outside, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.second(self.first(x)) + self.shortcut(x))


class UNet(nn.Module):
    """Down the levels and up again, each level joined with what came down through it."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        entering = (3 * config.stem**2, *widths[:-1])
        self.down = nn.ModuleList(Block(a, b) for a, b in zip(entering, widths, strict=True))
        self.narrow = nn.ModuleList(Conv(deep, wide, 1) for wide, deep in pairwise(widths))
        self.up = nn.ModuleList(Block(2 * wide, wide) for wide in widths[:-1])
        self.out = nn.Conv2d(widths[0], config.outputs, 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 3, height, width) -> maps (n, outputs, height / stem, width / stem), and the deepest features."""
        x, joined = F.pixel_unshuffle(pictures, self.config.stem), []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else F.max_pool2d(x, 2))
            joined.append(x)
        deepest = x
        for level in reversed(range(len(self.up))):
            x = F.interpolate(self.narrow[level](x), scale_factor=2.0, mode="nearest")
            x = self.up[level](torch.cat((x, joined[level]), 1))
        return self.out(x), deepest


def padded(pictures: Tensor, multiple: int) -> Tensor:
    """Grow the right and lower edges by their own pixels until both sides are multiples."""
    height, width = pictures.shape[-2:]
    return F.pad(pictures, (0, -width % multiple, 0, -height % multiple), mode="replicate")


def fused(module: nn.Module) -> nn.Module:
    """Fold every batch norm into the convolution before it, for serving. Changes the module; returns it."""
    module.eval()
    for part in module.modules():
        if isinstance(part, nn.Sequential) and len(part) >= 2 and isinstance(part[1], nn.BatchNorm2d):
            part[0] = torch.nn.utils.fuse_conv_bn_eval(part[0], part[1])
            part[1] = nn.Identity()
    return module


def batches(items: Sequence, size: int) -> list[Sequence]:
    """Slices of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]
