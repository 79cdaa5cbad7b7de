"""Reads a line: finds its ink, a convolutional network over it, CTC, and how sure each character and the line are.

Connectionist temporal classification (Graves et al. 2006): the network gives, every two pixels, a distribution over
characters and "nothing"; runs of one character count once. A beam search weighs it with how lines are spelled
(`spelling`). Characters come from left to right as drawn and are put in reading order (`bidi`). Made by
`python -m models train reader`; figures are in its card.
"""

import copy
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy import ndimage
from skimage.filters import rank
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from data import store
from models import registry, training
from models.registry import Card, ModelError
from models.vision import alphabet, bidi, onnx_form
from models.vision.spelling import END, ORDER, START, Spelling, token

HEIGHT = 32
"""Rows of a line that the network sees."""
STEP = 2
"""Pixels of such a line that one answer of the network is for."""
WIDEST = 768
NARROWEST = 16
GROUND, REACH = 48, 160
"""Grey of the ground and of full ink above it, in a line as the network sees it (uint8)."""
LOWEST_CONTRAST = 14.0
"""Grey levels of 255 between ground and ink below which a picture counts as empty."""
UNEVEN = 0.2
"""Share of the ink's height that levels along the border may differ by where the ground is a plane."""
FAINT = 0.6
"""Share of the ink's height below which what reaches over the border is no ink."""
RULE, THIN, LONG, SOLID = 0.4, 0.3, 12, 0.9
"""A stroke over this share of a picture's width is a rule when it is thinner than this share of the tallest ink, this
many times as long as thick, and filled to this share: small print is not."""
SLIGHT = 0.1
"""Share of the ink's height that fainter writing beside it stands above what lies around."""
AROUND = 36
"""Rows, or columns if these are fewer, of the picture in which the ground around each place is looked for."""
LARGEST_SIDE = 1600
SLOPES = np.linspace(-0.1, 0.1, 41)
"""How far a line may fall a pixel to the right and still be made level."""
PROFILE = 48
"""Rows of the profile that tells how far it falls."""
PRECISIONS = ("fp32", "bf16", "onnx")
"""onnx: fp32 under onnxruntime."""
CHUNK = 64
"""Lines that torch reads at a time; onnxruntime reads one, which is sooner than filling up others to its width."""
BEAMS = 8
"""Lines that the decoder follows at a time."""
RIVALS = 10
"""Characters that it weighs at a step."""
SPELLING = "spelling.json"


@dataclass(frozen=True)
class Config:
    """The network: characters it tells apart (class 0 is "nothing"), channels of its stages, layers along the line."""

    alphabet: str
    first: int = 64
    second: int = 96
    wide: int = 192
    layers: int = 4

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> "Config":
        return cls(**found)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Layer(nn.Module):
    """Convolution and batch norm; `fuse` puts the norm into the convolution."""

    def __init__(
        self,
        inside: int,
        outside: int,
        kernel: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        padding: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if padding is None else padding
        self.conv = nn.Conv2d(inside, outside, kernel, stride, padding)
        self.norm: nn.Module = nn.BatchNorm2d(outside)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))

    def fuse(self) -> None:
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = fuse_conv_bn_eval(self.conv.eval(), self.norm.eval())
            self.norm = nn.Identity()


class Residual(nn.Module):
    """Two layers and the way around them (He et al. 2016)."""

    def __init__(self, channels: int, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.one, self.two = Layer(channels, channels, kernel), Layer(channels, channels, kernel)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.two(F.relu(self.one(x))))


class Context(nn.Module):
    """Tells every place of a line what the line as a whole is like: its script, mostly."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.told = nn.Linear(channels, channels)

    def forward(self, x: Tensor, inside: Tensor) -> Tensor:
        """x (batch, channels, 1, places), inside (batch, 1, 1, places): 1 where the line is, else 0."""
        mean = (x * inside).sum((2, 3)) / inside.sum((2, 3))
        return x + self.told(mean)[:, :, None, None]


class Network(nn.Module):
    """Lines (batch, 1, 32, width) in 0..1, width a multiple of 4 -> logits (batch, width / 2, characters + 1)."""

    def __init__(self, config: Config, fused: bool = False) -> None:
        super().__init__()
        self.config = config
        self.patches = Layer(4, config.first, (3, 3), (2, 2))  # (first, 8, width / 4)
        self.fine = Residual(config.first, (3, 3))
        self.lower = Layer(config.first, config.second, (3, 3), (2, 1))  # (second, 4, width / 4)
        self.coarse = Residual(config.second, (3, 3))
        self.columns = Layer(config.second, config.wide, (4, 3), padding=(0, 1))  # (wide, 1, width / 4)
        self.along = nn.ModuleList(Residual(config.wide, (1, 5)) for _ in range(config.layers))
        self.contexts = nn.ModuleList(Context(config.wide) for _ in range(config.layers))
        self.dropout = nn.Dropout(0.1)
        self.answers = nn.Linear(config.wide, 2 * (len(config.alphabet) + 1))
        if fused:
            self.fuse()

    def forward(self, x: Tensor, widths: Tensor) -> Tensor:
        """widths: (batch,), how much of each line's width is not filled up."""
        places = torch.arange(x.shape[3] // 4, device=x.device)
        inside = (4 * places < widths[:, None].to(x.device)).to(x.dtype)[:, None, None]
        x = F.pixel_unshuffle(4 * (x - GROUND / 255), 2).contiguous(memory_format=torch.channels_last)
        x = self.fine(F.relu(self.patches(x)))
        x = self.coarse(F.relu(self.lower(x)))
        x = F.relu(self.columns(x))
        for layer, context in zip(self.along, self.contexts, strict=True):
            x = context(layer(x), inside)
        found = self.answers(self.dropout(x.squeeze(2).transpose(1, 2)))
        return found.reshape(x.shape[0], 2 * found.shape[1], -1)

    def fuse(self) -> "Network":
        """Put every norm into its convolution, in place: the form that is saved and served."""
        for part in self.modules():
            if isinstance(part, Layer):
                part.fuse()
        return self


# ------------------------------------------------------------------ from a picture to a line


@dataclass(frozen=True)
class Line:
    """A line cut out of a picture. pixels: uint8 (32, width), ink bright; box: left, top, right, bottom there."""

    pixels: np.ndarray
    box: tuple[float, float, float, float]


def grey(image: np.ndarray) -> np.ndarray:
    """A picture as grey levels 0..255, float32, by ITU-R BT.601. Raises ValueError for another kind of array."""
    if image.ndim == 2:
        return image.astype(np.float32)
    if image.ndim == 3 and image.shape[2] in (3, 4):
        return image[..., :3].astype(np.float32) @ np.array((0.299, 0.587, 0.114), dtype=np.float32)
    raise ValueError(f"A picture is (height, width) or (height, width, 3); this is {image.shape}.")


def relief(picture: np.ndarray) -> tuple[np.ndarray, float]:
    """Ink above its ground (float32, in grey levels, whatever the colours) and how high it stands, 0 for no ink.

    The ground is a plane fitted twice, the second time without what stands out; where the border shows that it is none
    (the edge of a shadow), it is the median around each place.
    """
    rest = _above_plane(picture)
    border = _border(rest)
    rest = rest - float(np.median(np.concatenate([part.ravel() for part in border])))
    rest, high = _upward(rest)
    if high < LOWEST_CONTRAST:
        return rest, 0.0
    levels = [float(np.median(piece)) for part in border for piece in np.array_split(part.reshape(-1), 8)]
    if np.percentile(levels, 95) - np.percentile(levels, 5) > UNEVEN * high:
        rest, high = _upward(_above_around(picture))
    return rest, high if high >= LOWEST_CONTRAST else 0.0


def _above_plane(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    design = np.stack((np.ones_like(x), x / max(width - 1, 1), y / max(height - 1, 1)), axis=-1)
    every = max(1, int(np.sqrt(height * width / 8_000)))
    some, known = design[::every, ::every].reshape(-1, 3), picture[::every, ::every].reshape(-1)
    keep = np.ones(len(known), dtype=bool)
    plane = np.zeros(3, dtype=np.float32)
    for _ in range(3):
        plane = np.linalg.lstsq(some[keep], known[keep], rcond=None)[0].astype(np.float32)
        off = known - some @ plane
        keep = np.abs(off - np.median(off)) <= max(1.0, float(np.std(off[keep])))
        if keep.sum() < 12:
            break
    return picture - design @ plane


def _above_around(picture: np.ndarray) -> np.ndarray:
    """A picture above the median of what lies around each place, ink left out the second time."""
    height, width = picture.shape
    every = max(1, round(min(height, width) / AROUND))
    some = np.clip(picture[::every, ::every], 0, 255).astype(np.uint8)
    side = max(3, int(0.7 * min(some.shape))) | 1
    wide = np.pad(some, side // 2, mode="symmetric")
    ground, ink = wide, np.zeros(wide.shape, dtype=bool)
    for _ in range(2):
        ground = rank.median(wide, np.ones((side, side), np.uint8), mask=(~ink).astype(np.uint8))
        rest, high = _upward(wide.astype(np.float32) - ground)
        ink = rest > 0.3 * high
    half = side // 2
    ground = ground[half : half + some.shape[0], half : half + some.shape[1]].astype(np.float32)
    return picture - np.asarray(Image.fromarray(ground).resize((width, height), Image.BILINEAR))


def _border(picture: np.ndarray) -> list[np.ndarray]:
    """The four edges of a picture, long side first."""
    edge = max(1, min(picture.shape) // 16)
    return [picture[:edge].T, picture[-edge:].T, picture[:, :edge], picture[:, -edge:]]


def _upward(rest: np.ndarray) -> tuple[np.ndarray, float]:
    """What stands off its ground, ink upwards, and how high ink stands."""
    low, high = np.percentile(rest, (0.4, 99.6))
    return (-rest, float(-low)) if abs(low) > abs(high) else (rest, float(high))


def _noise(rest: np.ndarray) -> float:
    """Standard deviation of the ground, which is most of a picture."""
    return 1.48 * float(np.median(np.abs(rest[::2, ::2])))


def _inked(rest: np.ndarray, high: float) -> np.ndarray:
    """Where there is ink, rules and lone pixels left out."""
    ink = _unruled(rest > np.clip(4 * _noise(rest), 0.22 * high, 0.5 * high))
    padded = np.pad(ink, 1).astype(np.uint8)
    around = sum(
        padded[1 + dy : padded.shape[0] - 1 + dy, 1 + dx : padded.shape[1] - 1 + dx]
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    )
    return ink & (around >= 4)


def _within(ink: np.ndarray, rest: np.ndarray, high: float) -> np.ndarray:
    """Ink without faint patches that reach over the border: shade, what lies beside the tag."""
    labels, count = ndimage.label(ink, np.ones((3, 3)))
    if not count:
        return ink
    peaks = ndimage.maximum(rest, labels, np.arange(1, count + 1))
    outside = np.unique(np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1])))
    outside = outside[outside > 0]
    return ink & ~np.isin(labels, outside[peaks[outside - 1] < FAINT * high])


def _unruled(ink: np.ndarray) -> np.ndarray:
    """Ink without rules: strokes along most of the picture that stay thin beside what else there is."""
    joined = ndimage.maximum_filter1d(ink, 2 * max(1, ink.shape[1] // 16) + 1, axis=1)  # rules are often broken
    labels, count = ndimage.label(joined, np.ones((3, 3)))
    labels[~ink] = 0
    places = ndimage.find_objects(labels)
    tall = [rows.stop - rows.start for rows, _ in places]
    kept = np.ones(count + 1, dtype=bool)
    for number, (rows, columns) in enumerate(places, 1):
        length = columns.stop - columns.start
        if length < RULE * ink.shape[1]:
            continue
        part = labels[rows, columns] == number
        reach = part.shape[0] - part[::-1].argmax(0) - part.argmax(0)
        thick = np.percentile(reach[part.any(0)], 90)
        others = max((high for index, high in enumerate(tall, 1) if index != number), default=0)
        solid = part.sum() / reach[part.any(0)].sum()
        kept[number] = thick > max(2, THIN * others) or length < LONG * thick or solid < SOLID
    return ink & kept[labels]


@dataclass(frozen=True)
class _Seen:
    """What `relief` has of a picture, where there is ink in it, and how much smaller it was made."""

    rest: np.ndarray
    high: float
    ink: np.ndarray
    factor: float


def _seen(image: np.ndarray) -> _Seen | None:
    """None for a picture without ink. Raises ValueError for an array that is no picture."""
    picture, factor = _manageable(grey(image))
    rest, high = relief(picture)
    return _Seen(rest, high, _inked(rest, high), factor) if high else None


def whole(image: np.ndarray) -> Line | None:
    """The picture's ink as one line, without what lies far over or under it; None for a picture without any."""
    found = _seen(image)
    return _whole(found) if found else None


def _whole(found: _Seen) -> Line | None:
    ink = _within(found.ink, found.rest, found.high)
    bands = _bands(ink)
    if not bands:
        return None
    top, bottom = max(bands, key=lambda band: int(ink[slice(*band)].sum()))
    reach = 0.5 * (bottom - top)
    near = [band for band in bands if band[0] - bottom <= reach and top - band[1] <= reach]
    top, bottom = near[0][0], near[-1][1]
    columns = np.flatnonzero(ink[top:bottom].any(0))
    left, right = _reaching(found, top, bottom, int(columns[0]), int(columns[-1]) + 1)
    return _cut(found.rest, found.high, ink, (left, top, right, bottom), found.factor)


def _reaching(found: _Seen, top: int, bottom: int, left: int, right: int) -> tuple[int, int]:
    """A line's left and right edge with the fainter writing beside it: thin type next to a heavy sign, blurred.

    Averages over small squares tell strokes from noise where single pixels do not; what they have around them is taken
    off, so that shade is not taken for writing. A piece is over a third as tall as the line and less than its height
    away.
    """
    tall = bottom - top
    small, rest = max(3, tall // 8), found.rest[top:bottom]
    noise = _noise(found.rest) / small
    around = ndimage.uniform_filter(np.minimum(rest, 0.2 * found.high), (2 * tall, tall))
    strokes = ndimage.uniform_filter(rest, small) - around > max(SLIGHT * found.high, 3 * noise)
    rows = strokes.shape[0] - strokes[::-1].argmax(0) - strokes.argmax(0)
    runs = _runs(strokes.any(0) & (rows >= 2), max(1, tall // 6))
    runs = [(a, b) for a, b in runs if np.ptp(np.flatnonzero(strokes[:, a:b].any(1))) + 1 >= 0.35 * tall]
    for start, end in sorted(runs):
        if end > right and start - right <= 0.8 * tall:
            right = end
    for start, end in sorted(runs, key=lambda run: -run[1]):
        if start < left and left - end <= 0.8 * tall:
            left = start
    return left, right


def _manageable(picture: np.ndarray) -> tuple[np.ndarray, float]:
    """The picture, made smaller where it is very large, and by how much."""
    side = max(picture.shape)
    if min(picture.shape) < 2:
        raise ValueError(f"A picture of {picture.shape[1]} x {picture.shape[0]} pixels holds no line.")
    if side <= LARGEST_SIDE:
        return picture, 1.0
    factor = side / LARGEST_SIDE
    size = (max(2, round(picture.shape[1] / factor)), max(2, round(picture.shape[0] / factor)))
    return np.asarray(Image.fromarray(picture).resize(size, Image.BILINEAR)), factor


def slope(ink: np.ndarray) -> float:
    """How far a line falls a pixel to the right, from -0.1 to 0.1: the shear under which its ink lies in fewest rows.

    ink: booleans (height, width). The projection profile is sharpest along the writing (Postl 1986); a small fine on
    steep ones keeps short lines, which hardly tell, level.
    """
    y, x = np.nonzero(ink)
    every = 1 + len(y) // 6_000
    y, x = y[::every], x[::every]
    if len(y) < 30:
        return 0.0
    unit = (np.ptp(y) + 1) / PROFILE
    y = y + np.random.default_rng(0).random(len(y))  # whole numbers would crowd into some rows where nothing is sheared
    x, y = (x - x.mean()) / unit, (y - y.min()) / unit
    sharpness = []
    for candidate in SLOPES:
        rows = y - candidate * x
        counts = np.bincount((rows - rows.min()).astype(int)).astype(float)
        sharpness.append((counts @ counts) * (1 - 0.1 * (candidate / SLOPES[-1]) ** 2))
    return float(SLOPES[int(np.argmax(sharpness))])


def _levelled(
    rest: np.ndarray, high: float, ink: np.ndarray, box: tuple[int, int, int, int]
) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """A line's part of a picture, sheared so that it runs level, and the line's box in it."""
    left, top, right, bottom = box
    fall = slope(ink[top:bottom, left:right])
    if not fall:
        return rest, box
    strip = Image.fromarray(np.pad(rest[top:bottom], ((math.ceil(abs(fall) * (right - left) / 2) + 2,) * 2, (0, 0))))
    shear = (1, 0, 0, fall, 1, -fall * (left + right) / 2)
    level = np.asarray(strip.transform(strip.size, Image.AFFINE, shear, Image.BILINEAR))
    rows = np.flatnonzero(_inked(level, high)[:, left:right].any(1))
    return (level, (left, int(rows[0]), right, int(rows[-1]) + 1)) if len(rows) else (rest, box)


def _cut(rest: np.ndarray, high: float, ink: np.ndarray, box: tuple[int, int, int, int], factor: float) -> Line:
    _, highest, _, lowest = box
    rest, (left, top, right, bottom) = _levelled(rest, high, ink, box)
    pad = max(2, round(0.1 * (bottom - top)))
    height, width = rest.shape
    tall, long = bottom - top + 2 * pad, right - left + 2 * pad
    levels = np.zeros((tall, long), dtype=np.float32)
    y0, x0, y1, x1 = max(0, top - pad), max(0, left - pad), min(height, bottom + pad), min(width, right + pad)
    levels[y0 - top + pad : y1 - top + pad, x0 - left + pad : x1 - left + pad] = rest[y0:y1, x0:x1]
    levels = np.clip(GROUND + REACH * levels / high, 0, 255).astype(np.uint8)
    across = min(WIDEST, max(NARROWEST, round(long * HEIGHT / tall)))
    pixels = np.asarray(Image.fromarray(levels).resize((across, HEIGHT), Image.BILINEAR))
    outer = (left - pad, highest - pad, left - pad + long, lowest + pad)
    return Line(pixels, tuple(float(v) * factor for v in outer))


def find(image: np.ndarray) -> list[Line]:
    """The lines of a picture from top to bottom, each from left to right; none in a picture without ink.

    Rows with ink are grouped into bands; parts of a band far from one another (1.6 times its height) are lines apart;
    what is far lower than the tallest line, or thin as a rule, is no line.
    """
    found = _seen(image)
    return _found(found, found.ink) if found else []


def _found(found: _Seen, ink: np.ndarray) -> list[Line]:
    boxes = []
    for top, bottom in _bands(ink):
        band = ink[top:bottom]
        for left, right in _runs(band.any(0), round(1.6 * (bottom - top))):
            rows = np.flatnonzero(band[:, left:right].any(1))
            boxes.append((left, top + int(rows[0]), right, top + int(rows[-1]) + 1))
    tallest = max((bottom - top for _, top, _, bottom in boxes), default=0)
    boxes = [b for b in boxes if b[3] - b[1] >= max(5, 0.22 * tallest) and (b[2] - b[0]) * (b[3] - b[1]) >= 40]
    return [_cut(found.rest, found.high, ink, box, found.factor) for box in boxes]


def _bands(ink: np.ndarray) -> list[tuple[int, int]]:
    """Rows with ink, [top, bottom), in groups that belong together."""
    return _joined(_runs(ink.any(1), max(1, round(0.012 * len(ink)))))


def _joined(bands: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Bands with what hangs over and under them: dots, tone marks, accents close to a band over twice their height."""
    bands = list(bands)
    index = 0
    while index + 1 < len(bands):
        (top, middle), (below, bottom) = bands[index], bands[index + 1]
        low, high = sorted((middle - top, bottom - below))
        if low <= 0.45 * high and below - middle <= 0.3 * high:
            bands[index : index + 2] = [(top, bottom)]
            index = max(0, index - 1)
        else:
            index += 1
    return bands


def _runs(flags: np.ndarray, gap: int) -> list[tuple[int, int]]:
    """Runs of true, [start, end), those at most `gap` apart joined."""
    places = np.flatnonzero(flags)
    if not len(places):
        return []
    breaks = np.flatnonzero(np.diff(places) > gap + 1)
    starts, ends = np.r_[places[0], places[breaks + 1]], np.r_[places[breaks], places[-1]] + 1
    return [(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


# ------------------------------------------------------------------ reading


@dataclass(frozen=True)
class Character:
    """A character as drawn: its probability of being right, its left and right edge in the picture's pixels."""

    text: str
    confidence: float
    left: float
    right: float


@dataclass(frozen=True)
class Reading:
    """What a line says. text: in reading order. confidence: probability that all of it is right, calibrated.

    characters: from left to right as drawn. sure: whether it may be relied on. note: "" or why not: "empty" (no text),
    "unsure", "small" (lower than 10 pixels). box: left, top, right, bottom of the line in the picture's pixels.
    """

    text: str
    confidence: float
    characters: tuple[Character, ...] = ()
    sure: bool = False
    note: str = ""
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Trust:
    """From the decoder's certainty to a probability of being right (Platt 1999), found on lines not learnt from.

    line: weights of the log odds of the line among its rivals, of the log odds of its weakest character, of the number
    of characters, and a constant. character: slope and constant on the log odds. threshold: from where a line is sure:
    twice as often right as wrong.
    """

    line: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0)
    character: tuple[float, ...] = (1.0, 0.0)
    threshold: float = 0.667


@dataclass(frozen=True)
class Path:
    """What the network's answers say. steps: where each character peaks; peaks: how likely it is there; share: how
    likely the line is among the lines it might be."""

    drawn: str
    steps: tuple[int, ...]
    peaks: tuple[float, ...]
    share: float

    @property
    def evidence(self) -> tuple[float, float, float]:
        """What `Trust.line` weighs."""
        return log_odds(self.share), log_odds(min(self.peaks, default=0.5)), float(len(self.drawn))


def log_odds(share: float) -> float:
    """log(p / (1 - p)), p kept a ten-thousandth from 0 and 1."""
    share = min(max(share, 1e-4), 1 - 1e-4)
    return float(np.log(share / (1 - share)))


def decoded(shares: np.ndarray, alphabet_: str, spelling: Spelling | None = None, weight: float = 0.0) -> Path:
    """CTC prefix beam search (Hannun et al. 2014): shares (steps, characters + 1), class 0 for nothing.

    spelling: how likely characters follow one another, to the power of `weight`; without one, the network decides.
    """
    empty = -math.inf
    beams: dict[str, tuple[float, float, float]] = {"": (0.0, empty, 0.0)}  # ends in nothing, in a character; spelling
    histories = {"": START}
    for row in np.log(np.maximum(shares, 1e-9)):
        likely = [int(c) for c in np.argsort(row)[-RIVALS:] if c and row[c] > row.max() - 6.5]
        grown: dict[str, list[float]] = {}
        for prefix, (blank, char, told) in beams.items():
            both = _either(blank, char)
            stay = grown.setdefault(prefix, [empty, empty, told])
            stay[0] = _either(stay[0], both + row[0])
            if prefix:
                stay[1] = _either(stay[1], char + row[alphabet_.index(prefix[-1]) + 1])
            for number in likely:
                added = alphabet_[number - 1]
                longer = prefix + added
                if longer not in grown:
                    more = weight * spelling.after(histories[prefix], added) if spelling and weight else 0.0
                    grown[longer] = [empty, empty, told + more]
                    histories[longer] = (histories[prefix] + token(added))[-ORDER + 1 :]
                before = blank if prefix and prefix[-1] == added else both
                grown[longer][1] = _either(grown[longer][1], before + row[number])
        best = sorted(grown.items(), key=lambda item: -(_either(item[1][0], item[1][1]) + item[1][2]))[:BEAMS]
        beams = {prefix: tuple(values) for prefix, values in best}
    scores = {prefix: _either(blank, char) + told for prefix, (blank, char, told) in beams.items()}
    if spelling and weight:
        scores = {p: score + (weight * spelling.after(histories[p], END) if p else 0.0) for p, score in scores.items()}
    drawn = max(scores, key=lambda prefix: scores[prefix])
    top = scores[drawn]
    share = 1 / sum(math.exp(score - top) for score in scores.values())
    steps = aligned(shares, [alphabet_.index(char) + 1 for char in drawn])
    peaks = [float(shares[step, alphabet_.index(char) + 1]) for step, char in zip(steps, drawn, strict=True)]
    return Path(drawn, tuple(steps), tuple(peaks), share)


def _either(one: float, other: float) -> float:
    """log(exp(one) + exp(other))."""
    if one < other:
        one, other = other, one
    return one if other == -math.inf else one + math.log1p(math.exp(other - one))


def aligned(shares: np.ndarray, classes: Sequence[int]) -> list[int]:
    """The step at which each character of a line is likeliest, along its likeliest path (Viterbi 1967)."""
    if not classes:
        return []
    states = np.zeros(2 * len(classes) + 1, dtype=int)
    states[1::2] = classes
    logs = np.log(np.maximum(shares[:, states], 1e-12))
    skips = np.zeros(len(states), dtype=bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    score = np.full(len(states), -np.inf)
    score[:2] = logs[0, :2]
    came = np.zeros((len(shares), len(states)), dtype=np.int8)
    for step in range(1, len(shares)):
        ways = np.stack(
            (score, np.r_[-np.inf, score[:-1]], np.where(skips, np.r_[-np.inf, -np.inf, score[:-2]], -np.inf))
        )
        came[step] = ways.argmax(0)
        score = ways.max(0) + logs[step]
    state = len(states) - 1 - int(score[-2] > score[-1])
    found: dict[int, int] = {}
    for step in range(len(shares) - 1, -1, -1):
        if state % 2:
            place = state // 2
            if place not in found or logs[step, state] > logs[found[place], state]:
                found[place] = step
        state -= int(came[step, state])
    return [found.get(place, 0) for place in range(len(classes))]


def families(alphabet_: str) -> tuple[np.ndarray, ...]:
    """Classes that exclude one another within a line, two tables of booleans (families, characters + 1).

    The first: decimal digits by numbering system (Arabic and extended Arabic share most of theirs). The second: letters
    of the Latin, Greek and Cyrillic alphabets, whose capitals look alike.
    """
    chars = ("", *alphabet_)
    shared = set(alphabet.DIGITS["arab"]) & {alphabet.fold(digit) for digit in alphabet.DIGITS["arabext"]}
    systems = {
        name: ({alphabet.fold(digit) for digit in digits} | (shared if name == "arabext" else set()))
        for name, digits in alphabet.DIGITS.items()
        if name not in ("hanidec", "fullwide")
    }
    digits = np.array([[char in members for char in chars] for members in systems.values()])
    letters = np.array([
        [char.isalpha() and low <= char <= high for char in chars]
        for low, high in (("A", "\u024f"), ("\u0370", "\u03ff"), ("\u0400", "\u052f"))
    ])  # fmt: skip
    return digits, letters


def consistent(shares: np.ndarray, tables: Sequence[np.ndarray]) -> np.ndarray:
    """shares (steps, characters + 1) with what belongs to another family than most of the line taken out.

    A price has digits of one numbering system and letters of one alphabet: the family with the largest share of the
    line stays, what the others had goes to the classes that are left.
    """
    kept = np.ones(shares.shape[1], dtype=bool)
    for table in tables:
        mass = (shares.sum(0) * table).sum(1)
        kept &= table[mass.argmax()] | ~table.any(0)
    left = shares * kept
    total = left.sum(1, keepdims=True)
    return np.where(total > 1e-6, left / np.maximum(total, 1e-6), shares)


class Reader:
    """A network that reads pictures of lines. Reading is thread-safe.

    What a number format needs beside the weights is made when it is used for the first time and kept: changing between
    them costs nothing.
    """

    def __init__(
        self, card: Card, network: Network, device: str | None = None, spelling: Spelling | None = None
    ) -> None:
        self.spelling, self.weight = spelling, float(card.config.get("spelling", 0.0))
        self.card, self.name = card, card.name
        self.device = device or training.device()
        self.network = network.to(self.device, memory_format=torch.channels_last).eval()
        self.families = families(network.config.alphabet)
        self.trust = Trust(**card.config.get("trust", {}))
        self._forms: dict[str, nn.Module] = {}
        self._home = store.home()
        self.use("bf16" if self.device == "cuda" else "fp32")

    def precisions(self) -> tuple[str, ...]:
        """The number formats it can run in at present; onnx on a CPU, once its form was made."""
        return PRECISIONS if self.device == "cpu" and onnx_form.FORMS.find(self.card) else PRECISIONS[:2]

    def make_precisions(self) -> bool:
        """Make the ONNX form where it can be of use and there is none: seconds, in another process.

        Returns whether `precisions` offers more now. Raises ModelError when it could not be made.
        """
        return self.device == "cpu" and onnx_form.FORMS.make_missing(self.card, self._home)

    def use(self, precision: str) -> None:
        """Run in another number format. Raises ValueError for one it does not offer, and what opening it raises."""
        if precision != "fp32" and precision not in self._forms:
            if precision not in self.precisions():
                raise ValueError(f"{self.name} runs in {', '.join(self.precisions())}, not in {precision!r}.")
            if precision == "bf16":  # a copy takes half the time of autocast, which casts every call
                self._forms[precision] = copy.deepcopy(self.network).bfloat16()
            else:
                self._forms[precision] = onnx_form.network(self.card, self.network.config)
        self.precision = precision

    @property
    def served(self) -> nn.Module:
        """The network in the number format that it runs in: torch's, or the ONNX form in its place."""
        return self._forms.get(self.precision, self.network)

    def predict(self, images: Sequence[np.ndarray], extra: Any = None) -> list[Reading]:
        """One reading a picture: uint8 (height, width, 3) or (height, width), one line or a small tag each.

        The lines of a tag are joined by line breaks; its confidence is that of all lines being right. extra is not
        used. Raises ValueError for an array that is no picture.
        """
        cut = [self._lines(np.asarray(image)) for image in images]
        flat = self._read([line for found in cut for line in found])
        readings, at = [], 0
        for found in cut:
            readings.append(_together(flat[at : at + len(found)]))
            at += len(found)
        return readings

    def predict_tag(self, image: np.ndarray) -> list[Reading]:
        """Every line of a larger picture with its box, top to bottom; lines without text are left out."""
        return [reading for reading in self._read(find(np.asarray(image))) if reading.text]

    def _lines(self, image: np.ndarray) -> list[Line]:
        """The lines of a small tag, or else all ink as one line."""
        there = _seen(image)
        if there is None:
            return []
        found = _found(there, _within(there.ink, there.rest, there.high))
        bands = sorted((line.box[1], line.box[3]) for line in found)
        apart = any(
            low_top >= bottom - 0.25 * (bottom - top) for (top, bottom), (low_top, _) in itertools.pairwise(bands)
        )
        if apart:
            return found
        line = _whole(there)
        return [line] if line else []

    def paths(self, lines: Sequence[Line | np.ndarray]) -> list[Path]:
        """What the network makes of lines cut out already, uint8 (32, width) each."""
        pixels = [line.pixels if isinstance(line, Line) else line for line in lines]
        order = sorted(range(len(pixels)), key=lambda index: pixels[index].shape[1])
        precision = self.precision  # another thread may change it meanwhile
        network, at_once = self._forms.get(precision, self.network), 1 if precision == "onnx" else CHUNK
        kind = torch.bfloat16 if precision == "bf16" else torch.float32
        found: dict[int, Path] = {}
        for start in range(0, len(order), at_once):
            group = order[start : start + at_once]
            with torch.inference_mode():
                batch, widths = entering([pixels[index] for index in group], self.device)
                shares = network(batch.to(kind), widths).float().softmax(-1).cpu().numpy()
            for row, index in enumerate(group):
                steps = -(-pixels[index].shape[1] // STEP)
                left = consistent(shares[row, :steps], self.families)
                found[index] = decoded(left, self.network.config.alphabet, self.spelling, self.weight)
        return [found[index] for index in range(len(pixels))]

    def _read(self, lines: Sequence[Line]) -> list[Reading]:
        return [self._reading(line, path) for line, path in zip(lines, self.paths(lines), strict=True)]

    def confidence(self, path: Path) -> float:
        """The probability that a path is right, calibrated."""
        weights = self.trust.line
        return float(1 / (1 + np.exp(-np.clip(np.dot(weights[:3], path.evidence) + weights[3], -40, 40))))

    def _reading(self, line: Line, path: Path) -> Reading:
        text = alphabet.spelled(bidi.logical(alphabet.spelled(path.drawn.strip())))
        if not text:
            return Reading("", 0.0, note="empty", box=line.box)
        left, top, right, bottom = line.box
        scale = (right - left) / line.pixels.shape[1]
        middles = [(step + 0.5) * STEP for step in path.steps]
        characters = []
        for index, (char, middle, peak) in enumerate(zip(path.drawn, middles, path.peaks, strict=True)):
            before = (middles[index - 1] + middle) / 2 if index else middle - HEIGHT / 4
            after = (middles[index + 1] + middle) / 2 if index + 1 < len(middles) else middle + HEIGHT / 4
            low, high = max(0.0, before, middle - HEIGHT * 0.6), min(line.pixels.shape[1], after, middle + HEIGHT * 0.6)
            slope, constant = self.trust.character
            sure = 1 / (1 + np.exp(-(slope * log_odds(peak) + constant)))
            characters.append(Character(char, float(sure), left + low * scale, left + high * scale))
        confidence = self.confidence(path)
        small = bottom - top < 10
        sure = confidence >= self.trust.threshold and not small
        note = "small" if small else "" if sure else "unsure"
        return Reading(text, confidence, tuple(characters), sure, note, line.box)


def padded(pixels: Sequence[np.ndarray]) -> Tensor:
    """Lines side by side as one batch, (lines, 1, 32, widest), uint8, filled up with ground to a multiple of 32."""
    widest = -(-max(p.shape[1] for p in pixels) // 32) * 32
    batch = np.full((len(pixels), 1, HEIGHT, widest), GROUND, dtype=np.uint8)
    for row, line in enumerate(pixels):
        batch[row, 0, :, : line.shape[1]] = line
    return torch.from_numpy(batch)


def entering(pixels: Sequence[np.ndarray], device: str = "cpu") -> tuple[Tensor, Tensor]:
    """What the network is given for lines: `padded` in 0..1, float32, on a device, and the width of each, (lines,)."""
    return padded(pixels).to(device).float() / 255, torch.tensor([line.shape[1] for line in pixels])


def _together(readings: Sequence[Reading]) -> Reading:
    """The lines of one picture as one reading."""
    said = [reading for reading in readings if reading.text]
    if not said:
        return Reading("", 0.0, note="empty", box=readings[0].box if readings else None)
    if len(said) == 1:
        return said[0]
    boxes = np.array([reading.box for reading in said])
    box = (*boxes[:, :2].min(0), *boxes[:, 2:].max(0))
    notes = [reading.note for reading in said if reading.note]
    return Reading(
        "\n".join(reading.text for reading in said),
        float(np.prod([reading.confidence for reading in said])),
        tuple(character for reading in said for character in reading.characters),
        not notes,
        notes[0] if notes else "",
        tuple(float(v) for v in box),
    )


def load(name: str = "reader", device: str | None = None) -> Reader:
    """A reader by its name. Raises ModelError when it is missing, altered or not a reader."""
    card = registry.card(name)
    try:
        network = Network(Config.from_dict(card.config["network"]), fused=True)
        network.load_state_dict(registry.weights(name))
        spelling = Spelling.from_bytes(registry.read(name, SPELLING)) if SPELLING in card.files else None
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{name!r} cannot be built from its card: {error}. Train it again.") from error
    return Reader(card, network, device, spelling)
