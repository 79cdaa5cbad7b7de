"""The price, number and date reader: how its lines are drawn, how it learns, how it is judged.

Everything it learns from is drawn here, in CLDR's formats and the machine's fonts; `python -m models train reader`
makes it, `python -m models evaluate reader` judges it on designs of fonts that it never saw, usually worn and beyond
what it learnt. The figures are in its card.
"""

import io
import math
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from models import evaluation, registry, training
from models.registry import Card, Source
from models.training import Fit, Progress, Settings
from models.vision import alphabet, amounts, decoding, finding, fonts, formats, lines, renders
from models.vision.fonts import FontError
from models.vision.formats import Written
from models.vision.spelling import Spelling

SHARES = {
    "latin": 16, "cyrillic": 8, "greek": 5, "arabic": 11, "persian": 12, "devanagari": 9, "bengali": 8, "tamil": 8,
    "thai": 9, "chinese": 8, "japanese": 5, "korean": 6, "ethiopic": 6,
}  # fmt: skip
"""Script -> how many of about 110 lines that are learnt from are written in it; 3 % of all pictures show
nothing."""
SHARD = 4_000
DEV_SEED, TEST_SEED = 900_000, 2026
CONDITIONS = {"usual": renders.USUAL, "blurred": renders.BLURRED, "turned": renders.TURNED}
"""How lines in held-out fonts are worn: with some care, or with more blur or perspective than any line learnt from."""
LEAST_DEV = 30
"""Development lines a condition, at least."""
TEST_LINES = 100
"""Test lines a script and condition."""
TEST_PRICES = 25
MARKETS = (
    "US", "GB", "DE", "FR", "ES", "IT", "PL", "CZ", "SE", "TR", "BR", "MX", "VN", "ID", "KE", "NG", "RU", "UA", "BG",
    "KZ", "GR", "EG", "SA", "AE", "IR", "PK", "IN", "NP", "BD", "TH", "CN", "TW", "JP", "KR", "ET",
)  # fmt: skip
"""Markets whose prices are drawn, read and parsed."""
STRETCH = 0.07
"""By how much of their width lines are stretched or squeezed at most while learning."""
LARGEST_PICTURE = 50_000_000
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""What spelling may count."""
LIMITS = (
    "Learnt from drawn lines only: photographs with glare, folds or handwriting are read less well than these figures.",
    "Knows digits, currency signs and words, and month names; other words on a tag come out wrong or not at all.",
    "Arabic and Persian digits that look the same (0-3, 7-9) are told apart by their neighbours only; hanging Nastaliq "
    "type is not read.",
    "Persian, Tamil, Bengali and Thai are read worst; strong blur, and currency signs in unfamiliar type, cost most of "
    "the errors: look at what is marked as unsure.",
    "A line that runs downwards, or is turned by more than about four degrees, is not read.",
    "A photograph without text mostly reads as nothing; what resembles digits (coins) is read, and marked as unsure. "
    "No distance from what it learnt from tells the two apart: worn lines lie as far.",
)


@dataclass(frozen=True)
class Lines:
    """Lines as the network sees them. pixels: uint8 (32, sum of widths); widths; drawn: what they say from left to
    right; scripts."""

    pixels: np.ndarray
    widths: np.ndarray
    drawn: tuple[str, ...]
    scripts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.widths)

    def cut(self) -> list[np.ndarray]:
        """The lines one by one, uint8 (32, width)."""
        starts = np.concatenate(([0], np.cumsum(self.widths)))
        return [self.pixels[:, starts[i] : starts[i + 1]] for i in range(len(self))]


def shard(
    seed: int, count: int, held_out: bool = False, wear: renders.Wear = renders.LEARNT, mild: float = 0.0,
    hard: float = 0.0, foreign: float = formats.FOREIGN,
) -> Lines:  # fmt: skip
    """Lines at random, cut out as at reading. Raises FontError where a script has no font.

    mild, hard: shares of lines that are worn as `renders.USUAL`, as `renders.HARD`. foreign: as for `formats.written`.
    """
    random = np.random.default_rng(seed)
    names, shares = list(SHARES), np.array(list(SHARES.values()), dtype=float)
    pixels, drawn, scripts = [], [], []
    while len(drawn) < count:
        if random.random() < 0.03:
            found, script, text = finding.whole(renders.nothing(random)), "", ""
        else:
            script = names[int(np.searchsorted(np.cumsum(shares / shares.sum()), random.random()))]
            made = formats.written(script, random, foreign)
            try:
                chance = random.random()
                worn = renders.USUAL if chance < mild else renders.HARD if chance < mild + hard else wear
                picture = renders.line(made.text, made.script, random, worn, held_out, locale=made.locale)
            except renders.FontError:
                renders.choose("", script, random, held_out)  # raises where the script has no font at all
                continue
            found, text = finding.whole(picture), made.drawn
        if found is None or found.pixels.shape[1] < 3 * len(text):
            continue
        pixels.append(found.pixels)
        drawn.append(text)
        scripts.append(script)
    return Lines(np.concatenate(pixels, axis=1), np.array([p.shape[1] for p in pixels]), tuple(drawn), tuple(scripts))


def _write(path: Path, seed: int, part: "Round") -> None:
    made = shard(seed, SHARD, mild=part.mild, hard=part.hard, foreign=part.foreign)
    working = path.with_suffix(f".{os.getpid()}.tmp")
    with working.open("wb") as file:
        np.savez(
            file, pixels=made.pixels, widths=made.widths, drawn=np.array(made.drawn), scripts=np.array(made.scripts)
        )
    working.replace(path)


def rendered(folder: Path, part: "Round", seed: int, processes: int = 2, say: Callable[[str], None] = print) -> Lines:
    """Lines for a round, drawn by several processes into a folder; what lies there already is taken over."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {folder / f"{seed}-{index}.npz": (seed, index) for index in range(part.shards)}
    missing = [path for path in paths if not path.exists()]
    if missing:
        say(f"drawing {len(missing) * SHARD:,} lines in {folder}")
        with ProcessPoolExecutor(processes) as pool:
            seeds = {path: 1_000 * (1 + paths[path][0]) + paths[path][1] for path in missing}
            for done in [pool.submit(_write, path, seeds[path], part) for path in missing]:
                done.result()
    parts = []
    for path in paths:
        with np.load(path, allow_pickle=False) as held:
            parts.append((held["pixels"], held["widths"], held["drawn"], held["scripts"]))
    pixels, widths, drawn, scripts = (np.concatenate(column, axis=-1) for column in zip(*parts, strict=True))
    return Lines(pixels, widths, tuple(map(str, drawn)), tuple(map(str, scripts)))


# ------------------------------------------------------------------ learning


@dataclass(frozen=True)
class Round:
    """A part of the training, with lines of its own. shards: of SHARD lines each; mild, hard: shares of lines that are
    usually worn, worn worst; foreign: share of amounts with a sign from anywhere, so that the rare ones are seen."""

    settings: Settings
    shards: int = 28
    mild: float = 0.0
    hard: float = 0.0
    foreign: float = formats.FOREIGN
    batch: int = 64


@dataclass(frozen=True)
class Plan:
    """How the reader is trained: round after round, each on lines of its own. network: sizes of its layers."""

    rounds: tuple[Round, ...] = (
        Round(Settings(epochs=6, rate=2e-3, weight_decay=0.02, warmup=0.03), 84, mild=0.25, hard=0.3, foreign=0.25),
        Round(Settings(epochs=4, rate=1e-3, weight_decay=0.02, seed=1), 42, mild=0.2, hard=0.55, foreign=0.25),
        Round(Settings(epochs=2, rate=3e-4, weight_decay=0.02, seed=2), 50, mild=0.2, hard=0.5, foreign=0.25),
    )
    network: dict[str, int] = field(default_factory=lambda: {"second": 128, "wide": 256})


PLAN = Plan()


def _batches(held: Lines, part: Round, epoch: int) -> Iterator[tuple[Tensor, Tensor, tuple[str, ...]]]:
    """Every line once, lines of about one width together: pixels uint8, widths, what they say."""
    random = np.random.default_rng((part.settings.seed, epoch))
    starts = np.concatenate(([0], np.cumsum(held.widths)))
    order = random.permutation(len(held))
    order = order[np.argsort(held.widths[order] * random.uniform(0.9, 1.1, len(order)))]
    groups = [order[i : i + part.batch] for i in range(0, len(order) - part.batch + 1, part.batch)]
    random.shuffle(groups)
    for group in groups:
        pixels = lines.padded([held.pixels[:, starts[i] : starts[i + 1]] for i in group])
        yield pixels, torch.from_numpy(held.widths[group]), tuple(held.drawn[i] for i in group)


def spoilt(x: Tensor, widths: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Lines (batch, 1, 32, width) in 0..1 moved, stretched, sheared, dimmed, blurred and given noise.

    widths: (batch,), of each line. Returns the lines, wide enough for all of what was stretched, and their new widths.
    """
    count, room = len(x), math.ceil(STRETCH / (1 - STRETCH) * x.shape[3] / 32) * 32
    x = F.pad(x, (0, room), value=finding.GROUND / 255)

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(count, generator=random) * (high - low) + low

    width = x.shape[3]
    turn = torch.zeros(count, 2, 3)
    turn[:, 0, 0] = uniform(1 - STRETCH, 1 + STRETCH)
    turn[:, 0, 1] = uniform(-0.12, 0.12) * 32 / width
    turn[:, 0, 2] = turn[:, 0, 0] - 1 + uniform(-0.02, 0.02) * 32 / width  # its left edge stays
    turn[:, 1, 1] = uniform(0.85, 1.15)
    turn[:, 1, 2] = uniform(-0.12, 0.12)
    ground = finding.GROUND / 255
    grid = F.affine_grid(turn, list(x.shape), align_corners=False)
    x = F.grid_sample(x - ground, grid, padding_mode="zeros", align_corners=False)
    blurred = F.avg_pool2d(x, 3, 1, 1)
    x = torch.where((uniform(0, 1) < 0.1)[:, None, None, None], blurred, x)
    x = x * uniform(0.7, 1.2)[:, None, None, None] + uniform(-0.06, 0.06)[:, None, None, None]
    noise = torch.randn(x.shape, generator=random) * (uniform(-0.05, 0.05).clamp_min(0))[:, None, None, None]
    x = torch.where((uniform(0, 1) < 0.01)[:, None, None, None], 0.5 - x, x)  # taken for the wrong way round
    widths = (widths / turn[:, 0, 0]).ceil().int()
    return (x + noise + ground).clamp(0, 1)[..., : 4 * math.ceil(int(widths.max()) / 4)], widths


def begun(plan: Plan) -> lines.Network:
    """A network that has learnt nothing yet, the same for the seed of the first round."""
    torch.manual_seed(plan.rounds[0].settings.seed)
    return lines.Network(lines.Config(formats.characters(), **plan.network))


def fit(
    network: lines.Network,
    held: Lines,
    part: Round,
    *,
    checkpoint: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Fit:
    """Train a network on lines, in place. checkpoint: a folder to save to and go on from."""
    number = {char: index + 1 for index, char in enumerate(network.config.alphabet)}
    where = training.device()
    network.to(where, memory_format=torch.channels_last)

    def batches(epoch: int) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        random = torch.Generator().manual_seed(1_000 * part.settings.seed + epoch)
        for pixels, widths, drawn in _batches(held, part, epoch):
            x, widths = spoilt(pixels.float() / 255, widths, random)
            targets = torch.tensor([number[char] for text in drawn for char in text])
            yield x.to(where), widths, targets, torch.tensor([len(text) for text in drawn])

    def loss(batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        x, widths, targets, lengths = batch
        steps = torch.div(widths + lines.STEP - 1, lines.STEP, rounding_mode="floor")
        found = network(x, widths).float().log_softmax(-1).transpose(0, 1)
        each = F.ctc_loss(found, targets.to(where), steps, lengths, reduction="none", zero_infinity=True)
        return (each / lengths.clamp_min(4).to(where)).mean()

    return training.fit(
        network, batches, len(held) // part.batch, loss, part.settings, on_progress=on_progress, checkpoint=checkpoint
    )


# ------------------------------------------------------------------ judging


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
            image = renders.line(line.text, script, random, CONDITIONS[condition], True, True, line.locale)
        except FontError:
            renders.choose("", script, random, True)  # raises where the script has no such font at all
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
            image = renders.line(text, script, random, renders.USUAL, True, True, locale)
        except FontError:
            renders.choose("", script, random, True)
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
    reader = lines.load(name)
    return judged(reader) if given is None else measured(reader, given)


def judged(reader: lines.Reader, count: int = TEST_LINES, of_market: int = TEST_PRICES) -> dict[str, Any]:
    """`evaluate` on lines drawn here: count a script and condition, of_market prices a market."""
    samples: list[Sample] = []
    missing = []
    for script in SHARES:
        try:
            for condition in CONDITIONS:
                samples += held_out(script, count, condition)
        except FontError:
            missing.append(script)
    if not samples:
        raise ValueError("This machine has no font to judge the reader by: install fonts-noto-core and fonts-noto-cjk.")
    found = measured(reader, samples)
    found["missing"] = missing
    amounts_: dict[str, dict[str, int]] = {}
    for market in MARKETS:
        try:
            drawn = prices(market, of_market)
        except FontError:
            continue
        right = 0
        for sample, reading in zip(drawn, reader.predict([sample.image for sample in drawn]), strict=True):
            parsed = amounts.parse(reading.text, market)
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
                if image.width * image.height > LARGEST_PICTURE:
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


def measured(reader: lines.Reader, samples: Sequence[Sample]) -> dict[str, Any]:
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
    found["ece"], found["bins"] = evaluation.calibration(table["confidence"].to_numpy(), table["right"].to_numpy(float))
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


def settled(card: Card, network: lines.Network, spelling: Spelling, count: int) -> Card:
    """The card with the weight of spelling and the trust found on lines that nothing was learnt from, count of each
    condition."""
    dev = [shard(DEV_SEED + index, count, wear=wear) for index, wear in enumerate(CONDITIONS.values())]
    held = Lines(
        np.concatenate([d.pixels for d in dev], axis=1), np.concatenate([d.widths for d in dev]),
        sum((d.drawn for d in dev), ()), sum((d.scripts for d in dev), ()),
    )  # fmt: skip
    card = replace(card, config={**card.config, "spelling": weighed(card, network, spelling, held)})
    trust = trusted(lines.Reader(card, network, spelling=spelling), held)
    return replace(card, config={**card.config, "trust": asdict(trust)})


def weighed(card: Card, network: lines.Network, spelling: Spelling, held: Lines) -> float:
    """How much spelling is to count beside the network: the weight under which most of these lines are read right."""
    right = {}
    for weight in WEIGHTS:
        trial = replace(card, config={**card.config, "spelling": weight})
        paths = lines.Reader(trial, network, spelling=spelling).paths(held.cut())
        right[weight] = sum(path.drawn == drawn for path, drawn in zip(paths, held.drawn, strict=True))
    return max(WEIGHTS, key=lambda weight: (right[weight], -weight))


def trusted(reader: lines.Reader, held: Lines) -> lines.Trust:
    """The rule from certainty to probability that makes the truth of these lines likeliest (Platt 1999)."""
    evidence, right, odds, hits = [], [], [], []
    for path, drawn in zip(reader.paths(held.cut()), held.drawn, strict=True):
        if not path.drawn:
            continue
        evidence.append(path.evidence)
        right.append(path.drawn == drawn)
        odds += [decoding.log_odds(peak) for peak in path.peaks]
        hits += _hits(path.drawn, drawn)
    if len(set(right)) < 2 or len(set(hits)) < 2:
        return lines.Trust()
    whole = LogisticRegression(C=100, max_iter=1000).fit(np.array(evidence), right)
    single = LogisticRegression(C=100).fit(np.array(odds)[:, None], hits)
    return lines.Trust((*map(float, whole.coef_[0]), float(whole.intercept_[0])),
                       (float(single.coef_[0, 0]), float(single.intercept_[0])))  # fmt: skip


def _hits(read: str, truth: str) -> list[bool]:
    """For each character read, whether it belongs to the truth in the cheapest alignment."""
    matched = [False] * len(read)
    for block in SequenceMatcher(None, read, truth, autojunk=False).get_matching_blocks():
        matched[block.a : block.a + block.size] = [True] * block.size
    return matched


def train(
    *,
    working: Path | None = None,
    root: Path | None = None,
    say: Callable[[str], None] = print,
    on_progress: Callable[[str, Progress], None] | None = None,
    plan: Plan = PLAN,
    name: str = "reader",
) -> Path:
    """Draw lines, learn from them, calibrate, judge, save weights and card. Returns the model's folder.

    working: a folder for drawn lines and the checkpoint; a run broken off goes on from there. Raises FontError where a
    script has no font, training.TrainingError, registry.ModelError.
    """
    began = time.monotonic()
    network, results, spelled = begun(plan), [], []
    for number, part in enumerate(plan.rounds):
        with tempfile.TemporaryDirectory() as folder:
            held = rendered((working or Path(folder)) / "lines", part, part.settings.seed, say=say)
        title = f"reader, round {number + 1} of {len(plan.rounds)}"
        told = partial(on_progress, title) if on_progress else None
        checkpoint = working and working / f"checkpoint-{number}"
        results.append(fit(network, held, part, checkpoint=checkpoint, on_progress=told))
        spelled += held.drawn
    learnt, spelling = len(spelled), Spelling.learnt(text for text in spelled if text)
    network = network.cpu().eval().fuse()
    network.load_state_dict(registry.unpack(registry.pack(network.state_dict())))  # as it ships
    spoken = sorted({locale.split("_")[0] for names in formats.LOCALES.values() for locale in names})
    count = max(LEAST_DEV, len(held) // 80)
    card = Card(
        name=name, task="reader", title="Prices, numbers and dates in 13 scripts",
        purpose="Reads a price tag's line in the local script and says how sure it is.",
        family="convolutional network with CTC, character n-grams", labels=tuple(SHARES), languages=tuple(spoken),
        data=(Source("Lines drawn by models.vision.renders in CLDR's formats, with the fonts of the machine",
                     "Unicode-3.0 (CLDR, through Babel)", "https://cldr.unicode.org", learnt),),
        splits={"train": learnt, "dev": len(CONDITIONS) * count,
                "test": len(CONDITIONS) * TEST_LINES * len(SHARES)},
        metrics={},
        training={
            "command": f"python -m models train {name}", "device": results[-1].device,
            "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
            "seconds": round(sum(result.seconds for result in results)),
            "seconds_in_all": round(time.monotonic() - began),
            "commit": training.commit(), "torch": torch.__version__,
            "rounds": [asdict(part) for part in plan.rounds],
            "curve": [[point[:2] for point in result.curve[:: max(1, len(result.curve) // 40)]]
                      for result in results],
            "fonts": {"learnt": _designs(False), "held_out": _designs(True)},
        },
        config={"network": network.config.to_dict()}, limits=LIMITS,
    )  # fmt: skip
    card = settled(card, network, spelling, count)
    metrics = judged(lines.Reader(card, network, spelling=spelling))
    say(
        f"{name}: character errors {metrics['cer']:.2%}, lines right {metrics['exact_match']:.2%}, calibration error "
        f"{metrics['ece']:.3f}, prices right {metrics['amounts_right']:.2%}"
    )
    others = {lines.SPELLING: spelling.to_bytes()}
    return registry.save(replace(card, metrics=metrics), network.state_dict(), others, root=root)


def _designs(held_out: bool) -> dict[str, list[str]]:
    """Script -> the designs of its fonts on this machine."""
    return {script: sorted({fonts.stem(font) for font in fonts.split(held_out, script)}) for script in SHARES}
