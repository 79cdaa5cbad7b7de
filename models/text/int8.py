"""The int8 form of a model's token-reading members, as the server runs it: ONNX, dynamically quantised, on the CPU.

Made from the weights by a process of its own (python -m models.text.int8 NAME), since it takes seconds in which this
one would answer nobody; kept in the data folder under models/.int8/NAME for these weights, and read only while its
sha256 is the one noted. Activations are quantised a batch at a time, so a text's probabilities can differ by some
thousandths with what it is read beside.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from data import store
from models import registry
from models.registry import Card, ModelError
from models.text.network import Reader

FOLDER, FILE, NOTE = ".int8", "reading.onnx", "note.json"
LEAST_AGREEMENT = 0.99
"""Share of the sample's texts that must keep their label."""
LONGEST_S = 600
"""Seconds after which making one is given up."""


def weights(card: Card) -> str:
    """What a form is made for: the sha256 of the model's weights, and of those under an adapter."""
    return " ".join((card.files[registry.WEIGHTS], str(card.config.get("base_sha256", "")))).strip()


def load(card: Card) -> bytes | None:
    """The form made for these weights; None where there is none, it is damaged, or it was refused."""
    note = _note(card)
    with suppress(OSError):
        content = (_folder(card.name) / FILE).read_bytes()
        if hashlib.sha256(content).hexdigest() == note.get("sha256"):
            return content
    return None


def why_not(card: Card) -> str:
    """Why the form for these weights was refused; "" where it was not, or none was made."""
    return str(_note(card).get("refused", ""))


def reader(card: Card) -> Reader:
    """The form kept for a model, ready to run; raises ModelError where there is none (any more)."""
    content = load(card)
    if content is None:
        raise ModelError(f"{card.name!r} has no int8 form for its weights. It is made again at the next start.")
    return _opened(content)


def _opened(content: bytes) -> Reader:
    """A form ready to run, in as many threads as torch has in the thread that calls this."""
    from models import compress  # onnxruntime takes half a second: only where it is used

    opened = compress.session(content, torch.get_num_threads())

    def read(ids: Tensor, mask: Tensor, language: Tensor) -> Tensor:
        given = {"ids": ids.numpy(), "mask": mask.numpy(), "language": language.numpy()}
        return torch.from_numpy(opened.run(None, given)[0])

    return read


def make(name: str) -> float:
    """Make and keep the form of a model here and now, or note why it is refused. Returns the agreement with fp32.

    Agreement: share of the texts of our knowledge base, in five languages, that keep their label. Raises ModelError.
    """
    from models import compress
    from models.text import knowledge, loading

    model = loading.classifier(name, "cpu")
    entries = knowledge.sample().entries
    texts = [text for entry in entries for text in (entry.question, *entry.also, entry.answer)]
    languages = [entry.language for entry in entries for _ in range(2 + len(entry.also))]
    content = compress.int8_onnx(compress.reading_to_onnx(model.network, texts[:4]))
    plain = model.network.answers(texts, languages).argmax(1)
    agreement = float(np.mean(model.network.answers(texts, languages, _opened(content)).argmax(1) == plain))
    found = {"weights": weights(model.card), "agreement": agreement}
    if agreement < LEAST_AGREEMENT:
        _keep(name, None, found | {"refused": f"{agreement:.1%} of {len(texts)} texts keep their label"})
    else:
        _keep(name, content, found | {"sha256": hashlib.sha256(content).hexdigest()})
    return agreement


def make_apart(card: Card, home: Path) -> None:
    """`make` in a process of its own, for this data folder. Raises ModelError with what the process said."""
    command = [sys.executable, "-m", "models.text.int8", card.name]
    surroundings = os.environ | {"ATLAS_HOME": str(home), "OMP_NUM_THREADS": "1"}
    try:
        subprocess.run(  # noqa: S603
            command,
            env=surroundings,
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        raise ModelError(f"The int8 form of {card.name!r} was not made: {said[-1] if said else error}.") from error


def _folder(name: str) -> Path:
    return registry.own() / FOLDER / name


def _note(card: Card) -> Mapping[str, Any]:
    """What is noted of the form for these weights; empty where nothing is."""
    with suppress(OSError, ValueError):
        found = json.loads((_folder(card.name) / NOTE).read_text(encoding="utf-8"))
        if isinstance(found, dict) and found.get("weights") == weights(card):
            return found
    return {}


def _keep(name: str, content: bytes | None, note: Mapping[str, Any]) -> None:
    """Write the form and its note in place of those of other weights. Raises ModelError where that cannot be."""
    folder = _folder(name)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        working = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
        if content is not None:
            (working / FILE).write_bytes(content)
        (working / NOTE).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        working.rename(folder)
    except OSError as error:
        raise ModelError(f"The int8 form of {name!r} cannot be kept in {folder}: {error}.") from error


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the int8 form that the server uses, for one model.")
    parser.add_argument("name")
    with suppress(OSError, AttributeError):
        os.nice(10)
    print(f"agrees {make(parser.parse_args().name):.4f} with fp32, in {store.home()}")
