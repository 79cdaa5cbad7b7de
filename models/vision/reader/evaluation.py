"""How well a reader reads: designs of fonts that it never saw, usually worn and beyond what it learnt."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from models.evaluation import calibration
from models.prices import alphabet, formats, parse
from models.prices.formats import Written
from models.vision.reader import line_reader, rendering, synthetic_lines
from models.vision.reader.fonts import FontError
from models.vision.reader.synthetic_lines import CONDITIONS, TEST_SEED

TEST_LINES = 100
"""Test lines a script and condition."""
TEST_PRICES = 25
MARKETS = (
    "US", "GB", "DE", "FR", "ES", "IT", "PL", "CZ", "SE", "TR", "BR", "MX", "VN", "ID", "KE", "NG", "RU", "UA", "BG",
    "KZ", "GR", "EG", "SA", "AE", "IR", "PK", "IN", "NP", "BD", "TH", "CN", "TW", "JP", "KR", "ET",
)  # fmt: skip
"""Markets whose prices are drawn, read and parsed."""
MAX_PIXELS = 50_000_000


@dataclass(frozen=True)
class Sample:
    """A picture, uint8 RGB, and what it says in reading order, as `formats.canonical` spells it."""

    image: np.ndarray
    text: str
    script: str
    condition: str = ""
    written: Written | None = None


def held_out(script: str, count: int, condition: str, seed: int = 0) -> list[Sample]:
    """Coloured pictures of lines in fonts held out from training, the same for a seed and the machine's fonts.

    condition: of CONDITIONS. Raises FontError where the machine has no held-out font of the script.
    """
    random = np.random.default_rng((TEST_SEED, seed, *script.encode(), *condition.encode()))
    made: list[Sample] = []
    while len(made) < count:
        line = formats.written(script, random)
        try:
            image = rendering.line(line.text, script, random, CONDITIONS[condition], True, True, line.locale)
        except FontError:
            rendering.choose("", script, random, True)  # raises where the script has no such font at all
            continue
        made.append(Sample(image, formats.canonical(line.text), script, condition, line))
    return made


def prices(market: str, count: int, seed: int = 0) -> list[Sample]:
    """Prices of a market as CLDR writes them, in held-out fonts. Raises FontError without a font."""
    random = np.random.default_rng((TEST_SEED, seed, *market.encode()))
    locale = formats.locale_of(market)
    script, currency = formats.script_of(locale) or "latin", formats.currency_of(market)
    made: list[Sample] = []
    while len(made) < count:
        value = formats.price(currency, random)
        text = formats.money(value, currency, locale)
        try:
            image = rendering.line(text, script, random, rendering.USUAL, True, True, locale)
        except FontError:
            rendering.choose("", script, random, True)
            continue
        line = Written(text, "amount", locale, script, value, currency)
        made.append(Sample(image, formats.canonical(text), script, "usual", line))
    return made


def evaluate(name: str = "reader", rows: pd.DataFrame | None = None) -> dict[str, Any]:
    """How well a reader reads: cer, exact_match, per_script {script: {cer, exact_match, n}}, n, ece, bins.

    rows: image (PNG or JPEG bytes), text, optional script and market; ValueError names what lacks or is no picture.
    Without rows: lines drawn in held-out fonts, usually worn and beyond what was learnt (per_condition), and
    amounts {market: {n, right}} with amounts_right, the share of prices whose number and currency come out right;
    scripts for which this machine has no held-out font are in `missing`. Character errors are edits over characters of
    the truth; both sides in the spelling of `formats.canonical`, so look-alikes (`alphabet.fold`) count as the same.
    """
    given = None if rows is None else _given(rows)
    reader = line_reader.load(name)
    return evaluate_held_out(reader) if given is None else metrics(reader, given)


def evaluate_held_out(
    reader: line_reader.LineReader, count: int = TEST_LINES, of_market: int = TEST_PRICES
) -> dict[str, Any]:
    """`evaluate` on lines drawn here: count a script and condition, of_market prices a market."""
    samples: list[Sample] = []
    missing = []
    for script in synthetic_lines.SHARES:
        try:
            for condition in CONDITIONS:
                samples += held_out(script, count, condition)
        except FontError:
            missing.append(script)
    if not samples:
        raise ValueError("This machine has no font to judge the reader by: install fonts-noto-core and fonts-noto-cjk.")
    found = metrics(reader, samples)
    found["missing"] = missing
    amounts_: dict[str, dict[str, int]] = {}
    for market in MARKETS:
        try:
            drawn = prices(market, of_market)
        except FontError:
            continue
        right = 0
        for sample, reading in zip(drawn, reader.predict([sample.image for sample in drawn]), strict=True):
            parsed = parse.parse(reading.text, market)
            right += parsed.number == sample.written.value and parsed.currency == sample.written.currency
        amounts_[market] = {"n": len(drawn), "right": right}
    total = sum(entry["n"] for entry in amounts_.values())
    found["amounts"] = amounts_
    found["amounts_right"] = sum(entry["right"] for entry in amounts_.values()) / total if total else 0.0
    return found


def _given(rows: pd.DataFrame) -> list[Sample]:
    lacking = [name for name in ("image", "text") if name not in rows.columns]
    if lacking:
        raise ValueError(
            f"The rows lack the column {' and '.join(lacking)}: they need image (PNG or JPEG bytes) and text."
        )
    if rows.empty:
        raise ValueError("There is no row to evaluate.")
    samples, faults = [], []
    scripts = rows["script"] if "script" in rows.columns else [None] * len(rows)
    for place, (content, text, script) in enumerate(zip(rows["image"], rows["text"], scripts, strict=True)):
        if not isinstance(text, str):
            faults.append(f"row {place}: the text is missing")
            continue
        try:
            with Image.open(io.BytesIO(content)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise ValueError(f"{image.width} x {image.height} pixels are too many")
                pixels = np.asarray(image.convert("RGB"))
        except (OSError, TypeError, ValueError, Image.DecompressionBombError) as error:
            faults.append(f"row {place}: {error}")
            continue
        truth = formats.canonical(text)
        named = script if isinstance(script, str) and script else alphabet.script(truth)
        samples.append(Sample(pixels, truth, named))
    if faults:
        raise ValueError("Some rows are no picture with a text: " + "; ".join(faults[:10]))
    return samples


def metrics(reader: line_reader.LineReader, samples: Sequence[Sample]) -> dict[str, Any]:
    """How well a reader reads these pictures, as `evaluate` says it."""
    readings = [
        reading for start in range(0, len(samples), 256)
        for reading in reader.predict([sample.image for sample in samples[start : start + 256]])
    ]  # fmt: skip
    table = pd.DataFrame({
        "script": [sample.script for sample in samples],
        "condition": [sample.condition for sample in samples],
        "edits": [edits(alphabet.fold(r.text), s.text) for r, s in zip(readings, samples, strict=True)],
        "length": [len(sample.text) for sample in samples],
        "confidence": [reading.confidence for reading in readings],
    })  # fmt: skip
    table["right"] = table["edits"] == 0
    found = _scores(table)
    found["per_script"] = {str(key): _scores(part) for key, part in table.groupby("script")}
    if table["condition"].any():
        found["per_condition"] = {
            str(key): _scores(part) | {"per_script": {str(k): _scores(p) for k, p in part.groupby("script")}}
            for key, part in table.groupby("condition")
        }
    found["ece"], found["bins"] = calibration.calibration_error(
        table["confidence"].to_numpy(), table["right"].to_numpy(float)
    )
    return found


def _scores(table: pd.DataFrame) -> dict[str, Any]:
    return {
        "cer": float(table["edits"].sum() / max(1, table["length"].sum())),
        "exact_match": float(table["right"].mean()),
        "n": len(table),
    }


def edits(one: str, other: str) -> int:
    """Insertions, deletions and substitutions from one string to another (Levenshtein 1966)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]
