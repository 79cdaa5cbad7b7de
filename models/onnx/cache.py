"""Forms of models that this machine makes for itself, int8 and ONNX: checked before they are read, refused if unlike.

A form is made from a model's weights by a process of its own, since it takes seconds in which this one would answer
nobody; kept in the data folder under models/.KIND/NAME for these weights, and read only while its sha256 is the one
noted.
"""

import argparse
import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data import store
from models import cards
from models.cards import Card
from models.errors import ModelError

FILE, NOTE = "reading.onnx", "note.json"
WANTED = "ATLAS_FORMS"
"""An environment variable: "off" has no form made in the background; one that is there already is still read."""
MAX_SECONDS = 600
"""Seconds after which making one is given up."""
log = logging.getLogger(__name__)


def weights(card: Card) -> str:
    """What a form is made for: the sha256 of the model's weights, and of those under an adapter; "" of none saved."""
    return " ".join((card.files.get(cards.WEIGHTS, ""), str(card.config.get("base_sha256", "")))).strip()


@dataclass(frozen=True)
class CachedForm:
    """The forms of one kind. kind: "int8" or "onnx"; module: what makes one, as in `python -m module NAME`; way: how
    they are made, so that one made otherwise is made anew."""

    kind: str
    module: str
    way: str = ""

    def find(self, card: Card) -> bytes | None:
        """The form made for these weights; None where there is none, it is damaged, or it was refused."""
        note = self._note(card)
        with suppress(OSError):
            content = (self.folder(card.name) / FILE).read_bytes()
            if hashlib.sha256(content).hexdigest() == note.get("sha256"):
                return content
        return None

    def read(self, card: Card) -> bytes:
        """The form made for these weights; raises ModelError where there is none (any more)."""
        content = self.find(card)
        if content is None:
            raise ModelError(
                "{name} has no {kind} form for its weights. It is made again at the next start.",
                name=repr(card.name),
                kind=self.kind,
            )
        return content

    def why_not(self, card: Card) -> str:
        """Why the form for these weights was refused; "" where it was not, or none was made."""
        return str(self._note(card).get("refused", ""))

    def keep(self, card: Card, content: bytes, **found: float) -> None:
        """Keep a form in place of one of other weights, and what was found of it. Raises ModelError where it cannot."""
        self._write(card, content, found | {"sha256": hashlib.sha256(content).hexdigest()})

    def refuse(self, card: Card, why: str, **found: float) -> None:
        """Note that these weights get no form, so that none is made again. Raises ModelError where that cannot be."""
        self._write(card, None, found | {"refused": why})

    def make_missing(self, card: Card, home: Path) -> bool:
        """Have the form of a model made where there is none and it was not refused, for this data folder.

        Takes seconds to minutes, in another process; nothing is made where ATLAS_FORMS is "off". Returns whether there
        is one more now. Raises ModelError with what that process said.
        """
        if os.environ.get(WANTED) == "off" or self.find(card) or self.why_not(card):
            return False
        self.make_apart(card, home)
        if refused := self.why_not(card):
            log.warning("%s is not served in %s: %s.", card.name, self.kind, refused)
        return self.find(card) is not None

    def make_apart(self, card: Card, home: Path) -> None:
        """Run `module` for a model, for this data folder. Raises ModelError with what it said."""
        command = [sys.executable, "-m", self.module, card.name]
        surroundings = os.environ | {"ATLAS_HOME": str(home), "OMP_NUM_THREADS": "1"}
        try:
            subprocess.run(  # noqa: S603
                command,
                env=surroundings,
                cwd=Path(__file__).parents[2],
                check=True,
                capture_output=True,
                text=True,
                timeout=MAX_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as error:
            said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
            raise ModelError(
                "The {kind} form of {name} was not made: {error}.",
                kind=self.kind,
                name=repr(card.name),
                error=said[-1] if said else error,
            ) from error

    def run(self, make: Callable[[str], str]) -> None:
        """The command line of `module`, giving way to whoever else computes. make: of a name, what to say of it."""
        parser = argparse.ArgumentParser(description=f"Make the {self.kind} form that the server uses, for one model.")
        parser.add_argument("name")
        with suppress(OSError, AttributeError):
            os.nice(10)
        print(f"{make(parser.parse_args().name)}, in {store.home()}")

    def folder(self, name: str) -> Path:
        """Where the form of a model lies, and its note."""
        return cards.own() / f".{self.kind}" / name

    def _note(self, card: Card) -> Mapping[str, Any]:
        """What is noted of the form for these weights; empty where nothing is."""
        with suppress(OSError, ValueError):
            found = json.loads((self.folder(card.name) / NOTE).read_text(encoding="utf-8"))
            if isinstance(found, dict) and (found.get("weights"), found.get("way", "")) == (weights(card), self.way):
                return found
        return {}

    def _write(self, card: Card, content: bytes | None, note: Mapping[str, Any]) -> None:
        folder = self.folder(card.name)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            working = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
            if content is not None:
                (working / FILE).write_bytes(content)
            noted = {"weights": weights(card), "way": self.way} | note
            (working / NOTE).write_text(json.dumps(noted, indent=1) + "\n", encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            working.rename(folder)
        except OSError as error:
            raise ModelError(
                "The {kind} form of {name} cannot be kept in {folder}: {error}.",
                kind=self.kind,
                name=repr(card.name),
                folder=str(folder),
                error=str(error),
            ) from error
