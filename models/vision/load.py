"""A vision model by its name, ready to look at pictures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models import cards, devices
from models import tensors as model_tensors
from models.cards import Card
from models.errors import ModelError
from models.precisions import Precisions
from models.vision import corpora, unet
from models.vision.cells import network as cells_network
from models.vision.cells.network import CropNetwork, DetectionRule, Detections
from models.vision.novelty import ReferenceFeatures
from models.vision.nuclei import network as nuclei_network
from models.vision.nuclei import scale
from models.vision.nuclei.instances import InstanceRule, Maps
from models.vision.nuclei.network import instances
from models.vision.saliency import grad_cam

PRECISIONS = ("fp32", "bf16")
TASKS = {"nuclei": ("nucleus",), "cells": corpora.CELLS}
"""What the models of each task find."""


class VisionModel(Precisions):
    """What the models have in common: where they run, in which number format, and which pictures they know.

    Reading is thread-safe. labels: the kinds of things it finds.
    """

    batch_largest = 1

    def __init__(self, card: Card, network: nn.Module, bank: ReferenceFeatures, device: str | None) -> None:
        self.card, self.name, self.labels = card, card.name, tuple(card.labels)
        self.device = device or devices.device()
        self.network = unet.fused(network).to(self.device, memory_format=torch.channels_last)
        self.bank = bank
        self.around = {label: tuple(card.config["counts"][label]) for label in self.labels}
        self.forms = {}
        self.use(self.precisions()[-1] if self.device == "cuda" else "fp32")

    def precisions(self) -> tuple[str, ...]:
        """The number formats it can run in."""
        return PRECISIONS if devices.computes_bf16(self.device) else PRECISIONS[:1]

    def form_in(self, precision: str) -> bool:
        """Whether its network computes in bf16."""
        return precision == "bf16"

    def sample(self) -> Sequence[np.ndarray]:
        """A picture to warm up with, uint8 (256, 256, 3): plain grey, since noise would be looked at twice."""
        return [np.full((256, 256, 3), 128, np.uint8)]

    def is_unlike(self, output: Maps | Detections) -> bool:
        """Whether a picture looked at is unlike those the model learned from."""
        return self.bank.is_unlike(output.features)


class NucleiModel(VisionModel):
    """Pictures to maps; `models.vision.nuclei.network` makes nuclei of the maps under a rule."""

    def __init__(
        self,
        card: Card,
        network: nuclei_network.Network,
        rule: InstanceRule,
        bank: ReferenceFeatures,
        device: str | None,
    ) -> None:
        super().__init__(card, network, bank, device)
        self.rule = rule

    def predict(self, pictures: Sequence[np.ndarray], extra: Any = None) -> list[Maps]:
        """uint8 RGB (height, width, 3) each -> maps each, of some in another size (`Maps.zoom`)."""
        bf16 = self.forms[self.precision]

        def look(picture: np.ndarray) -> Maps:
            return nuclei_network.maps(self.network, picture, self.device, bf16)

        return [scale.looked_at(look, picture, self.rule) for picture in pictures]

    def is_unlike(self, output: Maps) -> bool:
        """Whether a picture is unlike those the model learned from in every size that it was looked at in."""
        looks = [output.features] if output.otherwise is None else [output.features, output.otherwise]
        return all(self.bank.is_unlike(features) for features in looks)

    def confidences(self, output: Maps) -> dict[str, np.ndarray]:
        """By label, how sure it is of each thing found."""
        return {self.labels[0]: instances.confidences(output, instances.instances(output, self.rule), self.rule)}

    def entering(self, picture: np.ndarray) -> Tensor:
        """What the network is given for a picture, (1, 3, height, width)."""
        return unet.padded(nuclei_network.normalised(picture)[None], self.network.config.multiple).to(self.device)

    def explain(self, picture: np.ndarray, label: str | None = None, language: str | None = None) -> np.ndarray:
        """Where the network looks for nuclei, (height, width), 0..1."""
        seen = self.entering(picture)
        layer = self.network.body.up[1]
        return grad_cam(layer, seen, lambda x: _positive(self.network(x)[0][:, 0]), picture.shape[:2])


class CellsModel(VisionModel):
    """Smears to cells, and single cells to their kind."""

    def __init__(self, card: Card, network: cells_network.Network, crops: CropNetwork, rule: DetectionRule,
                 bank: ReferenceFeatures, device: str | None) -> None:  # fmt: skip
        super().__init__(card, network, bank, device)
        self.rule = rule
        self.crops = unet.fused(crops).to(self.device)

    def predict(self, pictures: Sequence[np.ndarray], extra: Any = None) -> list[Detections]:
        """uint8 RGB (height, width, 3) each -> the cells of each, by falling confidence."""
        bf16 = self.forms[self.precision]
        return [cells_network.detected(self.network, p, self.rule, self.device, bf16) for p in pictures]

    def confidences(self, output: Detections) -> dict[str, np.ndarray]:
        """By label, how sure it is of each thing found."""
        return {label: output.confidence[output.classes == number] for number, label in enumerate(self.labels)}

    def kinds(self, picture: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """The crop classifier's probabilities for boxes (n, 4) of a picture, (n, kinds)."""
        return cells_network.classified(self.crops, *cells_network.crops(picture, boxes))

    def entering(self, picture: np.ndarray) -> Tensor:
        """What the network is given for a picture, (1, 3, height, width)."""
        return unet.padded(cells_network.scaled(picture)[0][None].to(self.device), self.network.config.multiple)

    def explain(self, picture: np.ndarray, label: str | None = None, language: str | None = None) -> np.ndarray:
        """Where the network looks for cells of a kind (all kinds without one), (height, width), 0..1."""
        small, _ = cells_network.scaled(picture)
        wanted = slice(None) if label is None else [self.labels.index(label)]
        seen = self.entering(picture)
        layer = self.network.body.up[1]
        heat = grad_cam(layer, seen, lambda x: _positive(self.network(x)[0][:, wanted]), small.shape[1:])
        grown = torch.from_numpy(heat)[None, None]
        return nn.functional.interpolate(grown, picture.shape[:2], mode="bilinear", align_corners=False)[0, 0].numpy()


def _positive(logits: Tensor) -> Tensor:
    """The sum of a picture's logits above zero, (n,)."""
    return logits.float().clamp_min(0).flatten(1).sum(1)


def model(name: str, device: str | None = None) -> NucleiModel | CellsModel:
    """Load a model. Raises ModelError when it is missing, altered or not one of these."""
    return built(cards.card(name), model_tensors.weights(name), device)


def built(card: Card, tensors: Mapping[str, Tensor], device: str | None = None) -> NucleiModel | CellsModel:
    """A model of its card and tensors. Raises ModelError when they do not fit each other."""
    if card.task not in TASKS:
        raise ModelError(
            "{name} is a model for {task}, not one that looks at pictures.",
            name=repr(card.name),
            task=card.task,
        )
    tensors = dict(tensors)
    try:
        bank = ReferenceFeatures(tensors.pop("bank.features").numpy(), float(card.config["far"]))
        if card.task == "nuclei":
            config, rule = nuclei_network.from_settings(card.config)
            network = nuclei_network.Network(config)
            network.load_state_dict(tensors)
            return NucleiModel(card, network, rule, bank, device)
        config, rule, widths = cells_network.from_settings(card.config)
        detector, crops = cells_network.Network(config), CropNetwork(widths)
        detector.load_state_dict(_under("detector.", tensors))
        crops.load_state_dict(_under("crops.", tensors))
        return CellsModel(card, detector, crops, rule, bank, device)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(
            "{name} cannot be built from its card: {error}. Train it again.",
            name=repr(card.name),
            error=str(error),
        ) from error


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
