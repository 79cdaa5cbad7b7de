"""What a message wants that no knowledge base answers: thanks, a goodbye, a person, or the atlas's own ranking.

The patterns stand in requests.toml. Courtesies must be the whole message, so that a question with a "thank you" in it
stays a question.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PATTERNS = Path(__file__).with_name("requests.toml")
COURTESIES = ("thanks", "goodbye")
PERSON, ATLAS = "person", "atlas"
AROUND = "¡¿ \t\r\n.!?,;:~。！？，；：～…"


def meant(message: str) -> tuple[str, str] | None:
    """What a message wants and in which language it says so: ("thanks", "en"); None for a question like any other."""
    text = unicodedata.normalize("NFKC", message).casefold().strip(AROUND)
    for wish, patterns in _compiled().items():
        for language, pattern in patterns.items():
            if pattern.fullmatch(text) if wish in COURTESIES else pattern.search(text):
                return wish, language
    return None


@cache
def _compiled() -> Mapping[str, Mapping[str, re.Pattern[str]]]:
    found = tomllib.loads(PATTERNS.read_text(encoding="utf-8"))
    return {wish: {language: re.compile(text) for language, text in by.items()} for wish, by in found.items()}
