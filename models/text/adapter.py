"""An adapter for one market: checks of the labelled rows, training beside a frozen model, before and after.

The rows are split by text into train, dev and test; a fifth of the training batches are general rows with the model's
own answers as their target, so that what it knew stays (Hinton et al. 2015; Li and Hoiem 2016, "Learning without
forgetting"). Forgetting is what the adapter costs on general rows.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

from models import evaluation, registry, training
from models.registry import Source
from models.text import languages, loading, lora
from models.text.classifier import LONGEST
from models.text.fitting import judged
from models.text.loading import TextModel
from models.text.lora import Lora
from models.training import Fit, Progress, Settings

FEWEST = 20
FEWEST_A_CLASS = 3
MOST = 50_000
SETTINGS = Settings(epochs=8, rate=2e-3, weight_decay=0.01, warmup=0.1, patience=3, bf16=False)
BATCH = 32
SMALLEST_BATCH = 8
BATCHES = 8
"""Batches an epoch has at least, where the rows are enough for batches of SMALLEST_BATCH."""
STEPS = 120
"""Steps that a few rows are given, by more epochs."""
MOST_EPOCHS = 30
SMOOTHING = 0.05
TIE = 1e-4
"""What the mean log-likelihood of dev counts beside its macro-F1: between equals, the one that is surer."""
GENERAL_SHARE = 0.5
"""General rows beside each batch of the market's."""


SPLITS = ("train", "dev", "test")


class AdapterError(ValueError):
    """Rows cannot be learned from; the message lists every reason."""


@dataclass(frozen=True)
class Finding:
    """One thing a check saw. stops: whether nothing can be trained while it stands; rows: how many it concerns."""

    check: str
    text: str
    stops: bool = False
    rows: int = 0


@dataclass(frozen=True)
class Checked:
    """Rows that can be used (text, label, split), what the checks found, and the share of each class."""

    rows: pd.DataFrame
    findings: tuple[Finding, ...]
    balance: dict[str, int]

    @property
    def usable(self) -> bool:
        return not any(finding.stops for finding in self.findings)


@dataclass(frozen=True)
class Adapted:
    """A trained adapter, not yet registered: its network, its fit, how the model did before and after.

    before, after: `evaluation.report` on the market's test rows. general_before, general_after: the same on general
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


def check(
    rows: pd.DataFrame,
    labels: tuple[str, ...],
    language: str,
    detector: Any = None,
    seen: frozenset[str] = frozenset(),
    seed: int = 0,
) -> Checked:
    """Look a market's labelled rows over: columns, labels, balance, duplicates, language, leakage; then split them.

    rows: columns text and label (split optional: train, dev, test). labels: those of the model. detector: a language
    model, to find rows in another language. seen: texts that general tests hold, which must not be learned from; rows
    that the file itself puts into its test split may.
    Everything found is in the result; `usable` says whether to go on.
    """
    findings: list[Finding] = []
    missing = [column for column in ("text", "label") if column not in rows.columns]
    if missing:
        have = ", ".join(map(str, rows.columns[:8])) or "none"
        text = f"The file lacks the columns {', '.join(missing)}; it has {have}."
        return Checked(rows.head(0), (Finding("columns", text, stops=True),), {})
    if len(rows) > MOST:
        findings.append(Finding("size", f"{len(rows)} rows: only the first {MOST} are used.", rows=len(rows) - MOST))
        rows = rows.head(MOST)
    rows = rows.assign(text=rows["text"].astype("string"), label=rows["label"].astype("string").str.strip().str.lower())
    if "split" in rows.columns:
        rows = rows.assign(split=rows["split"].astype("string").str.strip().str.lower().fillna("").astype(object))
    blank = rows["text"].isna() | (rows["text"].str.strip() == "") | rows["label"].isna() | (rows["label"] == "")
    if blank.any():
        findings.append(
            Finding("empty", f"{blank.sum()} rows without a text or a label are left out.", rows=int(blank.sum()))
        )
        rows = rows[~blank]
    rows = rows.assign(text=rows["text"].astype(object).str.slice(0, LONGEST), label=rows["label"].astype(object))
    unknown = ~rows["label"].isin(labels)
    if unknown.any():
        names = ", ".join(sorted(rows.loc[unknown, "label"].unique())[:6])
        text = f"{unknown.sum()} rows have labels that the model does not know ({names}); it knows {', '.join(labels)}."
        findings.append(Finding("labels", text, stops=True, rows=int(unknown.sum())))
        rows = rows[~unknown]
    plain = rows["text"].map(_plain)
    torn = rows.groupby(plain)["label"].transform("nunique") > 1 if len(rows) else pd.Series(dtype=bool)
    if torn.any():
        text = f"{torn.sum()} rows have the same text under different labels and are left out."
        findings.append(Finding("contradictions", text, rows=int(torn.sum())))
        rows, plain = rows[~torn], plain[~torn]
    twice = plain.duplicated()
    if twice.any():
        findings.append(
            Finding("duplicates", f"{twice.sum()} rows repeat an earlier text and are left out.", rows=int(twice.sum()))
        )
        rows, plain = rows[~twice], plain[~twice]
    leaked = plain.isin({_plain(text) for text in seen})
    if _is_split(rows):
        leaked &= rows["split"] != "test"
    if leaked.any():
        text = f"{leaked.sum()} rows stand in the general test data and are left out, so that tests stay honest."
        findings.append(Finding("leakage", text, rows=int(leaked.sum())))
        rows = rows[~leaked]
    balance = {label: int(count) for label, count in rows["label"].value_counts().items()}
    findings += _balance(rows, balance, labels)
    if detector is not None and len(rows):
        findings += _languages(rows, language, detector, seed)
    findings += _own_split(rows, balance)
    if any(finding.stops for finding in findings):
        return Checked(rows.head(0), tuple(findings), balance)
    return Checked(_split(rows, seed), tuple(findings), balance)


def _balance(rows: pd.DataFrame, balance: dict[str, int], labels: tuple[str, ...]) -> list[Finding]:
    found = []
    if len(rows) < FEWEST:
        found.append(Finding("size", f"{len(rows)} usable rows: at least {FEWEST} are needed.", stops=True))
    if len(balance) == 1:
        only = next(iter(balance))
        found.append(
            Finding("balance", f"Every example is labelled {only}: there is nothing to tell apart.", stops=True)
        )
    scarce = {label: count for label, count in balance.items() if count < FEWEST_A_CLASS}
    if scarce and len(balance) > 1:
        names = ", ".join(f"{label} ({count})" for label, count in scarce.items())
        text = f"Too few rows to learn and to test: {names}; each class needs {FEWEST_A_CLASS}, better 50."
        found.append(Finding("balance", text, stops=True, rows=sum(scarce.values())))
    if absent := [label for label in labels if label not in balance]:
        found.append(Finding("balance", f"No row is {', '.join(absent)}: the adapter will not learn it."))
    if len(balance) > 1 and max(balance.values()) > 4 * min(balance.values()):
        most, least = max(balance, key=balance.__getitem__), min(balance, key=balance.__getitem__)
        text = (
            f"{most} has {balance[most]} rows and {least} only {balance[least]}: expect {least} to be found less well."
        )
        found.append(Finding("balance", text))
    return found


def _own_split(rows: pd.DataFrame, balance: dict[str, int]) -> list[Finding]:
    """Whether the file's own split can be used, where it has one."""
    if "split" not in rows.columns or not len(rows):
        return []
    if not _is_split(rows):
        return [Finding("split", "The split column does not hold train, dev and test each: the rows are split here.")]
    other = ~rows["split"].isin(SPLITS)
    found = []
    if other.any():
        text = f"{other.sum()} rows are neither train, dev nor test in the split column and are left out."
        found.append(Finding("split", text, rows=int(other.sum())))
    learned = rows.loc[rows["split"] == "train", "label"].unique()
    if len(balance) > 1 and len(learned) == 1:
        text = f"Every training example is labelled {learned[0]}: there is nothing to tell apart."
        found.append(Finding("split", text, stops=True))
    return found


def _languages(rows: pd.DataFrame, language: str, detector: Any, seed: int) -> list[Finding]:
    """Whether a sample of the rows is in the language it is said to be in."""
    sample = rows["text"].sample(min(300, len(rows)), random_state=seed).tolist()
    plain = language.split("-")[0]
    answers = [answer for answer in detector.predict(sample) if answer.sure]
    other = [languages.bcp47(a.label) for a in answers if languages.bcp47(a.label).split("-")[0] != plain]
    if not answers or len(other) < 0.2 * len(answers):
        return []
    most = max(set(other), key=other.count)
    text = f"{len(other)} of {len(answers)} sampled rows look as if they were not in {language}, most of them {most}."
    return [Finding("language", text, rows=len(other))]


def _plain(text: str) -> str:
    """A text but for its case and spacing."""
    return " ".join(text.casefold().split())


def _is_split(rows: pd.DataFrame) -> bool:
    """Whether the file says itself what is to be learned from and what to be judged on."""
    return "split" in rows.columns and set(SPLITS) <= set(rows["split"])


def _split(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The file's own split where it has one of all three, else 70 : 10 : 20 within each class."""
    if _is_split(rows):
        return rows.loc[rows["split"].isin(SPLITS), ["text", "label", "split"]].reset_index(drop=True)
    shuffled = rows.sample(frac=1, random_state=seed)
    place = shuffled.groupby("label").cumcount() % 10
    split = np.where(place < 2, "test", np.where(place == 2, "dev", "train"))
    return shuffled.assign(split=split)[["text", "label", "split"]].reset_index(drop=True)


def suggested(checked: Checked) -> Settings:
    """Settings for so many rows: fewer rows get more epochs, and more of them to get better in."""
    rows = int((checked.rows["split"] == "train").sum()) if len(checked.rows) else 0
    steps = max(1, rows // _batch(max(rows, 1)))
    epochs = min(MOST_EPOCHS, max(SETTINGS.epochs, round(STEPS / steps)))
    return replace(SETTINGS, epochs=epochs, patience=max(SETTINGS.patience, epochs // 3))


def _batch(rows: int) -> int:
    return min(rows, BATCH, max(SMALLEST_BATCH, rows // BATCHES))


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
) -> Adapted:
    """Train an adapter for a language on checked rows and say what changed.

    general: rows of text, label, language and split of other languages: its train rows keep what the model knew, its
    test rows measure forgetting. full: every parameter of the encoder and its head learns instead (the comparison).
    Where no epoch reads dev better than the model under it, that is what is left (`Adapted.held_back`).
    Raises AdapterError for rows that the checks stopped, training.Stopped when asked to stop.
    """
    if not checked.usable:
        raise AdapterError(" ".join(finding.text for finding in checked.findings if finding.stops))
    model = loading.classifier(base)
    own = checked.rows.assign(language=language)
    test = own[own["split"] == "test"]
    kept = general[general["split"] == "train"] if general is not None else None
    held = general[general["split"] == "test"] if general is not None else None
    before = judged(model, test)
    general_before = judged(model, held) if held is not None and len(held) else None
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
    return Adapted(
        model, base, config, found, fit, before, judged(model, test), general_before,
        judged(model, held) if held is not None and len(held) else None, learning, learning / total,
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
        return evaluation.macro_f1(truth, found.argmax(1), len(labels)) - TIE * float(unlikely)

    return training.fit(
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
    model.network.temperature.mul_(evaluation.temperature(found, y))


def register(made: Adapted, name: str, language: str, source: Source) -> Path:
    """Save an adapter under a name of its own. Raises ModelError for a name that is taken or cannot be one."""
    if name in registry.names():
        raise registry.ModelError(f"There is a model {name!r} already. Choose another name.")
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
        training={"command": "the Adapt page, or models.text.adapter.train", "device": made.fit.device,
                  "seconds": round(made.fit.seconds), "commit": training.commit(), "rows": made.rows,
                  "learning": made.parameters, "share": made.share},
        config={"lora": {"rank": made.config.rank, "alpha": made.config.alpha, "targets": list(made.config.targets)},
                "base_sha256": under.files[registry.WEIGHTS], "language": language,
                "released": list(made.released),
                "temperature": float(made.model.network.temperature), "doubts": under.config.get("doubts", {})},
        limits=(*under.limits, f"Learned from {made.rows.get('train', 0)} rows; judged on {made.rows.get('test', 0)}."),
        tried=(), variants=(), base=made.base, files={},
    )  # fmt: skip
    return registry.save(card, made.tensors, packed=False)
