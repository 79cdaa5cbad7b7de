"""A compact Transformer encoder over byte-level BPE tokens: pre-norm, scaled dot-product attention, rotary positions.

Task: one vector for a text in any of 200 languages. Pre-trained by masked-language modelling (Devlin et al. 2019) on
the training texts of every task, and aligned across languages with the parallel sentences of SIB-200 by InfoNCE (van
den Oord et al. 2018). Made by: python -m models train encoder
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Config:
    """Shape of the network. longest: tokens read of a text."""

    vocabulary: int = 32_000
    width: int = 256
    layers: int = 4
    heads: int = 4
    hidden: int = 768
    longest: int = 128
    dropout: float = 0.1


class Attention(nn.Module):
    """Multi-head self-attention with rotary positions (Su et al. 2021)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, mask: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        """x (texts, tokens, width), mask (texts, 1, 1, tokens) True where a token stands -> the shape of x."""
        texts, tokens, width = x.shape
        heads = self.qkv(x).view(texts, tokens, 3 * self.heads, width // self.heads).transpose(1, 2)
        q, k = _turned(heads[:, : 2 * self.heads], turn).chunk(2, dim=1)
        v = heads[:, 2 * self.heads :]
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out(mixed.transpose(1, 2).reshape(texts, tokens, width))


def _turned(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    cos, sin = (part.to(x.dtype) for part in turn)
    left, right = x.chunk(2, dim=-1)
    return torch.cat((left * cos - right * sin, left * sin + right * cos), dim=-1)


class Block(nn.Module):
    """Attention and a feed-forward layer, each on the normalised input and added to it."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.before_attention, self.before_feed = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.attention = Attention(config)
        self.up, self.down = nn.Linear(config.width, config.hidden), nn.Linear(config.hidden, config.width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, mask: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        x = x + self.dropout(self.attention(self.before_attention(x), mask, turn))
        return x + self.dropout(self.down(F.gelu(self.up(self.before_feed(x)))))


class Encoder(nn.Module):
    """Tokens -> one vector a token; `pooled` -> one vector a text (mean over its tokens)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocabulary, config.width)
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        half = config.width // config.heads // 2
        angles = torch.outer(torch.arange(config.longest), 10_000.0 ** (-torch.arange(half) / half))
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, ids: Tensor, mask: Tensor, embedded: Tensor | None = None) -> Tensor:
        """ids, mask (texts, tokens) -> (texts, tokens, width). embedded: instead of looking ids up (attribution)."""
        x = self.tokens(ids) if embedded is None else embedded
        x = self.dropout(x * self.config.width**0.5)
        turn = self.cos[: ids.shape[1]], self.sin[: ids.shape[1]]
        seen = mask[:, None, None, :].bool()
        for block in self.blocks:
            x = block(x, seen, turn)
        return self.norm(x)

    def pooled(self, ids: Tensor, mask: Tensor, embedded: Tensor | None = None) -> Tensor:
        """The mean of a text's token vectors, (texts, width)."""
        weight = mask[:, :, None].to(torch.float32)
        return (self.forward(ids, mask, embedded) * weight).sum(1) / weight.sum(1).clamp_min(1)
