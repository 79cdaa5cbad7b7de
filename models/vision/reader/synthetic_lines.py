"""Lines the price reader learns from, drawn here in CLDR's formats and the machine's fonts."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import atomic
from models.prices import formats
from models.training.settings import Settings
from models.vision.reader import line_detection, rendering

SHARES = {
    "latin": 16, "cyrillic": 8, "greek": 5, "arabic": 11, "persian": 12, "devanagari": 9, "bengali": 8, "tamil": 8,
    "thai": 9, "chinese": 8, "japanese": 5, "korean": 6, "ethiopic": 6,
}  # fmt: skip
"""Script -> how many of about 110 lines that are learnt from are written in it; 3 % of all pictures show
nothing."""
SHARD = 4_000
DEV_SEED, TEST_SEED = 900_000, 2026
CONDITIONS = {"usual": rendering.USUAL, "blurred": rendering.BLURRED, "turned": rendering.TURNED}
"""How lines in held-out fonts are worn: with some care, or with more blur or perspective than any line learnt from."""


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


def draw(
    seed: int, count: int, held_out: bool = False, wear: rendering.Wear = rendering.LEARNT, mild: float = 0.0,
    hard: float = 0.0, foreign: float = formats.FOREIGN,
) -> Lines:  # fmt: skip
    """Lines at random, cut out as at reading. Raises FontError where a script has no font.

    mild, hard: shares of lines that are worn as `rendering.USUAL`, as `rendering.HARD`. foreign: as for
    `formats.written`.
    """
    random = np.random.default_rng(seed)
    names, shares = list(SHARES), np.array(list(SHARES.values()), dtype=float)
    pixels, drawn, scripts = [], [], []
    while len(drawn) < count:
        if random.random() < 0.03:
            found, script, text = line_detection.whole(rendering.nothing(random)), "", ""
        else:
            script = names[int(np.searchsorted(np.cumsum(shares / shares.sum()), random.random()))]
            made = formats.written(script, random, foreign)
            try:
                chance = random.random()
                worn = rendering.USUAL if chance < mild else rendering.HARD if chance < mild + hard else wear
                picture = rendering.line(made.text, made.script, random, worn, held_out, locale=made.locale)
            except rendering.FontError:
                rendering.choose("", script, random, held_out)  # raises where the script has no font at all
                continue
            found, text = line_detection.whole(picture), made.drawn
        if found is None or found.pixels.shape[1] < 3 * len(text):
            continue
        pixels.append(found.pixels)
        drawn.append(text)
        scripts.append(script)
    return Lines(np.concatenate(pixels, axis=1), np.array([p.shape[1] for p in pixels]), tuple(drawn), tuple(scripts))


def _write(path: Path, seed: int, part: "Round") -> None:
    made = draw(seed, SHARD, mild=part.mild, hard=part.hard, foreign=part.foreign)
    arrays = {"pixels": made.pixels, "widths": made.widths}
    arrays |= {"drawn": np.array(made.drawn), "scripts": np.array(made.scripts)}
    atomic.put(path, lambda file: np.savez(file, **arrays))


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
