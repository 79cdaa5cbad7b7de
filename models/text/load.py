"""A text model by its name, with what one market taught it merged in, or the hub's or an encoder beside it."""

from collections.abc import Mapping

from tokenizers import Tokenizer
from torch import Tensor

from models import cards, tensors
from models.cards import Card
from models.errors import ModelError
from models.text import hub_model, lora
from models.text.base import fused
from models.text.network import Config, Network
from models.text.text_model import TextModel

TOKENIZER = "tokenizer.json"


def classifier(name: str, device: str | None = None, fast: bool = False) -> TextModel:
    """Load a model, with the encoder beside it where there is one for it and it is there.

    fast: our own network alone, many times as fast. Raises ModelError when it is missing, altered or not a text model,
    or lacks the hub's under it.
    """
    card = cards.card(name)
    if "hub" in card.config:
        return hub_model.opened(card, lambda base: classifier(base, device, fast=True))
    if card.base:
        return _adapted(card, device)
    try:
        config = Config.from_dict(card.config["network"])
        network = Network(config, tokenizer(name) if TOKENIZER in card.files else None)
        network.load_state_dict(tensors.weights(name))
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ModelError(
            "{name} cannot be built from its card: {error}. Train it again.",
            name=repr(name),
            error=str(error),
        ) from error
    own = TextModel(card, network, device)
    return own if fast else fused.over(own)


def _adapted(card: Card, device: str | None) -> TextModel:
    """A model with what one market taught it. Raises ModelError."""
    if cards.card(card.base).base:
        raise ModelError(
            "{name} stands on {base}, which is an adapter itself. Train it again.",
            name=repr(card.name),
            base=repr(card.base),
        )
    under = classifier(card.base, device, fast=True)
    try:
        return merged(under, card, tensors.weights(card.name))
    except ModelError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ModelError(
            "{name} cannot be built from its card: {error}. Train it again.",
            name=repr(card.name),
            error=str(error),
        ) from error


def tokenizer(name: str) -> Tokenizer:
    """The tokeniser of a model. Raises ModelError when it is missing or altered."""
    return Tokenizer.from_str(cards.read(name, TOKENIZER).decode("utf-8"))


def merged(base: TextModel, card: Card, updates: Mapping[str, Tensor]) -> TextModel:
    """A model with an adapter merged into it. Raises ModelError when the model under it is no longer the same."""
    if card.config["base_sha256"] != base.card.files[cards.WEIGHTS]:
        raise ModelError(
            "{name} was trained on another {base} than the one here. Train it again.",
            name=repr(card.name),
            base=repr(card.base),
        )
    lora.load(base.network, updates, lora.config_of(card.config["lora"]))
    lora.merge(base.network)
    lora.release(base.network, str(card.config.get("language", "")), tuple(card.config.get("released", ())))
    base.network.temperature.fill_(float(card.config["temperature"]))
    return TextModel(card, base.network, base.device)
