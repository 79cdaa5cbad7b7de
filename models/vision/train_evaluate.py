"""How each vision model is made and judged: `python -m models train NAME` and `evaluate NAME` come here."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from models import cards
from models import tensors as model_tensors
from models.cards import Card
from models.corpora import read
from models.errors import ModelError
from models.evaluation import classification
from models.training.run_metadata import run_metadata
from models.training.settings import Fit, Progress
from models.vision import corpora, counts, load, novelty
from models.vision.cells import crowding
from models.vision.cells import network as cells_network
from models.vision.cells import training as cells_training
from models.vision.cells.network import Detections
from models.vision.corpora import Boxed, Segmented
from models.vision.nuclei import conditions, instances, scale
from models.vision.nuclei import network as nuclei_network
from models.vision.nuclei import training as nuclei_training
from models.vision.nuclei.instances import Maps
from models.vision.nuclei.training import AGAIN, ROUNDS
from models.vision.reader import evaluation
from models.vision.reader import training as reader_training

Say = Callable[[str], None]
Report = Callable[[str, Progress], None]
NAMES = ("nuclei", "blood_cells", "reader")
FILES = {"nuclei": "nuclei.parquet", "blood_cells": "blood_cells.parquet"}


def train(
    name: str, data_dir: Path | None = None, *, root: Path | None = None, working: Path | None = None,
    say: Say = print, on_progress: Report | None = None,
) -> Path:  # fmt: skip
    """Make a model and save it with its card. Returns its folder. Raises ModelError without data or such a model."""
    working = working and working / name
    if name == "reader":
        return reader_training.train(working=working, root=root, say=say, on_progress=on_progress)
    made = {"nuclei": _nuclei, "blood_cells": _blood_cells}
    if name not in made:
        raise ModelError(
            "There is no vision model {name}. Choose from: {names}.",
            name=repr(name),
            names=", ".join(NAMES),
        )
    return made[name](data_dir, root, working, say, on_progress)


def evaluate(name: str, data: Path | None = None, data_dir: Path | None = None) -> dict[str, Any]:
    """What a model reaches on a file, or on its own test split. Raises ModelError, ValueError for what cannot be read.

    nuclei: dice, ap50, ap50_95, per_kind, per_condition, n. blood_cells: map50, ap50 by class, per_class, per_crowding,
    crop_accuracy, n. reader: cer, exact_match, per_script, n.
    """
    if cards.card(name).task == "reader":
        return evaluation.evaluate(name, read(data) if data else None)
    return _evaluate_whole(load.model(name), read(data) if data else _test(name, data_dir))


def _evaluate_whole(model: load.NucleiModel | load.CellsModel, rows: pd.DataFrame) -> dict[str, Any]:
    """`evaluate_on`, and of nuclei the pictures as they may come instead."""
    made = evaluate_on(model, rows)
    if isinstance(model, load.NucleiModel):
        made["per_condition"] = conditions.evaluate(model.predict, corpora.nuclei(rows), model.rule)
    return made


def evaluate_on(model: load.NucleiModel | load.CellsModel, rows: pd.DataFrame) -> dict[str, Any]:
    """What a model reaches on rows of the columns of `models.vision.corpora`."""
    labelled = pictures(model.name, rows)
    found = model.predict([picture.pixels for picture in labelled])
    if isinstance(model, load.NucleiModel):
        made = nuclei_training.evaluate(found, labelled, model.rule)
    else:
        made = cells_training.evaluate(found, labelled) | evaluate_crops(model.crops, labelled)
        made["per_crowding"] = crowding.recall(found, labelled)
    return made | counted(model, found, labelled)


def counted(
    model: load.NucleiModel | load.CellsModel, outputs: Sequence[Maps | Detections], truth: Sequence[Segmented | Boxed]
) -> dict[str, dict[str, float]]:
    """By label: count_coverage, the share of pictures whose true number lies in the interval that is told, and
    count_within, how far counts are usually off."""
    sure = [{label: one.sum() for label, one in model.confidences(one).items()} for one in outputs]
    expected = {label: [one[label] for one in sure] for label in model.labels}
    true = {label: [_true(picture, number) for picture in truth] for number, label in enumerate(model.labels)}
    return {
        "count_coverage": {
            label: counts.covered(expected[label], true[label], model.around[label]) for label in model.labels
        },
        "count_within": {label: counts.within(expected[label], true[label]) for label in model.labels},
    }


def _true(picture: Segmented | Boxed, number: int) -> int:
    """How many things of a label there are."""
    if isinstance(picture, Segmented):
        return int(picture.instances.max(initial=0))
    return int((picture.classes == number).sum())


def pictures(name: str, rows: pd.DataFrame) -> list[Segmented] | list[Boxed]:
    """Rows as the labelled pictures that a model learns from and is judged on."""
    return corpora.nuclei(rows) if name == "nuclei" else corpora.cells(rows)


def evaluate_crops(network: cells_network.CropNetwork, smears: Sequence[Boxed]) -> dict[str, Any]:
    """crop_accuracy with a 95 % interval (bootstrap over cells), and confusion, over the boxes of labelled smears."""
    pictures, sizes, kinds = cells_training.crops_of(smears)
    chances = cells_network.classified(network, pictures, sizes)
    labels = [corpora.CELLS[i] for i in kinds.tolist()]
    given = [corpora.CELLS[i] for i in chances.argmax(1)]
    found = classification.report(labels, given, chances.max(1).tolist(), corpora.CELLS)
    right = np.array(labels) == np.array(given)
    drawn = right[np.random.default_rng(0).integers(len(right), size=(1_000, len(right)))].mean(1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return {
        "crop_accuracy": found["accuracy"], "crop_accuracy_low": float(low), "crop_accuracy_high": float(high),
        "crop_n": found["n"], "crop_per_class": found["per_class"], "confusion": found["confusion"],
    }  # fmt: skip


def _test(name: str, data_dir: Path | None) -> pd.DataFrame:
    rows = read(corpora.folder(data_dir) / FILES[name])
    return rows[rows["split"] == "test"]


def _splits(rows: pd.DataFrame, read: Callable[[pd.DataFrame], list]) -> dict[str, list]:
    return {name: read(rows[rows["split"] == name]) for name in corpora.SPLITS}


def _nuclei(data_dir: Path | None, root: Path | None, working: Path | None, say: Say, on: Report | None) -> Path:
    began = time.monotonic()
    split = _splits(read(corpora.folder(data_dir) / FILES["nuclei"]), corpora.nuclei)
    shape, start, fits = nuclei_training.SHAPE, None, []
    for number, plan in enumerate(ROUNDS, start=1):
        network, fit = nuclei_training.fit(
            plan, shape, split["train"], split["val"], start=start, working=working and working / f"round {number}",
            on_progress=on and (lambda p, number=number: on(f"nuclei, round {number}", p)),
        )  # fmt: skip
        start, fits = network.state_dict(), [*fits, fit]
        say(f"nuclei, round {number}: AP at IoU 0.5 on half of val {fit.best:.4f} ({fit.ended}, {fit.seconds:.0f} s)")
    _as_shipped(network)
    seen = [nuclei_training.predicted(network, p.pixels) for p in split["val"]]
    rule = nuclei_training.ruled(seen, [p.instances for p in split["val"]])
    told = [
        scale.looked_at(lambda pixels: nuclei_training.predicted(network, pixels), p.pixels, rule) for p in split["val"]
    ]
    expected = [instances.confidences(maps, instances.instances(maps, rule), rule).sum() for maps in told]
    around = {load.TASKS["nuclei"][0]: counts.spread(expected, [_true(p, 0) for p in split["val"]])}
    network, again = nuclei_training.fit(
        AGAIN, shape, [*split["train"], *split["val"]], [], start=network.state_dict(),
        working=working and working / "again", on_progress=on and (lambda p: on("nuclei, train and val", p)),
    )  # fmt: skip
    _as_shipped(network)
    bank = novelty.reference_features(*(
        np.stack([nuclei_training.predicted(network, p.pixels).features for p in split[name]])
        for name in ("train", "val")
    ))  # fmt: skip
    card = Card(
        name="nuclei", task="nuclei", title="Cell nuclei in microscope pictures",
        purpose="Counts and outlines the nuclei of cells in pictures from fluorescence and light microscopes.",
        family="U-Net for inside, distance and flow; watershed proposals, the likeliest kept",
        labels=load.TASKS["nuclei"], languages=(),
        data=(corpora.source(corpora.DSB, sum(map(len, split.values()))),), splits=_lengths(split), metrics={},
        training=_notes("nuclei", [*fits, again], began, rounds=[asdict(plan) for plan in (*ROUNDS, AGAIN)]),
        config=nuclei_network.settings(shape, rule) | {"far": bank.threshold, "counts": around},
        limits=(
            "Not a medical device: figures are for research and demonstration, a person must check them.",
            "Stained tissue is the weakest kind and has few pictures to learn from and to be judged on.",
            "Nuclei that overlap in depth are taken for one, or cut where none ends.",
        ),
    )  # fmt: skip
    return _saved(card, network.state_dict() | {"bank.features": torch.from_numpy(bank.features)}, root, data_dir, say)


def _blood_cells(data_dir: Path | None, root: Path | None, working: Path | None, say: Say, on: Report | None) -> Path:
    began = time.monotonic()
    split = _splits(read(corpora.folder(data_dir) / FILES["blood_cells"]), corpora.cells)
    plan, shape = cells_training.TrainingConfig(), cells_training.SHAPE
    network, fit = cells_training.fit(
        plan, shape, split["train"], split["val"], working=working,
        on_progress=on and (lambda p: on("blood-cell detector", p)),
    )  # fmt: skip
    say(f"detector: mAP at IoU 0.5 on val {fit.best:.4f} ({fit.ended}, {fit.seconds:.0f} s)")
    crops, crop_fit = cells_training.fit_crops(plan, split["train"], split["val"])
    say(f"crop classifier: accuracy on val {crop_fit.best:.4f} ({crop_fit.seconds:.0f} s)")
    _as_shipped(network)
    rule = cells_training.ruled(network, split["val"])
    seen = [cells_training.detect(network, p.pixels, rule) for p in split["val"]]
    around = {
        kind: counts.spread(
            [found.confidence[found.classes == number].sum() for found in seen],
            [_true(p, number) for p in split["val"]],
        )
        for number, kind in enumerate(corpora.CELLS)
    }
    both = [*split["train"], *split["val"]]
    network, again = cells_training.fit(
        replace(plan, settings=plan.again), shape, both, [], start=network.state_dict(),
        working=working and working / "again", on_progress=on and (lambda p: on("detector, train and val", p)),
    )  # fmt: skip
    crops, _ = cells_training.fit_crops(plan, both, [])
    _as_shipped(network)
    _as_shipped(crops)
    features = [
        np.stack([cells_training.detect(network, p.pixels, rule).features for p in split[name]])
        for name in ("train", "val")
    ]
    bank = novelty.reference_features(*features)
    tensors = {f"detector.{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"crops.{name}": value for name, value in crops.state_dict().items()}
    card = Card(
        name="blood_cells", task="cells", title="Blood cells in smears",
        purpose="Finds and counts red cells, white cells and platelets in pictures of stained blood smears.",
        family="anchor-free centre-point detector on a U-Net, and a classifier of single cells",
        labels=corpora.CELLS, languages=(), data=(corpora.source(corpora.BCCD, sum(map(len, split.values()))),),
        splits=_lengths(split), metrics={},
        training=_notes("blood_cells", [fit, again], began, plan=asdict(plan), crops_val_accuracy=crop_fit.best),
        config=cells_network.settings(shape, rule, crops.widths) | {"far": bank.threshold, "counts": around},
        limits=(
            "Not a medical device: figures are for research and demonstration, a person must check them.",
            "All smears come from one source, one stain and one magnification (100x).",
            "Red cells that lie on each other are missed; some that are there have no label, and count as errors.",
        ),
    )  # fmt: skip
    return _saved(card, tensors | {"bank.features": torch.from_numpy(bank.features)}, root, data_dir, say)


def _as_shipped(network: nn.Module) -> None:
    """Round the weights as they will be stored, so that rule and figures hold for what ships."""
    network.load_state_dict(model_tensors.unpack(model_tensors.pack(network.state_dict())))


def _lengths(split: Mapping[str, Sequence]) -> dict[str, int]:
    return {"train": len(split["train"]), "dev": len(split["val"]), "test": len(split["test"])}


def _notes(name: str, fits: Sequence[Fit], began: float, **others: Any) -> dict[str, Any]:
    """How a model was trained, for its card."""
    return {
        **run_metadata(f"python -m models train {name}", began), "fit_seconds": [round(fit.seconds) for fit in fits],
        "best_on_val": [fit.best for fit in fits], **others,
        "curve": [[(step, score) for step, _, score in fit.curve if score is not None] for fit in fits],
    }  # fmt: skip


def _saved(card: Card, tensors: Mapping[str, Tensor], root: Path | None, data_dir: Path | None, say: Say) -> Path:
    """Judge a model on test and save it."""
    metrics = _evaluate_whole(load.built(card, tensors), _test(card.name, data_dir))
    say(f"{card.name}: " + ", ".join(f"{k} {v:.4f}" for k, v in metrics.items() if isinstance(v, float)))
    return model_tensors.save(replace(card, metrics=metrics), tensors, root=root)
