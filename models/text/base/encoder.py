"""multilingual-e5-small as our own network: BERT (Devlin et al. 2019), 12 layers of 384, normalised after each step.

Wang et al. 2024, "Multilingual E5 text embeddings" (MIT). A text's vector is the mean over its tokens' last states; its
features for our heads are that mean and the one after half of the layers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.text.base.packed import BLOCK, Blocks, PackedEncoder


@dataclass(frozen=True)
class Shape:
    """Sizes of the encoder. positions: tokens of a window at most; middle: the layer whose mean is a feature too."""

    width: int = 384
    layers: int = 12
    heads: int = 12
    hidden: int = 1536
    positions: int = 512
    epsilon: float = 1e-12

    @property
    def middle(self) -> int:
        return self.layers // 2


class PackedWords(nn.Module):
    """The table of words in 4 bits: rows are unpacked as they are looked up, 54 MB instead of 384."""

    def __init__(self, blocks: Blocks) -> None:
        super().__init__()
        self.register_buffer("codes", torch.from_numpy(blocks.codes.copy()), persistent=False)
        self.register_buffer("scales", torch.from_numpy(blocks.scales.copy()), persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """(texts, tokens) -> (texts, tokens, width), float32."""
        codes = self.codes[ids].unflatten(-1, (-1, BLOCK // 2))
        whole = torch.cat((codes & 15, codes >> 4), dim=-1).float() - 8
        return (whole * self.scales[ids].float()[..., None]).flatten(-2)


class PlainWords(nn.Module):
    """The table of words in fp16."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.register_buffer("table", table.half(), persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """(texts, tokens) -> (texts, tokens, width), float32."""
        return self.table[ids].float()


class Block(nn.Module):
    """Attention, then two dense layers; each added to its input and normalised."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv, self.out = nn.Linear(shape.width, 3 * shape.width), nn.Linear(shape.width, shape.width)
        self.after_attention = nn.LayerNorm(shape.width, shape.epsilon)
        self.up, self.down = nn.Linear(shape.width, shape.hidden), nn.Linear(shape.hidden, shape.width)
        self.after_feed = nn.LayerNorm(shape.width, shape.epsilon)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """x (texts, tokens, width); mask (texts, 1, 1, tokens), True where a token stands, None where all do."""
        texts, tokens, width = x.shape
        q, k, v = self.qkv(x).view(texts, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = _attended(q, k, v, mask).transpose(1, 2).reshape(texts, tokens, width)
        x = self.after_attention(x + self.out(mixed))
        return self.after_feed(x + self.down(F.gelu(self.up(x))))


def _attended(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """Scaled dot-product attention, (texts, heads, tokens, width of a head); step by step where gradients follow
    on a CPU: torch's fused one takes four times as long backwards there."""
    if q.device.type != "cpu" or not q.requires_grad:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    return (scores if mask is None else scores.masked_fill(~mask, -1e4)).softmax(-1) @ v


class Encoder(nn.Module):
    """Tokens -> means over a text's tokens. words: the table they are looked up in, no part of what is saved."""

    def __init__(self, shape: Shape, words: nn.Module) -> None:
        super().__init__()
        self.shape, self.words = shape, words
        self.positions = nn.Parameter(torch.zeros(shape.positions, shape.width))
        self.norm = nn.LayerNorm(shape.width, shape.epsilon)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))

    def forward(self, ids: Tensor, mask: Tensor, embedded: Tensor | None = None) -> Tensor:
        """ids, mask (texts, tokens; 0 or 1) -> means after the middle and the last layer, (texts, 2, width), fp32.

        embedded: what the words are instead of looking ids up, (texts, tokens, width) (attribution).
        """
        x = self.words(ids) if embedded is None else embedded
        x = self.norm(x.to(self.positions.dtype) + self.positions[: x.shape[1]])
        seen = None if bool(mask.all()) else mask[:, None, None, :].bool()
        weight = (mask / mask.sum(1, keepdim=True).clamp_min(1))[:, :, None].float()
        means = []
        for number, block in enumerate(self.blocks, start=1):
            x = block(x, seen)
            if number in (self.shape.middle, self.shape.layers):
                means.append((weight * x).sum(1))
        return torch.stack(means, dim=1)


def of_packed(packed: PackedEncoder) -> Encoder:
    """The encoder of the package's file, in fp32."""
    tensors = packed.tensors

    def plain(name: str) -> np.ndarray:
        found = tensors[name]
        return found.plain() if isinstance(found, Blocks) else found

    shape = Shape(packed.width, packed.layers, packed.heads, packed.hidden, packed.positions, packed.epsilon)
    state = {"positions": plain("emb.pos") + plain("emb.type")[0]}
    state |= {"norm.weight": plain("emb.ln.w"), "norm.bias": plain("emb.ln.b")}
    for layer in range(packed.layers):
        for part, ours in (("w", "weight"), ("b", "bias")):
            joined = [plain(f"l{layer}.{name}.{part}") for name in "qkv"]
            state[f"blocks.{layer}.qkv.{ours}"] = np.concatenate(joined)
            for theirs, name in (("ao", "out"), ("fi", "up"), ("fo", "down"), ("aln", "after_attention"),
                                 ("oln", "after_feed")):  # fmt: skip
                state[f"blocks.{layer}.{name}.{ours}"] = plain(f"l{layer}.{theirs}.{part}")
    words = tensors["emb.word"]
    table = PackedWords(words) if isinstance(words, Blocks) else PlainWords(torch.from_numpy(words.copy()))
    return _filled(shape, table, {name: torch.from_numpy(np.array(value)) for name, value in state.items()})


def of_hub(shape: Shape, tensors: Mapping[str, Tensor]) -> Encoder:
    """The encoder of the hub's own tensors (BertModel's names, with or without "bert." before them), in fp32.

    Raises KeyError or RuntimeError where one is missing or has another shape.
    """
    named = {name.removeprefix("bert."): tensor.float() for name, tensor in tensors.items()}
    kinds = named["embeddings.token_type_embeddings.weight"]
    state = {"positions": named["embeddings.position_embeddings.weight"] + kinds[0]}
    for part in ("weight", "bias"):
        state[f"norm.{part}"] = named[f"embeddings.LayerNorm.{part}"]
        for layer in range(shape.layers):
            theirs, ours = f"encoder.layer.{layer}.", f"blocks.{layer}."
            state[f"{ours}qkv.{part}"] = torch.cat(
                [named[f"{theirs}attention.self.{name}.{part}"] for name in ("query", "key", "value")]
            )
            for name, other in (("out", "attention.output.dense"), ("after_attention", "attention.output.LayerNorm"),
                                ("up", "intermediate.dense"), ("down", "output.dense"),
                                ("after_feed", "output.LayerNorm")):  # fmt: skip
                state[f"{ours}{name}.{part}"] = named[f"{theirs}{other}.{part}"]
    return _filled(shape, PlainWords(named["embeddings.word_embeddings.weight"]), state)


def _filled(shape: Shape, words: nn.Module, state: Mapping[str, Tensor]) -> Encoder:
    made = Encoder(shape, words)
    made.load_state_dict(state)
    return made.eval().requires_grad_(False)
