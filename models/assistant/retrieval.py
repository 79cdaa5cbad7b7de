"""Which entry of a knowledge base answers a question: BM25 over words of each language, fused with embeddings.

Words: as in `data.words`, folded (NFKC, case); runs of Han, Kana, Thai, Lao, Khmer and Burmese, which have no blanks,
as pairs of letters with their marks after function words are cut out. A word the base does not have stands for those
like it (Dice over character trigrams, Adamson and Boreham 1974): "licences" finds "licence". BM25: Robertson et al.
1994, computed by bm25s (Lu 2024). Both scores are brought to 0..1 by bounds that are known beforehand and added with
fixed weights, a convex combination, which keeps how far ahead an entry is (Bruch, Gai and Ingber 2023, against
reciprocal rank fusion, Cormack, Clarke and Buettcher 2009, which keeps only the order).

Where the embeddings of translations lie near each other (`crosses`), a question finds the entry of another language.
The vectors of each language are centred first, since what they have in common is the language and not the subject
(Libovicky, Rosa and Fraser 2020); an entry is as near as its question and its whole text are on the mean.

    index = Index(knowledge.sample())
    index.search("How much is a licence?")[0].entry.id
"""

import re
import tomllib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import bm25s
import numpy as np

from data.words import JOINERS, MARKS, SPACELESS, clusters
from data.words import words as words_of
from models.assistant.knowledge import Entry, KnowledgeBase
from models.text.classifier import MAX_CHARACTERS

Embedder = Callable[[Sequence[str]], np.ndarray]
"""Texts -> unit vectors, shape (texts, dimensions), float32."""
UNSPACED = re.compile(f"([{SPACELESS}][{SPACELESS}{MARKS}{JOINERS}]*)")
ALIKE = 0.5
"""Dice over trigrams from which another word stands for one the base does not have."""
STANDINS = 4
SHORTEST_ALIKE = 4
"""Characters of a word that others may stand for."""
ANSWER_SHARE = 0.6
"""What a word counts that only topic or answer have, not the question."""
FUNCTION_SHARE = 0.4
"""A word in more of a language's entries than this carries no subject either, in bases of MANY entries and more."""
MANY = 30
QUESTION_WEIGHT = 3
"""How often the questions stand in what BM25 counts; topic and answer once."""
SEMANTIC_SHARE = 0.35
"""Weight of the embeddings in the fused score; the words have the rest."""
VAGUE = 0.35
"""What function words alone count: enough to ask which entry is meant, too little to answer."""
CLOSE = 0.25
"""A second entry within this share of the first makes the first less sure."""
MEANING_ALONE = 0.2
CENTRED_FROM = 5
"""Entries of a language from which the mean of its vectors says something."""
NEAR = 0.8
"""Mean cosine of centred vectors that counts as the same meaning."""
ACROSS = (7.5, 12.5, -2.8)
"""Weights of that cosine and of how far it is before the next id's, and the offset: see `Index.search`."""
READ = 500
"""Characters of an entry that its whole vector is made of."""
SLOPE, OFFSET = 9.9, -1.95
FUNCTION_WORDS = Path(__file__).with_name("function_words.toml")


@dataclass(frozen=True)
class Hit:
    """An entry and what speaks for it.

    score: what hits are ordered by, 0..1. words: share of the question's weight that the entry has, 0..1 (idf-weighted
    coverage). bm25: its BM25 score. meaning: cosine with the question between the base's usual and 1, brought to 0..1;
    None without embeddings. confidence: 0..1, see `Index.search`; only the first hit's is meant to be relied on.
    """

    entry: Entry
    score: float
    words: float
    bm25: float
    meaning: float | None
    confidence: float


# ------------------------------------------------------------------ text -> words


@cache
def function_words() -> dict[str, frozenset[str]]:
    """Words without a subject, by language (models/assistant/function_words.toml), folded."""
    lists = tomllib.loads(FUNCTION_WORDS.read_text(encoding="utf-8"))
    return {code: frozenset(folded(words).split()) for code, words in lists.items()}


@cache
def _stop(language: str) -> frozenset[str]:
    """Function words of a language; of every language we have them of where a base does not say which it is in."""
    known = function_words()
    return known.get(language, frozenset()) if language else frozenset().union(*known.values())


@cache
def _cuts() -> re.Pattern[str]:
    longest_first = sorted(function_words()["zh"], key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


def folded(text: str) -> str:
    """NFKC and folded case; accents stay, since they tell words apart."""
    return unicodedata.normalize("NFKC", text).casefold()


def words(text: str) -> list[str]:
    """Words in the order they stand; unspaced scripts as pairs of letters with their marks (one where it stands
    alone)."""
    found: list[str] = []
    for word in words_of(folded(text)):
        for number, part in enumerate(UNSPACED.split(word)):
            found += _pairs(part) if number % 2 else [part] if part else []
    return found


def _pairs(run: str) -> list[str]:
    found = []
    for part in _cuts().split(run):
        letters = clusters(part)
        found += ["".join(letters[i : i + 2]) for i in range(max(1, len(letters) - 1))] if letters else []
    return found


def trigrams(word: str) -> set[str]:
    """Character trigrams with one blank on either side."""
    padded = f" {word} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


# ------------------------------------------------------------------ one language


class _Shelf:
    """The entries of one language, and how well each has the words of a question."""

    def __init__(self, language: str, entries: Sequence[Entry]) -> None:
        self.language, self.entries = language, tuple(entries)
        texts = [_indexed(entry) for entry in entries]
        self.held = [set(tokens) for tokens in texts]
        self.asked = [set(_asked(entry)) for entry in entries]
        counts = Counter(word for held in self.held for word in held)
        self.counts = counts
        self.stop = _stop(language)
        if len(entries) >= MANY:
            self.stop |= {word for word, count in counts.items() if count > FUNCTION_SHARE * len(entries)}
        self.bm25 = bm25s.BM25(method="lucene")
        self.bm25.index(texts, show_progress=False)
        self.vocabulary = list(counts)
        self.sizes = np.array([len(trigrams(word)) for word in self.vocabulary], dtype=np.float64)
        by_gram: dict[str, list[int]] = defaultdict(list)
        for number, word in enumerate(self.vocabulary):
            for gram in trigrams(word):
                by_gram[gram].append(number)
        self.by_gram = {gram: np.array(numbers) for gram, numbers in by_gram.items()}
        self.where: dict[str, np.ndarray] = {}

    def idf(self, word: str) -> float:
        """ln(1 + (N - n + 0.5) / (n + 0.5)); a word that is nowhere weighs the most."""
        n = self.counts.get(word, 0)
        return float(np.log1p((len(self.entries) - n + 0.5) / (n + 0.5)))

    def alike(self, word: str) -> list[tuple[str, float]]:
        """Words of the base that stand for one, with how alike they are: itself, and those nearest to it."""
        itself = [(word, 1.0)] if word in self.counts else []
        if len(word) < SHORTEST_ALIKE or UNSPACED.match(word):
            return itself
        grams = trigrams(word)
        hits = [self.by_gram[gram] for gram in grams if gram in self.by_gram]
        if not hits:
            return itself
        shared = np.bincount(np.concatenate(hits), minlength=len(self.vocabulary))
        dice = 2 * shared / (self.sizes + len(grams))
        best = np.argsort(-dice, kind="stable")[:STANDINS]
        near = [(self.vocabulary[i], float(dice[i])) for i in best if dice[i] >= ALIKE]
        return itself + [pair for pair in near if pair[0] != word and pair[0] not in self.stop]

    def knows(self, tokens: Sequence[str]) -> float:
        """Share of a question's words that this language has, function words included."""
        if not tokens:
            return 0.0
        return sum(1.0 if t in self.counts or t in self.stop else 0.0 for t in tokens) / len(tokens)

    def scores(self, tokens: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """BM25 and coverage of each entry. Coverage: idf of the words it has (less for one that is only alike) over
        the idf of all words of the question that carry a subject."""
        subject = [word for word in dict.fromkeys(tokens) if word not in self.stop]
        if not subject:
            return np.zeros(len(self.entries)), VAGUE * self._resembles(set(tokens))
        bm25, covered, total = np.zeros(len(self.entries)), np.zeros(len(self.entries)), 0.0
        for word in subject:
            near = self.alike(word)
            weight = max((self.idf(other) for other, _ in near), default=self.idf(word) * _doubt(word))
            total += weight
            share, points = np.zeros(len(self.entries)), np.zeros(len(self.entries))
            for other, likeness in near:
                points = np.maximum(points, likeness * self.bm25.get_scores([other]))
                share = np.maximum(share, likeness * self._has(other))
            bm25 += points
            covered += weight * share
        return bm25, covered / total if total else covered

    def _resembles(self, tokens: set[str]) -> np.ndarray:
        """Dice of function words alone ("How much is it?") with the nearest way to ask for each entry."""
        return np.array(
            [
                max(2 * len(tokens & set(words(text))) / (len(tokens) + len(words(text)) or 1) for text in ways)
                for ways in ((entry.question, *entry.also) for entry in self.entries)
            ]
        )

    def _has(self, word: str) -> np.ndarray:
        if word not in self.where:
            self.where[word] = np.array(
                [
                    1.0 if word in asked else ANSWER_SHARE * (word in held)
                    for asked, held in zip(self.asked, self.held, strict=True)
                ]
            )
        return self.where[word]


def _doubt(word: str) -> float:
    """Weight of a word that the base does not have: every other pair of characters only straddles two words."""
    return 0.5 if UNSPACED.match(word) else 1.0


def _asked(entry: Entry) -> list[str]:
    return [word for text in (entry.question, *entry.also) for word in words(text)]


def _indexed(entry: Entry) -> list[str]:
    return _asked(entry) * QUESTION_WEIGHT + words(entry.topic) + words(entry.answer)


# ------------------------------------------------------------------ the whole base


class Index:
    """Finds the entries that answer a question. Safe for many threads once made.

    embedder: unit vectors of texts, or None to go by words alone. crosses: translations have vectors near each other.
    Making one takes about 0.1 ms an entry and the embedding of every question; with `crosses` of every text, too.
    """

    def __init__(self, base: KnowledgeBase, embedder: Embedder | None = None, crosses: bool = False) -> None:
        self.base = base
        self.embedder = embedder
        self.crosses = crosses and embedder is not None
        by_language: dict[str, list[Entry]] = defaultdict(list)
        for entry in base.entries:
            by_language[entry.language].append(entry)
        self._shelves = {language: _Shelf(language, entries) for language, entries in by_language.items()}
        self._order = [entry for shelf in self._shelves.values() for entry in shelf.entries]
        self._vectors = None
        if embedder is not None:
            self._vectors = np.asarray(embedder([entry.question for entry in self._order]), dtype=np.float32)
        self._views = self._seen() if self.crosses else []

    def language_of(self, text: str) -> str | None:
        """The base's language that has most of a text's words; None where none has any, or it names no languages."""
        tokens = words(text)
        shares = {language: shelf.knows(tokens) for language, shelf in self._shelves.items() if language}
        best = max(shares, key=shares.get, default=None)
        return best if best is not None and shares[best] > 0 else None

    def has_subject(self, text: str, language: str | None = None) -> bool:
        """Whether a text has any word that is no function word of its language."""
        stop = _stop(language or self.language_of(text) or "")
        return any(word not in stop for word in words(text))

    def search(self, question: str, language: str | None = None, most: int = 5) -> list[Hit]:
        """The entries that answer a question best, the best first, one for each id; none where it has no word.

        language: of the question where it is known; else, or when the base has none in it, the one that has most of
        its words. An id without an entry in it is looked for in its other languages. Only the first MAX_CHARACTERS
        characters of a question are read.

        confidence = sigmoid(SLOPE x evidence + OFFSET), evidence = strength x (1 - closeness / 2). strength = words +
        MEANING_ALONE x meaning^2, at most 1: the share of the question's subject that the entry has, and a little for
        what the embeddings say, enough alone to ask back and too little to answer. closeness = how near the second
        id's score comes, from 0 (a quarter behind or more) to 1 (as good). Slope and offset (Platt 1999) are a logistic
        regression of "the first entry is right" on the evidence of 87 written questions in English, Spanish and
        Chinese against the sample base, by words alone; 58 in French and Swahili were left out, and have a Brier score
        of 0.06. On another base read it as an order, not as a share.

        Where embeddings cross languages, an entry's score is its meaning's, or both together where that is more. An
        entry in another language is as sure as its meaning, sigmoid(ACROSS): a logistic regression on 1,290 questions
        across six languages of the base about a clinic (models/assistant/pairs.py); 420 across the sample base's five,
        left out, have a Brier score of 0.02. One in the question's language, or where that is not known, has the mean
        of these log odds and of those above; the 145 questions then have 0.03.
        """
        tokens = words(question[:MAX_CHARACTERS])
        if not tokens:
            return []
        if language not in self._shelves and not (language and self.crosses):
            language = self.language_of(question[:MAX_CHARACTERS])
        spoken = language
        bm25, covered = self._by_words(tokens)
        across = self._across(question[:MAX_CHARACTERS]) if self.crosses else None
        meaning = self._by_meaning(question[:MAX_CHARACTERS]) if across is None else np.clip(across / NEAR, 0.0, 1.0)
        score = 0.75 * covered + 0.25 * bm25 / max(1e-9, bm25.max(initial=0.0)) * covered.max(initial=0.0)
        if meaning is not None:
            score = (1 - SEMANTIC_SHARE) * score + SEMANTIC_SHARE * meaning
        if across is not None:
            score = np.maximum(score, meaning)
        if not any(score[number] > 0 for number, entry in enumerate(self._order) if entry.language == language):
            language = None
        best = self._one_for_each_id(score, language)
        best = [number for number in best if score[number] > 0][: max(2, most)]
        hits = []
        for place, number in enumerate(best):
            others = [score[other] for other in best if other != number]
            behind = (score[number] - max(others, default=0.0)) / score[number] if place == 0 else 0.0
            said = 0.0 if meaning is None else float(meaning[number])
            strength = min(1.0, float(covered[number]) + (0.0 if self.crosses else MEANING_ALONE * said**2))
            evidence = strength * (1 - max(0.0, 1 - behind / CLOSE) / 2)
            logit = SLOPE * evidence + OFFSET
            if across is not None:
                meant, own = self._sure_of_meaning(across, number), spoken in (None, self._order[number].language)
                logit = (logit + meant) / 2 if own else meant
            hits.append(
                Hit(
                    self._order[number],
                    float(score[number]),
                    float(covered[number]),
                    float(bm25[number]),
                    None if meaning is None else said,
                    float(1 / (1 + np.exp(-logit))),
                )
            )
        return hits[:most]

    def _by_words(self, tokens: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        parts = [shelf.scores(tokens) for shelf in self._shelves.values()]
        return np.concatenate([bm25 for bm25, _ in parts]), np.concatenate([covered for _, covered in parts])

    def _by_meaning(self, question: str) -> np.ndarray | None:
        """Cosine with each entry's question, from the median over the base (0) to the same text (1)."""
        if self.embedder is None or self._vectors is None or not len(self._vectors):
            return None
        cosine = self._vectors @ np.asarray(self.embedder([question]), dtype=np.float32)[0]
        usual = float(np.median(cosine))
        return np.clip((cosine - usual) / max(1e-6, 1 - usual), 0.0, 1.0).astype(np.float64)

    def _seen(self) -> "list[_View]":
        """Every entry by its question, and by question and answer together, centred on the entries of its language."""
        whole = [f"{entry.question} {entry.answer}"[:READ] for entry in self._order]
        stacked = (self._vectors, np.asarray(self.embedder(whole), dtype=np.float32))
        languages = np.array([entry.language for entry in self._order])
        return [_View.of(vectors, languages) for vectors in stacked]

    def _across(self, question: str) -> np.ndarray:
        """Mean cosine of a question with every entry's views, (entries,), -1..1."""
        vector = np.asarray(self.embedder([question]), dtype=np.float32)[0]
        return np.mean([view.cosines(vector) for view in self._views], axis=0).astype(np.float64)

    def _sure_of_meaning(self, across: np.ndarray, number: int) -> float:
        """Log odds that an entry answers, by its cosine and by how far it is before the next id's."""
        others = [
            cosine for cosine, entry in zip(across, self._order, strict=True) if entry.id != self._order[number].id
        ]
        near, before, offset = ACROSS
        return near * across[number] + before * (across[number] - max(others, default=0.0)) + offset

    def _one_for_each_id(self, score: np.ndarray, language: str | None) -> list[int]:
        """Positions, best first: of each id the entry in the question's language, else the best of its others."""
        chosen: dict[str, int] = {}
        for number in np.argsort(-score, kind="stable"):
            entry = self._order[number]
            known = chosen.get(entry.id)
            if known is None or (entry.language == language and self._order[known].language != language):
                chosen[entry.id] = int(number)
        return sorted(chosen.values(), key=lambda number: -score[number])


@dataclass(frozen=True)
class _View:
    """Vectors of entries less the mean of their language, unit; means: of each language; place: which is an entry's."""

    vectors: np.ndarray
    means: np.ndarray
    place: np.ndarray

    @classmethod
    def of(cls, vectors: np.ndarray, languages: np.ndarray) -> "_View":
        """languages: of each vector. One with few entries is centred on the mean of all."""
        known, place = np.unique(languages, return_inverse=True)
        enough = [np.count_nonzero(place == number) >= CENTRED_FROM for number in range(len(known))]
        means = np.stack([
            vectors[place == number].mean(0) if some else vectors.mean(0) if len(vectors) >= CENTRED_FROM
            else np.zeros(vectors.shape[1], np.float32)
            for number, some in enumerate(enough)
        ])  # fmt: skip
        return cls(_unit(vectors - means[place]), means, place)

    def cosines(self, vector: np.ndarray) -> np.ndarray:
        """Cosine of a text with every entry, (entries,): it is centred as each of them is."""
        return np.einsum("ed,ed->e", self.vectors, _unit(vector - self.means)[self.place])


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
