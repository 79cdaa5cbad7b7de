"""An adapter for one market: training beside a frozen model, before and after.

A fifth of the training batches are general rows with the model's own answers as their target, so that what it knew
stays (Hinton et al. 2015; Li and Hoiem 2016, "Learning without forgetting"). Forgetting is what the adapter costs on
general rows.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

from data.faults import in_turn
from models import cards
from models import tensors as model_tensors
from models.cards import Source
from models.errors import AdapterError, ModelError
from models.evaluation import calibration, classification
from models.text import languages, load, lora
from models.text.adapter_checks import SPLITS, Checked
from models.text.evaluation import evaluate
from models.text.lora import Lora
from models.text.text_model import TextModel
from models.training import loop, run_metadata
from models.training.settings import Fit, Progress, Settings

SETTINGS = Settings(epochs=8, rate=2e-3, weight_decay=0.01, warmup=0.1, patience=3, bf16=False)
BATCH = 32
MIN_BATCH = 8
BATCHES = 8
"""Batches an epoch has at least, where the rows are enough for batches of MIN_BATCH."""
STEPS = 120
"""Steps that a few rows are given, by more epochs."""
MAX_EPOCHS = 30
SMOOTHING = 0.05
TIE = 1e-4
"""What the mean log-likelihood of dev counts beside its macro-F1: between equals, the one that is surer."""
GENERAL_SHARE = 0.5
"""General rows beside each batch of the market's."""


@dataclass(frozen=True)
class TrainedAdapter:
    """A trained adapter, not yet registered: its network, its fit, how the model did before and after.

    before, after: `classification.report` on the market's test rows. general_before, general_after: the same on general
    rows (None without any). parameters, share: how many learn, and of all.
    """

    model: TextModel
    base: str
    config: Lora
    tensors: dict[str, torch.Tensor]
    fit: Fit
    before: dict[str, Any]
    after: dict[str, Any]
    general_before: dict[str, Any] | None
    general_after: dict[str, Any] | None
    parameters: int
    share: float
    rows: dict[str, int] = field(default_factory=dict)
    released: tuple[str, ...] = ()
    """Labels that the model could not give in this language before, and learned from these rows."""

    @property
    def held_back(self) -> bool:
        """Whether no epoch read dev better than the model under it, which is what is left then."""
        return self.fit.best_epoch is None

    @property
    def forgetting(self) -> float | None:
        """Points of macro-F1 lost on general rows (negative: gained)."""
        if self.general_before is None or self.general_after is None:
            return None
        return 100 * (self.general_before["macro_f1"] - self.general_after["macro_f1"])


def suggested(checked: Checked) -> Settings:
    """Settings for so many rows: fewer rows get more epochs, and more of them to get better in."""
    rows = int((checked.rows["split"] == "train").sum()) if len(checked.rows) else 0
    steps = max(1, rows // _batch(max(rows, 1)))
    epochs = min(MAX_EPOCHS, max(SETTINGS.epochs, round(STEPS / steps)))
    return replace(SETTINGS, epochs=epochs, patience=max(SETTINGS.patience, epochs // 3))


def _batch(rows: int) -> int:
    return min(rows, BATCH, max(MIN_BATCH, rows // BATCHES))


def train(
    base: str,
    checked: Checked,
    language: str,
    general: pd.DataFrame | None = None,
    *,
    config: Lora = Lora(),  # noqa: B008 frozen
    settings: Settings = SETTINGS,
    full: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    checkpoint: Path | None = None,
    log: Path | None = None,
) -> TrainedAdapter:
    """Train an adapter for a language on checked rows and say what changed.

    general: rows of text, label, language and split of other languages: its train rows keep what the model knew, its
    test rows measure forgetting. full: every parameter of the encoder and its head learns instead (the comparison).
    Where no epoch reads dev better than the model under it, that is what is left (`Adapted.held_back`).
    Raises AdapterError for rows that the checks stopped, Stopped when asked to stop.
    """
    if not checked.usable:
        raise AdapterError.of(in_turn(finding.fault for finding in checked.findings if finding.stops))
    model = load.classifier(base, fast=True)
    own = checked.rows.assign(language=language)
    test = own[own["split"] == "test"]
    kept = general[general["split"] == "train"] if general is not None else None
    held = general[general["split"] == "test"] if general is not None else None
    before = evaluate(model, test)
    general_before = evaluate(model, held) if held is not None and len(held) else None
    targets = model.logits(kept["text"].tolist(), kept["language"].tolist()) if kept is not None else None
    total = sum(p.numel() for p in model.network.parameters())
    network = model.network
    released = lora.release(network, language, own.loc[own["split"] == "train", "label"].unique())
    if full:
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(".encoder." in name or name.endswith(("head.weight", "head.bias")))
        learning = sum(p.numel() for p in network.parameters() if p.requires_grad)
    else:
        torch.manual_seed(settings.seed)
        learning = lora.attach(network, config)
    fit = _fit(model, own, kept, targets, settings, on_progress, should_stop, checkpoint, log)
    found = {} if full else lora.tensors(network)
    dev = own[own["split"] == "dev"]
    if len(dev) >= 30:
        _recalibrate(model, dev)
    if not full:
        lora.merge(network)
    if language not in model.card.languages:
        model = TextModel(replace(model.card, languages=(*model.card.languages, language)), network, model.device)
    return TrainedAdapter(
        model, base, config, found, fit, before, evaluate(model, test), general_before,
        evaluate(model, held) if held is not None and len(held) else None, learning, learning / total,
        {name: int((own["split"] == name).sum()) for name in SPLITS}, released,
    )  # fmt: skip


def _fit(
    model: TextModel,
    own: pd.DataFrame,
    kept: pd.DataFrame | None,
    targets: np.ndarray | None,
    settings: Settings,
    on_progress: Callable[[Progress], None] | None,
    should_stop: Callable[[], bool] | None,
    checkpoint: Path | None,
    log: Path | None,
) -> Fit:
    network, labels = model.network, list(model.labels)
    rows = own[own["split"] == "train"]
    dev = own[own["split"] == "dev"]
    number = {label: index for index, label in enumerate(labels)}
    texts, spoken = rows["text"].to_numpy(object), rows["language"].to_numpy(object)
    y = rows["label"].map(number).to_numpy(np.int64)
    batch = _batch(len(rows))
    steps = max(1, len(rows) // batch)

    def batches(epoch: int) -> Any:
        random = np.random.default_rng((settings.seed, epoch))
        for group in np.array_split(random.permutation(len(texts)), steps):
            extra = random.integers(len(kept), size=round(batch * GENERAL_SHARE)) if kept is not None else []
            every = [*texts[group], *(kept["text"].to_numpy(object)[extra] if kept is not None else [])]
            which = [*spoken[group], *(kept["language"].to_numpy(object)[extra] if kept is not None else [])]
            aim = torch.from_numpy(targets[extra]).softmax(1) if targets is not None else None
            yield network.prepare(every, which).to(model.device), torch.from_numpy(y[group]), aim

    def loss(given: Any) -> torch.Tensor:
        inputs, truth, aim = given
        found = network(inputs)
        possible = network.possible[inputs.language[: len(truth)] + 1] == 0
        value = _smoothed(found[: len(truth)].float(), truth.to(found.device), possible)
        if aim is not None:
            value = value + F.kl_div(found[len(truth) :].log_softmax(1), aim.to(found.device), reduction="batchmean")
        return value

    def score() -> float:
        judge = dev if len(dev) else rows
        found = model.logits(judge["text"].tolist(), judge["language"].tolist())
        truth = judge["label"].map(number).to_numpy(np.int64)
        unlikely = F.cross_entropy(torch.tensor(found), torch.tensor(truth), reduction="none").clamp(max=10).mean()
        return classification.macro_f1(truth, found.argmax(1), len(labels)) - TIE * float(unlikely)

    return loop.fit(
        network, batches, steps, loss, settings, score=score, score_first=True, on_progress=on_progress,
        should_stop=should_stop, checkpoint=checkpoint, log=log, every=max(1, steps // 8),
    )  # fmt: skip


def _smoothed(found: torch.Tensor, truth: torch.Tensor, possible: torch.Tensor) -> torch.Tensor:
    """Cross-entropy with label smoothing over the labels that a row's language can have."""
    spread = -(found.log_softmax(1) * possible).sum(1) / possible.sum(1)
    return (1 - SMOOTHING) * F.cross_entropy(found, truth) + SMOOTHING * spread.mean()


def _recalibrate(model: TextModel, dev: pd.DataFrame) -> None:
    found = model.logits(dev["text"].tolist(), dev["language"].tolist())
    y = dev["label"].map({label: index for index, label in enumerate(model.labels)}).to_numpy(np.int64)
    model.network.temperature.mul_(calibration.temperature(found, y))


def register(made: TrainedAdapter, name: str, language: str, source: Source) -> Path:
    """Save an adapter under a name of its own. Raises ModelError for a name that is taken or cannot be one."""
    if name in cards.names():
        raise ModelError(
            "There is a model {name} already. Choose another name.",
            name=repr(name),
        )
    under = made.model.card
    card = replace(
        under,
        name=name,
        title=f"{languages.name(language)} adapter ({name})",
        purpose=f"{under.purpose} Adapted to one market's rows in {languages.name(language)}.",
        family=f"LoRA adapter, rank {made.config.rank} on {', '.join(made.config.targets)}",
        languages=under.languages if language in under.languages else (*under.languages, language),
        data=(*under.data, source),
        splits=made.rows,
        metrics={**made.after, "before": made.before, "general_before": made.general_before,
                 "general_after": made.general_after, "forgetting": made.forgetting},
        training={"command": "the Adapt page, or models.text.adapter_training.train", "device": made.fit.device,
                  "seconds": round(made.fit.seconds), "commit": run_metadata.commit(), "rows": made.rows,
                  "learning": made.parameters, "share": made.share},
        config={"lora": {"rank": made.config.rank, "alpha": made.config.alpha, "targets": list(made.config.targets)},
                "base_sha256": under.files[cards.WEIGHTS], "language": language,
                "released": list(made.released),
                "temperature": float(made.model.network.temperature), "doubts": under.config.get("doubts", {})},
        limits=(*under.limits, f"Learned from {made.rows.get('train', 0)} rows; judged on {made.rows.get('test', 0)}."),
        tried=(), variants=(), base=made.base, files={},
    )  # fmt: skip
    return model_tensors.save(card, made.tensors, packed=False)
