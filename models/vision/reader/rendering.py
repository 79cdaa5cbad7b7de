"""Pictures of lines and price tags: drawn in the machine's fonts, then worn as a camera and a shop would wear them.

A line is drawn, bent by perspective, lit unevenly, blurred, given noise and saved as JPEG. `LEARNT` is the wear that
the reader learns under; it is judged under a milder one (`USUAL`) and beyond the range it learnt (`BLURRED`, `TURNED`).
"""

import datetime
import io
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from models.prices import alphabet, formats
from models.prices.formats import Written
from models.vision.reader import fonts
from models.vision.reader.fonts import Font, FontError

SIZES = (18, 24, 32, 44, 60)
"""Font sizes in pixels that lines are drawn in before they are scaled."""


@dataclass(frozen=True)
class Wear:
    """How far a picture of a line is spoilt. Pairs are lowest and highest.

    blur: standard deviation as a share of the font's size. tilt: degrees either way. bend: shift of each corner as a
    share of the font's size. noise: standard deviation in per cent of the contrast. light: fall of brightness across
    the line. jpeg: quality, used for half of the lines.
    """

    blur: tuple[float, float] = (0.0, 0.055)
    tilt: tuple[float, float] = (0.0, 3.0)
    bend: tuple[float, float] = (0.0, 0.16)
    noise: tuple[float, float] = (0.0, 9.0)
    light: tuple[float, float] = (0.0, 0.5)
    jpeg: tuple[int, int] = (25, 95)


LEARNT = Wear()
"""What the reader learns under."""
HARD = replace(LEARNT, blur=(0.035, 0.055), tilt=(1.5, 3.0), bend=(0.08, 0.16))
"""The worse end of what the reader learns under."""
USUAL = Wear(blur=(0.0, 0.03), tilt=(0.0, 2.0), bend=(0.0, 0.1), noise=(0.0, 5.0), light=(0.0, 0.4), jpeg=(40, 95))
"""A photograph taken with some care."""
BLURRED = replace(USUAL, blur=(0.055, 0.065))
"""Every line more blurred than any that is learnt from."""
TURNED = replace(USUAL, tilt=(3.0, 3.6), bend=(0.16, 0.2))
"""Every line under more perspective than any that is learnt from."""
CLEAN = Wear((0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (95, 95))


@dataclass(frozen=True)
class TagLine:
    """A line of a tag. kind: "amount", "date" or "number"; box: left, top, right, bottom in pixels."""

    text: str
    kind: str
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Tag:
    """A drawn price tag and what stands on it."""

    image: Image.Image
    lines: tuple[TagLine, ...]
    amount: Decimal
    currency: str
    date: datetime.date
    locale: str


def mask(
    text: str, font: Font, size: int, leftward: bool = False, companion: Font | None = None, language: str | None = None
) -> Image.Image:
    """A line as coverage (mode L, 0 to 255), cut to its ink with a pixel around.

    companion: writes what the font lacks, left-to-right lines only. language: BCP 47, for forms of letters that
    differ (Urdu and Persian digits). Raises FontError when neither font has a character.
    """
    if companion is None or leftward or font.covers(text):
        if not font.covers(text):
            raise FontError(
                "{family} lacks a character of {text}: choose another font.",
                family=font.family,
                text=repr(text),
            )
        pieces = [(text, font)]
    else:
        pieces = _pieces(text, font, companion)
    width, height = int(size * (len(text) + 2) * 1.5), size * 4
    image = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(image)
    at = float(size)
    for piece, writes in pieces:
        opened = writes.opened(size)
        options = {}
        if opened.layout_engine == ImageFont.Layout.RAQM:
            options |= {"direction": "rtl" if leftward else "ltr", "language": language}
        piece = writes.spaced(piece)
        draw.text((at, size * 2.4), piece, fill=255, font=opened, anchor="ls", **options)
        at += opened.getlength(piece, **options)
    box = image.getbbox()
    if box is None:
        raise FontError(
            "{family} draws nothing for {text}: choose another font.",
            family=font.family,
            text=repr(text),
        )
    return image.crop((box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1))


def _pieces(text: str, font: Font, companion: Font) -> list[tuple[str, Font]]:
    pieces: list[tuple[str, Font]] = []
    for char in text:
        joins = char in " \u00a0\u202f" or unicodedata.combining(char) or unicodedata.category(char).startswith("M")
        writes = pieces[-1][1] if joins and pieces else font if font.covers(char) else companion
        if not writes.covers(char):
            raise FontError(
                "Neither {family} nor {other} has {char} of {text}.",
                family=font.family,
                other=companion.family,
                char=repr(char),
                text=repr(text),
            )
        if pieces and pieces[-1][1] is writes:
            pieces[-1] = (pieces[-1][0] + char, writes)
        else:
            pieces.append((char, writes))
    return pieces


def line(
    text: str,
    script: str,
    random: np.random.Generator,
    wear: Wear = LEARNT,
    held_out: bool | None = False,
    colour: bool = False,
    locale: str = "",
) -> np.ndarray:
    """A worn picture of a line, uint8, (height, width) or with colour (height, width, 3).

    locale: whose forms of letters to take. held_out: False draws in a font to learn from, True in one held out, None in
    any. Raises FontError
    when no font fits.
    """
    font, companion = choose(text, script, random, held_out)
    size = int(random.choice(SIZES))
    drawn = mask(text, font, size, script in alphabet.LEFTWARD, companion, locale.split("_")[0] or None)
    if random.random() < 0.12:  # condensed or wide, or slanted
        drawn = drawn.resize((max(4, int(drawn.width * random.uniform(0.8, 1.2))), drawn.height), Image.BILINEAR)
    if random.random() < 0.08 and drawn.height > 4:
        lean = random.uniform(0.08, 0.25)
        shift = lean * drawn.height
        drawn = drawn.transform((drawn.width + int(shift) + 1, drawn.height), Image.AFFINE, (1, lean, -shift, 0, 1, 0),
                                Image.BILINEAR)  # fmt: skip
    if held_out is False:
        drawn = reshaped(drawn, size, random)
    scale = random.uniform(0.75, 1.1)
    drawn = drawn.resize((max(3, int(drawn.width * scale)), max(3, int(drawn.height * scale))), Image.BILINEAR)
    return worn(drawn, size * scale, random, wear, colour)


def reshaped(drawn: Image.Image, size: int, random: np.random.Generator) -> Image.Image:
    """A drawn line as another type might draw it, most of the time: letters wider or narrower, bent, heavier, lighter.

    Few designs of a script lie on a machine; these stand for those that do not.
    """
    if random.random() < 0.3:
        drawn = drawn.resize((max(4, int(drawn.width * random.uniform(0.7, 1.3))), drawn.height), Image.BICUBIC)
    if random.random() < 0.15 and drawn.height > 4:
        lean = random.uniform(-0.12, 0.3)
        wider = drawn.width + int(abs(lean) * drawn.height) + 1
        drawn = drawn.transform((wider, drawn.height), Image.AFFINE, (1, lean, -max(0.0, lean) * drawn.height, 0, 1, 0),
                                Image.BICUBIC)  # fmt: skip
    if random.random() < 0.4:
        drawn = _warped(drawn, size, random)
    if random.random() < 0.4:
        soft = drawn.filter(ImageFilter.GaussianBlur(random.uniform(0.01, 0.035) * size))
        edge, steep = random.uniform(0.25, 0.55), random.uniform(1.5, 3.5)
        ink = 0.5 + steep * (np.asarray(soft, dtype=np.float32) / 255 - edge)
        drawn = Image.fromarray(np.clip(255 * ink, 0, 255).astype(np.uint8)) if random.random() < 0.9 else soft
    return drawn


def _warped(drawn: Image.Image, size: int, random: np.random.Generator) -> Image.Image:
    """A drawing on a sheet that was pulled here and there, by some hundredths of the font's size."""
    columns, rows = max(1, round(drawn.width / (0.45 * size))), max(1, round(drawn.height / (0.45 * size)))
    x = np.linspace(0, drawn.width, columns + 1).round()
    y = np.linspace(0, drawn.height, rows + 1).round()
    knots = np.stack(np.meshgrid(x, y), axis=-1)
    pulled = knots + random.standard_normal(knots.shape) * random.uniform(0.01, 0.045) * size
    mesh = []
    for row in range(rows):
        for column in range(columns):
            corners = pulled[[row, row + 1, row + 1, row], [column, column, column + 1, column + 1]]
            box = (*knots[row, column].astype(int).tolist(), *knots[row + 1, column + 1].astype(int).tolist())
            mesh.append((box, tuple(corners.reshape(-1).tolist())))
    return drawn.transform(drawn.size, Image.MESH, mesh, Image.BILINEAR)


def choose(text: str, script: str, random: np.random.Generator, held_out: bool | None) -> tuple[Font, Font | None]:
    """A font for a line, every design about as often as the square root of its fonts, and one for what it lacks."""
    fonts.check_shaping(script)
    fitting = _of(script, held_out)
    if not fitting:
        fonts.pick(script)  # says which package to install
        raise FontError(
            "No font held out for {script} is on this machine: install {package}.",
            script=script,
            package=fonts.PACKAGES[script],
        )
    designs, weights = _designs(script, held_out)
    for _ in range(12):
        design = designs[int(np.searchsorted(weights, random.random()))]
        font = design[int(random.integers(len(design)))]
        if font.covers(text) and font.draws(text):
            return font, None
        if script in alphabet.LEFTWARD or script == "latin":
            continue
        latin = _of("latin", held_out)
        for _ in range(12):
            companion = latin[int(random.integers(len(latin)))]
            own = "".join(c for c in text if font.covers(c))
            rest = "".join(c for c in text if not font.covers(c))
            if companion.covers(rest) and companion.draws(rest) and font.draws(own):
                return font, companion
    whole = [font for font in fitting if font.covers(text) and font.draws(text)]
    if not whole:
        raise FontError(
            "No font on this machine writes all of {text}: install {package}.",
            text=repr(text),
            package=fonts.PACKAGES[script],
        )
    return whole[int(random.integers(len(whole)))], None


def _of(script: str, held_out: bool | None) -> tuple[Font, ...]:
    return fonts.everyday(script) if held_out is None else fonts.split(held_out, script)


_CACHE: dict[tuple[str, bool | None], tuple[list[list[Font]], np.ndarray]] = {}


def _designs(script: str, held_out: bool | None) -> tuple[list[list[Font]], np.ndarray]:
    if (script, held_out) not in _CACHE:
        by: dict[str, list[Font]] = {}
        for font in _of(script, held_out):
            by.setdefault(fonts.stem(font), []).append(font)
        weights = np.sqrt([len(design) for design in by.values()])
        _CACHE[script, held_out] = (list(by.values()), np.cumsum(weights / weights.sum()) - 1e-12)
    return _CACHE[script, held_out]


def worn(drawn: Image.Image, size: float, random: np.random.Generator, wear: Wear, colour: bool = False) -> np.ndarray:
    """A drawn line (coverage) on a ground, as a camera might have taken it; shapes as for `line`."""
    sides = random.uniform(0.1, 0.7, 4) * size * (0.4 if random.random() < 0.4 else 1)
    left, top, right, bottom = sides.astype(int) + 2
    width, height = drawn.width + left + right, drawn.height + top + bottom
    canvas = Image.new("L", (width, height), 0)
    canvas.paste(drawn, (left, top))
    if random.random() < 0.05:  # a rule under the line, or the tag's edge
        pen = ImageDraw.Draw(canvas)
        y = top + drawn.height + int(0.6 * bottom)
        pen.line((0, y, width, y), fill=int(random.integers(120, 256)), width=max(1, int(size / 18)))
    canvas = _bent(canvas, size, random, wear)
    ink = np.asarray(canvas, dtype=np.float32) / 255
    if random.random() < 0.15:
        ink = ink * np.float32(random.uniform(0.7, 1)) * (1 - 0.35 * _clouds(ink.shape, random))
    height, width = ink.shape
    dark, bright = random.uniform(0, 110), random.uniform(150, 255)
    if bright - dark < 75:
        bright = dark + 75
    ground, letters = (dark, bright) if random.random() < 0.3 else (bright, dark)
    shade = _light(height, width, random, wear)
    if random.random() < 0.3:
        shade = shade * (1 - random.uniform(0.05, 0.2) * _clouds(ink.shape, random))
    if colour:
        grounds, pens = _tint(ground, random), _tint(letters, random)
        picture = (grounds + (pens - grounds) * ink[..., None]) * shade[..., None]
    else:
        picture = (ground + (letters - ground) * ink) * shade
    sigma = random.uniform(*wear.blur) * size
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    if sigma > 0.2:
        image = image.filter(ImageFilter.GaussianBlur(sigma))
    if wear.blur[1] and random.random() < 0.1 and size > 20:  # the hand moved
        image = image.filter(ImageFilter.BoxBlur((random.uniform(0.4, 0.04 * size), 0)))
    noise = random.uniform(*wear.noise) / 100 * (bright - dark)
    if noise > 0.5:
        pixels = np.asarray(image, dtype=np.float32)
        shape = pixels.shape
        pixels = pixels + random.standard_normal(shape, dtype=np.float32) * noise
        image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if random.random() < 0.5 and wear.jpeg[0] < 95:
        held = io.BytesIO()
        image.save(held, "JPEG", quality=int(random.integers(wear.jpeg[0], wear.jpeg[1])))
        image = Image.open(held)
    return np.array(image)


def _bent(canvas: Image.Image, size: float, random: np.random.Generator, wear: Wear) -> Image.Image:
    """Tilt and perspective, on a canvas large enough for both."""
    if wear.bend[1] == 0 and wear.tilt[1] == 0:
        return canvas
    width, height = canvas.size
    angle = np.deg2rad(random.uniform(*wear.tilt)) * random.choice((-1, 1)) * min(1.0, 12 * size / width)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=float)
    middle = corners.mean(0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (corners - middle) @ turn.T + middle
    moved += random.uniform(*wear.bend, size=(4, 2)) * random.choice((-1, 1), size=(4, 2)) * size
    moved -= moved.min(0)
    new_width, new_height = (np.ceil(moved.max(0)) + 1).astype(int)
    rows = []
    for (x, y), (u, v) in zip(moved, corners, strict=True):  # output to input, as Pillow wants it
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    found = np.linalg.solve(np.array(rows), corners.reshape(-1))
    return canvas.transform((int(new_width), int(new_height)), Image.PERSPECTIVE, tuple(found), Image.BILINEAR)


def _clouds(shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Smooth noise from 0 to 1."""
    coarse = random.random((max(2, shape[0] // 12), max(2, shape[1] // 12)), dtype=np.float32)
    return np.asarray(Image.fromarray(coarse).resize((shape[1], shape[0]), Image.BILINEAR))


def _light(height: int, width: int, random: np.random.Generator, wear: Wear) -> np.ndarray:
    """Brightness, 1 where it is highest: a slope across the line, sometimes the edge of a shadow."""
    fall = random.uniform(*wear.light)
    way = random.uniform(0, 2 * np.pi)
    x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None]
    y = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    slope = np.cos(way) * x + 0.5 * np.sin(way) * y
    shade = 1 - fall * (slope + 0.5).clip(0, 1)
    if wear.light[1] and random.random() < 0.08:
        edge = random.uniform(-0.4, 0.4)
        shade = shade * (1 - 0.3 / (1 + np.exp(-np.clip((x - edge + 0.2 * y) * 40, -30, 30))))
    return np.broadcast_to(shade, (height, width)).astype(np.float32)


def _tint(level: float, random: np.random.Generator) -> np.ndarray:
    tint = level + random.uniform(-30, 30, 3)
    return np.clip(tint - (tint @ (0.299, 0.587, 0.114) - level), 0, 255).astype(np.float32)


def nothing(random: np.random.Generator) -> np.ndarray:
    """A picture without text, uint8 (height, width): a plain or rough ground, stripes, blobs, boxes, strokes."""
    height, width = int(random.integers(20, 70)), int(random.integers(30, 300))
    base = np.full((height, width), random.uniform(20, 235), np.float32)
    image = Image.fromarray(base.astype(np.uint8))
    pen = ImageDraw.Draw(image)
    kind = int(random.integers(6))
    for _ in range(int(random.integers(1, 7)) if kind in (1, 2, 3) else 0):
        box = np.sort(random.uniform(-0.2, 1.2, (2, 2)) * (width, height), axis=0).reshape(-1).tolist()
        fill = int(random.integers(256))
        if kind == 1:
            pen.rectangle(box, fill=fill)
        elif kind == 2:
            pen.ellipse(box, fill=fill)
        else:
            pen.line((box[0], box[3], box[2], box[1]), fill=fill, width=int(random.integers(1, 9)))
    pixels = np.asarray(image, dtype=np.float32)
    if kind == 4:
        pixels = pixels + random.uniform(20, 120) * (_clouds(base.shape, random) - 0.5)
    if kind == 5:
        period = random.uniform(3, 30)
        pixels = pixels + random.uniform(10, 80) * np.sin(np.arange(width) / period)[None].astype(np.float32)
    pixels = pixels * _light(height, width, random, LEARNT)
    pixels = pixels + random.standard_normal(pixels.shape, dtype=np.float32) * random.uniform(0, 25)
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return np.array(image.filter(ImageFilter.GaussianBlur(random.uniform(0, 3))) if random.random() < 0.5 else image)


# ------------------------------------------------------------------ tags


def tag(market: str, *, seed: int = 0, held_out: bool | None = None, wear: Wear = CLEAN) -> Tag:
    """A price tag of a market: an article number, the price, a date; in its main language, as CLDR writes them.

    Raises ValueError for an unknown territory, FontError when the script is not one of ours or this machine has no font
    for it (the message names the package to install).
    """
    random = np.random.default_rng((seed, *market.encode()))
    locale = formats.locale_of(market)
    script = formats.script_of(locale)
    if script is None:
        raise FontError(
            "Tags of {market} are written in a script that the reader does not know.",
            market=market,
        )
    currency = formats.currency_of(market)
    value = formats.price(currency, random)
    when = datetime.date(2024, 1, 1) + datetime.timedelta(days=int(random.integers(0, 1_400)))
    code = str(random.integers(10**6, 10**8))
    price = formats.money(value, currency, locale)
    written = (
        (Written(code, "number", locale, "latin"), 22),
        (Written(price, "amount", locale, script, value, currency), 52),
        (Written(formats.day(when, locale, str(random.choice(("short", "medium")))), "date", locale, script), 28),
    )
    drawn = []
    for line_, size in written:
        font, companion = choose(line_.text, line_.script, random, held_out)
        drawn.append(mask(line_.text, font, size, line_.leftward, companion, locale.split("_")[0]))
    width = max(image.width for image in drawn) + 64
    height = sum(image.height for image in drawn) + 28 * (len(drawn) - 1) + 56
    ink = Image.new("L", (width, height), 0)
    lines, y = [], 28
    for (line_, _), image in zip(written, drawn, strict=True):
        x = width - 32 - image.width if line_.leftward else 32
        ink.paste(image, (x, y))
        lines.append(TagLine(line_.text, line_.kind, (x, y, x + image.width, y + image.height)))
        y += image.height + 28
    paper = np.array(((250, 246, 232), (255, 255, 255), (255, 226, 92), (238, 243, 248))[int(random.integers(4))])
    pen = np.array(((24, 24, 28), (150, 20, 30), (20, 40, 90))[int(random.integers(3))])
    share = np.asarray(ink, dtype=np.float32)[..., None] / 255
    picture = paper + (pen - paper) * share
    if wear.light[1]:
        picture = picture * _light(height, width, random, wear)[..., None]
        picture = picture + random.standard_normal(picture.shape) * random.uniform(*wear.noise) * 2
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    if wear.blur[1]:
        image = image.filter(ImageFilter.GaussianBlur(random.uniform(*wear.blur) * 26))
    return Tag(image, tuple(lines), value, currency, when, locale)
