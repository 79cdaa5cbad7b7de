"""XLM-R's unigram tokens (Kudo 2018) of the encoder, by Hugging Face `tokenizers`, in windows of a text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

FIRST, PAD, LAST = 0, 1, 2
PREFIX = "query: "
"""What E5 reads before a text that is compared with others of its kind, or classified."""
WINDOW = 256
"""Tokens of a text that are read together, its two marks among them; a longer text is read window by window."""


@dataclass(frozen=True)
class Reader:
    """Texts -> windows of token numbers. normal: what single characters are read as before the tokeniser sees them."""

    tokenizer: Tokenizer
    normal: Mapping[int, str]
    longest: int = WINDOW

    def windows(self, texts: Sequence[str]) -> list[list[list[int]]]:
        """The windows of each text, one at least, the prefix in the first, each between its marks."""
        given = [PREFIX + text.translate(self.normal) for text in texts]
        found = self.tokenizer.encode_batch_fast(given, add_special_tokens=False)
        return [_windows(encoded.ids, self.longest - 2) for encoded in found]

    def first(self, texts: Sequence[str], longest: int) -> list[list[int]]:
        """The first window of each text, of `longest` tokens at most: what training reads."""
        given = [PREFIX + text.translate(self.normal) for text in texts]
        found = self.tokenizer.encode_batch_fast(given, add_special_tokens=False)
        return [[FIRST, *encoded.ids[: longest - 2], LAST] for encoded in found]

    def owners(self, text: str) -> tuple[list[int], list[int]]:
        """Token numbers of a text without its marks, and the place in it of the character each token begins at.

        -1 for a token of the prefix.
        """
        made, places = [PREFIX], [-1] * len(PREFIX)
        for place, character in enumerate(text):
            became = self.normal.get(ord(character), character)
            made.append(became)
            places += [place] * len(became)
        encoded = self.tokenizer.encode("".join(made), add_special_tokens=False)
        starts = [_begin(places, *span) for span in encoded.offsets]
        return encoded.ids, starts


def _begin(places: Sequence[int], start: int, end: int) -> int:
    """Where the last character of a token stands: the first may be the space before a word."""
    return places[min(end, len(places)) - 1] if end > start else places[min(start, len(places) - 1)]


def _windows(ids: Sequence[int], longest: int) -> list[list[int]]:
    starts = range(0, max(1, len(ids)), longest)
    return [[FIRST, *ids[start : start + longest], LAST] for start in starts]


def of_pieces(pieces: Sequence[tuple[str, float]], unknown: int) -> Tokenizer:
    """The tokeniser of a unigram vocabulary; spaces as U+2581, one before every text, runs of them as one."""
    made = Tokenizer(models.Unigram(list(pieces), unknown, byte_fallback=False))
    made.normalizer = normalizers.Replace(Regex(" {2,}"), " ")
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    return made


def padded(rows: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of token numbers as one int64 array (texts, tokens), and where a token stands (float32, 0 or 1)."""
    width = max(map(len, rows), default=1)
    ids, mask = np.full((len(rows), width), PAD, np.int64), np.zeros((len(rows), width), np.float32)
    for index, row in enumerate(rows):
        ids[index, : len(row)], mask[index, : len(row)] = row, 1
    return ids, mask
