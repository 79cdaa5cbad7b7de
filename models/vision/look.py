"""One picture's file through one model, told in plain values: what `python -m models predict NAME --image` prints."""

from typing import Any

from models import registry
from models.vision import cuts, images, lines, loading, nuclei
from models.vision.amounts import parse

LIKELY = 0.5


def at(name: str, content: bytes, market: str = "US") -> dict[str, Any]:
    """What a model sees. content: of a PNG, JPEG or TIFF file. market: ISO code of where a price tag is from.

    Raises images.PictureError for a file that is no usable picture, registry.ModelError without such a model.
    """
    picture = images.opened(content)
    if registry.card(name).task == "reader":
        read = lines.load(name).predict([picture.pixels])[0]
        meant = parse(read.text, market)
        return {
            "text": read.text, "confidence": read.confidence, "sure": read.sure, "currency": meant.currency,
            "number": None if meant.number is None else str(meant.number),
            "date": None if meant.date is None else meant.date.isoformat(), "refused": meant.refused,
        }  # fmt: skip
    model = loading.model(name)
    found = model.predict([picture.pixels])[0]
    told: dict[str, Any] = {"unlike": model.is_unlike(found)}
    if isinstance(model, loading.NucleiModel):
        things = nuclei.described(found, cuts.instances(found, model.rule), model.rule)
        return told | _counted({"nucleus": [thing.confidence for thing in things]})
    return told | _counted({kind: found.confidence[found.classes == i].tolist() for i, kind in enumerate(model.labels)})


def _counted(sure: dict[str, list[float]]) -> dict[str, Any]:
    """Of each kind: how many are more likely there than not, how many are expected, and a 95 % interval of that."""
    told: dict[str, Any] = {}
    for kind, values in sure.items():
        expected, low, high = nuclei.total(values)
        found = sum(value >= LIKELY for value in values)
        told[kind] = {"found": found, "expected": expected, "low": low, "high": high}
    return told
