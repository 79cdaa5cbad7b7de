"""Cards and files of trained models on disk, every file checked by its sha256 before it is read; nothing of torch.

Models that ship lie in `models/weights/NAME/`, models trained here in the data folder under `models/NAME/`, where they
come first. A folder holds `card.json` and the files that the card lists. Nothing is ever unpickled.
"""

import hashlib
import json
import math
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from data import store
from models.errors import ModelError

SHIPPED = Path(__file__).with_name("weights")
WEIGHTS = "weights.safetensors"
CARD = "card.json"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}")
"""What a file of a model may be called: it lies in the model's own folder, and nowhere else."""
SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_FILE = 256 * 2**20


@dataclass(frozen=True)
class Source:
    """Data a model was trained on: whose, under which licence, how many rows."""

    name: str
    licence: str
    url: str
    rows: int


@dataclass(frozen=True)
class Card:
    """What a model is for, what it learned from, how good it is and where it is weak.

    metrics: as `classification.report` gives them, on the test split: n, accuracy, macro_f1, ece, per_language {code:
    {n, macro_f1, accuracy}}, confusion (labels x labels, rows the truth), calibration bins. tried: the other encoders
    on the same split. variants: compressed forms with bytes, latency and what they give up. config: what rebuilds the
    network. base: for an adapter, the model under it. files: name -> sha256.
    """

    name: str
    task: str
    title: str
    purpose: str
    family: str
    labels: tuple[str, ...]
    languages: tuple[str, ...]
    data: tuple[Source, ...]
    splits: Mapping[str, int]
    metrics: Mapping[str, Any]
    training: Mapping[str, Any]
    config: Mapping[str, Any]
    limits: tuple[str, ...]
    tried: tuple[Mapping[str, Any], ...] = ()
    variants: tuple[Mapping[str, Any], ...] = ()
    base: str | None = None
    version: str = "1"
    files: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True, default=float) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Card":
        """Raises ModelError naming what is missing, unknown or of the wrong kind."""
        try:
            found = json.loads(text)
        except ValueError as error:
            raise ModelError(
                "The card is not JSON: {error}. Train the model again, or restore its folder.",
                error=str(error),
            ) from error
        if not isinstance(found, dict):
            raise ModelError("The card is not a JSON object. Train the model again, or restore its folder.")
        known = {entry.name: entry for entry in fields(cls)}
        needed = {name for name in known if name not in {"tried", "variants", "base", "version", "files"}}
        wrong = sorted(needed - set(found)) + sorted(set(found) - set(known))
        if wrong:
            raise ModelError(
                "The card lacks or does not know: {fields}. Train the model again.",
                fields=", ".join(wrong),
            )
        tables = ("splits", "metrics", "training", "config", "files")
        if not all(isinstance(found.get(name, {}), dict) for name in tables):
            raise ModelError(
                "The card's {fields} must be objects. Train the model again.",
                fields=", ".join(tables),
            )
        try:
            sources = tuple(Source(**source) for source in found["data"])
            lists = {
                name: tuple(found.get(name, ())) for name in ("labels", "languages", "limits", "tried", "variants")
            }
        except TypeError as error:
            raise ModelError(
                "The card's lists are not whole: {error}. Train the model again.",
                error=str(error),
            ) from error
        if odd := sorted(_odd(found, sources)):
            raise ModelError(
                "The card's {fields} are not of their kind. Train the model again.",
                fields=", ".join(odd),
            )
        return cls(**found | lists | {"data": sources})


TEXTS = ("name", "task", "title", "purpose", "family", "version")


def _odd(found: Mapping[str, Any], sources: tuple[Source, ...]) -> set[str]:
    """Fields of a card whose values are of another kind than pages and models expect."""
    odd = {name for name in TEXTS if not isinstance(found.get(name, ""), str)}
    odd |= {name for name in ("labels", "languages", "limits") if not _all_of(str, found[name])}
    odd |= {name for name in ("tried", "variants") if not _all_of(dict, found.get(name, []))}
    odd |= {name for name in ("metrics", "splits") if not _numbers(found[name])}
    if not all(_shaped(name, value) for name, value in found["metrics"].items()):
        odd.add("metrics")
    settings = found["config"]
    tables = [settings.get(name, {}) for name in ("network", "hub", "lora", "counts")]
    if not (_all_of(dict, tables) and _all_of(dict, tables[0].get("members", []))):
        odd.add("config")
    if not all(_numbers({key: value for key, value in entry.items() if key != "name"}) for entry in _entries(found)):
        odd.add("tried")
    if not all(_all_of(str, [one.name, one.licence, one.url]) and _numbers(one.rows) for one in sources):
        odd.add("data")
    if not isinstance(found.get("base"), str | None):
        odd.add("base")
    for name, sha256 in found.get("files", {}).items():
        if not (FILE.fullmatch(name) and isinstance(sha256, str) and SHA256.fullmatch(sha256)):
            odd.add("files")
    return odd


ONE_NUMBER = frozenset({"n", "accuracy", "macro_f1", "ece", "exact_match", "cer"})


def _shaped(name: str, value: object) -> bool:
    """Whether a figure of a card has the shape that its name promises: one number, a table a group, rows."""
    if name in ONE_NUMBER:
        return value is None or isinstance(value, int | float)
    if name.startswith("per_"):
        return isinstance(value, dict) and all(isinstance(entry, dict) for entry in value.values())
    if name in ("bins", "confusion"):
        return _all_of(dict if name == "bins" else list, value)
    return True


def _entries(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    lists = [found.get(name, []) for name in ("tried", "variants")]
    return [entry for entries in lists if isinstance(entries, list) for entry in entries if isinstance(entry, dict)]


def _all_of(kind: type, values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)


def _numbers(value: object) -> bool:
    """Whether there is nothing in it but numbers, none of them infinite, by name or in rows; missing ones are none."""
    if isinstance(value, dict):
        return all(map(_numbers, value.values()))
    if isinstance(value, list):
        return all(map(_numbers, value))
    return value is None or (isinstance(value, int | float) and not (isinstance(value, float) and math.isinf(value)))


def own() -> Path:
    """The folder of models trained on this machine."""
    return store.home() / "models"


def names() -> tuple[str, ...]:
    """Every model there is, shipped or trained here, by name; folders under other names are none (what a broken-off
    `save` left, for example)."""
    found = {path.parent.name for root in (SHIPPED, own()) for path in root.glob(f"*/{CARD}")}
    return tuple(sorted(name for name in found if NAME.fullmatch(name)))


def folder(name: str) -> Path:
    """Where a model lies: one trained here before a shipped one. Raises ModelError when there is none."""
    if not NAME.fullmatch(name):
        raise ModelError(
            "{name} is no model's name: lower-case letters, digits, '.', '_' and '-' only.",
            name=repr(name),
        )
    for root in (own(), SHIPPED):
        if (root / name / CARD).is_file():
            return root / name
    raise ModelError(
        "There is no model {name}. Make it with: python -m models train {again}",
        name=repr(name),
        again=name,
    )


def card(name: str) -> Card:
    """A model's card. Raises ModelError when there is none or it cannot be read."""
    try:
        return Card.from_json((folder(name) / CARD).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(
            "The card of {name} cannot be read: {error}.",
            name=repr(name),
            error=str(error),
        ) from error


def read(name: str, file: str) -> bytes:
    """One file of a model, checked against the card. Raises ModelError when it is missing, too large or altered."""
    expected = card(name).files.get(file)
    if expected is None:
        raise ModelError(
            "The card of {name} lists no {file}. Make it again with: python -m models train {again}",
            name=repr(name),
            file=str(file),
            again=name,
        )
    path = folder(name) / file
    try:
        if path.stat().st_size > MAX_FILE:
            raise ModelError(
                "{file} of {name} is over {mb} MB and is not read.",
                file=str(file),
                name=repr(name),
                mb=MAX_FILE // 2**20,
            )
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            "{file} of {name} cannot be read: {error}. Train it again, or restore the file.",
            file=str(file),
            name=repr(name),
            error=str(error),
        ) from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise ModelError(
            "{file} of {name} is not the file that its card describes: the sha256 differs. It was altered or damaged "
            "and is not loaded; restore it, or train the model again.",
            file=str(file),
            name=repr(name),
        )
    return content


def remove(name: str) -> None:
    """Take away a model trained here; a shipped one stays. Raises ModelError when there is none of one's own."""
    if not NAME.fullmatch(name) or not (own() / name / CARD).is_file():
        raise ModelError(
            "There is no model {name} of your own to remove.",
            name=repr(name),
        )
    shutil.rmtree(own() / name)
