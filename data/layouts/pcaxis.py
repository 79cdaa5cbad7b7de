"""PC-Axis (.px), the files of statistical offices: keywords with values, then all cells in order.

Written from the format's description (Statistics Sweden, "PX file format", AXIS-VERSION 2013).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from data import limits
from data.faults import Fault
from data.layouts import cubes
from data.layouts.layout import Layout, LayoutError

KIND = "PC-Axis"
START = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:CHARSET|AXIS-VERSION|CODEPAGE|LANGUAGES?|CREATION-DATE|NEXT-UPDATE|TABLEID|DECIMALS|"
    rb"SHOWDECIMALS|MATRIX|SUBJECT-CODE|SUBJECT-AREA|COPYRIGHT|DESCRIPTION|TITLE|CONTENTS|UNITS|STUB|HEADING)"
    rb'(?:\[[a-zA-Z-]+\])?\s*=\s*["\w]'
)
_KEYWORD = re.compile(r'\s*([A-Za-z][A-Za-z0-9_-]*)(?:\[([^\]\n]*)\])?(?:\(((?:"[^"]*"|[^")])*)\))?\s*=')
_PART = re.compile(r'"([^"]*)"|([^";]+)|(;)')
_CELL = re.compile(r'"([^"]*)"\s*,?|([^\s";]+)|(;)')
_ENCODING = re.compile(
    r"utf-?8|utf-?16|iso-?8859-\d+|windows-125\d|cp\d{3,4}|koi8-[ru]|gb18030|gbk|big5|euc-kr|shift_jis"
)
_NIL = re.compile(r"0|-|nil|zero|.*\b(?:nil|zero)\b.*")
MEANINGS = (Fault("missing"), Fault("not available"), Fault("confidential"))
"""What one, two and three points mean where the file does not say."""


class _Broken(ValueError):
    """The file breaks the format's rules."""


@dataclass
class _Words:
    """The keywords of a file: (keyword, language, what it is about) -> its values."""

    said: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    language: str = ""

    def of(self, keyword: str, about: str = "", language: str = "") -> list[str]:
        return self.said.get((keyword, language, about), [])

    def first(self, keyword: str, about: str = "", language: str = "") -> str:
        return next(iter(self.of(keyword, about, language)), "")


def from_pcaxis(path: Path, scratch: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    """The cells of a PC-Axis file as a table. Raises LayoutError for one that breaks its rules."""
    size = path.stat().st_size
    if size > limits.MAX_JSON:
        raise LayoutError(
            "{file} has more than {mb} MB. Export fewer variables, or CSV.", file=name, mb=limits.MAX_JSON >> 20
        )
    try:
        text = _decoded(path.read_bytes())
        words, start = _keywords(text)
        cube = _cube(words, text, start, name)
        return cubes.written(cube, scratch / f"{path.name} cells.csv", mapping, name, size)
    except (_Broken, UnicodeError) as error:
        raise LayoutError(
            "{file} is a PC-Axis file that cannot be read ({error}). Download it again, or as CSV.",
            file=name,
            error=error,
        ) from error


def _decoded(content: bytes) -> str:
    head = content[:4096].decode("latin-1")
    named = re.search(r'CODEPAGE\s*=\s*"([^"]*)"', head)
    if content.startswith(b"\xef\xbb\xbf"):
        return content.decode("utf-8-sig")
    if named:
        if not _ENCODING.fullmatch(named[1].strip().lower()):
            raise _Broken(f"its CODEPAGE {named[1][:30]!r} is not known")
        return content.decode(named[1].strip())
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252" if re.search(r'CHARSET\s*=\s*"ANSI"', head) else "cp850")


def _keywords(text: str) -> tuple[_Words, int]:
    """Everything before the cells, and where these begin."""
    words, place = _Words(), 0
    while match := _KEYWORD.match(text, place):
        keyword, language, about = match[1].upper(), match[2] or "", _texts(match[3] or "")
        if keyword == "DATA":
            words.language = _language(words)
            return words, match.end()
        values, place = _values(text, match.end(), keyword)
        words.said[keyword, language, about[0] if about else ""] = values
        if len(about) > 1:
            words.said[keyword, language, " / ".join(about)] = values
    raise _Broken(f"there is no DATA; reading stopped at {text[place : place + 30].strip()!r}")


def _texts(inside: str) -> list[str]:
    return re.findall(r'"([^"]*)"', inside)


def _values(text: str, place: int, keyword: str) -> tuple[list[str], int]:
    """The values up to the semicolon: texts that follow each other without a comma are one."""
    values: list[str] = []
    is_open = False  # whether the text before may go on
    while match := _PART.match(text, place):
        place = match.end()
        if match[3]:
            return values, place
        if match[1] is not None:
            if is_open:
                values[-1] += match[1]
            else:
                values.append(match[1])
            is_open = True
        elif said := match[2].strip():
            is_open = False
            if said.strip(",") and not said.startswith(","):
                values.append(said.strip(", "))
    raise _Broken(f"{keyword} does not end with a semicolon")


def _language(words: _Words) -> str:
    """English where the file has it, since names of countries and totals are known best in it; else its own, ""."""
    return "en" if ("STUB", "en", "") in words.said or ("HEADING", "en", "") in words.said else ""


def _cube(words: _Words, text: str, start: int, name: str) -> cubes.Cube:
    language = words.language
    stub, heading = words.of("STUB"), words.of("HEADING")
    if not stub and not heading:
        raise _Broken("it names no variables (STUB, HEADING)")
    if len(set(stub + heading)) < len(stub + heading):
        raise _Broken("two of its variables have one name")
    told = words.of("STUB", language=language) + words.of("HEADING", language=language)
    told = told if len(told) == len(stub) + len(heading) else stub + heading
    axes = tuple(_axis(words, own, said) for own, said in zip(stub + heading, told, strict=True))
    count = cubes.size(axes, name)
    read = _Cells(text, start, _symbols(words))
    is_sparse = any(words.of("KEYS", variable) for variable in stub + heading)
    has_contents = any(axis.kind == "indicator" for axis in axes)
    return cubes.Cube(
        KIND,
        axes,
        read.sparse(words, axes, len(stub)) if is_sparse else read.dense(count),
        publisher=words.first("SOURCE", language=language) or words.first("SOURCE"),
        unit="" if has_contents else words.first("UNITS", language=language) or words.first("UNITS"),
        left=read.remarks,
    )


def _axis(words: _Words, own: str, said: str) -> cubes.Axis:
    language = words.language
    values = words.of("VALUES", own)
    labels = words.of("VALUES", said, language) or values
    codes = words.of("CODES", said, language) or words.of("CODES", own) or values
    if not values or not len(values) == len(labels) == len(codes):
        raise _Broken(f"variable {own!r} has {len(values)} values, {len(labels)} of them named and {len(codes)} coded")
    kind = {"time": "year", "geographic": "market"}.get(words.first("VARIABLE-TYPE", own).lower(), "")
    contents = words.first("CONTVARIABLE") or words.first("CONTVARIABLE", language=language)
    if contents and contents in (own, said):
        kind = "indicator"
    elif ("TIMEVAL", "", own) in words.said or ("TIMEVAL", language, said) in words.said:
        kind = "year"
    elif not kind and words.of("MAP", own):
        kind = "market"
    total = words.first("ELIMINATION", said, language) or words.first("ELIMINATION", own)
    return cubes.Axis(
        name=said,
        codes=tuple(codes),
        labels=tuple(labels),
        kind=kind,
        total=next((c for c, v, t in zip(codes, values, labels, strict=True) if total in (v, t)), ""),
        units=tuple(
            words.first("UNITS", t, language) or words.first("UNITS", v)
            for v, t in zip(values, labels, strict=True)
        ) if kind == "indicator" else (),
    )  # fmt: skip


def _symbols(words: _Words) -> dict[str, str | Fault | None]:
    """What stands for no value, with its meaning; None for the sign that is a zero."""
    found: dict[str, str | Fault | None] = {}
    for points in range(1, 7):
        own = words.first(f"DATASYMBOL{points}", language=words.language) or words.first(f"DATASYMBOL{points}")
        plain = own.strip() and own.strip() != "." * points
        found["." * points] = own if plain else MEANINGS[min(points, len(MEANINGS)) - 1]
    nil = words.first("DATASYMBOLNIL", language=words.language) or words.first("DATASYMBOLNIL")
    found["-"] = None if not nil.strip() or _NIL.fullmatch(nil.strip().lower()) else nil
    return found


class _Cells:
    """The cells of a file as they are read, and what is to be said of them then."""

    def __init__(self, text: str, start: int, symbols: Mapping[str, str | Fault | None]) -> None:
        self.text, self.start, self.symbols = text, start, symbols
        self.seen: Counter[str] = Counter()
        self.rows_left_out = 0

    def dense(self, count: int) -> Iterator[tuple[int, str, str]]:
        """All cells. Raises _Broken for more or fewer than the variables make."""
        place = -1
        for place, match in enumerate(self._tokens()):
            if place < count:
                yield place, self._number(match), ""
        if place + 1 != count:
            raise _Broken(f"it has {place + 1:,} cells, and its variables ask for {count:,}")

    def sparse(self, words: _Words, axes: tuple[cubes.Axis, ...], stubs: int) -> Iterator[tuple[int, str, str]]:
        """The rows that are there, each behind its keys."""
        places = _keys(words, axes[:stubs])
        width, rows, tokens = prod(len(axis.codes) for axis in axes[stubs:]), set(), self._tokens()
        while first := next(tokens, None):
            row = 0
            for axis, known in zip(axes[:stubs], places, strict=True):
                key = first[1] if first else None
                if key is None or key not in known:
                    raise _Broken(f"a row's key {key!r} is no value of {axis.name!r}")
                row, first = row * len(axis.codes) + known[key], next(tokens, None)
            if row in rows:
                raise _Broken("two of its rows have the same keys")
            rows.add(row)
            for place in range(width):
                if first is None:
                    raise _Broken("its last row breaks off")
                yield row * width + place, self._number(first), ""
                first = next(tokens, None) if place < width - 1 else None
        self.rows_left_out = prod(len(axis.codes) for axis in axes[:stubs]) - len(rows)

    def _tokens(self) -> Iterator[re.Match[str]]:
        for match in _CELL.finditer(self.text, self.start):
            if match[3]:
                if self.text[match.end() :].strip(" \r\n\t\x1a"):
                    raise _Broken("something stands behind its cells")
                return
            yield match
        raise _Broken("its cells break off")

    def _number(self, match: re.Match[str]) -> str:
        cell = match[2] if match[1] is None else match[1].strip()
        if cell not in self.symbols:
            return cell
        self.seen[cell] += 1
        return "0" if self.symbols[cell] is None else ""

    def remarks(self) -> tuple[Fault, ...]:
        """What was made of cells without a number, once all were read."""
        said = []
        for symbol, count in sorted(self.seen.items()):
            facts = {"symbol": repr(symbol), "count": f"{count:,}"}
            if self.symbols[symbol] is None:
                said.append(Fault("Cells written {symbol} are zero in PC-Axis, and read as 0: {count}.", **facts))
            else:
                meaning = self.symbols[symbol]
                said.append(
                    Fault("Cells written {symbol} ({meaning}) hold no value: {count}.", meaning=meaning, **facts)
                )
        if self.rows_left_out:
            said.append(
                Fault(
                    "Rows that the file leaves out because they hold zeros alone, and that were not read: {count}.",
                    count=f"{self.rows_left_out:,}",
                )
            )
        return tuple(said)


def _keys(words: _Words, stub: tuple[cubes.Axis, ...]) -> list[dict[str, int]]:
    """What the keys of rows mean, variable by variable: the place of each category."""
    places = []
    for axis, variable in zip(stub, words.of("STUB"), strict=True):
        kind = words.first("KEYS", variable).upper()
        if kind not in ("CODES", "VALUES"):
            raise _Broken(f"its rows have no key for the variable {variable!r}")
        keys = axis.codes if kind == "CODES" else words.of("VALUES", variable)
        places.append({key: place for place, key in enumerate(keys)})
    return places
