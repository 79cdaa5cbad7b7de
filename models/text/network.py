"""The text classifier: hashed n-gram bags and a Transformer encoder, added as logits.

Each member reads the text in its own way and gives one logit a class; their weighted sum over a temperature, with what
a language's labels can be, is the answer. A network of one linear bag is logistic regression; of one encoder, a
fine-tuned Transformer; the recipes in `models.text.recipes` say which members a task got, the cards what each gave
alone.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from models.text import encoder, ngrams, tokens
from models.text.languages import bcp47, instead
from models.text.ngrams import Grams

IMPOSSIBLE = -1e4
BATCH = 128
"""Texts computed together; half as many are a tenth slower."""
AT_ONCE = 4_096
"""Texts tokenised together."""


@dataclass(frozen=True)
class BagConfig:
    """A bag of n-grams: width 0 is linear in the n-grams, else an embedding of this width and a small network."""

    grams: Grams
    width: int = 0
    hidden: int = 0
    scale: float = 4.0
    dropout: float = 0.3
    """Share of n-grams left out at random while training."""


@dataclass(frozen=True)
class EncoderConfig:
    """The Transformer with a linear head on its pooled vector (and a vector for the language)."""

    shape: encoder.Config
    dropout: float = 0.1


@dataclass(frozen=True)
class LstmConfig:
    """The mission's recurrent baseline: embedding 128, LSTM 64, dense."""

    vocabulary: int = 32_000
    embedding: int = 128
    width: int = 64
    longest: int = 64
    dropout: float = 0.3


Member = BagConfig | EncoderConfig | LstmConfig


@dataclass(frozen=True)
class Config:
    """labels and languages by number; allowed: for a language, the labels its training rows had (else all)."""

    labels: tuple[str, ...]
    languages: tuple[str, ...]
    members: tuple[Member, ...]
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        kinds = {BagConfig: "bag", EncoderConfig: "encoder", LstmConfig: "lstm"}
        members = [{"kind": kinds[type(member)], **asdict(member)} for member in self.members]
        return {"labels": self.labels, "languages": self.languages, "members": members, "allowed": dict(self.allowed)}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> "Config":
        """Raises ValueError for anything a config cannot be."""
        try:
            members = tuple(_member(dict(entry)) for entry in settings["members"])
            allowed = {language: tuple(labels) for language, labels in settings["allowed"].items()}
            return cls(tuple(settings["labels"]), tuple(settings["languages"]), members, allowed)
        except (KeyError, TypeError) as error:
            raise ValueError(f"This is no configuration of a text network: {error!r}") from error


def _member(entry: dict[str, Any]) -> Member:
    kind = entry.pop("kind")
    if kind == "bag":
        return BagConfig(**entry | {"grams": Grams(**entry["grams"])})
    if kind == "encoder":
        return EncoderConfig(**entry | {"shape": encoder.Config(**entry["shape"])})
    if kind == "lstm":
        return LstmConfig(**entry)
    raise ValueError(f"There is no member of the kind {kind!r}.")


@dataclass(frozen=True)
class Inputs:
    """Texts as tensors. bags: per distinct Grams, buckets, offsets and weights; ids and mask of the tokens (texts,
    tokens), empty when no member reads tokens; language: its number a text, -1 where unknown."""

    bags: tuple[tuple[Tensor, Tensor, Tensor], ...]
    ids: Tensor
    mask: Tensor
    language: Tensor

    def to(self, device: str) -> "Inputs":
        if device == "cpu":
            return self
        bags = tuple(tuple(part.to(device) for part in bag) for bag in self.bags)
        return Inputs(bags, self.ids.to(device), self.mask.to(device), self.language.to(device))


class Bag(nn.Module):
    """Sum of the embeddings of a text's n-grams, each times its weight."""

    def __init__(self, config: BagConfig, languages: int, labels: int) -> None:
        super().__init__()
        self.config = config
        self.table = nn.EmbeddingBag(2**config.grams.bits, config.width or labels, mode="sum", sparse=True)
        nn.init.zeros_(self.table.weight)  # an n-gram never seen says nothing
        self.head = _head(config, labels) if config.width else None
        self.language = nn.Embedding(languages + 1, labels)
        nn.init.zeros_(self.language.weight)
        if config.grams.idf:
            self.register_buffer("frequency", torch.zeros(2 ** (config.grams.bits - 1), dtype=torch.uint8))
            self.register_buffer("texts", torch.zeros(languages + 1, dtype=torch.int64))

    def count(self, texts: Sequence[str], languages: np.ndarray) -> None:
        """Learn how rare n-grams are. languages: numbers, (texts,)."""
        found = ngrams.frequencies(texts, self.config.grams, languages, len(self.texts) - 1)
        self.frequency.copy_(torch.from_numpy(found.buckets))
        self.texts.copy_(torch.from_numpy(found.texts))

    def frequencies(self) -> ngrams.Frequencies | None:
        """How rare n-grams are; None where that does not count."""
        if not self.config.grams.idf:
            return None
        return ngrams.Frequencies(self.frequency.cpu().numpy(), self.texts.cpu().numpy())

    def forward(self, bag: tuple[Tensor, Tensor, Tensor], language: Tensor) -> Tensor:
        """-> (texts, labels)."""
        buckets, offsets, weights = bag
        if self.training and self.config.dropout:
            keep = torch.rand_like(weights) >= self.config.dropout
            weights = weights * keep / (1 - self.config.dropout)
        return self.finished(self.table(buckets, offsets, per_sample_weights=weights), language)

    def finished(self, total: Tensor, language: Tensor) -> Tensor:
        """Logits from the summed embeddings (texts, width)."""
        logits = total if self.head is None else self.head(total.float() * self.config.scale)
        return logits + self.language(language + 1)


def _head(config: BagConfig, labels: int) -> nn.Module:
    if not config.hidden:
        return nn.Linear(config.width, labels)
    return nn.Sequential(
        nn.Linear(config.width, config.hidden), nn.GELU(), nn.Dropout(0.2), nn.Linear(config.hidden, labels)
    )


class Encoded(nn.Module):
    """The encoder's pooled vector, plus one for the language, through a linear head."""

    def __init__(self, config: EncoderConfig, languages: int, labels: int) -> None:
        super().__init__()
        self.encoder = encoder.Encoder(config.shape)
        self.language = nn.Embedding(languages + 1, config.shape.width)
        nn.init.zeros_(self.language.weight)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.shape.width, labels)

    def forward(self, ids: Tensor, mask: Tensor, language: Tensor, embedded: Tensor | None = None) -> Tensor:
        """-> (texts, labels)."""
        pooled = self.encoder.pooled(ids, mask, embedded) + self.language(language + 1)
        return self.head(self.dropout(pooled)).float()


class Lstm(nn.Module):
    """Embedding, one LSTM over the tokens, its mean state through a dense layer (Hochreiter and Schmidhuber 1997)."""

    def __init__(self, config: LstmConfig, languages: int, labels: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(config.vocabulary, config.embedding)
        self.lstm = nn.LSTM(config.embedding, config.width, batch_first=True)
        self.language = nn.Embedding(languages + 1, config.width)
        nn.init.zeros_(self.language.weight)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.width, labels)

    def forward(self, ids: Tensor, mask: Tensor, language: Tensor, embedded: Tensor | None = None) -> Tensor:
        """-> (texts, labels)."""
        x = self.tokens(ids) if embedded is None else embedded
        states, _ = self.lstm(self.dropout(x))
        weight = mask[:, :, None]
        pooled = (states * weight).sum(1) / weight.sum(1).clamp_min(1)
        return self.head(self.dropout(pooled + self.language(language + 1))).float()


Reader = Callable[[Tensor, Tensor, Tensor], Tensor]
"""ids and mask (texts, tokens) and language (texts,) -> logits (texts, labels): see `Reading`."""


class Reading(nn.Module):
    """What the members of a network that read tokens say together, each times its share of the mix."""

    def __init__(self, network: "Network") -> None:
        super().__init__()
        reading = [i for i, config in enumerate(network.config.members) if not isinstance(config, BagConfig)]
        self.members = nn.ModuleList(network.members[i] for i in reading)
        self.register_buffer("mix", network.mix[reading])

    def forward(self, ids: Tensor, mask: Tensor, language: Tensor) -> Tensor:
        """-> (texts, labels)."""
        return sum(share * member(ids, mask, language) for share, member in zip(self.mix, self.members, strict=True))

    def in_bf16(self) -> "Reading":
        """A copy whose encoders compute in bfloat16; the pooled vector and the head stay in fp32."""
        made = copy.deepcopy(self)
        for member in made.members:
            if isinstance(member, Encoded):
                member.encoder.bfloat16()
        return made


class Network(nn.Module):
    """All members of a config; `mix` weighs their logits, `temperature` calibrates the sum (Guo et al. 2017)."""

    def __init__(self, config: Config, tokenizer: Tokenizer | None = None) -> None:
        super().__init__()
        if tokenizer is None and any(not isinstance(member, BagConfig) for member in config.members):
            raise ValueError("A member that reads tokens needs a tokenizer.")
        self.config, self.tokenizer = config, tokenizer
        made = {BagConfig: Bag, EncoderConfig: Encoded, LstmConfig: Lstm}
        self.members = nn.ModuleList(
            made[type(member)](member, len(config.languages), len(config.labels)) for member in config.members
        )
        self.grams = tuple(dict.fromkeys(m.grams for m in config.members if isinstance(m, BagConfig)))
        self.register_buffer("mix", torch.full((len(config.members),), 1 / max(1, len(config.members))))
        self.register_buffer("temperature", torch.ones(()))
        possible = torch.zeros(len(config.languages) + 1, len(config.labels))
        for language, labels in config.allowed.items():
            row = possible[config.languages.index(language) + 1]
            row[[index for index, label in enumerate(config.labels) if label not in labels]] = IMPOSSIBLE
        self.register_buffer("possible", possible, persistent=False)
        self._numbers = {bcp47(language): number for number, language in reversed([*enumerate(config.languages)])}
        self._numbers |= {language: number for number, language in enumerate(config.languages)}

    @property
    def longest(self) -> int:
        """Tokens that the members read at most; 0 when none reads tokens."""
        lengths = [m.shape.longest if isinstance(m, EncoderConfig) else m.longest for m in self.config.members
                   if not isinstance(m, BagConfig)]  # fmt: skip
        return max(lengths, default=0)

    def numbers(self, languages: Sequence[str | None]) -> np.ndarray:
        """The number of each language, -1 for one the network does not know.

        FLORES and BCP 47 codes stand for each other (eng_Latn, en); sw-KE is sw where it knows no better, and Egyptian
        Arabic is Arabic (`languages.instead`).
        """
        found = [
            next((self._numbers[code] for code in instead(language or "") if code in self._numbers), -1)
            for language in languages
        ]
        return np.array(found, dtype=np.int64)

    def encoded(self, texts: Sequence[str]) -> list[list[int]]:
        """Token numbers of each text; none where no member reads tokens."""
        if not self.longest:
            return [[] for _ in texts]
        parts = (texts[start : start + AT_ONCE] for start in range(0, len(texts), AT_ONCE))
        return [row for part in parts for row in tokens.encode(self.tokenizer, part, self.longest)]

    def prepare(
        self, texts: Sequence[str], languages: Sequence[str | None], rows: Sequence[list[int]] | None = None
    ) -> Inputs:
        """Texts as tensors on the CPU. rows: what `encoded` gave for them, where that is known already."""
        numbers = self.numbers(languages)
        bags = []
        for grams in self.grams:
            found = ngrams.bags(texts, grams, numbers if grams.scoped else None, self.frequencies(grams))
            bags.append(tuple(map(torch.from_numpy, (found.buckets, found.offsets, found.weights))))
        ids = mask = np.zeros((len(texts), 0))
        if self.longest:
            ids, mask = tokens.padded(self.encoded(texts) if rows is None else rows)
        return Inputs(tuple(bags), torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(numbers))

    def frequencies(self, grams: ngrams.Grams) -> ngrams.Frequencies | None:
        """How rare these n-grams are, as the first member that reads them knows it."""
        return self.members[[getattr(m, "grams", None) for m in self.config.members].index(grams)].frequencies()

    def member(self, index: int, inputs: Inputs) -> Tensor:
        """One member's logits, (texts, labels)."""
        member, config = self.members[index], self.config.members[index]
        if isinstance(config, BagConfig):
            return member(inputs.bags[self.grams.index(config.grams)], inputs.language)
        return member(inputs.ids, inputs.mask, inputs.language)

    def forward(self, inputs: Inputs, reader: Reader | None = None) -> Tensor:
        """Calibrated logits, (texts, labels), float32. reader: what reads the tokens instead of the members that do."""
        own = [i for i, config in enumerate(self.config.members) if reader is None or isinstance(config, BagConfig)]
        total = sum(self.mix[i] * self.member(i, inputs).float() for i in own)
        if reader is not None:
            total = total + reader(inputs.ids, inputs.mask, inputs.language).float()
        return total / self.temperature + self.possible[inputs.language + 1]

    def answers(
        self, texts: Sequence[str], languages: Sequence[str | None], reader: Reader | None = None
    ) -> np.ndarray:
        """Calibrated logits of any number of texts, (texts, labels), float32; those of about as many tokens together.

        reader: as `forward` takes it.
        """
        where = self.temperature.device.type
        found = np.zeros((len(texts), len(self.config.labels)), dtype=np.float32)
        rows = self.encoded(texts)
        order = np.argsort([len(row) for row in rows], kind="stable")
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            inputs = self.prepare(*([given[i] for i in part] for given in (texts, languages, rows))).to(where)
            with torch.inference_mode():
                found[part] = self(inputs, reader).float().cpu().numpy()
        return found
