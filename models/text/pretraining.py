"""Pre-training of the encoder: masked words everywhere, and one meaning in many languages.

Masked-language modelling on the training texts of every task; on SIB-200's parallel sentences also InfoNCE: of two
languages' versions of the same sentences, each must find its other half among all in the batch.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.text.encoder import Config, Encoder
from models.text.tokens import FIRST, MASK, padded

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
        guesses = self.norm(F.gelu(self.guess(vectors[picked])))
        others = torch.randint(len(self.bias), (OTHERS,), device=batch.ids.device)
        candidates, place = torch.cat((batch.ids[picked], others)).unique(return_inverse=True)
        table = self.encoder.tokens(candidates)
        scores = F.linear(guesses, table, self.bias[candidates])
        value = F.cross_entropy(scores.float(), place[: len(guesses)])
        if batch.halves:
            weight = batch.mask[:, :, None]
            pooled = F.normalize((vectors.float() * weight).sum(1) / weight.sum(1), dim=-1)
            left, right = pooled.chunk(2)
            likeness = left @ right.T / TEMPERATURE
            truth = torch.arange(len(left), device=likeness.device)
            value = value + 0.5 * (F.cross_entropy(likeness, truth) + F.cross_entropy(likeness.T, truth))
        return value


def batches(
    loose: list[list[int]], parallel: Mapping[int, Mapping[str, list[int]]], tokens: int, seed: int, device: str = "cpu"
) -> Iterator[Batch]:
    """One pass: loose texts by length, about `tokens` a batch, mixed with pairs of parallel sentences.

    parallel: sentence -> language -> token numbers. PAIRED says how many pairs are drawn.
    """
    random = np.random.default_rng(seed)
    order = np.argsort([len(row) + random.random() for row in loose])
    plans: list[tuple[bool, list[list[int]]]] = []
    start = 0
    while start < len(order):
        longest, stop = 0, start
        while stop < len(order) and (stop - start + 1) * max(longest, len(loose[order[stop]])) <= tokens:
            longest = max(longest, len(loose[order[stop]]))
            stop += 1
        stop = max(stop, start + 1)
        plans.append((False, [loose[i] for i in order[start:stop]]))
        start = stop
    sentences = list(parallel)
    pairs = max(8, tokens // 110)
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
