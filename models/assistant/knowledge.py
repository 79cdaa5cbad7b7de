"""A knowledge base people bring: questions and answers from CSV or Markdown, checked whole, every fault at once.

CSV: a header, then one entry a row. Needed: question, answer. Optional: id (one entry in several languages shares it),
language (BCP 47), topic, also (other ways to ask, with | between them). Comma, semicolon, tab or | between columns.

    id,language,topic,question,answer,also
    price,en,Price,How much does it cost?,You pay a yearly licence.,What is the price?

Markdown: every heading with text below it is an entry; the headings above it are its topic. `{#id}` at the end of a
heading names it. A front matter (`---`, `language: sw`, `---`) says the language.

The sample about our own products, in five languages, is models/assistant/samples/knowledge.csv, written by us.
"""

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from data.faults import Fault
from data.words import words

SAMPLE = Path(__file__).with_name("samples") / "knowledge.csv"
MAX_FILE = 5 * 2**20
MAX_ENTRIES = 5_000
MAX_FAULTS = 1_000
MAX_CHARACTERS = {"question": 500, "answer": 10_000, "topic": 200, "id": 80, "also": 2_000}
"""Characters of a field at most."""
COLUMNS = ("id", "language", "topic", "question", "answer", "also")
NEEDED = ("question", "answer")
SYNONYMS = {"title": "topic", "lang": "language"}
DELIMITERS = ",;\t|"
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
NAMED = re.compile(r"(.*?)[ \t]*\{#([^\s{}]+)\}")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
NO_TEXT = (b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"RIFF")


@dataclass(frozen=True)
class Entry:
    """One answer in one language. id: shared by its translations. also: other ways to ask. line: in its file."""

    id: str
    question: str
    answer: str
    language: str = ""
    topic: str = ""
    also: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class LineFault:
    """What is wrong on a line of the file (1 is the first; 0 for the whole file), and what to do."""

    line: int
    what: Fault
    advice: Fault

    @property
    def problem(self) -> str:
        """What is wrong, in English."""
        return str(self.what)

    @property
    def remedy(self) -> str:
        """What to do, in English."""
        return str(self.advice)


class KnowledgeError(Fault, ValueError):
    """A file that is no knowledge base: `faults` holds everything found, the message the first and how many more."""

    def __init__(self, template: str, *, of: str, faults: Sequence[LineFault], **values: object) -> None:
        super().__init__(template, **values)
        self.name, self.faults = of, tuple(faults)


def refused(name: str, faults: Sequence[LineFault]) -> KnowledgeError:
    """The refusal of a file: where its first fault is, and how many more there are."""
    first, more = faults[0], len(faults) - 1
    where = Fault("{name}, line {line}", name=name, line=first.line) if first.line else name
    told = {"where": where, "problem": first.what, "remedy": first.advice}
    if more:
        return KnowledgeError(
            "{where}: {problem} {remedy} And {count} more fault(s).", of=name, faults=faults, count=more, **told
        )
    return KnowledgeError("{where}: {problem} {remedy}", of=name, faults=faults, **told)


@dataclass(frozen=True)
class KnowledgeBase:
    """Entries with distinct (id, language), in the order of their file. digest: sha256 of the file."""

    name: str
    entries: tuple[Entry, ...]
    digest: str

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that entries say they are in, in the order they appear."""
        return tuple(dict.fromkeys(entry.language for entry in self.entries if entry.language))

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(entry.id for entry in self.entries))

    def entry(self, key: str, language: str | None = None) -> Entry:
        """The entry with that id in a language; in the first language it has where there is none in it.

        Raises KeyError for an id that is not there.
        """
        known = [entry for entry in self.entries if entry.id == key]
        if not known:
            raise KeyError(key)
        return next((entry for entry in known if entry.language == language), known[0])


def sample() -> KnowledgeBase:
    """The base about our own products: English, Chinese, Spanish, French, Swahili."""
    return read("Lepton AI", SAMPLE.read_bytes(), "csv")


def read(name: str, content: bytes, kind: str | None = None) -> KnowledgeBase:
    """The knowledge base in a file. name: the file's; kind: csv or markdown, by the name's ending unless told.

    Raises KnowledgeError with every fault found, each with its line.
    """
    text = _text(name, content)
    if kind is None:
        kind = "markdown" if name.lower().endswith((".md", ".markdown")) else "csv"
    entries, faults = _markdown(text) if kind == "markdown" else _csv(text)
    faults += _checked(entries)
    if not faults and not entries:
        faults = [LineFault(0, Fault("There is no entry in it."), Fault("Add at least one question with its answer."))]
    if faults:
        raise refused(name, sorted(faults, key=lambda fault: fault.line)[:MAX_FAULTS])
    return KnowledgeBase(name, tuple(entries), hashlib.sha256(content).hexdigest())


# ------------------------------------------------------------------ bytes -> text


def _text(name: str, content: bytes) -> str:
    """UTF-8, or UTF-16 with its mark; anything else is refused."""

    def refuse(line: int, problem: Fault, remedy: Fault) -> KnowledgeError:
        return refused(name, [LineFault(line, problem, remedy)])

    if len(content) > MAX_FILE:
        raise refuse(
            0,
            Fault(
                "The file has {size} MB; at most {most} MB are read.",
                size=f"{len(content) / 2**20:.1f}",
                most=MAX_FILE // 2**20,
            ),
            Fault("Split it, or leave out what nobody asks for."),
        )
    if content.startswith(NO_TEXT):
        raise refuse(
            0,
            Fault("This is not a text file."),
            Fault("Save a table as 'CSV UTF-8', a document as Markdown, and upload that."),
        )
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    encoding = "utf-16" if marked else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refuse(
            line, Fault("Not UTF-8 text."), Fault("In Excel, choose 'CSV UTF-8 (comma delimited)' when saving.")
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise refuse(line, Fault("There is a null byte: this is not a text file."), Fault("Export it again as text."))
    if not text.strip():
        raise refuse(0, Fault("The file is empty."), Fault("Add at least one question with its answer."))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _plain(text: str) -> str:
    """NFC, no control characters but line breaks and tabs, no blanks around."""
    text = unicodedata.normalize("NFC", text)
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()


# ------------------------------------------------------------------ CSV


def _csv(text: str) -> tuple[list[Entry], list[LineFault]]:
    rows, faults = _rows(text)
    if faults or not rows:
        return [], faults
    first, header = rows[0]
    names = [_column(cell) for cell in header]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        shown = ", ".join(cell.strip()[:40] or "(empty)" for cell in header[:12])
        return [], [
            LineFault(
                first,
                Fault("The column {name} is missing; the file has: {columns}.", name=repr(name), columns=shown),
                Fault("Rename the column that holds it to {name}.", name=repr(name)),
            )
            for name in missing
        ]
    twice = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    if twice:
        return [], [
            LineFault(
                first, Fault("The column {name} stands there twice.", name=repr(name)), Fault("Keep one of them.")
            )
            for name in twice
        ]
    entries = []
    for line, row in rows[1:]:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            faults.append(
                LineFault(
                    line,
                    Fault("{count} columns where the header has {expected}.", count=len(row), expected=len(header)),
                    Fault("Put text that holds the separator between quotation marks."),
                )
            )
            continue
        cells = {name: _plain(cell) for name, cell in zip(names, row, strict=True) if name in COLUMNS}
        also = tuple(part.strip() for part in cells.get("also", "").split("|") if part.strip())
        entries.append(
            Entry(
                cells.get("id") or f"line-{line}",
                cells["question"],
                cells["answer"],
                cells.get("language", ""),
                cells.get("topic", ""),
                also,
                line,
            )
        )
    return entries, faults


def _column(cell: str) -> str:
    name = _plain(cell).casefold()
    return SYNONYMS.get(name, name)


def _rows(text: str) -> tuple[list[tuple[int, list[str]]], list[LineFault]]:
    """Rows with the line they begin on; the separator is the one that finds most of our columns in the header."""
    header = next(line for line in text.split("\n") if line.strip())

    def known(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([header], delimiter=delimiter), [])
        return len({_column(cell) for cell in cells} & set(COLUMNS)), len(cells)

    try:
        delimiter = max(DELIMITERS, key=known)
    except csv.Error:
        delimiter = ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for row in reader:
            if row and (rows or any(cell.strip() for cell in row)):
                rows.append((begins, row))
            begins = reader.line_num + 1
    except csv.Error as error:
        return [], [
            LineFault(
                begins,
                Fault("The row cannot be read ({error}).", error=str(error)),
                Fault("Check its quotation marks."),
            )
        ]
    return rows, []


# ------------------------------------------------------------------ Markdown


def _markdown(text: str) -> tuple[list[Entry], list[LineFault]]:
    lines = text.split("\n")
    language, start = _front_matter(lines)
    sections = _sections(lines, start)
    if not sections:
        remedy = Fault("Begin every entry with a heading such as '## How much does it cost?'.")
        return [], [LineFault(0, Fault("There is no heading in it."), remedy)]
    entries: list[Entry] = []
    faults: list[LineFault] = []
    path: list[tuple[int, str]] = []
    taken: set[str] = set()
    for position, (line, level, title, body) in enumerate(sections):
        path = [step for step in path if step[0] < level]
        named = NAMED.fullmatch(title)
        shown, key = (named[1], named[2]) if named else (title, "")
        topic = " > ".join(step[1] for step in path)
        path.append((level, shown))
        parent = position + 1 < len(sections) and sections[position + 1][1] > level
        if not body:
            if not parent:
                faults.append(
                    LineFault(
                        line,
                        Fault("The heading {heading} has no text below it.", heading=repr(shown[:60])),
                        Fault("Write its answer, or remove it."),
                    )
                )
            continue
        key = key or _free(_slug(shown) or f"line-{line}", taken)
        taken.add(key)
        entries.append(Entry(key, shown, body, language, topic[: MAX_CHARACTERS["topic"]], (), line))
    return entries, faults


def _front_matter(lines: list[str]) -> tuple[str, int]:
    """The language that a front matter names, and the number of lines it takes up."""
    if lines[0].strip() != "---":
        return "", 0
    for number, line in enumerate(lines[1:], start=1):
        if line.strip() == "---":
            fields = dict(part.split(":", 1) for part in lines[1:number] if ":" in part)
            named = {key.strip().casefold(): value.strip().strip("\"'") for key, value in fields.items()}
            return _plain(named.get("language") or named.get("lang") or ""), number + 1
    return "", 0


def _sections(lines: list[str], start: int) -> list[tuple[int, int, str, str]]:
    """Line, level, title and text of each heading; a # inside a fence is none."""
    found: list[tuple[int, int, str, list[str]]] = []
    fence = ""
    for number, line in enumerate(lines[start:], start=start + 1):
        mark = FENCE.match(line)
        if mark and (not fence or (mark[1][0] == fence[0] and len(mark[1]) >= len(fence))):
            fence = "" if fence else mark[1]
        heading = None if fence or mark else HEADING.fullmatch(line)
        if heading:
            found.append((number, len(heading[1]), _plain(heading[2] or ""), []))
        elif found:
            found[-1][3].append(line)
    return [(number, level, title, _plain("\n".join(body))) for number, level, title, body in found]


def _slug(title: str) -> str:
    return "-".join(words(title.casefold()))[: MAX_CHARACTERS["id"] - 6]


def _free(key: str, taken: set[str]) -> str:
    """The key itself, or with the first number behind it that is free."""
    number = 2
    free = key
    while free in taken:
        free, number = f"{key}-{number}", number + 1
    return free


# ------------------------------------------------------------------ entries -> faults


def _checked(entries: list[Entry]) -> list[LineFault]:
    """What is wrong with single entries; languages are brought into one form in place."""
    faults: list[LineFault] = []
    if len(entries) > MAX_ENTRIES:
        problem = Fault(
            "There are {count} entries; at most {most} are read.", count=f"{len(entries):,}", most=f"{MAX_ENTRIES:,}"
        )
        return [LineFault(entries[MAX_ENTRIES].line, problem, Fault("Split the file."))]
    seen: dict[tuple[str, str], int] = {}
    for position, entry in enumerate(entries):
        for name in NEEDED:
            if not getattr(entry, name):
                faults.append(
                    LineFault(
                        entry.line,
                        Fault("The {field} is empty.", field=name),
                        Fault("Fill it in, or remove the entry."),
                    )
                )
        for name, most in MAX_CHARACTERS.items():
            value = "|".join(entry.also) if name == "also" else getattr(entry, name)
            if len(value) > most:
                problem = Fault(
                    "The {field} has {count} characters; at most {most} fit.",
                    field=name,
                    count=f"{len(value):,}",
                    most=f"{most:,}",
                )
                faults.append(LineFault(entry.line, problem, Fault("Shorten it, or make two entries of it.")))
        if entry.language and not LANGUAGE.fullmatch(entry.language):
            problem = Fault("{language} is no language code.", language=repr(entry.language[:40]))
            faults.append(LineFault(entry.line, problem, Fault("Use a code such as en, zh, es, fr or sw.")))
        code = re.split("[-_]", entry.language)[0].casefold()
        entries[position] = Entry(entry.id, entry.question, entry.answer, code, entry.topic, entry.also, entry.line)
        first = seen.setdefault((entry.id, code), entry.line)
        if first != entry.line:
            problem = Fault(
                "The id {id} stands on line {line} already, in the same language.", id=repr(entry.id[:60]), line=first
            )
            faults.append(LineFault(entry.line, problem, Fault("Give it an id of its own, or another language.")))
    return faults
