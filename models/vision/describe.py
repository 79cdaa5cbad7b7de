"""One picture's file through one model, told in plain values: what `python -m models predict NAME --image` prints.

It tells what the page tells: what was changed when the picture was opened, that it is unlike what the model knows (and
then no number), and whether the model is good enough for such a picture.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models import cards, fitness
from models.prices import formats
from models.prices.look_alikes import parse_seen
from models.vision import counts, images, load
from models.vision.nuclei import network as nuclei_network
from models.vision.reader import line_reader

NOTES = {
    "first frame": "only its first frame is read",
    "deep": "its values, finer than a screen shows, were stretched to 8 bits",
    "CMYK": "its print colours became screen colours",
    "transparency": "what is transparent stands on white",
    "turned": "it was turned upright, as its camera says",
}
NOTICE = "Not a medical device; a person must check every result."


def at(name: str, content: bytes, market: str = "US", page: int | None = None) -> dict[str, Any]:
    """What a model sees. content: of a PNG, JPEG or TIFF file. market: ISO code of where a price tag is from. page: of
    `images.pages`.

    notes: what to know of the picture and of the model before the answer is believed, in English. A large picture is
    shrunk as on the page. Raises images.PictureError for a file that is no usable picture, ModelError without such a
    model.
    """
    picture = images.opened(content, page)
    pixels, card = images.shrunk(picture.pixels, images.MAX_SIDE), cards.card(name)
    notes = [NOTES[note] for note in picture.notes if note in NOTES]
    if pixels.shape != picture.pixels.shape:
        (height, width), (whole_height, whole_width) = pixels.shape[:2], picture.pixels.shape[:2]
        notes.append(f"it has {whole_width} x {whole_height} pixels and is looked at in {width} x {height}")
    if card.task == "reader":
        return _read(name, card, pixels, market) | {"notes": notes + _weak(_of_market(card, market), "such a script")}
    model = load.model(name)
    found = model.predict([pixels])[0]
    if model.is_unlike(found):
        return {"unlike": True, "notes": [*notes, "it is unlike what the model knows, which cannot count in it"]}
    kinds = [nuclei_network.kind(pixels)] if card.task == "nuclei" else list(model.labels)
    for kind in kinds:
        notes += _weak(fitness.of_kind(card.metrics, kind), f"{kind} pictures" if card.task == "nuclei" else kind)
    told: dict[str, Any] = {"unlike": False}
    return told | _counted(model, model.confidences(found)) | {"notes": notes, "notice": NOTICE}


def _read(name: str, card: cards.Card, pixels: np.ndarray, market: str) -> dict[str, Any]:
    read = line_reader.load(name).predict([pixels])[0]
    meant = parse_seen(read.text, market)
    return {
        "text": read.text, "confidence": read.confidence, "sure": read.sure, "note": read.note,
        "currency": meant.currency, "number": None if meant.number is None else str(meant.number),
        "date": None if meant.date is None else meant.date.isoformat(), "refused": meant.refused,
        "may_be": list(meant.detail.get("readings", ())),
    }  # fmt: skip


def _of_market(card: cards.Card, market: str) -> fitness.Fitness:
    script = formats.script_of(formats.locale_of(market))
    return fitness.of_script(card.metrics, script) if script else fitness.Fitness(fitness.UNKNOWN)


def _weak(judged: fitness.Fitness, group: str) -> list[str]:
    """That a model is not good enough for a group, or that nobody measured it."""
    if judged.verdict == fitness.READY:
        return []
    if judged.verdict == fitness.UNKNOWN:
        return [f"how good the model is for {group} was not measured"]
    return [f"the model is not good enough for {group} to rely on it: {judged.score:.2f} on {judged.n} {judged.of}"]


def _counted(model: load.NucleiModel | load.CellsModel, sure: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Of each kind: how many are expected, a 95 % interval of that, and how many are more likely there than not."""
    told: dict[str, Any] = {}
    for kind, values in sure.items():
        expected, low, high = counts.count_interval(values, model.around[kind])
        found = int((values >= counts.LIKELY).sum())
        told[kind] = {"expected": expected, "low": low, "high": high, "found": found}
    return told
