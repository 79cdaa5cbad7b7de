"""Train the nuclei network from labelled pictures, find its rule on val, judge it on test: `models train nuclei`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from models import devices
from models.evaluation import calibration
from models.training import loop
from models.training.settings import Fit, Progress, Settings
from models.vision import augment, scores, unet
from models.vision.corpora import Segmented
from models.vision.nuclei import instances
from models.vision.nuclei import network as nuclei_network
from models.vision.nuclei.instances import InstanceRule, Maps
from models.vision.nuclei.network import Network

SIDE = 256
THRESHOLDS = tuple(np.arange(0.5, 1.0, 0.05).round(2))
SHAPE = unet.Config()
DRAWS = 1_000


@dataclass(frozen=True)
class TrainingConfig:
    """crops: views an epoch draws; kinds are drawn alike in the share `even`, else as often as they occur. touching:
    what pixels weigh more where nuclei touch."""

    settings: Settings = field(
        default_factory=lambda: Settings(epochs=17, rate=2e-3, weight_decay=0.02, warmup=0.05, save_every_s=120)
    )
    batch: int = 8
    crops: int = 1_000
    even: float = 0.5
    touching: float = 3.0


RULES = tuple(InstanceRule(inside=inside, least=least) for inside, least in product((0.5, 0.55, 0.6), (0.2, 0.3)))
"""What is tried on val."""
ROUNDS = (
    TrainingConfig(),
    TrainingConfig(
        Settings(epochs=12, rate=1.2e-3, weight_decay=0.02, warmup=0.03, seed=1, save_every_s=120),
        even=0.6, touching=6.0,
    ),
    TrainingConfig(
        Settings(epochs=34, rate=1.6e-3, weight_decay=0.02, warmup=0.03, seed=7, save_every_s=120),
        even=0.6, touching=4.0,
    ),
)  # fmt: skip
"""One after the other, warm restarts (Loshchilov and Hutter 2017) that weigh touching nuclei more."""
AGAIN = TrainingConfig(
    Settings(epochs=6, rate=7e-4, weight_decay=0.02, warmup=0.03, seed=8, save_every_s=120), even=0.6, touching=4.0
)
"""How it goes on learning from train and val together, once the rule is found."""


def prepared(picture: Segmented) -> Tensor:
    """Everything a view is cut from, float32 (8, height, width): colours, inside, distance, near touching, flow."""
    found = picture.instances
    distance = nuclei_network.distances(found)
    largest = ndimage.maximum_filter(found, 5)
    smallest = ndimage.minimum_filter(np.where(found > 0, found, np.iinfo(np.int32).max), 5)
    touching = (largest > 0) & (smallest < np.iinfo(np.int32).max) & (largest != smallest)
    layers = np.stack(((found > 0).astype(np.float32), distance, touching.astype(np.float32)))
    return torch.cat(
        (
            nuclei_network.normalised(picture.pixels),
            torch.from_numpy(layers),
            torch.from_numpy(nuclei_network.flows(found)),
        )
    )


def viewed(layers: Tensor, seen: augment.View) -> Tensor:
    """A view of a picture's layers (8, SIDE, SIDE), its flow turned with it."""
    made = augment.crop(layers, seen, (SIDE, SIDE), nearest=2)
    turned = torch.einsum("ab,bij->aij", torch.from_numpy(np.linalg.inv(augment.matrix(seen))).float(), made[-2:])
    made[-2:] = turned / turned.norm(dim=0).clamp_min(1e-6) * made[-2:].norm(dim=0)
    return made


def fit(
    plan: TrainingConfig, config: unet.Config, train: Sequence[Segmented], val: Sequence[Segmented], *,
    start: dict[str, Tensor] | None = None, on_progress: Callable[[Progress], None] | None = None,
    working: Path | None = None,
) -> tuple[Network, Fit]:  # fmt: skip
    """Train a network, from `start` where given; with a val, keep the weights with the best AP at IoU 0.5 on it."""
    torch.manual_seed(plan.settings.seed)
    network = Network(config).to(devices.device(), memory_format=torch.channels_last)
    if start:
        network.load_state_dict(start)
    layers = [prepared(picture) for picture in train]
    chances, zooms = _chances(train, plan.even), [_zoom(picture) for picture in train]

    def batches(epoch: int) -> Iterator[Tensor]:
        random = np.random.default_rng((plan.settings.seed, epoch))
        for _ in range(plan.crops // plan.batch):
            drawn = random.choice(len(layers), plan.batch, p=chances)
            views = [
                viewed(layers[i], augment.view(random, layers[i].shape[1:], (SIDE, SIDE), zooms[i])) for i in drawn
            ]
            batch = torch.stack(views)
            batch[:, :3] = augment.recoloured(batch[:, :3], random, invert=0.1)
            yield batch.to(devices.device())

    def loss(batch: Tensor) -> Tensor:
        found, _ = network(batch[:, :3].contiguous(memory_format=torch.channels_last))
        found = found.float()
        inside, distance, touching = batch[:, 3].clamp(0, 1), batch[:, 4], batch[:, 5]
        logit, depth = found[:, 0], found[:, 1]
        weight = 1 + plan.touching * touching
        cross = (F.binary_cross_entropy_with_logits(logit, inside, reduction="none") * weight).mean()
        share = logit.sigmoid()
        overlap = 1 - (2 * (share * inside).sum((1, 2)) + 1) / (share.sum((1, 2)) + inside.sum((1, 2)) + 1)
        there = (inside > 0.5) * weight
        astray = F.smooth_l1_loss(found[:, 2:], batch[:, 6:], reduction="none", beta=0.2).sum(1) * there
        far = F.smooth_l1_loss(depth, distance, reduction="none", beta=0.1) * (0.3 + inside) * weight
        return cross + 0.5 * overlap.mean() + 2 * far.mean() + astray.sum() / there.sum().clamp_min(1)

    def score() -> float:
        seen = [predicted(network, picture.pixels, mirrored=False) for picture in val[::2]]
        found = [instances.instances(maps, InstanceRule()) for maps in seen]
        return float(np.mean([scores.instance_ap(p.instances, f)[0] for p, f in zip(val[::2], found, strict=True)]))

    fit = loop.fit(
        network, batches, plan.crops // plan.batch, loss, plan.settings, score=score if val else None,
        on_progress=on_progress, checkpoint=working and working / "checkpoint", log=working and working / "scalars",
    )  # fmt: skip
    return network, fit


def predicted(network: Network, pixels: np.ndarray, mirrored: bool = True) -> Maps:
    """The maps of a picture, where this network is; in bfloat16 where that is fast."""
    return nuclei_network.maps(network, pixels, next(network.parameters()).device.type, True, mirrored)


def _chances(pictures: Sequence[Segmented], even: float) -> np.ndarray:
    kinds = np.array([nuclei_network.kind(picture.pixels) for picture in pictures])
    sizes = np.array([np.sqrt(picture.pixels[..., 0].size) / 256 for picture in pictures])
    _, place, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    alike = (1 / np.sqrt(counts))[place]
    plain = sizes / sizes.sum()
    return (1 - even) * plain + even * alike / alike.sum()


def _zoom(picture: Segmented) -> tuple[float, float]:
    """Nuclei between about 9 and 60 pixels across, whatever they are in the picture, and near their own size."""
    areas = np.bincount(picture.instances.ravel())[1:]
    areas = areas[areas > 0]
    across = float(np.sqrt(np.median(areas) * 4 / np.pi)) if len(areas) else 20.0
    return max(0.5, min(0.8, 9 / across)), max(0.7, min(1.8, 60 / across))


# ------------------------------------------------------------------ the rule


def ruled(seen: Sequence[Maps], truth: Sequence[np.ndarray], rules: Sequence[InstanceRule] = RULES) -> InstanceRule:
    """Of some rules the one with the highest AP at IoU 0.5 on val, with its odds and its trust found there."""
    trials = [replace(rule, odds=_odds(seen, truth, rule)) for rule in rules]

    def ap(rule: InstanceRule) -> float:
        found = [instances.instances(maps, rule) for maps in seen]
        return float(np.mean([scores.instance_ap(t, f)[0] for t, f in zip(truth, found, strict=True)]))

    best = max(trials, key=ap)
    odds, hits = [], []
    for maps, there in zip(seen, truth, strict=True):
        found = instances.instances(maps, best)
        odds.append(instances.log_odds(instances.evidence(maps, found, instances.typical(found, best.smallest)), best))
        hit = {f for _, f in scores.matched(scores.overlaps(there, found), 0.5)}
        hits.append([number in hit for number in range(int(found.max(initial=0)))])
    slope, constant = calibration.platt(np.concatenate(odds)[:, None], np.concatenate(hits))
    return replace(best, trust=(slope, constant)) if slope > 0 else best  # too few were wrong to learn from


def _odds(seen: Sequence[Maps], truth: Sequence[np.ndarray], rule: InstanceRule) -> tuple[float, ...]:
    """What makes a proposal match a nucleus at IoU 0.5; a crowded picture counts as much as any other."""
    rows, right, shares = [], [], []
    for maps, there in zip(seen, truth, strict=True):
        usual = None
        for cut in instances.proposals(maps, rule):
            usual = usual or instances.typical(cut, rule.smallest)
            rows.append(instances.evidence(maps, cut, usual))
            right.append(scores.overlaps(there, cut).max(0, initial=0) > 0.5)
            shares.append(np.full(len(rows[-1]), 1 / max(1, len(rows[-1]))))
    return calibration.platt(np.concatenate(rows), np.concatenate(right), np.concatenate(shares))


# ------------------------------------------------------------------ how good


def evaluate(seen: Sequence[Maps], pictures: Sequence[Segmented], rule: InstanceRule, seed: int = 0) -> dict[str, Any]:
    """dice, ap50, ap50_95 (means over pictures, with bootstrap intervals over pictures), per_kind, calibration, n.

    Maps in another size than their picture's are judged in the pixels of the finer of both.
    """
    rows, sure, right = [], [], []
    for maps, picture in zip(seen, pictures, strict=True):
        found = instances.instances(maps, rule)
        sure.append(instances.confidences(maps, found, rule))
        there, found = instances.in_one_size(picture.instances, found)
        aps = scores.instance_ap(there, found, THRESHOLDS)
        rows.append((scores.dice(there > 0, found > 0), aps[0], aps.mean(),
                     int(picture.instances.max(initial=0)), int(found.max(initial=0))))  # fmt: skip
        hit = {f for _, f in scores.matched(scores.overlaps(there, found), 0.5)}
        right.append([number in hit for number in range(int(found.max(initial=0)))])
    table = np.array(rows, dtype=float)
    kinds = np.array([nuclei_network.kind(picture.pixels) for picture in pictures])
    ece, bins = calibration.calibration_error(np.concatenate(sure), np.concatenate(right).astype(float))
    return {
        **_summary(table, seed), "ece": ece, "bins": bins,
        "count_error": float(np.abs(table[:, 3] - table[:, 4]).sum() / max(1, table[:, 3].sum())),
        "per_kind": {
            name: _summary(table[kinds == name], seed) for name in nuclei_network.KINDS if (kinds == name).any()
        },
    }  # fmt: skip


def _summary(table: np.ndarray, seed: int) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    drawn = table[random.integers(len(table), size=(DRAWS, len(table)))].mean(1)
    found: dict[str, Any] = {"n": len(table)}
    for column, name in enumerate(("dice", "ap50", "ap50_95")):
        low, high = np.percentile(drawn[:, column], (2.5, 97.5))
        found |= {name: float(table[:, column].mean()), f"{name}_low": float(low), f"{name}_high": float(high)}
    return found | {"low": found["ap50_low"], "high": found["ap50_high"]}
