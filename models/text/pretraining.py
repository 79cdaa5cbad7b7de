"""Pre-training of the encoder: masked words everywhere, and one meaning in many languages.

Masked-language modelling on the training texts of every task; on SIB-200's parallel sentences also InfoNCE: of two
languages' versions of the same sentences, each must find its other half among all in the batch.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models import devices, tensors
from models.cards import Card
from models.text import corpora
from models.text import tokens as text_tokens
from models.text.encoder import Config, Encoder
from models.text.tokens import FIRST, MASK, padded
from models.training import loop
from models.training.settings import Progress, Settings

MASKED = 0.15
OTHERS = 4096
"""Tokens drawn beside the masked ones for the softmax: a sampled one is enough to learn from, and cheaper."""
TEMPERATURE = 0.07
PAIRED = 0.6
"""Batches of parallel pairs for each batch of loose texts."""


@dataclass(frozen=True)
class Batch:
    """Token numbers and where they stand; with halves, row i and row i + n/2 say the same in two languages."""

    ids: Tensor
    mask: Tensor
    halves: bool


class Pretraining(nn.Module):
    """The encoder with a head that guesses masked tokens (its matrix is the token table, its softmax sampled)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.guess = nn.Linear(config.width, config.width)
        self.norm = nn.LayerNorm(config.width)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary))

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy of the masked tokens, plus InfoNCE for a batch of halves."""
        picked = (torch.rand(batch.ids.shape, device=batch.ids.device) < MASKED) & (batch.mask > 0)
        picked &= batch.ids != FIRST
        vectors = self.encoder(torch.where(picked, MASK, batch.ids), batch.mask)
        value = self._masked(vectors[picked], batch.ids[picked]) if picked.any() else 0.0 * vectors.sum()
        if batch.halves:
            weight = batch.mask[:, :, None]
            pooled = F.normalize((vectors.float() * weight).sum(1) / weight.sum(1), dim=-1)
            left, right = pooled.chunk(2)
            likeness = left @ right.T / TEMPERATURE
            truth = torch.arange(len(left), device=likeness.device)
            value = value + 0.5 * (F.cross_entropy(likeness, truth) + F.cross_entropy(likeness.T, truth))
        return value

    def _masked(self, vectors: Tensor, truth: Tensor) -> Tensor:
        """Cross-entropy of guessing masked tokens among them and OTHERS drawn at random."""
        guesses = self.norm(F.gelu(self.guess(vectors)))
        others = torch.randint(len(self.bias), (OTHERS,), device=truth.device)
        candidates, place = torch.cat((truth, others)).unique(return_inverse=True)
        scores = F.linear(guesses, self.encoder.tokens(candidates), self.bias[candidates])
        return F.cross_entropy(scores.float(), place[: len(truth)])


def batches(
    loose: list[list[int]], parallel: Mapping[int, Mapping[str, list[int]]], budget: int, seed: int, device: str = "cpu"
) -> Iterator[Batch]:
    """One pass: loose texts by length, about `budget` tokens a batch, mixed with pairs of parallel sentences.

    parallel: sentence -> language -> token numbers. PAIRED says how many pairs are drawn.
    """
    random = np.random.default_rng(seed)
    order = np.argsort([len(row) + random.random() for row in loose])
    plans: list[tuple[bool, list[list[int]]]] = []
    start = 0
    while start < len(order):
        longest, stop = 0, start
        while stop < len(order) and (stop - start + 1) * max(longest, len(loose[order[stop]])) <= budget:
            longest = max(longest, len(loose[order[stop]]))
            stop += 1
        stop = max(stop, start + 1)
        plans.append((False, [loose[i] for i in order[start:stop]]))
        start = stop
    sentences = list(parallel)
    pairs = max(8, budget // 110)
    for _ in range(round(len(plans) * PAIRED) if sentences else 0):
        chosen = random.choice(len(sentences), min(pairs, len(sentences)), replace=False)
        left, right = [], []
        for index in chosen:
            versions = parallel[sentences[index]]
            one, other = random.choice(list(versions), 2, replace=False)
            left.append(versions[one])
            right.append(versions[other])
        plans.append((True, left + right))
    for index in random.permutation(len(plans)):
        halves, rows = plans[index]
        ids, mask = padded(rows)
        yield Batch(torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device), halves)


@dataclass(frozen=True)
class TrainingConfig:
    """How the encoder is pre-trained: tokens a batch, longest text, passes, and its shape (no dropout: few passes)."""

    shape: Config = field(default_factory=lambda: Config(dropout=0.0))
    settings: Settings = field(default_factory=lambda: Settings(epochs=2, rate=1e-3, save_every_s=120))
    tokens: int = 6144
    longest: int = 96
    intents: int = 15_000
    """Rows of the English intent corpora that are read, so that English does not outweigh the rest."""


def make(
    where: Path | None = None,
    plan: TrainingConfig = TrainingConfig(),
    *,
    root: Path | None = None,
    say: Callable[[str], None] = print,
    on_progress: Callable[[str, Progress], None] | None = None,
    working: Path | None = None,
) -> Path:
    """Learn the tokeniser and pre-train the encoder on every training text; save both as the model "encoder".

    Raises ModelError for texts that are not there.
    """
    plan = plan or TrainingConfig()
    sentiment, topics = corpora.sentiment(where), corpora.topics(where)
    intents = [corpora.intents(name, where) for name in ("banking77", "clinc150", "bitext")]
    english = pd.concat([corpus.rows[corpus.rows["split"] == "train"]["text"] for corpus in intents])
    parallel_rows = topics.split("train")
    tokenizer = text_tokens.train([*sentiment.split("train")["text"], *parallel_rows["text"], *english])
    chosen = english.sample(min(plan.intents, len(english)), random_state=0)
    encoded = text_tokens.encode(tokenizer, [*sentiment.split("train")["text"], *chosen], plan.longest)
    loose = [row for row in encoded if len(row) > 3]
    parallel: dict[int, dict[str, list[int]]] = {}
    rows = text_tokens.encode(tokenizer, parallel_rows["text"].tolist(), plan.longest)
    for sentence, language, row in zip(parallel_rows["sentence_id"], parallel_rows["language"], rows, strict=True):
        parallel.setdefault(sentence, {})[language] = row
    torch.manual_seed(plan.settings.seed)
    shape = replace(plan.shape, vocabulary=tokenizer.get_vocab_size())
    module = Pretraining(shape).to(devices.device())
    steps = sum(1 for _ in batches(loose, parallel, plan.tokens, 0))
    say(f"{len(loose)} texts and {len(parallel)} parallel sentences, {steps} steps a pass")
    fit = loop.fit(
        module,
        lambda epoch: batches(loose, parallel, plan.tokens, epoch, devices.device()),
        steps,
        module.loss,
        plan.settings,
        on_progress=(lambda progress: on_progress("encoder", progress)) if on_progress else None,
        checkpoint=working and working / "encoder" / "checkpoint",
        log=working and working / "encoder" / "scalars",
    )
    card = Card(
        name="encoder",
        task="encoder",
        title="Multilingual encoder",
        purpose="One vector for a text; the start of the models of sentiment and topic. Not shipped: those hold it.",
        family="Transformer encoder",
        labels=(),
        languages=tuple(sorted(parallel_rows["language"].unique())),
        data=(*sentiment.sources, *topics.sources, *(source for corpus in intents for source in corpus.sources)),
        splits={"train": len(loose) + len(rows)},
        metrics={"loss": fit.curve[-1][1]},
        training={
            "command": "python -m models train encoder",
            "device": fit.device,
            "seconds": round(fit.seconds),
            "settings": asdict(plan.settings),
        },
        config={"shape": asdict(shape)},
        limits=("No answers by itself.",),
    )
    state = {name: tensor.contiguous() for name, tensor in module.encoder.state_dict().items()}
    return tensors.save(card, state, {"tokenizer.json": tokenizer.to_str().encode()}, root=root, packed=False)
