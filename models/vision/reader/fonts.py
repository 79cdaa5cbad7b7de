"""The fonts of this machine, by the script they can write. None is shipped; some come with packages we depend on.

A font's characters are read from its `cmap` table (OpenType 1.9, formats 4 and 12), its family from its `name` table:
two small reads a file, so that thousands of files take a second or two.
"""

import importlib.util
import os
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageFont, features

from data.faults import Fault
from models.prices import alphabet

ENDINGS = frozenset((".ttf", ".otf", ".ttc", ".otc"))
PACKAGES = {
    "latin": "fonts-dejavu-core", "cyrillic": "fonts-dejavu-core", "greek": "fonts-dejavu-core",
    "arabic": "fonts-noto-core", "persian": "fonts-noto-core", "devanagari": "fonts-noto-core",
    "bengali": "fonts-noto-core", "tamil": "fonts-noto-core", "thai": "fonts-noto-core", "chinese": "fonts-noto-cjk",
    "japanese": "fonts-noto-cjk", "korean": "fonts-noto-cjk", "ethiopic": "fonts-noto-core",
}  # fmt: skip
"""Script -> a Debian package with a font for it."""
BROUGHT = {"matplotlib": "mpl-data/fonts/ttf"} | {
    f"fontpkg_{family}": "files"
    for family in (
        "arimo", "hind_siliguri", "noto_sans_arabic", "noto_sans_devanagari", "noto_sans_tamil", "noto_sans_thai",
    )
}  # fmt: skip
"""Python packages that we depend on and that bring fonts: module -> folder in it."""
_ODD = (
    "emoji",
    "symbol",
    "music",
    "math",
    "braille",
    "icon",
    "dingbat",
    "lastresort",
    "code128",
    "barcode",
    "signwriting",
    "keyboard",
    "tughra",
)
_SAME = {
    "tinos": "liberation", "arimo": "liberation", "cousine": "liberation", "carlito": "lato", "open": "noto sans",
    "droid": "noto sans", "takaogothic": "ipa", "takaomincho": "ipa", "takaopgothic": "ipa", "takaopmincho": "ipa",
    "ipagothic": "ipa", "ipamincho": "ipa", "ipapgothic": "ipa", "ipapmincho": "ipa", "ipaexgothic": "ipa",
    "ipaexmincho": "ipa", "ipauigothic": "ipa", "mry_kacstqurn": "kacstqurn", "gentiumalt": "gentium",
    "norasi": "freeserif", "unpilgia": "unpilgi",
}  # fmt: skip
"""Families that share their outlines."""
HELD_OUT = frozenset((
    "noto serif", "noto naskh", "freeserif", "cantarell", "fira", "firago", "stixgeneral", "old standard", "ubuntu",
    "ipa", "loma", "laksaman", "nanum", "undotum", "unpilgi", "kacstqurn", "gfs neohellenic", "kalimati",
    "mukti", "meera",
))  # fmt: skip
"""Designs that the reader never learns from: what it is judged on."""
EVERYDAY = frozenset((
    "dejavu", "liberation", "noto sans", "noto serif", "noto mono", "noto naskh", "noto looped", "freesans",
    "freeserif", "freemono", "lato", "roboto", "ubuntu", "fira", "firago", "cantarell", "source", "hind", "ipa",
    "nanum", "wenquanyi", "wqy", "loma", "laksaman", "garuda", "lohit", "mukti", "kalimati", "abyssinica",
    "helvetica", "times", "segoe", "pingfang", "hiragino", "yu", "malgun", "microsoft", "simsun", "meiryo", "nirmala",
    "leelawadee", "nyala", "ebrima",
))  # fmt: skip
"""Designs that shops print in: a tag that we draw to show is drawn in one of them."""
ALIKE, KIN = 0.08, 0.3
"""Two pictures of a character are of one outline when they differ by less than this share of their ink, and a font is
kin of another when more than this share of the characters are."""
TWO_WORDS = frozenset(("noto", "gfs", "ar", "old", "pt", "vl", "ukij", "ethiopic", "bpg", "courier"))
"""First words of families that share a maker, not a design."""
UNREAD = frozenset(("noto nastaliq", "homa"))
"""Designs that lines are neither drawn in nor judged on: hanging Nastaliq is another way of writing, and Homa's Arabic
zero is the circle that is a five elsewhere."""


class FontError(Fault, OSError):
    """This machine cannot write a script; the message says what to install."""


@dataclass(frozen=True)
class Font:
    """A font file and which characters it has. number: its place in a collection (.ttc)."""

    path: Path
    family: str
    style: str
    spans: np.ndarray = field(repr=False, compare=False)
    number: int = 0

    def covers(self, text: str) -> bool:
        """Whether every character of a line but spaces and marks without a shape is in the font."""
        return all(self._lists(c) for c in text if c not in " \u00a0\u202f\u200e\u200f\u061c")

    def _lists(self, char: str) -> bool:
        place = int(np.searchsorted(self.spans[:, 0], ord(char), side="right")) - 1
        return place >= 0 and ord(char) <= self.spans[place, 1]

    def spaced(self, text: str) -> str:
        """A line with plain spaces for the no-break spaces that the font lacks and would draw as a box."""
        return "".join(" " if c in "\u00a0\u202f" and not self._lists(c) else c for c in text)

    def opened(self, size: int) -> ImageFont.FreeTypeFont:
        """The font in a size in pixels, with shaping where there is Raqm."""
        return _opened(str(self.path), self.number, size)

    def draws(self, text: str) -> bool:
        """Whether every character of a line leaves ink of its own: some fonts list characters that they lack."""
        return all(_inked(str(self.path), self.number, c) for c in text if not c.isspace() and c.isprintable())


@lru_cache(maxsize=100_000)
def _inked(path: str, number: int, char: str) -> bool:
    font = _opened(path, number, 24)
    if unicodedata.combining(char) or unicodedata.category(char).startswith("M"):
        return True
    try:
        drawn, missing = font.getmask(char), font.getmask("\U0010fffd")
    except OSError:  # FreeType cannot run the character's instructions
        return False
    return drawn.getbbox() is not None and bytes(drawn) != bytes(missing)


@lru_cache(maxsize=256)
def _opened(path: str, number: int, size: int) -> ImageFont.FreeTypeFont:
    layout = ImageFont.Layout.RAQM if features.check("raqm") else ImageFont.Layout.BASIC
    return ImageFont.truetype(path, size, index=number, layout_engine=layout)


def folders() -> tuple[Path, ...]:
    """Where fonts lie on Linux, macOS and Windows, and in the Python packages that bring some."""
    home = Path.home()
    usual = [
        Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".fonts", home / ".local/share/fonts",
        Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts",
        Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts",
        Path(os.environ.get("LOCALAPPDATA", str(home / "AppData/Local"))) / "Microsoft/Windows/Fonts",
    ]  # fmt: skip
    for module, inside in BROUGHT.items():
        found = importlib.util.find_spec(module)
        if found and found.origin:
            usual.append(Path(found.origin).parent / inside)
    return tuple(path for path in usual if path.is_dir())


@cache
def found() -> tuple[Font, ...]:
    """Every readable upright font of this machine with a character of ours, by family, style and path."""
    made = [font for path in _files() for font in read(path)]
    return tuple(sorted(made, key=lambda font: (font.family, font.style, str(font.path), font.number)))


def _files() -> Iterator[Path]:
    for folder in folders():
        for place, _, names in os.walk(folder):
            for name in sorted(names):
                if Path(name).suffix.lower() in ENDINGS and not any(odd in name.lower() for odd in _ODD):
                    yield Path(place) / name


@cache
def of(script: str) -> tuple[Font, ...]:
    """The fonts with the letters of a script, not always with its points and 0-9. Empty where there is none.

    Designs that draw the script's own digits in the shapes of 0-9 are left out: what they write reads as another line.
    """
    probe = alphabet.SCRIPTS[script]
    fitting = [font for font in found() if font.covers(probe) and stem(font) not in UNREAD]
    borrowing = {stem(font) for font in fitting if _borrows_digits(font, script)}
    return tuple(font for font in fitting if stem(font) not in borrowing)


def everyday(script: str) -> tuple[Font, ...]:
    """The fonts of a script that shops print in; all of them where this machine has none of those."""
    return tuple(font for font in of(script) if stem(font) in EVERYDAY) or of(script)


def _borrows_digits(font: Font, script: str) -> bool:
    """Whether a third of a script's own digits from 1 to 9 look like those of ASCII."""
    if script not in alphabet.OWN_DIGITS:
        return False
    own, usual = (_shapes(font, alphabet.DIGITS[name][1:]) for name in (alphabet.OWN_DIGITS[script], "latn"))
    return bool(_same(own, usual, 0.15, 0.1).sum() >= 3)


def pick(script: str, text: str = "", seed: int = 0) -> Font:
    """A font of a script for a line. Raises FontError naming the package to install when there is none.

    seed: which of those that fit.
    """
    check_shaping(script)
    fitting = [font for font in of(script) if font.covers(text) and font.draws(text)] or list(of(script))
    if not fitting:
        raise FontError(
            "No font on this machine writes {script}: install one, e.g. `apt-get install {package}`, and start again.",
            script=script,
            package=PACKAGES[script],
        )
    return fitting[seed % len(fitting)]


def check_shaping(script: str) -> None:
    """Raises FontError when a script's letters join or stack and Pillow was built without Raqm."""
    if script in alphabet.SHAPED and not features.check("raqm"):
        raise FontError(
            "The letters of {script} join or stack, and this Pillow cannot shape them: install a Pillow wheel with "
            "Raqm (`pip install --force-reinstall pillow`), on Linux and macOS also the library fribidi.",
            script=script,
        )


def stem(font: Font) -> str:
    """The design of a font: its family without script, width and size, and without the name of whoever re-issued it."""
    words = font.family.lower().replace("-", " ").split()
    name = " ".join(words[:2]) if words[0] in TWO_WORDS else words[0]
    name = "nanum" if name.startswith("nanum") else name
    return _SAME.get(name, name)


@cache
def split(held_out: bool, script: str) -> tuple[Font, ...]:
    """The fonts of a script to learn from, or those held out to judge by.

    No design is in both, and a font that draws many characters as a held-out one does, under a name of its own (Latin
    in an Asian font is often borrowed), is in neither.
    """
    judged = [font for font in of(script) if stem(font) in HELD_OUT]
    if held_out:
        return tuple(judged)
    text = "".join(dict.fromkeys(alphabet.SCRIPTS[script] + "0123456789"))
    known = np.stack([_shapes(font, text) for font in judged]) if judged else np.zeros((0, len(text), SHAPE**2 + 1))
    return tuple(font for font in of(script) if stem(font) not in HELD_OUT and not _kin(_shapes(font, text), known))


SHAPE = 24


def _shapes(font: Font, text: str) -> np.ndarray:
    """Each character's ink brought to a square, and its width over its height: (characters, SHAPE**2 + 1), NaN where
    the font has none."""
    found = np.full((len(text), SHAPE**2 + 1), np.nan, dtype=np.float32)
    opened = font.opened(48)
    for place, char in enumerate(text):
        if font.covers(char) and (box := (drawn := _drawn(opened, char)).getbbox()):
            square = drawn.crop(box).resize((SHAPE, SHAPE), Image.BILINEAR)
            found[place, :-1] = np.asarray(square, dtype=np.float32).reshape(-1) / 255
            found[place, -1] = (box[2] - box[0]) / (box[3] - box[1])
    return found


def _drawn(opened: ImageFont.FreeTypeFont, char: str) -> Image.Image:
    try:
        ink = opened.getmask(char)
    except OSError:
        return Image.new("L", (1, 1))
    return Image.frombytes("L", ink.size, bytes(ink)) if all(ink.size) else Image.new("L", (1, 1))


def _kin(one: np.ndarray, others: np.ndarray) -> bool:
    """Whether a font's characters (`_shapes`) are those of any of the others (fonts, characters, values)."""
    both = (~np.isnan(one[:, -1] + others[..., -1])).sum(-1)
    return bool(((_same(one, others, ALIKE, 0.06).sum(-1) > KIN * both) & (both >= 5)).any())


def _same(one: np.ndarray, others: np.ndarray, alike: float, wide: float) -> np.ndarray:
    """Which pictures of characters (..., SHAPE**2 + 1) differ by less than `alike` of their ink and `wide` of their
    width."""
    ink = ((one[..., :-1] + others[..., :-1]) / 2).mean(-1)
    apart = np.abs(one[..., :-1] - others[..., :-1]).mean(-1) / np.maximum(ink, 0.05)
    return (apart < alike) & (np.abs(one[..., -1] / others[..., -1] - 1) < wide)


# ------------------------------------------------------------------ reading font files


def read(path: Path) -> list[Font]:
    """The fonts in a file, without italics; nothing for a file that is no font or has no table of characters."""
    try:
        with path.open("rb") as file:
            start = file.read(12)
            if start[:4] == b"ttcf":
                count = min(struct.unpack(">I", start[8:12])[0], 64)
                places = struct.unpack(f">{count}I", file.read(4 * count))
            else:
                places = (0,)
            made = [_one(file, path, place, number) for number, place in enumerate(places)]
    except (OSError, struct.error, ValueError, IndexError, UnicodeDecodeError):
        return []
    return [font for font in made if font is not None]


def _one(file, path: Path, place: int, number: int) -> Font | None:
    file.seek(place + 4)
    count = struct.unpack(">H", file.read(2))[0]
    file.seek(place + 12)
    raw = file.read(16 * min(count, 128))
    tables = {raw[i : i + 4]: struct.unpack(">II", raw[i + 8 : i + 16]) for i in range(0, len(raw), 16)}
    outlines = sum(tables[name][1] for name in (b"glyf", b"CFF ", b"CFF2") if name in tables)
    if b"cmap" not in tables or not outlines:
        return None
    family, style = _names(_table(file, tables, b"name"))
    if (
        not family
        or any(word in style.lower() for word in ("italic", "oblique"))
        or any(odd in family.lower() for odd in _ODD)
    ):
        return None
    spans = _spans(_table(file, tables, b"cmap"))
    characters = int((spans[:, 1] - spans[:, 0] + 1).sum())
    bitmaps = outlines < characters  # GNU Unifont's sample: a table of outlines with hardly any in it
    return Font(path, family, style, spans, number) if characters and not bitmaps else None


def _table(file, tables: dict[bytes, tuple[int, int]], name: bytes) -> bytes:
    offset, length = tables.get(name, (0, 0))
    file.seek(offset)
    return file.read(min(length, 2**22))


def _names(table: bytes) -> tuple[str, str]:
    """Family (16, else 1) and style (17, else 2) in English."""
    _, count, strings = struct.unpack(">HHH", table[:6])
    found: dict[int, str] = {}
    for index in range(count):
        platform, _, language, key, length, offset = struct.unpack(">6H", table[6 + 12 * index : 18 + 12 * index])
        if key not in (1, 2, 16, 17) or (platform == 3 and language != 0x409):
            continue
        text = table[strings + offset : strings + offset + length]
        if platform in (0, 3):
            found[key] = text.decode("utf-16-be", "replace")
        else:
            found.setdefault(key, text.decode("latin-1"))
    return found.get(16, found.get(1, "")), found.get(17, found.get(2, ""))


def _spans(table: bytes) -> np.ndarray:
    """Characters as closed ranges, sorted, (ranges, 2): from the widest Unicode subtable there is."""
    count = struct.unpack(">H", table[2:4])[0]
    subtables = {}
    for index in range(count):
        platform, encoding, offset = struct.unpack(">HHI", table[4 + 8 * index : 12 + 8 * index])
        kind = struct.unpack(">H", table[offset : offset + 2])[0]
        if (platform == 0 or (platform == 3 and encoding in (1, 10))) and kind in (4, 12):
            subtables[kind] = offset
    if 12 in subtables:
        offset = subtables[12]
        groups = struct.unpack(">I", table[offset + 12 : offset + 16])[0]
        rows = np.frombuffer(table, ">u4", groups * 3, offset + 16).reshape(-1, 3).astype(np.int64)
        return rows[np.argsort(rows[:, 0]), :2]
    if 4 not in subtables:
        return np.zeros((0, 2), dtype=np.int64)
    offset = subtables[4]
    size = struct.unpack(">H", table[offset + 6 : offset + 8])[0] // 2
    ends, starts, ranges = (
        np.frombuffer(table, ">u2", size, offset + 14 + 2 * place + 2 * size * part).astype(np.int64)
        for part, place in ((0, 0), (1, 1), (3, 1))
    )
    rows = []
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if start > end or start == 0xFFFF:
            continue
        if not ranges[index]:
            rows.append((start, end))
            continue
        at = offset + 16 + 6 * size + 2 * index + ranges[index]  # glyph numbers of their own: 0 is a hole
        glyphs = np.frombuffer(table, ">u2", min(end - start + 1, (len(table) - at) // 2), at)
        there = np.flatnonzero(glyphs) + start
        if len(there):
            breaks = np.flatnonzero(np.diff(there) > 1)
            rows += zip(np.r_[there[0], there[breaks + 1]], np.r_[there[breaks], there[-1]], strict=True)
    return np.array(sorted(rows), dtype=np.int64).reshape(-1, 2)
