"""Order on the page against order in memory, for lines with Arabic letters or digits.

A recogniser sees characters from left to right. `visual` is the Unicode Bidirectional Algorithm (UAX #9) without
explicit embeddings and isolates, which no price or date format of CLDR uses: rules W1-W7, N0-N2, I1-I2, L2.
`logical` goes back. `levels` and `order` are for whoever sets type and turns runs round rather than characters.
"""

import re
import unicodedata
from collections.abc import Sequence

_MARKS = "\u200e\u200f\u061c"
_RUN = re.compile(r"\d+(?:[.,:/٫٬\u00a0]\d+)*|[A-Za-z]+(?:[ .][A-Za-z]+)*")
_LEFTWARD = frozenset(("R", "AL", "AN"))
_BRACKETS = {
    "(": ")",
    "[": "]",
    "{": "}",
    "（": "）",
    "［": "］",
    "【": "】",
    "《": "》",
    "〈": "〉",
    "「": "」",
    "『": "』",
}


def is_leftward(text: str) -> bool:
    """Whether a line holds letters or digits that make it a right-to-left line."""
    return any(unicodedata.bidirectional(c) in _LEFTWARD or "۰" <= c <= "۹" for c in text)


def visual(text: str, leftward: bool | None = None) -> str:
    """A line's characters from left to right as drawn, marks without a shape left out.

    leftward: the paragraph's direction; None finds it with `is_leftward`.
    """
    if leftward is None:
        leftward = is_leftward(text)
    if not leftward and not is_leftward(text):
        return "".join(c for c in text if c not in _MARKS)
    return "".join(text[i] for i in order(levels(text, leftward)) if text[i] not in _MARKS)


def levels(text: str, leftward: bool) -> list[int]:
    """The embedding level of each character in a paragraph of that direction: even ones run to the right."""
    base = 1 if leftward else 0
    return [_level(kind, base) for kind in _resolved(text, "R" if base else "L")]


def order(levels: Sequence[int]) -> list[int]:
    """Positions from left to right as drawn, of characters or runs with these levels (rule L2)."""
    found = list(range(len(levels)))
    for level in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(found):
            if levels[found[start]] < level:
                start += 1
                continue
            end = start
            while end < len(found) and levels[found[end]] >= level:
                end += 1
            found[start:end] = found[start:end][::-1]
            start = end
    return found


def logical(drawn: str) -> str:
    """A line in reading order from its characters from left to right, as `visual` gives them.

    The line is turned round, numbers and Latin words in it turned back; where the signs beside a number stand on its
    other side, the spelling is taken whose picture is the one drawn.
    """
    if not is_leftward(drawn):
        return drawn
    turned = drawn[::-1]
    candidates = [_RUN.sub(lambda run: run.group()[::-1], turned)]
    wide = re.compile(r"[$€£¥₹%+*-]*\d[\d.,:/٫٬$€£¥₹%-]*|[A-Za-z]+(?:[ .][A-Za-z]+)*")
    candidates.append(wide.sub(lambda run: run.group()[::-1], turned))
    candidates.append(
        re.sub(r"[A-Za-z$€£¥₹\d]+(?:[.,:/٫٬ -]+[A-Za-z$€£¥₹\d]+)*", lambda run: run.group()[::-1], turned)
    )
    candidates.append(drawn)
    return next((c for c in candidates if visual(c, True) == drawn), candidates[0])


def _level(kind: str, base: int) -> int:
    if base == 0:
        return {"L": 0, "R": 1}.get(kind, 2)
    return 1 if kind == "R" else 2


def _resolved(text: str, base: str) -> list[str]:
    """Classes after W1-W7 and N0-N2: L, R, AN or EN."""
    kinds, last = [unicodedata.bidirectional(character) for character in text], base
    for i, kind in enumerate(kinds):  # W1
        if kind == "NSM":
            kinds[i] = last
        last = kinds[i]
    last = base
    for i, kind in enumerate(kinds):  # W2, W3
        if kind in ("L", "R", "AL"):
            last = kind
        elif kind == "EN" and last == "AL":
            kinds[i] = "AN"
    kinds = ["R" if kind == "AL" else kind for kind in kinds]
    for i in range(1, len(kinds) - 1):  # W4
        before, after = kinds[i - 1], kinds[i + 1]
        if before == after and ((kinds[i] == "CS" and before in ("EN", "AN")) or (kinds[i] == "ES" and before == "EN")):
            kinds[i] = before
    for i, kind in enumerate(kinds):  # W5: terminators beside European numbers
        if kind == "EN":
            for step in (-1, 1):
                j = i + step
                while 0 <= j < len(kinds) and kinds[j] in ("ET", "BN"):
                    kinds[j] = "EN"
                    j += step
    kinds = ["ON" if kind in ("ES", "ET", "CS", "BN", "WS", "S", "B") else kind for kind in kinds]  # W6
    last = base
    for i, kind in enumerate(kinds):  # W7
        if kind in ("L", "R"):
            last = kind
        elif kind == "EN" and last == "L":
            kinds[i] = "L"
    _pair(text, kinds, base)
    i = 0
    while i < len(kinds):  # N1, N2
        if kinds[i] != "ON":
            i += 1
            continue
        end = i
        while end < len(kinds) and kinds[end] == "ON":
            end += 1
        before = base if i == 0 else ("L" if kinds[i - 1] == "L" else "R")
        after = base if end == len(kinds) else ("L" if kinds[end] == "L" else "R")
        kinds[i:end] = [before if before == after else base] * (end - i)
        i = end
    return kinds


def _pair(text: str, kinds: list[str], base: str) -> None:
    """N0: both brackets of a pair take the direction of what they hold, or of what stands before them."""
    strong = ["L" if kind == "L" else "R" if kind in ("R", "EN", "AN") else "" for kind in kinds]
    pairs, open_ = [], []
    for position, character in enumerate(text):
        if kinds[position] != "ON":
            continue
        if character in _BRACKETS:
            open_.append((_BRACKETS[character], position))
        elif any(character == closing for closing, _opened in open_):
            while True:
                closing, opened = open_.pop()
                if closing == character:
                    pairs.append((opened, position))
                    break
    for opened, closed in sorted(pairs):
        held = set(strong[opened + 1 : closed]) - {""}
        if not held:
            continue
        if base not in held and next((kind for kind in reversed(strong[:opened]) if kind), base) in held:
            kinds[opened] = kinds[closed] = next(iter(held))
        else:
            kinds[opened] = kinds[closed] = base
        strong[opened] = strong[closed] = kinds[opened]
