"""One picture's file through one model, told in plain values: what `python -m models predict NAME --image` prints."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models import cards
from models.prices.look_alikes import parse_seen
from models.vision import counts, images, load
from models.vision.reader import line_reader

LIKELY = 0.5


def at(name: str, content: bytes, market: str = "US") -> dict[str, Any]:
    """What a model sees. content: of a PNG, JPEG or TIFF file. market: ISO code of where a price tag is from.

    A large picture is shrunk as on the page. Raises images.PictureError for a file that is no usable picture,
    ModelError without such a model.
    """
    pixels = images.shrunk(images.opened(content).pixels, images.MAX_SIDE)
    if cards.card(name).task == "reader":
        read = line_reader.load(name).predict([pixels])[0]
        meant = parse_seen(read.text, market)
        return {
            "text": read.text, "confidence": read.confidence, "sure": read.sure, "currency": meant.currency,
            "number": None if meant.number is None else str(meant.number),
            "date": None if meant.date is None else meant.date.isoformat(), "refused": meant.refused,
        }  # fmt: skip
    model = load.model(name)
    found = model.predict([pixels])[0]
    told: dict[str, Any] = {"unlike": model.is_unlike(found)}
    return told | _counted(model, model.confidences(found))


def _counted(model: load.NucleiModel | load.CellsModel, sure: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Of each kind: how many are more likely there than not, how many are expected, and a 95 % interval of that."""
    told: dict[str, Any] = {}
    for kind, values in sure.items():
        expected, low, high = counts.count_interval(values, model.around[kind])
        found = int((values >= LIKELY).sum())
        told[kind] = {"found": found, "expected": expected, "low": low, "high": high}
    return told
