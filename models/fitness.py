"""Is a model good enough to be relied on, for a language, a kind of picture or a script? One rule, and its limits.

Whatever speaks of quality asks this file: the labs, file mode, the cards, and whoever wants to know whether our models
are ready for a country's languages (`readiness`, `ready_share`). It reads the cards by itself, without torch.
"""

import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from data import store
from models.cards import WEIGHTS
from models.text import languages
from models.text.base import answers, place

READY, WEAK, UNKNOWN = "ready", "weak", "unknown"
MIN_SCORE = 0.70
"""F1 (texts), average precision (pictures) or share of lines without an error, from which a model is good enough."""
MIN_CASES = {"texts": 100, "lines": 100, "pictures": 20, "cells": 30}
"""Test cases below which no score shows that it is."""
HEADLINE_CASES = {"texts": 50, "lines": 50, "pictures": 20, "cells": 30}
"""Test cases below which a group is neither named in a headline nor compared: too few to judge."""
SCORES = ("macro_f1", "f1", "map50", "ap50", "exact_match", "accuracy", "recall")
"""What an entry of a card calls its score, the first that it has."""
MODELS: Mapping[str, tuple[str, ...]] = {
    "sentiment": ("sentiment",),
    "topic": ("topic",),
    "language": ("language",),
    "intent": ("banking77", "clinc150", "bitext"),
}
"""The models that answer each question about a text. Of several the weakest counts."""
SHIPPED = Path(__file__).with_name("weights")


@dataclass(frozen=True)
class Fitness:
    """verdict: "ready" (score and test cases suffice), "weak" (tested, and one of them does not) or "unknown" (never
    tested). score: None where unknown. n: test cases. of: what a case is, as MIN_CASES names them."""

    verdict: str
    score: float | None = None
    n: int = 0
    of: str = "texts"

    @property
    def ready(self) -> bool:
        return self.verdict == READY

    @property
    def too_few(self) -> bool:
        """Whether the score would do, and only test cases are missing."""
        return self.verdict == WEAK and self.score is not None and self.score >= MIN_SCORE


def verdict_on(score: float | None, n: float | None, of: str = "texts") -> Fitness:
    """The verdict on a score over n test cases."""
    if score is None or not n:
        return Fitness(UNKNOWN, of=of)
    enough = score >= MIN_SCORE and n >= MIN_CASES[of]
    return Fitness(READY if enough else WEAK, float(score), int(n), of)


def score_of(entry: Any) -> float | None:
    """The score that an entry of a card gives: macro-F1 before F1 before average precision before accuracy."""
    if not isinstance(entry, Mapping):
        return None
    return next((float(entry[name]) for name in SCORES if isinstance(entry.get(name), int | float)), None)


def of_entry(entry: Mapping[str, Any] | None, of: str = "texts") -> Fitness:
    """The verdict on a group as a card has it: its score, its n."""
    return verdict_on(score_of(entry), (entry or {}).get("n"), of)


def of_kind(metrics: Mapping[str, Any], kind: str) -> Fitness:
    """For a kind of picture (per_kind), else a kind of cell (per_class)."""
    by_kind = metrics.get("per_kind") or {}
    if kind in by_kind:
        return of_entry(by_kind[kind], "pictures")
    return of_entry((metrics.get("per_class") or {}).get(kind), "cells")


def of_script(metrics: Mapping[str, Any], script: str) -> Fitness:
    """For lines in a script, as the reader's card names it (latin, thai)."""
    return of_entry((metrics.get("per_script") or {}).get(script), "lines")


def of_language(metrics: Mapping[str, Any], code: str, territory: str = "", tested: Collection[str] = ()) -> Fitness:
    """For texts in a language. metrics: of a card; code: FLORES, BCP 47 or CLDR (swh_Latn, zh-Hans, zh_Hant).

    territory: ISO 3166 code; where a variety of it was tested (pt-BR), that one counts. tested: the card's languages,
    which speak where it has no scores by language.
    """
    by_language = metrics.get("per_language") or {}
    names = _names(code, territory)
    if by_language:
        return of_entry(next((by_language[name] for name in names if name in by_language), None))
    return of_entry(metrics if set(tested) & set(names) else None)


MEANT = {"no": "nb", "ak": "tw"}
"""What is meant by a code that stands for several written languages."""


def _names(code: str, territory: str) -> tuple[str, ...]:
    """The names under which a card may have a language, the closest first; other varieties do not speak for it."""
    plain = languages.bcp47(MEANT.get(code, code))
    short, script = plain.partition("-")[0], languages.script(plain if code in MEANT else code)
    traditional = ("zh-Hant", "zh-TW") if short in ("zh", "yue") and script == "Hant" else ()
    usual = (short,) if script == languages.usual_script(short) or not script else ()
    local = (f"{short}-{territory}",) if territory else ()
    return tuple(dict.fromkeys((*local, code, plain, *traditional, *usual, *_flores(short, script))))


@lru_cache(languages.CODES)
def _flores(short: str, script: str) -> tuple[str, ...]:
    """The FLORES codes of a language in a script: sw, Latn -> swh_Latn."""
    same = (code for code in languages.FLORES if languages.bcp47(code).partition("-")[0] == short)
    return tuple(code for code in same if languages.script(code) == script)


# ------------------------------------------------------------------ our models, from their cards


def card(name: str) -> Mapping[str, Any] | None:
    """A model's card as its file has it, one trained here before a shipped one; None without one that can be read.

    Metrics are those of what answers on this machine: of a model with the encoder beside it where there is one.
    """
    found = _file(name)
    return None if found is None else _spoken(*found, _beside())


def _beside() -> tuple[str, int] | None:
    """The file of what the encoder says beside our own models, None where the encoder is not there."""
    return _file(answers.NAME) if place.problem() is None else None


def _spoken(file: str, changed: int, beside: tuple[str, int] | None) -> Mapping[str, Any] | None:
    own = _read(file, changed)
    other = _read(*beside) if own and beside else None
    if not other:
        return own
    part = ((other.get("config") or {}).get("tasks") or {}).get(own.get("name")) or {}
    fits = part and part.get("own_sha256") == (own.get("files") or {}).get(WEIGHTS)
    return {**own, "metrics": part["metrics"]} if fits else own


def _file(name: str) -> tuple[str, int] | None:
    """The file of a model's card, and when it changed; a page asks hundreds of times, so that no Path is made."""
    for root in (f"{store.home()}/models", SHIPPED):
        file = f"{root}/{name}/card.json"
        try:
            return file, os.stat(file).st_mtime_ns  # noqa: PTH116 no Path is made
        except OSError:
            continue
    return None


@lru_cache(64)
def _read(file: str, _changed: int) -> Mapping[str, Any] | None:
    try:
        found = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # its page says what is wrong with it
        return None
    return found if isinstance(found, dict) else None


def fit(model: str, code: str | None, territory: str = "") -> Fitness:
    """Whether a text model of ours may be relied on for a language; unknown where none is named."""
    found = _file(model)
    if found is None or not code:
        return Fitness(UNKNOWN)
    return _fit(*found, _beside(), code, territory)


@lru_cache(8192)
def _fit(file: str, changed: int, beside: tuple[str, int] | None, code: str, territory: str) -> Fitness:
    found = _spoken(file, changed, beside)
    if not found:
        return Fitness(UNKNOWN)
    return of_language(found.get("metrics") or {}, code, territory, found.get("languages") or ())


def readiness(code: str, territory: str = "") -> dict[str, Fitness]:
    """By task (sentiment, topic, language, intent): whether our models may be relied on for a language.

    code: FLORES, BCP 47 or CLDR. Of several models for a task the weakest counts.
    """
    return {task: for_task(task, code, territory) for task in MODELS}


def for_task(task: str, code: str, territory: str = "") -> Fitness:
    """Whether our models for one task may be relied on for a language, as `readiness` has it."""
    order = (UNKNOWN, WEAK, READY)
    return min((fit(name, code, territory) for name in MODELS[task]), key=lambda one: order.index(one.verdict))


def ready_share(spoken: Mapping[str, float], task: str, territory: str = "") -> tuple[float, float, float]:
    """Which share of a country's people our models are ready for: point, low, high (0 to 1).

    spoken: share of people by language code.
    """
    return any_of([share for code, share in spoken.items() if for_task(task, code, territory).ready])


def any_of(spoken: Iterable[float]) -> tuple[float, float, float]:
    """Which share of people speaks at least one of these languages: point, low, high (0 to 1). spoken: a share each.

    Who speaks several is not recorded: the point takes languages as independent (1 - prod(1 - p)), low is full overlap,
    high none. Unknown shares (nan) are left out.
    """
    shares = [min(max(float(share), 0.0), 1.0) for share in spoken if share == share]  # nan is not equal to itself
    missed = 1.0
    for share in shares:
        missed *= 1 - share
    return 1 - missed, max(shares, default=0.0), min(1.0, sum(shares))
