"""What measuring a model's smaller forms needs, of texts and pictures alike: files, times, figures in the card."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from models import cards
from models.errors import ModelError

WRITTEN = ("onnx", "int8")
"""Forms that are files, for machines without torch."""


def files_in(folder: Path | None, name: str) -> dict[str, Path]:
    """The files that the forms of a model are written to, by form; none without a folder, which is made.

    Raises ModelError when one of them exists.
    """
    if folder is None:
        return {}
    files = {form: folder / f"{name}-{form}.onnx" for form in WRITTEN}
    if there := [file for file in files.values() if file.exists()]:
        names = " and ".join(map(str, there))
        raise ModelError(
            "{files} would be written over. Move what is there, or name another folder with --to.",
            files=names,
        )
    folder.mkdir(parents=True, exist_ok=True)
    return files


def write(files: Mapping[str, Path], forms: Mapping[str, bytes], say: Callable[[str], None] = print) -> None:
    """Write forms to their files and say how large each is."""
    for form, file in files.items():
        with file.open("xb") as opened:
            opened.write(forms[form])
        say(f"wrote {file}, {len(forms[form]) / 1e6:.1f} MB")


def timed(call: Callable[[], Any], times: int) -> float:
    """Median seconds of a call, after one to warm up."""
    call()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def note(name: str, variants: Sequence[Mapping[str, Any]]) -> Path:
    """Write the figures of a model's forms into its card, where it lies. Returns the model's folder."""
    folder = cards.folder(name)
    card = replace(cards.card(name), variants=tuple(variants))
    (folder / cards.CARD).write_text(card.to_json(), encoding="utf-8")
    return folder
