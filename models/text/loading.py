"""A text model by its name, ready to answer: the network, its tokeniser, and how it reads, hesitates and explains."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer

from models import registry, training
from models.registry import Card, ModelError
from models.text import lora, reasons
from models.text.classifier import LONGEST, Answer, Reason, TextError
from models.text.network import Config, EncoderConfig, Network

TOKENIZER = "tokenizer.json"
CHUNK = 512
PRECISIONS = ("fp32", "bf16")


def classifier(name: str, device: str | None = None) -> "TextModel":
    """Load a model. Raises ModelError when it is missing, altered or not a text model."""
    card = registry.card(name)
    if card.base:
        return lora.merged(classifier(card.base, device), card, registry.weights(name))
    try:
        config = Config.from_dict(card.config["network"])
        network = Network(config, tokenizer(name) if TOKENIZER in card.files else None)
        network.load_state_dict(registry.weights(name))
    except (KeyError, ValueError, RuntimeError) as error:
        raise ModelError(f"{name!r} cannot be built from its card: {error}. Train it again.") from error
    return TextModel(card, network, device)


def tokenizer(name: str) -> Tokenizer:
    """The tokeniser of a model. Raises ModelError when it is missing or altered."""
    return Tokenizer.from_str(registry.read(name, TOKENIZER).decode("utf-8"))


@dataclass(frozen=True)
class Doubts:
    """When an answer is not to be relied on.

    threshold: smallest probability of the likeliest class. outside: the label that stands for "none of these"; rule:
    with x the log odds of the likeliest other class and z those of `outside`, its probability is
    1 / (1 + exp(-(rule[0] x + rule[1] z + rule[2]))), found on dev (Platt 1999).
    """

    threshold: float = 0.0
    outside: str | None = None
    rule: tuple[float, ...] = ()


def outside_evidence(shares: np.ndarray, outside: int) -> np.ndarray:
    """x and z of `Doubts`, (texts, 2), from probabilities (texts, labels)."""
    inner = np.delete(shares, outside, axis=1)
    likely = np.clip(
        np.stack((inner.max(1) / np.maximum(inner.sum(1), 1e-9), shares[:, outside]), axis=1), 1e-6, 1 - 1e-6
    )
    return np.log(likely / (1 - likely))


class TextModel:
    """A network that answers: `Classifier` in full. Reading is thread-safe."""

    def __init__(self, card: Card, network: Network, device: str | None = None) -> None:
        self.card, self.name, self.labels = card, card.name, tuple(card.labels)
        self.device = device or training.device()
        self.network = network.to(self.device).eval()
        self.doubts = Doubts(**card.config.get("doubts", {}))
        self.precision = "bf16" if self.device == "cuda" else "fp32"
        self._known = frozenset(card.languages)

    def precisions(self) -> tuple[str, ...]:
        """The number formats it can run in."""
        return PRECISIONS if any(isinstance(m, EncoderConfig) for m in self.network.config.members) else ("fp32",)

    def use(self, precision: str) -> None:
        """Run in another number format. Raises ValueError for one it does not know."""
        if precision not in self.precisions():
            raise ValueError(f"{self.name} runs in {', '.join(self.precisions())}, not in {precision!r}.")
        self.precision = precision

    def logits(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> np.ndarray:
        """Calibrated logits, (texts, labels), float32."""
        languages = [None] * len(texts) if languages is None else list(languages)
        with training.precision(self.device, self.precision == "bf16"):
            return self.network.answers([text[:LONGEST] for text in texts], languages)

    def probabilities(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> np.ndarray:
        """Calibrated probabilities, (texts, labels), float32."""
        logits = self.logits(texts, languages)
        odds = np.exp(logits - logits.max(1, keepdims=True))
        shares = odds / odds.sum(1, keepdims=True)
        if not self.doubts.rule:
            return shares
        outside = self.labels.index(self.doubts.outside)
        slope, other, level = self.doubts.rule
        evidence = outside_evidence(shares, outside)
        none = 1 / (1 + np.exp(-(slope * evidence[:, 0] + other * evidence[:, 1] + level)))
        shares[:, outside] = 0
        shares *= ((1 - none) / np.maximum(shares.sum(1), 1e-9))[:, None]
        shares[:, outside] = none
        return shares

    def predict(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> list[Answer]:
        """One answer a text; see `Answer` for the notes."""
        languages = [None] * len(texts) if languages is None else list(languages)
        found = self.probabilities(texts, languages)
        return [self._answer(text, language, row) for text, language, row in zip(texts, languages, found, strict=True)]

    def _answer(self, text: str, language: str | None, row: np.ndarray) -> Answer:
        order = np.argsort(-row)
        shares = {self.labels[i]: float(row[i]) for i in order}
        label, sure = self.labels[order[0]], True
        note = ""
        if not text.strip():
            note, sure = "empty", False
        elif not any(map(str.isalpha, text)):
            note, sure = "no words", False
        elif self._is_unseen(language):
            note, sure = "unseen", False
        elif shares[label] < self.doubts.threshold and label != self.doubts.outside:
            note, sure = "unsure", False
        elif len(text) > LONGEST:
            note = "cut"
        return Answer(label, shares, sure, note)

    def _is_unseen(self, language: str | None) -> bool:
        """Whether neither the network nor an adapter on it learned from this language."""
        if language is None or not self._known or {language, language.split("-")[0]} & self._known:
            return False
        return bool(self.network.numbers([language])[0] < 0)

    def explain(self, text: str, label: str | None = None, language: str | None = None) -> list[Reason]:
        """Integrated gradients by word for a class. Raises TextError for an empty text or a class it does not have."""
        text = text[:LONGEST]
        if not text.strip():
            raise TextError("There is nothing to explain: the text is empty.")
        label = label or self.predict([text], [language])[0].label
        if label not in self.labels:
            raise TextError(f"{self.name} has no class {label!r}; it has {', '.join(self.labels)}.")
        return reasons.by_word(self.network, text, language, self.labels.index(label), self.device)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """One unit vector a text, (texts, width), float32. Raises TextError without an encoder."""
        from models.text.network import Encoded

        member = next((part for part in self.network.members if isinstance(part, Encoded)), None)
        if member is None:
            raise TextError(f"{self.name} has no encoder; use the model 'encoder'.")
        rows = [np.zeros((0, member.encoder.config.width), dtype=np.float32)]
        for start in range(0, len(texts), CHUNK):
            part = [text[:LONGEST] for text in texts[start : start + CHUNK]]
            inputs = self.network.prepare(part, [None] * len(part)).to(self.device)
            with torch.inference_mode(), training.precision(self.device, self.precision == "bf16"):
                vectors = member.encoder.pooled(inputs.ids, inputs.mask).float().cpu().numpy()
            rows.append(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))
        return np.concatenate(rows)
