"""A text model ready to answer: the network, and how it reads, hesitates and explains."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from data import store
from models import devices
from models.cards import Card
from models.errors import TextError
from models.precisions import Precisions
from models.text import attribution, int8_runtime
from models.text import languages as codes
from models.text.abstention import AbstentionRule, out_of_scope_logits
from models.text.classifier import MAX_CHARACTERS, Answer, Reason, clearly_ahead
from models.text.encoder import Encoder
from models.text.network import BATCH, Encoded, Network, Reader, Reading
from models.text.prior import Prior

CHUNK = 512
PRECISIONS = ("fp32", "bf16", "int8")
log = logging.getLogger(__name__)


def compiled(reading: Reading, longest: int, **options: Any) -> Reader:
    """A reading of at most `longest` tokens through torch.compile, every shape it will meet compiled beforehand.

    CUDA graphs want fixed shapes: texts and tokens are padded to the next of a few. options: as torch.compile takes
    them; mode "reduce-overhead" records CUDA graphs. Whatever compiling raises is raised. Not measured on a GPU: only
    its logic was tested, with the backend "eager" on a CPU.
    """
    run = torch.compile(reading, dynamic=False, **options)
    counts, lengths = (1, 16, BATCH), (max(1, longest // 4), longest)

    def read(ids: Tensor, mask: Tensor, language: Tensor) -> Tensor:
        texts, tokens = ids.shape
        rows = next((count for count in counts if count >= texts), texts)
        more = (0, next(length for length in lengths if length >= tokens) - tokens, 0, rows - texts)
        given = (F.pad(ids, more), F.pad(mask, more), F.pad(language, (0, rows - texts)))
        return run(*given)[:texts].clone()  # a graph's output is written over by its next run

    where = reading.mix.device
    with torch.inference_mode():
        for count in counts:
            for length in lengths:
                ids, language = (
                    torch.zeros(size, dtype=torch.int64, device=where) for size in ((count, length), count)
                )
                read(ids, torch.ones(count, length, device=where), language)
    return read


@dataclass(frozen=True)
class _Form:
    """A network in one number format: what reads its tokens (None: its own members) and its encoder."""

    reader: Reader | None
    encoder: Encoder | None
    remark: str = ""


class TextModel(Precisions):
    """A network that answers: `Classifier` in full. Reading is thread-safe.

    What a number format needs is made when it is used for the first time and kept, one bf16 copy and one int8 form at
    most beside the weights: changing between them costs nothing.
    """

    def __init__(self, card: Card, network: Network, device: str | None = None) -> None:
        self.card, self.name, self.labels = card, card.name, tuple(card.labels)
        self.device = device or devices.device()
        self.network = network.to(self.device).eval()
        self.abstention = AbstentionRule(**card.config.get("doubts", {}))
        self.alone = ""
        """Why the encoder beside it is missing, "" where none is wanted."""
        self.precision = PRECISIONS[0]  # reasons are always computed in it
        self.forms = {self.precision: _Form(None, _encoder(self.network.members))}
        self._home = store.home()
        self._known = frozenset(card.languages)
        self._prior = Prior(self.labels) if card.task == "language" else None
        self._scripts = frozenset(codes.script(language) for language in card.languages) - {""}

    @property
    def _form(self) -> _Form:
        return self.forms[self.precision]

    @property
    def remark(self) -> str:
        """Why it runs slower, or knows less, than it might; "" where nothing is known."""
        return "; ".join(filter(None, (self.alone, self._form.remark)))

    def precisions(self) -> tuple[str, ...]:
        """The number formats it can run in at present: bf16 where the device has it, int8 on a CPU, once made."""
        if self._form.encoder is None:
            return PRECISIONS[:1]
        useful = {
            "fp32": True,
            "bf16": devices.computes_bf16(self.device),
            "int8": self.device == "cpu" and int8_runtime.FORMS.find(self.card),
        }
        return tuple(name for name in PRECISIONS if useful[name])

    def make_precisions(self) -> bool:
        """Make the int8 form where it can be of use and there is none: seconds to minutes, in another process.

        Returns whether `precisions` offers more now. Raises ModelError when it could not be made.
        """
        useful = self.device == "cpu" and self._form.encoder is not None
        return useful and int8_runtime.FORMS.make_missing(self.card, self._home)

    def form_in(self, precision: str) -> _Form:
        """What answers are computed with in bf16 or int8."""
        if precision == "int8":
            return _Form(int8_runtime.reader(self.card), self.forms["fp32"].encoder)
        reading = Reading(self.network).in_bf16()
        reader, remark = self._compiled(reading) if self.device == "cuda" else (reading, "")
        return _Form(reader, _encoder(reading.members), remark)

    def _compiled(self, reading: Reading) -> tuple[Reader, str]:
        """A reading compiled, or as it is and why."""
        try:
            return compiled(reading, self.network.longest, mode="reduce-overhead"), ""
        except Exception as error:
            remark = f"not compiled: {type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
            log.warning("%s runs in bf16 without CUDA graphs, %s", self.name, remark)
            return reading, remark

    def logits(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> np.ndarray:
        """Calibrated logits, (texts, labels), float32."""
        languages = [None] * len(texts) if languages is None else list(languages)
        return self.network.answers([text[:MAX_CHARACTERS] for text in texts], languages, self._form.reader)

    def probabilities(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> np.ndarray:
        """Calibrated probabilities, (texts, labels), float32.

        Of languages: the likelier the more people speak them, and none in a script that the text has no letter of.
        """
        logits = self.logits(texts, languages)
        if self._prior:
            logits = self._prior.weighed(logits, [text[:MAX_CHARACTERS] for text in texts])
        odds = np.exp(logits - logits.max(1, keepdims=True))
        shares = odds / odds.sum(1, keepdims=True)
        if not self.abstention.rule:
            return shares
        outside = self.labels.index(self.abstention.outside)
        slope, other, level = self.abstention.rule
        evidence = out_of_scope_logits(shares, outside)
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
        elif self._is_unseen(language) or not self._has_seen_letters(text):
            note, sure = "unseen", False
        elif label != self.abstention.outside and not (
            shares[label] >= self.abstention.threshold and clearly_ahead(shares.values())
        ):
            note, sure = "unsure", False
        else:
            note = self._too_long(text)
        return Answer(label, shares, sure, note)

    def _too_long(self, text: str) -> str:
        """The note of a text that is not read as a whole, "" for others."""
        return "cut" if len(text) > MAX_CHARACTERS else ""

    def _is_unseen(self, language: str | None) -> bool:
        """Whether neither the network nor an adapter on it learned from this language."""
        if language is None or not self._known or self._known & set(codes.instead(language)):
            return False
        return bool(self.network.numbers([language])[0] < 0)

    def _has_seen_letters(self, text: str) -> bool:
        """Whether any letter is of a script that the languages it knows are written in."""
        if not self._scripts or (text.isascii() and "Latn" in self._scripts):
            return True
        seen = self._scripts | (codes.HAN if self._scripts & codes.HAN else frozenset())
        return any(codes.scripts(character) & seen for character in set(text[:MAX_CHARACTERS]))

    def explain(self, text: str, label: str | None = None, language: str | None = None) -> list[Reason]:
        """What each word did to a class's score. Raises TextError for an empty text or a class it does not have."""
        text = text[:MAX_CHARACTERS]
        if not text.strip():
            raise TextError("There is nothing to explain: the text is empty.")
        label = label or self.predict([text], [language])[0].label
        if label not in self.labels:
            raise TextError(
                "{name} has no class {label}; it has {labels}.",
                name=self.name,
                label=repr(label),
                labels=", ".join(self.labels),
            )
        return self._by_word(text, language, self.labels.index(label))

    def _by_word(self, text: str, language: str | None, label: int) -> list[Reason]:
        """Integrated gradients; they add up to what the text does to the logit."""
        return attribution.by_word(self.network, text, language, label, self.device)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """One unit vector a text, (texts, width), float32. Raises TextError without an encoder."""
        encoder = self._form.encoder
        if encoder is None:
            raise TextError(
                "{name} has no encoder; sentiment has one.",
                name=self.name,
            )
        rows = [np.zeros((0, encoder.config.width), dtype=np.float32)]
        for start in range(0, len(texts), CHUNK):
            part = [text[:MAX_CHARACTERS] for text in texts[start : start + CHUNK]]
            inputs = self.network.prepare(part, [None] * len(part)).to(self.device)
            with torch.inference_mode():
                vectors = encoder.pooled(inputs.ids, inputs.mask).float().cpu().numpy()
            rows.append(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))
        return np.concatenate(rows)


def _encoder(members: Iterable[nn.Module]) -> Encoder | None:
    """The encoder of the first member that has one."""
    return next((member.encoder for member in members if isinstance(member, Encoded)), None)
