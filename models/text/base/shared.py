"""The encoder once for the whole process: what it makes of a text is kept, for every head that asks for the same one.

Sentiment, topic, intent and retrieval of one text run the encoder once. What it learned here (low-rank updates, see
`models.text.multitask`) is merged into it; the card of `models/weights/base` says from what.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from models import cards, devices
from models import tensors as model_tensors
from models.errors import ModelError
from models.text import lora
from models.text.base import encoder, packed, place, tokens
from models.text.base.answers import NAME
from models.text.base.encoder import Encoder, Shape

MAX_CHARACTERS = 100_000
"""Characters of a text that the encoder reads, window by window."""
MAX_KEPT = 8_192
"""Texts whose features are kept: 3 KB each."""
MAX_TOKENS = 8_192
"""Tokens computed together."""


class Base:
    """An encoder that remembers: thread-safe, one computes at a time. counted: texts that it has computed so far."""

    def __init__(self, network: Encoder, reader: tokens.Reader, device: str) -> None:
        self.device, self.reader = device, reader
        self.plain = network.to(device).eval()
        self.precision = "bf16" if devices.computes_bf16(device) else "fp32"
        self.computing = in_bf16(self.plain) if self.precision == "bf16" else self.plain
        self.counted, self.most_kept = 0, MAX_KEPT
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()
        self._turn = threading.Lock()

    @property
    def width(self) -> int:
        """Numbers of a text's vector; its features are twice as many."""
        return self.plain.shape.width

    def features(self, texts: Sequence[str]) -> np.ndarray:
        """Means after the middle and the last layer, (texts, 2 * width), float32; those known already are not computed.

        A text longer than MAX_CHARACTERS is cut; one of several windows is the mean over the tokens of all.
        """
        texts = [text[:MAX_CHARACTERS] for text in texts]
        with self._turn:
            known = {text: self._kept[text] for text in dict.fromkeys(texts) if text in self._kept}
            new = [text for text in dict.fromkeys(texts) if text not in known]
            if new:
                known |= dict(zip(new, self._computed(new), strict=True))
            for text in known:
                self._kept[text] = known[text]
                self._kept.move_to_end(text)
            while len(self._kept) > self.most_kept:
                self._kept.popitem(last=False)
        return np.stack([known[text] for text in texts]) if texts else np.zeros((0, 2 * self.width), np.float32)

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, (texts, width), float32: those of translations are near each other."""
        last = self.features(texts)[:, self.width :]
        return last / np.maximum(np.linalg.norm(last, axis=1, keepdims=True), 1e-9)

    def _computed(self, texts: Sequence[str]) -> np.ndarray:
        """Features of texts, (texts, 2 * width); windows of about one length together."""
        self.counted += len(texts)
        rows = self.reader.windows(texts)
        means = iter(means_of(self.computing, [row for found in rows for row in found]).reshape(-1, 2 * self.width))
        return np.stack(
            [np.average([next(means) for _row in found], axis=0, weights=list(map(len, found))) for found in rows]
        ).astype(np.float32)


def means_of(network: Encoder, windows: Sequence[Sequence[int]]) -> np.ndarray:
    """Means of windows, (windows, 2, width), float32; those of about one length together."""
    where = network.positions.device
    found = np.zeros((len(windows), 2, network.shape.width), np.float32)
    order = sorted(range(len(windows)), key=lambda place_of: len(windows[place_of]))
    while order:
        count = max(1, MAX_TOKENS // len(windows[order[-1]]))
        part, order = order[-count:], order[:-count]
        ids, mask = map(torch.from_numpy, tokens.padded([windows[place_of] for place_of in part]))
        with torch.inference_mode():
            found[part] = network(ids.to(where), mask.to(where)).float().cpu().numpy()
    return found


def in_bf16(network: Encoder) -> Encoder:
    """A copy of an encoder that computes in bfloat16; both look words up in one table."""
    made = Encoder(network.shape, network.words)
    made.load_state_dict(network.state_dict())
    made = made.to(network.positions.device)
    for part in (made.norm, made.blocks):
        part.bfloat16()
    made.positions.data = made.positions.data.bfloat16()
    return made.eval().requires_grad_(False)


@lru_cache(maxsize=2)
def _opened(device: str, place_of: place.Place, sha256: str) -> Base:
    card = cards.card(NAME)
    try:
        return updated(place_of, model_tensors.weights(NAME), lora.config_of(card.config["lora"]), device)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            "{name} cannot be built from its card: {error}. Train it again.", name=repr(NAME), error=str(error)
        ) from error


def updated(place_of: place.Place, learned: Mapping[str, Tensor], updates: lora.Lora, device: str) -> Base:
    """The encoder with what it learned merged in: the tensors whose names begin with lora/. Raises ModelError, and
    KeyError or ValueError where they do not fit."""
    network, reader = untouched(place_of)
    own = {name.removeprefix("lora/"): tensor for name, tensor in learned.items() if name.startswith("lora/")}
    lora.load(network, own, updates)
    lora.merge(network)
    return Base(network, reader, device)


def opened(device: str | None = None) -> Base:
    """The one encoder of this process for a device. Raises ModelError when it, or what it learned, is not there."""
    sha256 = cards.card(NAME).files.get(cards.WEIGHTS, "")
    return _opened(device or devices.device(), place.place(), sha256)


def untouched(place_of: place.Place) -> tuple[Encoder, tokens.Reader]:
    """The encoder as it came, in fp32, and what reads texts for it. Raises ModelError."""
    if place_of.packed:
        found = packed.read(place.content(place_of))
        tokenizer = tokens.of_pieces(found.pieces, found.unknown)
        return encoder.of_packed(found), tokens.Reader(tokenizer, found.normal, min(tokens.WINDOW, found.positions))
    folder = place_of.path
    try:
        told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        shape = Shape(
            told["hidden_size"], told["num_hidden_layers"], told["num_attention_heads"], told["intermediate_size"],
            told["max_position_embeddings"], told["layer_norm_eps"],
        )  # fmt: skip
        network = encoder.of_hub(shape, load_file(folder / "model.safetensors"))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises plain Exceptions
        raise ModelError(
            "The encoder in {folder} cannot be loaded: {error}. Put the files of {model} there again.",
            folder=str(folder),
            error=str(error).partition("\n")[0],
            model=place.NAME,
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return network, tokens.Reader(tokenizer, {}, min(tokens.WINDOW, shape.positions))
