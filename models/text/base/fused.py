"""A network of ours and the encoder's head for the same task as one `Classifier`, weighed language by language.

logit = a_l own + b_l head + possible_l, with a_l and b_l of the text's language l found on dev and drawn to those of
all languages (`models.text.fusion`); the temperature is in them. Where the encoder is not there, our own network
answers.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models import tensors as model_tensors
from models.cards import Card
from models.errors import ModelError
from models.text import attribution
from models.text.base import answers, gates, shared
from models.text.base.shared import Base
from models.text.classifier import MAX_CHARACTERS, Reason
from models.text.text_model import TextModel

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Head:
    """A task's head. weight: (labels, features); bias: (labels,); language: (languages + 1, labels), a bias of each,
    the first for an unknown one; mix: (languages + 1, 2), how much our own network and the head count."""

    weight: Tensor
    bias: Tensor
    language: Tensor
    mix: Tensor

    @classmethod
    def of(cls, name: str, tensors: Mapping[str, Tensor]) -> "Head":
        """A task's head among the encoder's tensors. Raises KeyError where it is not whole."""
        return cls(*(tensors[f"{name}/{part}"] for part in ("weight", "bias", "language", "mix")))

    def logits(self, features: Tensor) -> Tensor:
        """features (texts, 2 * width) -> what the head says without its language, (texts, labels)."""
        return self.normal(features) @ self.weight.T + self.bias

    @staticmethod
    def normal(features: Tensor) -> Tensor:
        """The two means of the features, each normalised, (texts, 2 * width)."""
        means = features.unflatten(1, (2, -1))
        return F.layer_norm(means, means.shape[-1:]).flatten(1)


class FusedModel(TextModel):
    """Our own network and the encoder as one. own: as it answers alone; its languages are those of the head."""

    def __init__(self, card: Card, own: TextModel, base: Base, head: Head) -> None:
        super().__init__(card, own.network, own.device)
        self.base, self.head = base, head
        self.forms = {base.precision: self.forms[self.precision]}
        self.precision = base.precision

    def precisions(self) -> tuple[str, ...]:
        """The number format that the encoder computes in on this machine; our own network stays in fp32."""
        return (self.base.precision,)

    def make_precisions(self) -> bool:
        return False

    def logits(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> np.ndarray:
        languages = [None] * len(texts) if languages is None else list(languages)
        own = super().logits(texts, languages)
        if not len(texts):
            return own
        number = torch.from_numpy(self.network.numbers(languages)) + 1
        found = self.head.logits(torch.from_numpy(self.base.features(texts))) + self.head.language[number]
        mix = self.head.mix[number]
        both = mix[:, :1] * torch.from_numpy(own) + mix[:, 1:] * found + self.network.possible.cpu()[number]
        return both.numpy()

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """The encoder's unit vectors, (texts, width), float32: those of translations are near each other."""
        return self.base.vectors(texts)

    def _too_long(self, text: str) -> str:
        if len(text) > shared.MAX_CHARACTERS:
            return "cut"
        return "windowed" if len(text) > MAX_CHARACTERS else ""

    def _by_word(self, text: str, language: str | None, label: int) -> list[Reason]:
        """Integrated gradients through both parts; they add up to what the text does to the logit of both."""
        spans = attribution.words(text)
        number = int(self.network.numbers([language])[0]) + 1
        own, share = map(float, self.head.mix[number])
        through, tokens = gates.through(self.base, self.head.logits, text, spans, label)
        return attribution.by_word(
            self.network, text, language, label, self.device, own, lambda found: share * through(found), tokens
        )


def over(own: TextModel) -> TextModel:
    """A network of ours with the encoder beside it; the network itself, and why, where that cannot be."""
    try:
        found = answers.part(own.card)
        if not found:
            return own
        base = shared.opened(own.device)
        head = Head.of(own.name, model_tensors.weights(answers.NAME))
    except KeyError as error:
        problem: Exception = ModelError(
            "{name} cannot be built from its card: {error}. Train it again.",
            name=repr(answers.NAME),
            error=repr(error),
        )
    except ModelError as error:
        problem = error
    else:
        return FusedModel(answers.together(own.card, found), own, base, head)
    log.warning("%s answers without the encoder: %s", own.name, problem)
    own.alone = str(problem)
    return own
