"""What a model's card says, as tables: tolerant of what a card leaves out, the same for text and picture models."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from analytics import fairness
from dashboard import load
from dashboard.i18n.translation import _, current, locale
from dashboard.inference import text as language_lab_answers
from dashboard.load.kept import of_result
from models import fitness
from models.fitness import Fitness

if TYPE_CHECKING:
    from models.cards import Card

GROUPINGS = ("per_language", "per_script", "per_kind", "per_class")
SCORES = fitness.SCORES
SHARES = {"exact_match", "accuracy", "recall"}
"""Scores that are a share of cases; the others are put together from several."""
COMPOSED = set(SCORES) - SHARES
PICTURES = ("nuclei", "cells")
MIN_GROUP = 5
"""Cases below which a group has no interval: what was drawn again from one or two of them says nothing of chance."""
PEOPLE = ("SP.POP.TOTL", "cldr:population")


def grouping(card: "Card") -> str | None:
    """What the card has scores by: language if it has several, else script, kind of picture or class."""
    return next((name for name in GROUPINGS if len(card.metrics.get(name) or {}) > 1), None)


def group_title(card: "Card", by: str, group: str) -> str:
    if by == "per_language" or card.task == "language":
        return language_title(group, card.languages)
    if by in ("per_script", "per_condition") or card.task in PICTURES:
        return picture_group(group)
    return language_lab_answers.label_name(card.name, group)


def language_title(code: str, among: Collection[str]) -> str:
    """A language by name; its variety as well, where the card has others of the same language."""
    from models.text import languages

    short = code.partition("-")[0]
    others = [other for other in among if other != code and other.partition("-")[0] == short]
    return languages.variety(code, locale()) if others else language_lab_answers.language_of(code)


def of_group(card: "Card", by: str) -> str:
    """What a test case of a group is, as `fitness.MIN_CASES` names it."""
    if by == "per_kind" or (by == "per_condition" and card.task in PICTURES):
        return "pictures"
    if by in ("per_script", "per_condition"):
        return "lines"
    return "cells" if card.task == "cells" else "texts"


def judged(card: "Card", by: str) -> pd.DataFrame:
    """The groups with enough test cases to make a headline or to be compared, the weakest first."""
    table = groups(card, by)
    return table[table["judged"]]


def fit(card: "Card") -> pd.DataFrame:
    """What a model may be used for: title, score, n, judged, verdict by language, kind, script or cell, those that
    matter to most people first. Of a model that has only classes, the languages it names."""
    by = grouping(card)
    if by == "per_class" and card.task not in PICTURES:
        titles = {code: language_title(code, card.languages) for code in card.languages}
        found = {code: fitness.of_entry(card.metrics) for code in card.languages}
        rows = {code: (titles[code], one.score, one.n, True, one.verdict) for code, one in found.items()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["title", "score", "n", "judged", "verdict"])
    if by is None:
        return pd.DataFrame(columns=["title", "score", "n", "judged", "verdict"])
    table = groups(card, by)
    case = of_group(card, by)
    told: list[Fitness] = [fitness.verdict_on(row.score, row.n, case) for row in table.itertuples()]
    table = table.assign(verdict=[one.verdict for one in told])
    order = speakers(table) if by == "per_language" else table["score"]
    return table.assign(order=order).sort_values("order", ascending=False, na_position="last", kind="stable")


def untested(card: "Card") -> list[str]:
    """Languages a model learned from that no test text is in."""
    tested = set(card.metrics.get("per_language") or ())
    if not tested:
        return []
    return [language_title(code, card.languages) for code in card.languages if code not in tested]


def picture_group(group: str) -> str:
    """A kind of picture or cell, a script, how lines are worn, or how pictures come, in the reader's language."""
    known = {
        "fluorescence": _("fluorescence"),
        "bright field": _("bright field"),
        "stained on white": _("stained, on white"),
        "stained tissue": _("stained tissue"),
        "RBC": _("red cells"),
        "WBC": _("white cells"),
        "Platelets": _("platelets"),
        "latin": _("Latin"),
        "cyrillic": _("Cyrillic"),
        "greek": _("Greek"),
        "arabic": _("Arabic"),
        "persian": _("Persian and Urdu"),
        "devanagari": _("Devanagari"),
        "bengali": _("Bengali"),
        "tamil": _("Tamil"),
        "thai": _("Thai"),
        "chinese": _("Chinese"),
        "japanese": _("Japanese"),
        "korean": _("Korean"),
        "ethiopic": _("Ethiopic"),
        "usual": _("usual wear"),
        "blurred": _("blurred"),
        "turned": _("turned"),
        "pure blue": _("pure blue"),
        "half size": _("half size"),
        "twice the size": _("twice the size"),
        "no neighbour": _("no neighbour"),
        "1 or 2 neighbours": _("1 or 2 neighbours"),
        "3 or more neighbours": _("3 or more neighbours"),
    }
    return known.get(group, group)


def groups(card: "Card", by: str) -> pd.DataFrame:
    """Score by group, the weakest first: title, score, low, high, n, judged by group; too few to judge stand last.

    low, high: the card's 95 % interval; Wilson's where it has none and the score is a share of n cases; else nan, and
    for groups of fewer than MIN_GROUP.
    """
    return _groups(card, by, current())


@of_result
def _groups(card: "Card", by: str, _language: str) -> pd.DataFrame:
    rows = {}
    for group, entry in (card.metrics.get(by) or {}).items():
        score = score_of(entry)
        if score is not None:
            rows[group] = (group_title(card, by, group), score, entry.get("low"), entry.get("high"), entry.get("n"))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["title", "score", "low", "high", "n"])
    table = table.astype({"score": float, "low": float, "high": float, "n": float})
    if all(SHARES & set(entry) and not COMPOSED & set(entry) for entry in (card.metrics.get(by) or {}).values()):
        counted = table["n"] > 0
        table = table.fillna(fairness.wilson(table.loc[counted, "score"], table.loc[counted, "n"]))
    fewest = fitness.HEADLINE_CASES[of_group(card, by)]
    return _weakest_first(table.assign(judged=table["n"] >= fewest))


def prices(card: "Card") -> pd.DataFrame:
    """Share of each market's prices that a reader understands, as `groups` has scores."""
    counts = pd.DataFrame(card.metrics.get("amounts") or {}, index=["n", "right"], dtype=float).T
    counts = counts[counts["n"] > 0]
    score = counts["right"] / counts["n"]
    names = load.markets().dropna(subset=["iso2"]).set_index("iso2")["name"]
    table = pd.DataFrame({"title": names.reindex(counts.index).fillna(counts.index.to_series()), "score": score})
    return _weakest_first(table.join(fairness.wilson(score, counts["n"])).assign(n=counts["n"], judged=True))


def _weakest_first(table: pd.DataFrame) -> pd.DataFrame:
    table.loc[table["n"] < MIN_GROUP, ["low", "high"]] = float("nan")
    return table.sort_values(["judged", "score"], ascending=[False, True], kind="stable")


score_of = fitness.score_of


def score_name(card: "Card") -> str:
    """What the card's score is called."""
    known = {
        "macro_f1": _("F1"),
        "map50": _("average precision"),
        "ap50": _("average precision"),
        "exact_match": _("lines without an error"),
    }
    found = next((known[name] for name in SCORES if name in known and name in card.metrics), None)
    return found or _("Accuracy")


def of_what(card: "Card") -> str:
    """What one row of its test split is: "texts", "pictures" or "lines"."""
    return "pictures" if card.task in PICTURES else "lines" if card.task == "reader" else "texts"


def others(card: "Card") -> list[tuple[str, float, float | None, float | None]]:
    """Further figures of a picture model's card: title, value, and its 95 % interval where it is known."""
    named = (
        ("dice", _("Dice of the outlines")),
        ("ap50_95", _("Average precision, IoU 0.5 to 0.95")),
        ("map50_95", _("Average precision, IoU 0.5 to 0.95")),
        ("count_error", _("Miscounted nuclei, share")),
        ("crop_accuracy", _("Kind of a single cell")),
        ("cer", _("Character errors")),
        ("amounts_right", _("Prices understood")),
    )
    found = []
    for key, title in named:
        value = card.metrics.get(key)
        if isinstance(value, int | float):
            found.append((title, float(value), card.metrics.get(f"{key}_low"), card.metrics.get(f"{key}_high")))
    return found


def speakers(scores: pd.DataFrame) -> pd.Series:
    """People who speak each language of the scores (index: FLORES or BCP 47 codes), in all markets; nan if unknown."""
    from models.text import languages

    rows = load.latest(PEOPLE, int(load.status()["last_year"]), 10)
    counts = rows["indicator"].value_counts()
    code = max(PEOPLE, key=lambda one: counts.get(one, 0))
    people = rows[rows["indicator"] == code].set_index("iso3")["value"]
    spoken = load.language_shares()
    total = spoken.mul(people.reindex(spoken.index).fillna(0.0), axis=0).sum()
    found = {}
    for group in scores.index:
        short = languages.bcp47(group)
        found[group] = total.get(short.replace("-", "_"), total.get(short.partition("-")[0]))
    sizes = pd.Series(found, dtype=float)
    return sizes.where(sizes > 0)


def bins(card: "Card") -> pd.DataFrame:
    """Calibration bins that hold answers: confidence, accuracy, n."""
    rows = [bin for bin in card.metrics.get("bins") or () if isinstance(bin, Mapping) and bin.get("n")]
    table = pd.DataFrame(rows, columns=["confidence", "accuracy", "n"]).astype(float)
    return table.dropna()


def forms(card: "Card") -> pd.DataFrame:
    """Compressed forms of the model: score, cost (ms an item), bytes, items a second, agreement with the original."""
    rows = {}
    for entry in card.variants:
        score = score_of(entry)
        if score is not None and entry.get("name"):
            rows[str(entry["name"])] = (
                score,
                *(entry.get(key) for key in ("latency_ms", "bytes")),
                entry.get("texts_per_s", entry.get("per_s")),
                entry.get("agreement"),
            )
    names = ["score", "cost", "bytes", "per_s", "agreement"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).astype(float)


def tried(card: "Card") -> pd.DataFrame:
    """The other models on the same split, the best first: name, score, parameters, seconds."""
    rows = [(e.get("name", "?"), score_of(e), e.get("parameters"), e.get("seconds")) for e in card.tried]
    table = pd.DataFrame(rows, columns=["name", "score", "parameters", "seconds"])
    return table.sort_values("score", ascending=False)


def confusion(card: "Card") -> pd.DataFrame | None:
    """How often each class is taken for each: counts, (true, given); None where the card has none that fits."""
    found = card.metrics.get("confusion")
    size = len(card.labels)
    if not found or len(found) != size or any(len(row) != size for row in found):
        return None
    titles = [group_title(card, "per_class", label) for label in card.labels]
    return pd.DataFrame(found, index=titles, columns=titles)
