"""Which card speaks for a text model here: that of our own network, or what both say where the encoder is there too.

Nothing of torch.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from models import cards
from models.cards import Card, Source
from models.errors import ModelError
from models.text.base import place

NAME = "base"
"""The model that holds what the encoder learned here, the heads over it, and how each is weighed with our own."""
SOURCE = Source(place.NAME, place.LICENCE, place.URL, 0)


def part(own: Card) -> Mapping[str, Any]:
    """What the card of the encoder's part says of a model of ours; empty where there is none for it.

    Raises ModelError where the model was trained anew since both were weighed.
    """
    if NAME not in cards.names():
        return {}
    found = cards.card(NAME).config.get("tasks", {}).get(own.name, {})
    if found and found.get("own_sha256") != own.files.get(cards.WEIGHTS):
        raise ModelError(
            "{name} was trained anew since the encoder was weighed with it, and answers alone. Weigh them again with: "
            "{command}",
            name=repr(own.name),
            command="python -m models train base",
        )
    return found


def together(own: Card, entry: Mapping[str, Any]) -> Card:
    """The card of both: metrics, limits and doubts of what they answer together."""
    return replace(
        own,
        family=f"{own.family}; with {place.NAME}, fine-tuned by low-rank updates",
        metrics=entry["metrics"],
        data=(*own.data, SOURCE),
        limits=(*own.limits, *entry.get("limits", ())),
        tried=(*own.tried, *entry.get("tried", ())),
        config={**own.config, "doubts": entry["doubts"]},
    )


def card(name: str) -> Card:
    """The card that speaks for a model on this machine. Raises ModelError as `cards.card`."""
    own = cards.card(name)
    try:
        found = part(own)
    except ModelError:
        return own
    return together(own, found) if found and place.problem() is None else own


def why_alone(name: str) -> ModelError | None:
    """Why a model of ours answers without the encoder though there is a part of it for it; None where it does not."""
    try:
        found = part(cards.card(name))
    except ModelError as error:
        return error
    return place.problem() if found else None
