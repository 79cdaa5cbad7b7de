"""Adapters for one market: low-rank updates beside frozen layers (Hu et al. 2021, "LoRA").

A layer's W x becomes W x + (alpha / r) B A x with A (r, in) and B (out, r); B starts at zero, so an untrained adapter
changes nothing. Adapters are trained, saved, loaded and merged apart from the model under them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.errors import ModelError
from models.text.network import Network

TARGETS = ("qkv", "out", "up", "down", "head")


@dataclass(frozen=True)
class Lora:
    """rank r, scale alpha, and the layers by the last part of their name."""

    rank: int = 4
    alpha: float = 8.0
    targets: tuple[str, ...] = TARGETS


class LoraLinear(nn.Module):
    """A frozen linear layer with a low-rank update beside it."""

    def __init__(self, layer: nn.Linear, config: Lora) -> None:
        super().__init__()
        self.layer, self.scale = layer, config.alpha / config.rank
        self.a = nn.Parameter(torch.randn(config.rank, layer.in_features) / layer.in_features**0.5)
        self.b = nn.Parameter(torch.zeros(layer.out_features, config.rank))

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) + self.scale * F.linear(F.linear(x, self.a), self.b)

    def merge(self) -> nn.Linear:
        """The layer with the update added to its weight."""
        with torch.no_grad():
            self.layer.weight += self.scale * (self.b @ self.a).to(self.layer.weight.dtype)
        return self.layer


def attach(network: nn.Module, config: Lora) -> int:
    """Freeze a network and put an update beside each target layer. Returns how many parameters learn.

    Raises ValueError when no layer has such a name.
    """
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    found = list(_targets(network, config))
    if not found:
        raise ValueError(f"No linear layer is called {', '.join(config.targets)}; there is nothing to adapt.")
    for parent, name, layer in found:
        device = layer.weight.device
        setattr(parent, name, LoraLinear(layer, config).to(device))
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def tensors(network: nn.Module) -> dict[str, Tensor]:
    """The updates alone, by the name of their layer."""
    return {
        f"{name}.{part}": getattr(module, part).detach().cpu()
        for name, module in network.named_modules()
        if isinstance(module, LoraLinear)
        for part in ("a", "b")
    }


def load(network: nn.Module, updates: Mapping[str, Tensor], config: Lora) -> None:
    """Attach an adapter that was saved. Raises ModelError when it was made for another network."""
    attach(network, config)
    wanted = {name: tensor.shape for name, tensor in tensors(network).items()}
    if wanted != {name: tensor.shape for name, tensor in updates.items()}:
        raise ModelError("The adapter was made for another network: its layers differ. Train it again.")
    for name, module in network.named_modules():
        if isinstance(module, LoraLinear):
            module.a.data.copy_(updates[f"{name}.a"])
            module.b.data.copy_(updates[f"{name}.b"])


def merge(network: nn.Module) -> None:
    """Fold every update into its layer: the same answers at the speed of the model without an adapter."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, LoraLinear):
                setattr(parent, name, child.merge())


def release(network: Network, language: str, labels: Iterable[str]) -> tuple[str, ...]:
    """Let a network give these labels in a language whose training rows had none of them. Returns which were new."""
    number = int(network.numbers([language])[0])
    if number < 0:
        return ()
    row = network.possible[number + 1]
    places = {label: network.config.labels.index(label) for label in labels if label in network.config.labels}
    new = tuple(sorted(label for label, place in places.items() if row[place] != 0))
    for label in new:
        row[places[label]] = 0
    return new


def config_of(settings: Mapping[str, Any]) -> Lora:
    """Lora from a card. Raises ModelError for anything it cannot be."""
    try:
        return Lora(int(settings["rank"]), float(settings["alpha"]), tuple(settings["targets"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            "The card's adapter settings are not whole: {error}. Train it again.",
            error=repr(error),
        ) from error


def _targets(network: nn.Module, config: Lora) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
    """Linear layers of an encoder (and its head) by name."""
    for parent in network.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear) and name in config.targets:
                yield parent, name, child
