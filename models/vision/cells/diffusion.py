"""Pictures of single blood cells that never were: a diffusion model told which kind to draw.

Denoising diffusion (Ho et al. 2020) with a cosine schedule and v-prediction (Nichol and Dhariwal 2021; Salimans and
Ho 2022), class labels left out at random so that guidance can strengthen them (Ho and Salimans 2022), drawn in few
steps (DDIM: Song et al. 2021). It is here to make more of the rare kinds, which did not help
(docs/measured.md).
"""

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models import devices
from models.corpora import read
from models.training import loop
from models.training.settings import Fit, Progress, Settings
from models.vision import corpora, scores
from models.vision.cells import network as cells_network
from models.vision.cells import training as cells_training
from models.vision.corpora import CELLS, Boxed

SIDE = 32
FORGOTTEN = 0.1
"""Share of crops whose kind is not told while training."""
RARE = (1, 2)
"""Kinds that have few examples: white cells and platelets."""


@dataclass(frozen=True)
class TrainingConfig:
    """average: how slowly the weights that are kept follow those that learn, a share kept a step."""

    settings: Settings = field(
        default_factory=lambda: Settings(epochs=12, rate=1.5e-3, weight_decay=0.0, warmup=0.03, save_every_s=120)
    )
    batch: int = 64
    steps: int = 100
    average: float = 0.998


class Step(nn.Module):
    """Two convolutions around a shift and scale by time and kind."""

    def __init__(self, inside: int, outside: int, told: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, padding=1)
        self.second = nn.Conv2d(outside, outside, 3, padding=1)
        self.norms = nn.ModuleList((nn.GroupNorm(8, outside), nn.GroupNorm(8, outside)))
        self.told = nn.Linear(told, 2 * outside)
        self.shortcut = nn.Conv2d(inside, outside, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        shift, scale = self.told(condition)[:, :, None, None].chunk(2, 1)
        found = F.silu(self.norms[0](self.first(x)) * (1 + scale) + shift)
        return F.silu(self.norms[1](self.second(found))) + self.shortcut(x)


class Network(nn.Module):
    """A small U-Net that says what must be taken from a noisy crop."""

    def __init__(self, widths: tuple[int, ...] = (48, 96, 144), told: int = 128) -> None:
        super().__init__()
        self.widths = widths
        self.kinds = nn.Embedding(len(CELLS) + 1, told)
        self.time = nn.Sequential(nn.Linear(64, told), nn.SiLU(), nn.Linear(told, told))
        self.down = nn.ModuleList(Step(a, b, told) for a, b in zip((3, *widths[:-1]), widths, strict=True))
        self.up = nn.ModuleList(Step(deep + wide, wide, told) for wide, deep in pairwise(widths))
        self.out = nn.Conv2d(widths[0], 3, 3, padding=1)

    def forward(self, noisy: Tensor, time: Tensor, kind: Tensor) -> Tensor:
        """(n, 3, SIDE, SIDE), time in 0..1 (n,), kind (n,), len(CELLS) for none told -> v, (n, 3, SIDE, SIDE)."""
        waves = time[:, None] * 1000 * torch.exp(-math.log(1e4) * torch.arange(32, device=time.device) / 32)
        told = F.silu(self.time(torch.cat((waves.sin(), waves.cos()), 1)) + self.kinds(kind))
        x, joined = noisy, []
        for level, step in enumerate(self.down):
            x = step(x if level == 0 else F.avg_pool2d(x, 2), told)
            joined.append(x)
        for level in reversed(range(len(self.up))):
            x = self.up[level](torch.cat((F.interpolate(x, scale_factor=2.0), joined[level]), 1), told)
        return self.out(x).float()


def levels(time: Tensor) -> tuple[Tensor, Tensor]:
    """How much of the picture and how much noise there is at a time in 0..1: cosine and sine."""
    angle = (time * 0.98 + 0.01) * math.pi / 2
    return angle.cos()[:, None, None, None], angle.sin()[:, None, None, None]


def fit(
    plan: TrainingConfig, pictures: Sequence[Boxed], *, on_progress: Callable[[Progress], None] | None = None,
    working: Path | None = None,
) -> tuple[Network, Fit]:  # fmt: skip
    """Train on every labelled cell, the kinds drawn alike. The network that comes out has the averaged weights."""
    torch.manual_seed(plan.settings.seed)
    where = devices.device()
    parts = [cells_network.crops(p.pixels, p.boxes)[0] for p in pictures]
    crops = F.interpolate(torch.cat(parts), (SIDE, SIDE), mode="bilinear", antialias=True) * 2 - 1
    kinds = torch.cat([torch.from_numpy(p.classes) for p in pictures])
    chances = 1 / np.sqrt(np.bincount(kinds)[kinds])
    network, kept = Network().to(where), Network().to(where)
    kept.load_state_dict(network.state_dict())

    def batches(epoch: int) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        random = np.random.default_rng((plan.settings.seed, epoch))
        for _ in range(plan.steps):
            drawn = torch.from_numpy(random.choice(len(kinds), plan.batch, p=chances / chances.sum()))
            batch = torch.rot90(crops[drawn], int(random.integers(4)), (2, 3))
            batch = batch.flip(-1) if random.random() < 0.5 else batch
            told = kinds[drawn].where(torch.from_numpy(random.random(plan.batch) >= FORGOTTEN), len(CELLS))
            time = torch.from_numpy(random.random(plan.batch)).float()
            noise = torch.from_numpy(random.standard_normal(batch.shape)).float()
            yield batch.to(where), told.to(where), time.to(where), noise.to(where)

    def loss(batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        with torch.no_grad():
            for slow, fast in zip(kept.parameters(), network.parameters(), strict=True):
                slow.lerp_(fast, 1 - plan.average)
        crop, kind, time, noise = batch
        signal, spread = levels(time)
        found = network(signal * crop + spread * noise, time, kind)
        return F.mse_loss(found, signal * noise - spread * crop)

    fit = loop.fit(
        network, batches, plan.steps, loss, plan.settings, on_progress=on_progress,
        checkpoint=working and working / "checkpoint", log=working and working / "scalars",
    )  # fmt: skip
    return kept.eval(), fit


@torch.inference_mode()
def drawn(network: Network, kinds: Sequence[int], seed: int = 0, steps: int = 40, guidance: float = 1.5) -> np.ndarray:
    """New crops of the kinds asked for, uint8 (n, SIDE, SIDE, 3); the same for the same seed."""
    where = next(network.parameters()).device
    random = torch.Generator().manual_seed(seed)
    noisy = torch.randn(len(kinds), 3, SIDE, SIDE, generator=random).to(where)
    told = torch.tensor(kinds, device=where)
    none = torch.full_like(told, len(CELLS))
    times = torch.linspace(1, 0, steps + 1, device=where)
    for now, then in pairwise(times):
        time = now.expand(len(kinds))
        with devices.precision(where.type):
            free, asked = network(noisy, time, none), network(noisy, time, told)
        v = free + guidance * (asked - free)
        signal, spread = levels(time)
        clean, noise = (signal * noisy - spread * v).clamp(-1, 1), spread * noisy + signal * v
        signal, spread = levels(then.expand(len(kinds)))
        noisy = signal * clean + spread * noise
    return ((noisy.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()


def pasted(
    picture: Boxed, made: Sequence[tuple[int, np.ndarray]], random: np.random.Generator, sides: np.ndarray
) -> Boxed:
    """A smear with made-up cells at free places, faded in at their edges.

    made: kind and crop (SIDE, SIDE, 3) each, the cell with a tenth of border around it as `cells.crops` cuts it. sides:
    width and height of real cells by kind, (kinds, 2), in pixels.
    """
    pixels, boxes, classes = picture.pixels.astype(np.float32), picture.boxes.copy(), picture.classes.copy()
    height, width = pixels.shape[:2]
    for kind, crop in made:
        w, h = (sides[kind] * random.uniform(0.85, 1.2, 2)).round().astype(int)
        full_w, full_h = round(w * 1.2), round(h * 1.2)
        for _ in range(20):
            x, y = int(random.integers(0, width - full_w)), int(random.integers(0, height - full_h))
            box = np.array([x, y, x + full_w, y + full_h], np.float32)
            if not len(boxes) or scores.box_iou(box[None], boxes).max() < 0.02:
                break
        else:
            continue
        grown = F.interpolate(torch.from_numpy(crop).permute(2, 0, 1)[None].float(), (full_h, full_w), mode="bilinear")
        fade = np.minimum.outer(_fade(full_h), _fade(full_w))[..., None]
        place = (slice(y, y + full_h), slice(x, x + full_w))
        fresh = grown[0].permute(1, 2, 0).numpy()
        edge = np.concatenate((fresh[:2].reshape(-1, 3), fresh[-2:].reshape(-1, 3)))
        around = np.median(pixels[place].reshape(-1, 3), 0) - np.median(edge, 0)
        pixels[place] = fade * (fresh + around) + (1 - fade) * pixels[place]
        inset = np.array([full_w - w, full_h - h] * 2) / 2 * (1, 1, -1, -1)
        boxes = np.concatenate((boxes, (box + inset).astype(np.float32)[None]))
        classes = np.concatenate((classes, [kind]))
    return Boxed(picture.name, picture.split, np.clip(pixels, 0, 255).astype(np.uint8), classes, boxes)


def _fade(length: int) -> np.ndarray:
    return np.clip(np.minimum(np.arange(length) + 1, length - np.arange(length)) / max(2, length * 0.12), 0, 1)


# ------------------------------------------------------------------ whether it helps


@dataclass(frozen=True)
class Comparison:
    """further: how the detector learns on. pool: made-up cells of each rare kind. most: of them in a picture."""

    further: Settings = field(
        default_factory=lambda: Settings(epochs=6, rate=6e-4, weight_decay=0.03, warmup=0.03, seed=3)
    )
    pool: int = 150
    most: int = 4


def compared(
    network: Network, start: dict[str, Tensor], train: Sequence[Boxed], held: Sequence[Boxed],
    plan: Comparison = Comparison(),
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """What a detector that learnt from `train` finds of `held` after learning on, `without` and `with` made-up cells.

    start: the detector's weights. Each is what `cells_training.judged` gives; the two see the same views in the same
    order.
    """
    kinds, boxes = (np.concatenate([getattr(p, name) for p in train]) for name in ("classes", "boxes"))
    sides = np.array([np.median(boxes[kinds == kind, 2:] - boxes[kinds == kind, :2], 0) for kind in range(len(CELLS))])
    asked = [kind for kind in RARE for _ in range(plan.pool)]
    pool = list(zip(asked, drawn(network, asked), strict=True))

    def pasting(picture: Boxed, random: np.random.Generator) -> Boxed:
        chosen = random.integers(len(pool), size=int(random.integers(1, plan.most + 1)))
        return pasted(picture, [pool[i] for i in chosen], random, sides)

    found = {}
    learning = replace(cells_training.TrainingConfig(), settings=plan.further)
    for name, hook in (("without", None), ("with", pasting)):
        detector, _ = cells_training.fit(learning, cells_training.SHAPE, train, [], start=start, pasting=hook)
        seen = [
            cells_training.detect(detector, p.pixels, cells_network.DetectionRule(lowest=0.02, overlap=0.65))
            for p in held
        ]
        found[name] = cells_training.evaluate(seen, held)
    return found


def main() -> None:
    """The whole comparison from the labelled smears: over an hour on two cores, less with checkpoints."""
    parser = argparse.ArgumentParser(description="Do made-up cells help the blood-cell detector?")
    parser.add_argument("--working", type=Path, required=True, help="a folder for checkpoints; a run goes on from them")
    parser.add_argument("--data-dir", type=Path, help="where blood_cells.parquet lies")
    given = parser.parse_args()
    smears = corpora.cells(read(corpora.folder(given.data_dir) / "blood_cells.parquet"))
    split = {name: [smear for smear in smears if smear.split == name] for name in corpora.SPLITS}
    network, _ = fit(TrainingConfig(), split["train"], working=given.working / "made up")
    detector, _ = cells_training.fit(
        cells_training.TrainingConfig(),
        cells_training.SHAPE,
        split["train"],
        split["val"],
        working=given.working / "detector",
    )
    held = [*split["val"], *split["test"]]
    for name, found in compared(network, detector.state_dict(), split["train"], held).items():
        print(f"{name} made-up cells, {found['n']} held-out pictures: mAP at IoU 0.5 {found['map50']:.4f}")
        for kind, one in found["per_class"].items():
            print(f"  {kind}: {one['ap50']:.4f} [{one['low']:.4f}, {one['high']:.4f}], {one['n']} cells")


if __name__ == "__main__":
    main()
