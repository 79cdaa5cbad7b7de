"""Finds lines of writing in a picture: ink that stands out of its ground, whatever the colours and the light, without
rules and noise; levels them and cuts them out as the reader's network sees them."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.spatial import ConvexHull
from skimage.filters import rank, threshold_multiotsu

HEIGHT = 32
"""Rows of a line that the network sees."""
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
MAX_SIDE = 1600
SLOPES = np.linspace(-0.1, 0.1, 41)
"""How far a line may fall a pixel to the right and still be made level."""
SHEET = 0.005
"""Share of a picture that a sheet of paper on it fills at least."""
CONVEX, PAPER = 0.9, 0.5
"""A sheet fills this share of its convex hull, its paper this share of the sheet: the rest is writing."""
EDGE = 0.03
"""Share of a sheet's shorter side that its edge takes, shadow and tilt included."""
PROFILE = 48
"""Rows of the profile that tells how far it falls."""


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
    if side <= MAX_SIDE:
        return picture, 1.0
    factor = side / MAX_SIDE
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


def parts(image: np.ndarray) -> list[Line]:
    """The lines of a small tag, or else all ink as one line."""
    there = _seen(image)
    if there is None:
        return []
    found = _found(there, _within(there.ink, there.rest, there.high))
    bands = sorted((line.box[1], line.box[3]) for line in found)
    apart = any(low_top >= bottom - 0.25 * (bottom - top) for (top, bottom), (low_top, _) in itertools.pairwise(bands))
    if apart:
        return found
    line = _whole(there)
    return [line] if line else []


def sheets(image: np.ndarray) -> list[list[Line]]:
    """The lines of each sheet that lies whole on something else: tags on a shelf, labels on a box.

    A sheet is a convex area of levels on one side of a threshold (Otsu's for three classes, Liao et al. 2001) that
    reaches no border; what lies around is painted in its paper's level before its lines are looked for. The largest
    sheets come first; one may be found more than once.
    """
    picture, factor = _manageable(grey(image))
    smooth = ndimage.gaussian_filter(picture, 1)
    if min(smooth.shape) < HEIGHT or np.ptp(smooth) < LOWEST_CONTRAST:
        return []
    found = []
    for level in threshold_multiotsu(smooth, classes=3):
        for side in (smooth > level, smooth <= level):
            numbered, _ = ndimage.label(side)
            for number, place in enumerate(ndimage.find_objects(numbered), 1):
                if _inside(place, picture.shape) and _large(place, picture.shape):
                    paper = numbered[place] == number
                    found.append((paper.size, _on_sheet(picture, paper, place, factor)))
    return [lines for _, lines in sorted(found, key=lambda one: -one[0]) if lines]


def _inside(place: tuple[slice, slice], shape: tuple[int, int]) -> bool:
    return all(side.start > 0 and side.stop < length for side, length in zip(place, shape, strict=True))


def _large(place: tuple[slice, slice], shape: tuple[int, int]) -> bool:
    high, wide = (side.stop - side.start for side in place)
    return min(high, wide) >= HEIGHT and high * wide >= SHEET * shape[0] * shape[1]


def _on_sheet(picture: np.ndarray, paper: np.ndarray, place: tuple[slice, slice], factor: float) -> list[Line]:
    """The lines of a sheet. paper: booleans, what in its place of the picture is of the paper's level."""
    sheet = ndimage.binary_fill_holes(paper)
    if paper.sum() < PAPER * sheet.sum() or sheet.sum() < CONVEX * ConvexHull(np.argwhere(sheet)).volume:
        return []
    edge = max(2, round(EDGE * min(sheet.shape)))
    within = ndimage.distance_transform_edt(np.pad(sheet, 1))[1:-1, 1:-1] > edge
    shown = np.where(within, picture[place], np.median(picture[place][paper]))
    y, x = (side.start for side in place)
    return [
        Line(line.pixels, tuple(factor * (v + at) for v, at in zip(line.box, (x, y, x, y), strict=True)))
        for line in find(shown)
    ]


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
