"""The network that reads lines: convolutions over them, a distribution over characters every two pixels."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.vision.reader.line_detection import GROUND

STEP = 2
"""Pixels of a line that one answer of the network is for."""


@dataclass(frozen=True)
class Config:
    """The network: characters it tells apart (class 0 is "nothing"), channels of its stages, layers along the line."""

    alphabet: str
    first: int = 64
    second: int = 96
    wide: int = 192
    layers: int = 4

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> "Config":
        return cls(**settings)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Layer(nn.Module):
    """Convolution and batch norm; `fuse` puts the norm into the convolution."""

    def __init__(
        self,
        inside: int,
        outside: int,
        kernel: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        padding: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if padding is None else padding
        self.conv = nn.Conv2d(inside, outside, kernel, stride, padding)
        self.norm: nn.Module = nn.BatchNorm2d(outside)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))

    def fuse(self) -> None:
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = fuse_conv_bn_eval(self.conv.eval(), self.norm.eval())
            self.norm = nn.Identity()


class Residual(nn.Module):
    """Two layers and the way around them (He et al. 2016)."""

    def __init__(self, channels: int, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.one, self.two = Layer(channels, channels, kernel), Layer(channels, channels, kernel)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.two(F.relu(self.one(x))))


class Context(nn.Module):
    """Tells every place of a line what the line as a whole is like: its script, mostly."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.told = nn.Linear(channels, channels)

    def forward(self, x: Tensor, inside: Tensor) -> Tensor:
        """x (batch, channels, 1, places), inside (batch, 1, 1, places): 1 where the line is, else 0."""
        mean = (x * inside).sum((2, 3)) / inside.sum((2, 3))
        return x + self.told(mean)[:, :, None, None]


class Network(nn.Module):
    """Lines (batch, 1, 32, width) in 0..1, width a multiple of 4 -> logits (batch, width / 2, characters + 1)."""

    def __init__(self, config: Config, fused: bool = False) -> None:
        super().__init__()
        self.config = config
        self.patches = Layer(4, config.first, (3, 3), (2, 2))  # (first, 8, width / 4)
        self.fine = Residual(config.first, (3, 3))
        self.lower = Layer(config.first, config.second, (3, 3), (2, 1))  # (second, 4, width / 4)
        self.coarse = Residual(config.second, (3, 3))
        self.columns = Layer(config.second, config.wide, (4, 3), padding=(0, 1))  # (wide, 1, width / 4)
        self.along = nn.ModuleList(Residual(config.wide, (1, 5)) for _ in range(config.layers))
        self.contexts = nn.ModuleList(Context(config.wide) for _ in range(config.layers))
        self.dropout = nn.Dropout(0.1)
        self.answers = nn.Linear(config.wide, 2 * (len(config.alphabet) + 1))
        if fused:
            self.fuse()

    def forward(self, x: Tensor, widths: Tensor) -> Tensor:
        """widths: (batch,), how much of each line's width is not filled up."""
        places = torch.arange(x.shape[3] // 4, device=x.device)
        inside = (4 * places < widths[:, None].to(x.device)).to(x.dtype)[:, None, None]
        x = F.pixel_unshuffle(4 * (x - GROUND / 255), 2).contiguous(memory_format=torch.channels_last)
        x = self.fine(F.relu(self.patches(x)))
        x = self.coarse(F.relu(self.lower(x)))
        x = F.relu(self.columns(x))
        for layer, context in zip(self.along, self.contexts, strict=True):
            x = context(layer(x), inside)
        found = self.answers(self.dropout(x.squeeze(2).transpose(1, 2)))
        return found.reshape(x.shape[0], 2 * found.shape[1], -1)

    def fuse(self) -> "Network":
        """Put every norm into its convolution, in place: the form that is saved and served."""
        for part in self.modules():
            if isinstance(part, Layer):
                part.fuse()
        return self
