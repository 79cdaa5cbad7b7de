"""General image classifiers and object detectors of somebody else's, if the machine's owner wants them.

ATLAS_HUB_CLASSIFIER and ATLAS_HUB_DETECTOR, absent by default, each name a model of the Hugging Face hub by its id,
under its own licence, fetched once, or a folder on this disk that `save_pretrained` wrote. Needs requirements-hub.txt.
Weights are read as safetensors only, and no code that lies beside them is run. How good these models are is not
measured here.

Known to need nothing beyond requirements-hub.txt, all Apache-2.0: google/vit-base-patch16-224 (1,000 ImageNet classes,
346 MB), hustvl/yolos-tiny (80 kinds of COCO, 26 MB), PekingU/rtdetr_r18vd (the same kinds, 81 MB). The default branch
of facebook/detr-resnet-50 needs timm besides.

    pip install -r requirements-hub.txt
    ATLAS_HUB_CLASSIFIER=google/vit-base-patch16-224 ATLAS_HUB_DETECTOR=hustvl/yolos-tiny make run
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from models import devices, hub
from models.errors import HubError
from models.hub import CLASSIFIER, DETECTOR

EXAMPLES = {CLASSIFIER: "google/vit-base-patch16-224", DETECTOR: "hustvl/yolos-tiny"}
MAX_LABELS = 10
LOWEST = 0.05
"""Score below which a box is not kept."""
MAX_BOXES = 300


@dataclass(frozen=True)
class Label:
    """What a picture may show, in the model's own words, and how probable the model says that is, 0..1."""

    label: str
    probability: float


@dataclass(frozen=True)
class Box:
    """A thing that may be on a picture, in the model's own words. score: the model's, 0..1, not calibrated here; box:
    left, top, right, bottom in the picture's pixels."""

    label: str
    score: float
    box: tuple[float, float, float, float]


class HubModel(ABC):
    """What both kinds have in common: where they run, what they are called (name), every word they may say (labels).

    Reading is thread-safe. variable: CLASSIFIER or DETECTOR; network, processor: as transformers loads them.
    """

    auto: str
    """The class of transformers that loads the network of this kind."""
    batch_largest = 1  # detectors pad what they see together, so an answer would depend on its neighbours

    def __init__(self, variable: str, name: str, network: Any, processor: Any) -> None:
        self.variable, self.name = variable, name
        self.device = devices.device()
        self.network, self.processor = network.to(self.device).eval(), processor
        self._words: dict[int, str] = {int(key): str(word) for key, word in network.config.id2label.items()}
        self.labels = tuple(self._words.values())

    def predict(self, pictures: Sequence[np.ndarray], extra: Any = None) -> list[tuple[Any, ...]]:
        """uint8 RGB (height, width, 3) each -> what is on each, the surest first.

        Raises ValueError for what is no such picture, HubError where the network cannot look at one.
        """
        found = []
        for pixels in pictures:
            if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
                raise ValueError(f"A picture is uint8 RGB (height, width, 3), not {pixels.dtype} {pixels.shape}.")
            try:
                found.append(self.look(pixels))
            except Exception as error:  # whatever the network and its processor raise, such as for a very thin picture
                raise HubError(
                    "The model {name} cannot look at this picture ({error}). Bring another picture, or set "
                    "{variable} to another model.",
                    name=repr(self.name),
                    error=hub.first_line(error),
                    variable=self.variable,
                ) from error
        return found

    @torch.inference_mode()
    def look(self, pixels: np.ndarray) -> tuple[Any, ...]:
        """One picture; raises whatever the network does."""
        entering = self.processor(images=Image.fromarray(pixels), return_tensors="pt").to(self.device)
        return self._told(self.network(**entering), pixels.shape[:2])

    def sample(self) -> Sequence[np.ndarray]:
        """A picture to warm up with: the same noise every time, uint8 (256, 256, 3)."""
        return [np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)]

    @abstractmethod
    def _told(self, seen: Any, size: tuple[int, int]) -> tuple[Any, ...]:
        """What was seen, in pixels of a picture of this height and width."""


class Classifier(HubModel):
    """A picture to its likeliest labels, at most MAX_LABELS, by falling probability."""

    auto = "AutoModelForImageClassification"

    def _told(self, seen: Any, size: tuple[int, int]) -> tuple[Label, ...]:
        logits = seen.logits[0].float()
        if not logits.isfinite().all():
            raise ValueError("its answer is not finite")
        several = self.network.config.problem_type == "multi_label_classification" or len(logits) == 1
        chances = logits.sigmoid() if several else logits.softmax(0)
        top = chances.topk(min(MAX_LABELS, len(chances)))
        return tuple(
            Label(self._words[index], chance)
            for index, chance in zip(top.indices.tolist(), top.values.tolist(), strict=True)
        )


class Detector(HubModel):
    """A picture to boxes, at most MAX_BOXES with a score of LOWEST or more, by falling score.

    A higher threshold is a selection of these: the network need not run again.
    """

    auto = "AutoModelForObjectDetection"

    def _told(self, seen: Any, size: tuple[int, int]) -> tuple[Box, ...]:
        height, width = size
        [found] = self.processor.post_process_object_detection(seen, threshold=LOWEST, target_sizes=[size])
        edges = torch.tensor([width, height, width, height], dtype=torch.float32)
        boxes = found["boxes"].float().cpu().clamp_min(0).minimum(edges)
        order = found["scores"].argsort(descending=True, stable=True)[:MAX_BOXES].tolist()
        scores, labels = found["scores"].tolist(), found["labels"].tolist()
        return tuple(Box(self._words[labels[i]], scores[i], tuple(boxes[i].tolist())) for i in order)


KINDS: dict[str, type[HubModel]] = {CLASSIFIER: Classifier, DETECTOR: Detector}


def model(variable: str, name: str) -> HubModel:
    """The classifier or detector that CLASSIFIER or DETECTOR names, having looked at one picture. Slow the first time.

    Raises HubError when the name is neither an id nor a folder, requirements-hub.txt is not installed, or the model
    cannot be fetched or loaded, was not trained for this, or has no safetensors.
    """
    folder = hub.folder(name)
    if folder:
        _check(folder, name, variable)
    elif not hub.is_id(name):
        raise HubError(
            "{name} is neither a model id nor a folder. Set {variable} to one such as {example}.",
            name=repr(name[:80]),
            variable=variable,
            example=EXAMPLES[variable],
        )
    with hub.loading(name, variable, local=folder is not None):
        library = importlib.import_module("transformers")
        try:  # what was fetched once is opened without a network
            made = _made(library, variable, name, str(folder or name), local=True)
        except (OSError, ValueError):
            if folder:
                raise
            made = _made(library, variable, name, name, local=False)
        for picture in made.sample():
            made.look(picture)
    return made


def _check(folder: Path, name: str, variable: str) -> None:
    missing = [pattern for pattern in ("config.json", "*.safetensors") if not any(folder.glob(pattern))]
    if missing:
        raise HubError(
            "The folder {name} lacks {files}. A model is read from config.json and safetensors, never from a pickle: "
            "save it there with save_pretrained, or unset {variable}.",
            name=repr(name),
            files=", ".join(missing),
            variable=variable,
        )


def _made(library: Any, variable: str, name: str, place: str, local: bool) -> HubModel:
    """local: only from this disk."""
    kind = KINDS[variable]
    given = {"trust_remote_code": False, "local_files_only": local}
    network, told = getattr(library, kind.auto).from_pretrained(
        place, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **given
    )
    if missing := sorted(told["missing_keys"]):
        raise HubError(
            "The model {name} was not trained for this: its file lacks {count} of the network's tensors ({first}). "
            "Choose another one, or unset {variable}.",
            name=repr(name),
            count=len(missing),
            first=missing[0],
            variable=variable,
        )
    return kind(variable, hub.title(name), network, library.AutoImageProcessor.from_pretrained(place, **given))
