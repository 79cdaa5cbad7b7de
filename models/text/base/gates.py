"""The encoder's part of an attribution: its score of a class as words are let in, from none of them to all."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from models.text.base import tokens
from models.text.base.shared import Base

MANY_TOKENS = 96
"""Tokens from which the encoder's faster number format is taken: 32 steps through 12 layers take seconds else."""
Through = Callable[[Tensor], Tensor]


def through(
    base: Base, head: Callable[[Tensor], Tensor], text: str, spans: Sequence[tuple[int, int]], label: int
) -> tuple[Through, int]:
    """What gates (steps, words) in [0, 1] make of the class's score, and how many tokens the text has.

    A token's vector is scaled by the gate of its word before the position is added; one of no word stays as it is.
    """
    ids, starts = base.reader.owners(text)
    owners = [next((n for n, (left, right) in enumerate(spans) if left <= at < right), len(spans)) for at in starts]
    inner = base.reader.longest - 2
    pieces = [slice(start, start + inner) for start in range(0, max(1, len(ids)), inner)]
    network = base.plain if len(ids) <= MANY_TOKENS else base.computing
    windows = []
    for piece in pieces:
        row = torch.tensor([[tokens.FIRST, *ids[piece], tokens.LAST]], device=base.device)
        windows.append((row, torch.tensor([len(spans), *owners[piece], len(spans)], device=base.device)))

    def score(gates: Tensor) -> Tensor:
        opened = torch.cat((gates, torch.ones(len(gates), 1, device=gates.device)), dim=1)
        total, count = torch.zeros((), device=gates.device), 0
        for row, owner in windows:
            embedded = network.words(row) * opened[:, owner][:, :, None]
            mask = torch.ones(len(gates), row.shape[1], device=gates.device)
            means = network(row.expand(len(gates), -1), mask, embedded)
            total, count = total + row.shape[1] * means.flatten(1), count + row.shape[1]
        return head((total / count).cpu())[:, label].to(gates.device)

    return score, len(ids)
