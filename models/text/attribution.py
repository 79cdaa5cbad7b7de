"""Why a text got its class: integrated gradients by word (Sundararajan et al. 2017), through every member of a network.

Each word has a gate between 0 (the word is not there) and 1 (it is). A token is scaled by its word's gate, an n-gram by
the mean gate of the words it touches; captum integrates the class's logit from all gates shut to all open, so that the
words' weights add up to what the text as a whole does to the logit.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import IntegratedGradients
from torch import Tensor

from data.words import JOINERS, MARKS, STACKERS
from models.text import ngrams
from models.text.classifier import Reason
from models.text.network import Bag, BagConfig, Encoded, Network

STEPS = 32
AT_ONCE = 2_048
"""Tokens of steps computed together by what stands beside the network."""
MAX_SPANS = 400
"""Words explained; what follows is explained as one."""
UNSPACED = "\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
ATTACHED = f"[{MARKS}{JOINERS}]*"
WORD = re.compile(
    f"(?:[{UNSPACED}]{ATTACHED}(?<=[{STACKERS}]))*[{UNSPACED}]{ATTACHED}|[^\\s{UNSPACED}]+",
)
"""A run without white space; in scripts that write no spaces between words (Han, Kana, Thai, Lao, Khmer, Burmese,
Tibetan), a letter with its marks."""


@dataclass(frozen=True)
class _Traced:
    """One bag with where its weights come from: occurrences (bucket's place, share of its weight, words touched)."""

    buckets: Tensor
    weights: Tensor
    touched: Tensor
    """(buckets, words): the share of a bucket's weight that each word gates."""


def words(text: str) -> list[tuple[int, int]]:
    """The spans that are explained, at most MAX_SPANS; the last one takes what is left."""
    spans = [match.span() for match in WORD.finditer(text)]
    return spans if len(spans) <= MAX_SPANS else [*spans[: MAX_SPANS - 1], (spans[MAX_SPANS - 1][0], spans[-1][1])]


def by_word(
    network: Network, text: str, language: str | None, label: int, device: str, share: float = 1.0,
    beside: Callable[[Tensor], Tensor] | None = None, tokens: int = 0,
) -> list[Reason]:  # fmt: skip
    """The attribution of every word to a class's logit, in the order of the text.

    share: what the network's logit is multiplied by. beside: gates (steps, words) -> what is added to it, (steps,), by
    something that reads so many tokens.
    """
    spans = words(text)
    if not spans:
        return []
    number = int(network.numbers([language])[0])
    inputs = network.prepare([text], [language]).to(device)
    bags = {grams: _traced(text, grams, number, network.frequencies(grams), spans, device) for grams in network.grams}
    owner = _token_words(network, text, spans, device) if network.longest else None

    def logit(gates: Tensor) -> Tensor:
        total = torch.zeros(len(gates), device=device)
        spoken = inputs.language.expand(len(gates))
        for index, (member, config) in enumerate(zip(network.members, network.config.members, strict=True)):
            if isinstance(config, BagConfig):
                total = total + network.mix[index] * _bag_logit(member, bags[config.grams], gates, spoken)[:, label]
            else:
                table = member.encoder.tokens if isinstance(member, Encoded) else member.tokens
                ids, mask = inputs.ids.expand(len(gates), -1), inputs.mask.expand(len(gates), -1)
                embedded = table(ids) * owner_gates(gates)[:, :, None]
                total = total + network.mix[index] * member(ids, mask, spoken, embedded)[:, label].float()
        total = share * total / network.temperature
        return total if beside is None else total + beside(gates)

    def owner_gates(gates: Tensor) -> Tensor:
        open_gate = torch.ones(len(gates), 1, device=device)
        return torch.cat((gates, open_gate), dim=1)[:, owner]

    gates = torch.ones(1, len(spans), device=device)
    together = max(1, AT_ONCE // tokens) if tokens else None
    found = IntegratedGradients(logit).attribute(
        gates, baselines=torch.zeros_like(gates), n_steps=STEPS, internal_batch_size=together
    )[0]
    return [Reason(start, end, float(weight)) for (start, end), weight in zip(spans, found.tolist(), strict=True)]


def _bag_logit(member: Bag, bag: _Traced, gates: Tensor, language: Tensor) -> Tensor:
    """A bag's logits with its n-grams scaled by the gates, (gates, labels)."""
    weights = bag.weights * (gates @ bag.touched.T)
    return member.finished(weights @ member.table.weight[bag.buckets], language)


def _traced(
    text: str, grams: ngrams.Grams, language: int, frequencies: ngrams.Frequencies | None,
    spans: list[tuple[int, int]], device: str,
) -> _Traced:  # fmt: skip
    bag, place, starts, ends = ngrams.traced(text, grams, language, frequencies)
    owner = _owners(text, ngrams.clean(text, grams.lower), spans)
    touched = np.zeros((len(bag.buckets), len(spans)), dtype=np.float32)
    counts = np.bincount(place, minlength=len(bag.buckets))
    for index, start, end in zip(place, np.maximum(starts, 0), np.minimum(ends, len(owner)), strict=True):
        inside = owner[start:end]
        inside = inside[inside >= 0]
        if not len(inside):  # only a space: the words beside it
            near = owner[max(0, start - 1) : end + 1]
            inside = near[near >= 0]
        if len(inside):
            np.add.at(touched[index], inside, 1 / (len(inside) * counts[index]))
    to = torch.from_numpy
    return _Traced(to(bag.buckets).to(device), to(bag.weights).to(device), to(touched).to(device))


def _owners(text: str, cleaned: str, spans: list[tuple[int, int]]) -> np.ndarray:
    """For each character of the cleaned text, the number of the span it comes from; -1 for a space."""
    owner = np.full(len(cleaned), -1)
    runs = [match.span() for match in re.finditer(r"\S+", cleaned)]
    sources = [match.span() for match in re.finditer(r"[^\s\x00-\x1f\x7f-\x9f]+", text)]
    of = np.full(len(text) + 1, -1)
    for number, (start, end) in enumerate(spans):
        of[start:end] = number
    for (start, end), (left, right) in zip(runs, sources, strict=False):
        share = np.linspace(left, right, end - start, endpoint=False).astype(int)  # folding may change a word's length
        owner[start:end] = of[share]
    return owner


def _token_words(network: Network, text: str, spans: list[tuple[int, int]], device: str) -> Tensor:
    """For each token, the number of its word; the first token, and one in no word, has none (its gate stays open)."""
    encoded = network.tokenizer.encode(text, add_special_tokens=False)
    owner = [len(spans)]
    for start, end in encoded.offsets[: network.longest - 1]:
        inside = next((n for n, (left, right) in enumerate(spans) if left < end and start < right), len(spans))
        owner.append(inside)
    return torch.tensor(owner, device=device)
