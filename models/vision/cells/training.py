"""Train the blood-cell detector and the crop classifier on labelled smears, judge them: `models train blood_cells`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models import devices, errors
from models.evaluation import calibration
from models.training import loop
from models.training.settings import Fit, Progress, Settings
from models.vision import augment, scores, unet
from models.vision.cells import network as cells_network
from models.vision.cells.network import SIZE, STRIDE, CropNetwork, DetectionRule, Detections, Network, classified
from models.vision.corpora import CELLS, Boxed

SHAPE = unet.Config(widths=(64, 112, 160, 224, 256), stem=STRIDE, outputs=64)
THRESHOLDS = tuple(np.arange(0.5, 1.0, 0.05).round(2))
DRAWS = 300


@dataclass(frozen=True)
class TrainingConfig:
    """views: random views of each picture an epoch sees. again: how it goes on learning from train and val together,
    once the rule is found."""

    settings: Settings = field(
        default_factory=lambda: Settings(epochs=24, rate=1.5e-3, weight_decay=0.03, warmup=0.05, save_every_s=120)
    )
    batch: int = 8
    views: int = 2
    again: Settings = field(
        default_factory=lambda: Settings(epochs=8, rate=8e-4, weight_decay=0.03, warmup=0.02, seed=1, save_every_s=120)
    )
    crop_settings: Settings = field(default_factory=lambda: Settings(epochs=12, rate=2e-3, weight_decay=0.05))


@dataclass(frozen=True)
class Targets:
    """What the maps of a batch should be. heat: (n, kinds, h, w); reach: (n, 4, h, w) in pixels where weight > 0."""

    pictures: Tensor
    heat: Tensor
    reach: Tensor
    weight: Tensor


def targets(boxes: np.ndarray, classes: np.ndarray, size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
    """Heat, reach and weight for the boxes (n, 4) of one picture of `size` (height, width).

    Heat falls off as a Gaussian whose spread is a share of the box (Zhou et al. 2019, section 3); where boxes meet, the
    smaller one owns the pixel.
    """
    h, w = size[0] // STRIDE, size[1] // STRIDE
    heat = np.zeros((len(CELLS), h, w), np.float32)
    reach, weight = np.zeros((4, h, w), np.float32), np.zeros((h, w), np.float32)
    ys, xs = (np.arange(h) + 0.5) * STRIDE, (np.arange(w) + 0.5) * STRIDE
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for index in np.argsort(-area):
        left, top, right, bottom = boxes[index]
        x, y = (left + right) / 2, (top + bottom) / 2
        spread_x, spread_y = max((right - left) / 9, STRIDE / 2), max((bottom - top) / 9, STRIDE / 2)
        bump = np.exp(-0.5 * ((ys[:, None] - y) / spread_y) ** 2 - 0.5 * ((xs[None] - x) / spread_x) ** 2)
        column, row = min(w - 1, int(x // STRIDE)), min(h - 1, int(y // STRIDE))
        bump[row, column] = 1
        heat[classes[index]] = np.maximum(heat[classes[index]], bump)
        owned = bump > 0.4
        sides = np.stack(
            np.broadcast_arrays(xs[None] - left, ys[:, None] - top, right - xs[None], bottom - ys[:, None])
        )
        reach[:, owned] = np.maximum(sides[:, owned], 0.5)
        weight[owned] = bump[owned]
    return torch.from_numpy(heat), torch.from_numpy(reach), torch.from_numpy(weight)


def moved(
    boxes: np.ndarray, classes: np.ndarray, seen: augment.View, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Boxes in the crop that a view cuts; those with over half of themselves outside are gone. Half turns only."""
    back = np.linalg.inv(augment.matrix(seen))
    corners = np.stack((boxes[:, [1, 0]], boxes[:, [3, 2]]), axis=1) - np.array(seen.centre)  # y, x
    there = corners @ back.T + np.array(size) / 2
    low, high = there.min(1), there.max(1)
    clipped = np.concatenate((np.clip(low, 0, size), np.clip(high, 0, size)), axis=1)
    inside = (clipped[:, 2] - clipped[:, 0]) * (clipped[:, 3] - clipped[:, 1])
    kept = inside > 0.5 * np.maximum((high - low).prod(1), 1e-6)
    return clipped[kept][:, [1, 0, 3, 2]].astype(np.float32), classes[kept]


def fit(
    plan: TrainingConfig, config: unet.Config, train: Sequence[Boxed], val: Sequence[Boxed], *,
    start: dict[str, Tensor] | None = None, pasting: Callable[[Boxed, np.random.Generator], Boxed] | None = None,
    on_progress: Callable[[Progress], None] | None = None, working: Path | None = None,
) -> tuple[Network, Fit]:  # fmt: skip
    """Train a detector, from `start` where given; with a val, keep the weights with the best mAP at IoU 0.5 on it.

    pasting: puts made-up cells into half of the pictures, each time anew.
    """
    torch.manual_seed(plan.settings.seed)
    where = devices.device()
    network = Network(config).to(where, memory_format=torch.channels_last)
    if start:
        network.load_state_dict(start)

    def batches(epoch: int) -> Iterator[Targets]:
        random = np.random.default_rng((plan.settings.seed, epoch))
        order = np.concatenate([random.permutation(len(train)) for _ in range(plan.views)])
        for part in unet.batches(order, plan.batch)[: len(order) // plan.batch]:
            drawn = [pasting(train[i], random) if pasting and random.random() < 0.5 else train[i] for i in part]
            seen = [(smear, _view(random, smear)) for smear in drawn]
            pictures = torch.stack(
                [augment.crop(cells_network.tensor(smear.pixels), view, SIZE) for smear, view in seen]
            )
            pictures = augment.recoloured(pictures, random, 0.7)
            made = [targets(*moved(smear.boxes, smear.classes, view, SIZE), SIZE) for smear, view in seen]
            heat, reach, weight = (torch.stack(maps).to(where) for maps in zip(*made, strict=True))
            yield Targets(pictures.to(where), heat, reach, weight)

    def loss(batch: Targets) -> Tensor:
        logits, reach, _ = network(batch.pictures.contiguous(memory_format=torch.channels_last))
        return focal(logits.float(), batch.heat) + 1.5 * apart(reach.float(), batch.reach, batch.weight)

    def score() -> float:
        found = [detect(network, picture.pixels, DetectionRule(), mirrored=False) for picture in val]
        return evaluate(found, val, draws=0)["map50"]

    fit = loop.fit(
        network, batches, plan.views * len(train) // plan.batch, loss, plan.settings, score=score if val else None,
        on_progress=on_progress, checkpoint=working and working / "checkpoint", log=working and working / "scalars",
    )  # fmt: skip
    return network, fit


def detect(network: Network, pixels: np.ndarray, rule: DetectionRule, mirrored: bool = True) -> Detections:
    """The cells of a picture, where this network is; in bfloat16 where that is fast."""
    return cells_network.detected(network, pixels, rule, next(network.parameters()).device.type, True, mirrored)


def focal(logits: Tensor, heat: Tensor) -> Tensor:
    """The penalty-reduced focal loss of Law and Deng (2018, "CornerNet", equation 1), over the number of middles."""
    middle = heat >= 0.999
    share = logits.sigmoid().clamp(1e-5, 1 - 1e-5)
    there = -((1 - share) ** 2) * share.log() * middle
    nowhere = -((1 - heat) ** 4) * share**2 * (1 - share).log() * ~middle
    return (there.sum() + nowhere.sum()) / middle.sum().clamp_min(1)


def apart(predicted: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """1 - generalised IoU of boxes around one point (Rezatofighi et al. 2019), weighted mean over pixels."""
    inner = torch.minimum(predicted, wanted)
    outer = torch.maximum(predicted, wanted)

    def area(sides: Tensor) -> Tensor:
        return (sides[:, 0] + sides[:, 2]) * (sides[:, 1] + sides[:, 3])

    both, hull = area(inner), area(outer)
    union = area(predicted) + area(wanted) - both
    giou = both / union.clamp_min(1) - (hull - union) / hull.clamp_min(1)
    return ((1 - giou) * weight).sum() / weight.sum().clamp_min(1)


def _view(random: np.random.Generator, picture: Boxed) -> augment.View:
    """Turned by half a turn or not at all, so that boxes stay tight; little of it beyond the edge, where cells would be
    mirrored without a box."""
    factor = min(SIZE[0] / picture.pixels.shape[0], SIZE[1] / picture.pixels.shape[1])
    seen = augment.view(random, picture.pixels.shape[:2], SIZE, (0.95 * factor, 1.3 * factor), turn=0.0)
    return replace(seen, angle=float(random.integers(0, 2) * np.pi))


def fit_crops(plan: TrainingConfig, train: Sequence[Boxed], val: Sequence[Boxed]) -> tuple[CropNetwork, Fit]:
    """Train the crop classifier, rare kinds drawn more often."""
    torch.manual_seed(plan.crop_settings.seed)
    where = devices.device()
    network = CropNetwork().to(where, memory_format=torch.channels_last)
    pictures, sizes, kinds = crops_of(train)
    chances = 1 / np.sqrt(np.bincount(kinds)[kinds])
    steps = len(kinds) // 64

    def batches(epoch: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        random = np.random.default_rng((plan.crop_settings.seed, epoch))
        for _ in range(steps):
            drawn = torch.from_numpy(random.choice(len(kinds), 64, p=chances / chances.sum()))
            batch = pictures[drawn]
            batch = batch.flip(-1) if random.random() < 0.5 else batch
            batch = batch.flip(-2) if random.random() < 0.5 else batch
            batch = torch.rot90(batch, int(random.integers(4)), (2, 3))
            shaken = sizes[drawn] + torch.from_numpy(random.normal(0, 0.1, (64, 2))).float()
            yield augment.recoloured(batch, random, 0.7).to(where), shaken.to(where), kinds[drawn].to(where)

    def loss(batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        return F.cross_entropy(network(batch[0], batch[1]), batch[2], label_smoothing=0.05)

    def score() -> float:
        truth = crops_of(val)
        return float((classified(network, *truth[:2]).argmax(1) == truth[2].numpy()).mean())

    return network, loop.fit(network, batches, steps, loss, plan.crop_settings, score=score if val else None)


def crops_of(pictures: Sequence[Boxed]) -> tuple[Tensor, Tensor, Tensor]:
    """Every labelled cell as a crop, the log of its sides, and its kind."""
    parts = [(*cells_network.crops(p.pixels, p.boxes), torch.from_numpy(p.classes)) for p in pictures]
    return tuple(torch.cat(column) for column in zip(*parts, strict=True))


def ruled(network: Network, val: Sequence[Boxed]) -> DetectionRule:
    """The overlap with the highest mAP at IoU 0.5 on val, and each kind's odds."""
    trials = {}
    for overlap in (0.35, 0.45, 0.55, 0.65):
        rule = DetectionRule(lowest=0.02, overlap=overlap)
        found = [detect(network, picture.pixels, rule) for picture in val]
        trials[rule] = (evaluate(found, val, draws=0)["map50"], found)
    best = max(trials, key=lambda rule: trials[rule][0])
    if not len(trials[best][1]) or set(np.concatenate([f.classes for f in trials[best][1]])) != set(range(len(CELLS))):
        raise errors.TrainingError("The detector finds no cell of some kind on val: train for longer.")
    strength, right, kinds = _rows(trials[best][1], val)
    clipped = np.clip(strength, 1e-4, 1 - 1e-4)
    evidence = np.log(clipped / (1 - clipped))[:, None]
    odds = tuple(calibration.platt(evidence[kinds == kind], right[kinds == kind]) for kind in range(len(CELLS)))
    return replace(best, odds=odds)


def evaluate(
    detections: Sequence[Detections], truth: Sequence[Boxed], draws: int = DRAWS, seed: int = 0
) -> dict[str, Any]:
    """map50, map50_95, per_class {ap50, low, high, n}, n pictures, calibration; intervals: bootstrap over pictures."""
    per_picture = [_hits(f, t) for f, t in zip(detections, truth, strict=True)]
    counts = np.array([np.bincount(t.classes, minlength=len(CELLS)) for t in truth])

    def ap(pictures: np.ndarray, threshold: int) -> list[float]:
        rows = np.concatenate([per_picture[i] for i in pictures])
        return [
            scores.average_precision(rows[rows[:, 0] == kind, 1], rows[rows[:, 0] == kind, 2 + threshold],
                                     int(counts[pictures, kind].sum()))
            for kind in range(len(CELLS))
        ]  # fmt: skip

    everything = np.arange(len(truth))
    table = np.array([ap(everything, threshold) for threshold in range(len(THRESHOLDS) if draws else 1)])
    made: dict[str, Any] = {"n": len(truth), "map50": float(np.nanmean(table[0]))}
    if not draws:
        return made
    random = np.random.default_rng(seed)
    drawn = np.array([ap(random.integers(len(truth), size=len(truth)), 0) for _ in range(draws)])
    low, high = np.nanpercentile(drawn, (2.5, 97.5), axis=0)
    means = np.nanmean(drawn, axis=1)
    rows = np.concatenate(per_picture)
    ece, bins = calibration.calibration_error(rows[:, 1], rows[:, 2])
    return made | {
        "map50_low": float(np.percentile(means, 2.5)), "map50_high": float(np.percentile(means, 97.5)),
        "map50_95": float(np.nanmean(table)), "ece": ece, "bins": bins,
        "ap50": {name: float(table[0, kind]) for kind, name in enumerate(CELLS) if counts[:, kind].sum()},
        "per_class": {
            name: {"ap50": float(table[0, kind]), "low": float(low[kind]), "high": float(high[kind]),
                   "n": int(counts[:, kind].sum())}
            for kind, name in enumerate(CELLS) if counts[:, kind].sum()
        },
    }  # fmt: skip


def _hits(found: Detections, truth: Boxed) -> np.ndarray:
    """A row a box: kind, confidence, whether it is right at each of THRESHOLDS."""
    rows = np.zeros((len(found.boxes), 2 + len(THRESHOLDS)))
    rows[:, 0], rows[:, 1] = found.classes, found.confidence
    for kind in range(len(CELLS)):
        mine, theirs = found.classes == kind, truth.boxes[truth.classes == kind]
        for column, threshold in enumerate(THRESHOLDS):
            rows[mine, 2 + column] = scores.hits(found.boxes[mine], found.scores[mine], theirs, threshold)
    return rows


def _rows(found: Sequence[Detections], truth: Sequence[Boxed]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = np.concatenate([_hits(f, t) for f, t in zip(found, truth, strict=True)])
    return np.concatenate([f.scores for f in found]), rows[:, 2] > 0, rows[:, 0].astype(int)
