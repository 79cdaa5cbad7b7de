"""Type for every script that a PDF is asked for: which face has a letter, how letters join, in which order they stand.

Latin, Greek, Cyrillic and Hebrew are set in Arimo, as wide as Helvetica; Arabic, Devanagari, Bengali, Tamil, Telugu,
Thai and Khmer in faces that come as packages; Chinese, Japanese and Korean in faces that every PDF reader supplies.
HarfBuzz joins the letters, UAX #9 orders them. No face of the machine is used. A script without a face is written as
its name.
"""

import io
import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import babel
import babel.lists
import fontpkg
import uharfbuzz as harfbuzz
from fontTools.unicodedata import script
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfdoc import PDFDocument
from reportlab.pdfgen.canvas import Canvas

from dashboard.i18n import translation
from dashboard.i18n.translation import _
from models.prices import bidi

LATIN = "Arimo"
FAMILIES = (
    LATIN,
    "Noto Sans Arabic",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Hind Siliguri",
    "Noto Sans Tamil",
    "Noto Sans Telugu",
    "Noto Sans Khmer",
)
"""Families of fontpkg, the first one that has a letter sets it."""
REST = "DejaVu Sans"
"""What no other face has: Armenian, Georgian, Lao, Tifinagh, Canadian syllabics, signs. It comes with matplotlib."""
CHINESE, KOREAN = "STSong-Light", "HYGothic-Medium"
"""Faces that every PDF reader supplies; nothing is embedded."""
CODE, MONOSPACED = "Courier", "DejaVu Sans Mono"
"""Faces of code: where Courier lacks a letter of a line, the other one sets the line. It comes with matplotlib too."""
SAID_OTHERWISE = {"−": "–", "‑": "-", "\u00a0": " ", "\u202f": " "}
"""Characters that neither Helvetica nor the Chinese face has, and what reads the same."""
BOLD, REGULAR = 700, 400
_SPACED_EQUALLY = frozenset(("Latn", "Grek", "Cyrl", "Zyyy", "Zinh"))
_PRIVATE = 0xF0000
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")
_FOLLOWING_VOWELS = frozenset("ะาำๅๆฯະາຳໆ")
_VIRAMA = 9
_MIRRORED = str.maketrans("()[]{}<>", ")(][}{><")


@dataclass(frozen=True)
class Run:
    """Glyphs of one face from left to right. text: as reportlab takes it; width: in sizes."""

    face: str
    text: str
    width: float


# ------------------------------------------------------------------ faces


class Face(ttfonts.TTFont):
    """An embedded face of one weight, with a code for every glyph and the text that the glyph stands for."""

    def __init__(self, family: str, bold: bool) -> None:
        name = f"{family} {'Bold' if bold else 'Regular'}"
        data = _outlines(family, BOLD if bold else REGULAR)
        super().__init__(name, io.BytesIO(data), asciiReadable=False)
        # reportlab takes faces with the same name for the same, and so are all weights of a variable font
        self.face.name = name.replace(" ", "-").encode()
        self.letters = frozenset(self.face.charToGlyph)
        self._shaper = harfbuzz.Font(harfbuzz.Face(data))
        self._codes: dict[tuple[int, str], int] = {}
        self._said: dict[int, str] = {}
        self._one_at_a_time = threading.Lock()
        pdfmetrics.registerFont(self)

    def shaped(self, text: str, leftward: bool) -> Run:
        """The text as joined glyphs, from left to right whatever the direction it is read in."""
        buffer = harfbuzz.Buffer()
        buffer.cluster_level = harfbuzz.BufferClusterLevel.MONOTONE_CHARACTERS
        buffer.add_str(text)
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if leftward else "ltr"
        harfbuzz.shape(self._shaper, buffer)
        infos, places = buffer.glyph_infos, buffer.glyph_positions
        codes, data = [], []
        for info, place, said in zip(infos, places, _said([i.cluster for i in infos], text, leftward), strict=True):
            code = self._code(info.codepoint, said)
            codes.append(chr(code))
            moves = (self.pdfScale(v) for v in (place.x_advance, place.y_advance, place.x_offset, place.y_offset))
            data.append(ttfonts.ShapeData(info.cluster, *moves, self.face.charWidths[code]))
        width = sum(glyph.x_advance for glyph in data) / 1000
        return Run(self.fontName, ttfonts.ShapedStr("".join(codes), shapeData=data), width)

    def _code(self, glyph: int, spoken: str) -> int:
        """The character that stands for a glyph, one of its own where the glyph says something else than its letter."""
        if len(spoken) == 1 and ord(spoken) < 0x10000 and self.face.charToGlyph.get(ord(spoken)) == glyph:
            return ord(spoken)
        with self._one_at_a_time:
            if (glyph, spoken) not in self._codes:
                code = _PRIVATE + len(self._codes)
                self.face.charToGlyph[code] = glyph
                self.face.charWidths[code] = self.pdfScale(self._shaper.get_glyph_h_advance(glyph))
                self._said[code] = spoken
                self._codes[glyph, spoken] = code
            return self._codes[glyph, spoken]

    def addObjects(self, doc: PDFDocument) -> None:
        """Embeds the glyphs that were drawn, and says which text they stand for: what is copied and searched."""
        subsets = list(self.state[doc].subsets)
        super().addObjects(doc)
        for number, subset in enumerate(subsets):
            name = f"{ttfonts.SUBSETN(number).decode()}+{self.face.name.decode()}"
            texts = [self._said.get(code, chr(code)) for code in subset]
            lines = [f"<{at:02X}> <{text.encode('utf-16-be').hex()}>" for at, text in enumerate(texts)]
            content = ttfonts.makeToUnicodeCMap(name, subset)
            start, end = content.index("beginbfchar\n") + len("beginbfchar\n"), content.index("\nendbfchar")
            doc.idToObject[f"toUnicodeCMap:{name}"].content = content[:start] + "\n".join(lines) + content[end:]


def _said(clusters: Sequence[int], text: str, leftward: bool) -> list[str]:
    """What each glyph stands for: characters of a cluster are handed out one a glyph, the last one takes the rest."""
    starts = sorted(set(clusters))
    ends = dict(pairwise([*starts, len(text)]))
    said: list[str] = []
    for cluster, group in groupby(clusters):
        count, part = len(list(group)), text[cluster : ends[cluster]]
        parts = [part[at : at + 1] for at in range(count - 1)] + [part[count - 1 :]]
        said += parts[::-1] if leftward else parts
    return said


def _outlines(family: str, weight: int) -> bytes:
    """The font file of a family, a variable one held at that weight: reportlab would embed the regular one only."""
    if family in (REST, MONOSPACED):
        name = family.replace(" ", "") + ("-Bold.ttf" if weight == BOLD else ".ttf")
        return (files("matplotlib") / "mpl-data" / "fonts" / "ttf" / name).read_bytes()
    data = Path(fontpkg.path(family, weight=weight)).read_bytes()
    face = harfbuzz.Face(data)
    if not face.axis_infos:
        return data
    wanted = harfbuzz.SubsetInput()
    wanted.keep_everything()
    for axis in face.axis_infos:
        wanted.pin_axis_location(face, axis.tag, weight if axis.tag == "wght" else axis.default_value)
    return harfbuzz.subset(face, wanted).blob.data


_loading = threading.RLock()


def _face(family: str, bold: bool) -> Face:
    """A family's face, read when it is first needed and once."""
    with _loading:
        return _loaded(family, bold)


@cache
def _loaded(family: str, bold: bool) -> Face:
    return Face(family, bold)


@cache
def supplied(name: str) -> str:
    """A face that PDF readers supply, known to reportlab from then on."""
    if name not in pdfmetrics.standardFonts:
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name


# ------------------------------------------------------------------ which face


@cache
def _plain() -> frozenset[str]:
    """Characters of Helvetica, and of the Chinese face those that it was made for: no Greek or Cyrillic letters."""
    pairs = (bytes((first, second)) for first in range(0x81, 0xFF) for second in range(0x40, 0xFF))
    chinese = {found for pair in pairs if len(found := pair.decode("gbk", "ignore")) == 1}
    wide = {
        letter
        for letter in chinese
        if unicodedata.category(letter)[0] not in "LM" or unicodedata.east_asian_width(letter) in "WF"
    }
    return frozenset(wide) | set(bytes(range(256)).decode("cp1252", "ignore")) | set(SAID_OTHERWISE)


def plain(text: str) -> bool:
    """Whether Helvetica and the Chinese face, which need no files, write the whole text."""
    return text.isascii() or _plain().issuperset(text)


def encodes(character: str, encoding: str) -> bool:
    """Whether an encoding, and so a face made for it, has that character."""
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=50_000)
def _family(character: str, code: bool) -> str | None:
    """The family or supplied face that writes a character; None where there is no such."""
    if code and script(character) in _SPACED_EQUALLY and ord(character) in _face(MONOSPACED, False).letters:
        return MONOSPACED
    for family in FAMILIES:
        if ord(character) in _face(family, False).letters:
            return family
    if encodes(character, "gbk"):
        return CHINESE
    if encodes(character, "cp949"):
        return KOREAN
    return REST if ord(character) in _face(REST, False).letters else None


def _families(text: str, code: bool) -> list[str]:
    """The family of each character; marks, joiners and spaces stay in that of the letter before them."""
    found: list[str] = []
    for character in text:
        last = found[-1] if found else None
        if last and last not in (CHINESE, KOREAN) and _follows(character) and _has(last, character):
            found.append(last)
        else:
            found.append(_family(character, code) or last or LATIN)
    return found


def _follows(character: str) -> bool:
    shared = script(character) in ("Zyyy", "Zinh")
    return shared and (
        unicodedata.category(character) in ("Mn", "Mc", "Cf", "Zs") or _family(character, False) != LATIN
    )


def _has(family: str, character: str) -> bool:
    return ord(character) in _face(family, False).letters or unicodedata.category(character) == "Cf"


# ------------------------------------------------------------------ what no face has


def lacking(text: str) -> set[str]:
    """ISO 15924 codes of the scripts in a text that no face has; Zsym for signs."""
    return set() if plain(text) else {_script(character) for character in text if _unknown(character)}


def name_of(code: str) -> str:
    """A script's name in the reader's language."""
    return babel.Locale.parse(translation.locale()).scripts.get(code, code)


def unwritten(texts: Iterable[str]) -> str:
    """The sentence that names the scripts of these texts that no face has; empty where each letter has its face."""
    scripts = sorted(name_of(code) for code in {code for text in texts for code in lacking(text)})
    if not scripts:
        return ""
    told = _(
        "This PDF has no letters for {scripts}: a word in such a script stands here as the script's name in brackets."
    )
    return told.format(scripts=babel.lists.format_list(scripts, locale=translation.locale()))


def said(text: str) -> str:
    """The text, each part that no face has as its script's name in brackets."""
    if not lacking(text):
        return text
    parts: list[str] = []
    for unknown, group in groupby(_spaced(text), key=lambda pair: pair[1]):
        part = "".join(character for character, _unknown in group)
        parts.append(f"[{name_of(unknown)}]" if unknown else part)
    return "".join(parts)


def _spaced(text: str) -> list[tuple[str, str]]:
    """Characters with the script that is lacking, or nothing; a space between two of them counts to them."""
    found = [(character, _script(character) if _unknown(character) else "") for character in text]
    for at in range(1, len(found) - 1):
        before, after = found[at - 1][1], found[at + 1][1]
        if found[at][0] == " " and before and before == after:
            found[at] = (" ", before)
    return found


def _unknown(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf") and _family(character, False) is None


def _script(character: str) -> str:
    found = script(character)
    return "Zsym" if found in ("Zyyy", "Zinh", "Zzzz") else found


# ------------------------------------------------------------------ lines


def leftward(text: str) -> bool:
    """Whether a paragraph runs to the left: it has letters, and all that have a direction run to the left."""
    kinds = {unicodedata.bidirectional(character) for character in text}
    return "L" not in kinds and bool(kinds & {"R", "AL", "AN"})


def levels(text: str) -> tuple[int, ...]:
    """How deep each character of a paragraph lies in text of the other direction, as `line` wants it."""
    return tuple(bidi.levels(text, leftward(text)))


def line(text: str, bold: bool = False, code: bool = False) -> tuple[Run, ...]:
    """The runs of a text on one line, from left to right. code: Latin, Greek and Cyrillic letters equally wide."""
    text = re.sub(r"[\t\r\n]", " ", said(text))
    return line_of(text, levels(text), bold, code)


@lru_cache(maxsize=20_000)
def line_of(text: str, levels: tuple[int, ...], bold: bool = False, code: bool = False) -> tuple[Run, ...]:
    """The same of a line of a paragraph that `said` has been through. levels: those of the paragraph for this line."""
    runs, depths = [], []
    pieces = zip(text, _families(text, code), levels, strict=True)
    for (family, level), group in groupby(pieces, key=lambda piece: piece[1:]):
        runs.append(_run("".join(character for character, *_rest in group), family, level % 2 == 1, bold))
        depths.append(level)
    return tuple(runs[at] for at in bidi.order(depths))


def _run(text: str, family: str, to_left: bool, bold: bool) -> Run:
    if family not in (CHINESE, KOREAN):
        return _face(family, bold).shaped(text, to_left)
    text = text[::-1].translate(_MIRRORED) if to_left else text
    return Run(supplied(family), text, pdfmetrics.stringWidth(text, supplied(family), 1.0))


def width(text: str, bold: bool = False, code: bool = False) -> float:
    """Width of a text as it is set, in sizes."""
    return sum(run.width for run in line(text, bold, code))


def draw(canvas: Canvas, runs: Sequence[Run], left: float, base: float, size: float, colour: Any) -> None:
    """Runs beside each other, from that point on."""
    canvas.setFillColor(colour)
    for run in runs:
        canvas.setFont(run.face, size)
        canvas.drawString(left, base, run.text)
        left += run.width * size


def clusters(text: str) -> list[str]:
    """Pieces that a line may be broken between where a word does not fit: letters with all that belongs to them."""
    found: list[str] = []
    for character in text:
        if found and _belongs(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _belongs(before: str, character: str) -> bool:
    category = unicodedata.category(character)
    if category in ("Mn", "Mc", "Me", "Cf") or character in _FOLLOWING_VOWELS or before[-1] in _LEADING_VOWELS:
        return True
    joined = unicodedata.combining(before[-1]) == _VIRAMA or before[-1] == "\u200d"
    return joined and category == "Lo"
