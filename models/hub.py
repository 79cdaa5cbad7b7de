"""Models of somebody else's, if the machine's owner wants them: what they may be called, and what is said when one is
out of reach.

Each is named by an environment variable, absent by default, and needs requirements-hub.txt. Weights are read as
safetensors only, and no code that lies beside them is run.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import HubError

EMBEDDER, CLASSIFIER, DETECTOR = "ATLAS_HUB_MODEL", "ATLAS_HUB_CLASSIFIER", "ATLAS_HUB_DETECTOR"
MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?")


def wanted(variable: str) -> str:
    """The model that an environment variable names; "" by default."""
    return os.environ.get(variable, "").strip()


def is_id(name: str) -> bool:
    """Whether a name can be a model's id at the Hugging Face hub: organisation/model, or a model alone."""
    return bool(MODEL_ID.fullmatch(name)) and ".." not in name


def folder(name: str) -> Path | None:
    """The folder of this name, relative to where the program was started; None where there is none."""
    try:
        found = Path(name).expanduser()
        return found if name and found.is_dir() else None
    except (OSError, RuntimeError):  # too long a name; no such user
        return None


def title(name: str) -> str:
    """What a model is called before readers: its id, or the last part of its folder."""
    found = folder(name)
    return found.resolve().name if found else name


@contextmanager
def loading(name: str, variable: str, local: bool = False) -> Iterator[None]:
    """Whatever goes wrong while a model is loaded inside is raised as HubError. local: whether it is a folder."""
    os.environ.setdefault(
        "DISABLE_SAFETENSORS_CONVERSION", "1"
    )  # else transformers has a bot publish converted pickles
    try:
        yield
    except HubError:
        raise
    except ImportError as error:
        if error.name:
            raise HubError(
                "The model {name} needs packages that are not installed ({package}). Install them with: {command}",
                name=repr(name),
                package=error.name,
                command="pip install -r requirements-hub.txt",
            ) from error
        raise HubError(
            "The model {name} needs more packages than requirements-hub.txt installs ({error}). Choose another one, "
            "or unset {variable}.",
            name=repr(name),
            error=first_line(error),
            variable=variable,
        ) from error
    except Exception as error:  # the libraries inside raise many kinds: no network, no such model, no safetensors
        if local:
            raise HubError(
                "The model in the folder {name} cannot be loaded ({error}). Save it there again with "
                "save_pretrained, or unset {variable}.",
                name=repr(name),
                error=first_line(error),
                variable=variable,
            ) from error
        raise HubError(
            "The model {name} cannot be loaded ({error}). Check its id and the internet connection, or unset "
            "{variable}.",
            name=repr(name),
            error=first_line(error),
            variable=variable,
        ) from error


def first_line(error: Exception) -> str:
    """What an error says, without the trace below it; its kind where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".: ")
