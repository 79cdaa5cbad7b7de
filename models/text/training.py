"""Fit the members of a text network one by one, weigh them on dev, calibrate, judge on test, write the card."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer
from torch import Tensor

from models import devices, tensors
from models.cards import Card
from models.text.abstention import AbstentionRule, out_of_scope_logits
from models.text.corpora import Corpus
from models.text.evaluation import Rows, evaluate, logits, mean_macro_f1
from models.text.load import TOKENIZER
from models.text.network import BagConfig, Config, Inputs, Member, Network
from models.text.text_model import TextModel
from models.training import loop
from models.training.run_metadata import run_metadata
from models.training.settings import Fit, Progress, Settings


@dataclass(frozen=True)
class TrainingConfig:
    """How one member is trained. title: its row in the card's table; smoothing: of labels; shipped: part of the network
    (else only compared); crop: share of texts cut to a random piece, so that short texts are known too."""

    title: str
    member: Member
    settings: Settings
    batch: int = 256
    smoothing: float = 0.0
    crop: float = 0.0
    shipped: bool = True
    pretrained: bool = False
    most: int = 0
    """Rows an epoch draws at random, 0 for all of them."""
    blind: bool = False
    """Whether the member is not told the language, nor which labels it has; never part of a larger network."""


@dataclass(frozen=True)
class TrainingRecipe:
    """Everything that makes a model: its card's words, its corpus, its members, when it hesitates."""

    name: str
    task: str
    title: str
    purpose: str
    family: str
    corpus: Callable[[Path | None], Corpus]
    plans: tuple[TrainingConfig, ...]
    limits: tuple[str, ...]
    abstention: AbstentionRule = field(default_factory=AbstentionRule)
    masked: bool = False
    """Whether a language's answers are limited to the labels its training rows had."""
    outside_share: float = 0.05
    """How many requests are taken to be out of scope in use (dev holds far fewer)."""
    languages: tuple[str, ...] = ()
    """What the corpus is in, where its rows do not say."""
    refit: bool = False
    """Whether the members are trained once more on train and dev together, once mix and abstention are found."""

    @property
    def reads_tokens(self) -> bool:
        """Whether a member needs the encoder's tokeniser."""
        return any(not isinstance(plan.member, BagConfig) for plan in self.plans)


def config_for(recipe: TrainingRecipe, corpus: Corpus, members: tuple[Member, ...]) -> Config:
    """Labels, languages and what a language may answer, from the training rows (languages: from all rows)."""
    train = corpus.split("train")
    labels = tuple(sorted(corpus.rows["label"].unique()))
    languages = tuple(sorted(corpus.rows["language"].dropna().unique()))
    allowed = {}
    if recipe.masked:
        by = train.groupby("language")["label"].unique()
        allowed = {language: tuple(sorted(found)) for language, found in by.items() if len(found) < len(labels)}
    return Config(labels, languages, members, allowed)


def fit_member(
    plan: TrainingConfig,
    config: Config,
    train: Rows,
    dev: Rows | None,
    tokenizer: Tokenizer | None = None,
    start: dict[str, Tensor] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    checkpoint: Path | None = None,
    log: Path | None = None,
) -> tuple[Network, Fit]:
    """Train a network of this one member, for its settings' epochs where there is no dev to choose the best by.

    start: tensors of a pre-trained encoder.
    """
    torch.manual_seed(plan.settings.seed)
    if plan.blind:
        config = replace(config, languages=(), allowed={})
    network = Network(replace(config, members=(plan.member,)), tokenizer).to(devices.device())
    if start:
        network.members[0].encoder.load_state_dict(start)
    if isinstance(plan.member, BagConfig) and plan.member.grams.idf:
        network.members[0].count(train.texts, network.numbers(train.languages))

    def batches(epoch: int) -> Iterator[tuple[Inputs, Tensor]]:
        return _batches(network, plan, train, epoch)

    def loss(batch: tuple[Inputs, Tensor]) -> Tensor:
        found = network(batch[0]).float()
        value = F.cross_entropy(found, batch[1])
        if plan.smoothing:  # over the labels that the row's language can have
            possible = network.possible[batch[0].language + 1] == 0
            spread = -(found.log_softmax(1) * possible).sum(1) / possible.sum(1)
            value = (1 - plan.smoothing) * value + plan.smoothing * spread.mean()
        return value

    def score() -> float:
        found = logits(network, dev)
        return mean_macro_f1(found.argmax(1), dev, len(config.labels))

    steps = max(1, min(len(train.texts), plan.most or len(train.texts)) // plan.batch)
    fit = loop.fit(
        network, batches, steps, loss, plan.settings, score=score if dev else None, on_progress=on_progress,
        should_stop=should_stop, checkpoint=checkpoint, log=log,
    )  # fmt: skip
    return network, fit


def _batches(network: Network, plan: TrainingConfig, rows: Rows, epoch: int) -> Iterator[tuple[Inputs, Tensor]]:
    """Every row once, in an order of the epoch; texts of about one length together where padding costs."""
    random = np.random.default_rng((plan.settings.seed, epoch))
    order = random.permutation(len(rows.texts))[: plan.most or None]
    count = max(1, len(order) // plan.batch)
    if isinstance(plan.member, BagConfig):
        groups = np.array_split(order, count)
    else:
        lengths = np.array([len(text.encode()) for text in rows.texts])[order]
        sortable = np.argsort(lengths + random.normal(0, 12, len(order)))
        groups = np.array_split(order[sortable], count)
        random.shuffle(groups)
    for group in groups:
        texts = [_cropped(text, random) if random.random() < plan.crop else text for text in rows.texts[group]]
        inputs = network.prepare(texts, list(rows.languages[group])).to(devices.device())
        yield inputs, torch.from_numpy(rows.y[group]).to(inputs.language.device)


def _cropped(text: str, random: np.random.Generator) -> str:
    length = max(12, int(len(text) * random.uniform(0.12, 1)))
    start = 0 if random.random() < 0.5 else int(random.integers(0, max(1, len(text) - length + 1)))
    return text[start : start + length]


def ensemble_weights(members: Sequence[np.ndarray], rows: Rows) -> np.ndarray:
    """Weights (>= 0) of the members' logits that make dev likeliest, every language counting by the root of its rows.

    Stacking (Wolpert 1992) with one number a member; the sum is calibrated by itself. members: (rows, labels) each.
    """
    _, place, counts = np.unique([language or "" for language in rows.languages], return_inverse=True,
                                    return_counts=True)  # fmt: skip
    importance = (1 / np.sqrt(counts))[place]
    importance /= importance.sum()
    stacked = np.stack(members)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total = np.tensordot(weights, stacked, 1)
        total -= total.max(1, keepdims=True)
        odds = np.exp(total)
        shares = odds / odds.sum(1, keepdims=True)
        picked = shares[np.arange(len(rows.y)), rows.y]
        rest = shares.copy()
        rest[np.arange(len(rows.y)), rows.y] -= 1
        slope = np.tensordot(stacked, rest * importance[:, None], axes=([1, 2], [0, 1]))
        return float(-(importance * np.log(np.maximum(picked, 1e-12))).sum()), slope

    start = np.full(len(members), 0.5 / len(members))
    return minimize(loss, start, jac=True, bounds=[(0, 5)] * len(members), method="L-BFGS-B").x


def make(
    recipe: TrainingRecipe,
    where: Path | None = None,
    *,
    tokenizer: Tokenizer | None = None,
    start: dict[str, Tensor] | None = None,
    root: Path | None = None,
    say: Callable[[str], None] = print,
    on_progress: Callable[[str, Progress], None] | None = None,
    working: Path | None = None,
) -> Path:
    """Train every member, weigh, calibrate, judge, save. Returns the model's folder.

    working: a folder for checkpoints and TensorBoard scalars; a run broken off goes on from there. Raises ModelError
    for data that are not there, TrainingError for settings that do not work.
    """
    began = time.monotonic()
    corpus = recipe.corpus(where)
    shipped = tuple(plan.member for plan in recipe.plans if plan.shipped)
    config = config_for(recipe, corpus, shipped)
    spoken = config.languages or recipe.languages or config.labels  # a language model knows its labels
    if all(plan.blind for plan in recipe.plans):
        config = replace(config, languages=(), allowed={})
    train, dev, test = (Rows.of(corpus.split(name), config.labels) for name in ("train", "dev", "test"))
    found = train_members(recipe, config, train, dev, test, tokenizer, start, say, on_progress, working)
    network, tried = found.network, found.tried
    abstention = fit_abstention_rule(recipe, logits(network, dev), dev, config.labels)
    if recipe.refit:
        both = Rows.of(corpus.rows[corpus.rows["split"] != "test"], config.labels)
        plans = [plan for plan in recipe.plans if plan.shipped]
        again = [fit_member(p, config, both, None, tokenizer, start if p.pretrained else None)[0] for p in plans]
        network = _together(config, tokenizer, again, found.mix)
    weights = dict(zip((plan.title for plan in recipe.plans if plan.shipped), map(float, found.mix), strict=True))
    if len(shipped) > 1:
        row = comparison_row("all members together", logits(network, test), test, parameters(network))
        tried = (*tried, {**row, "weights": weights})
    card = Card(
        name=recipe.name, task=recipe.task, title=recipe.title, purpose=recipe.purpose, family=recipe.family,
        labels=config.labels, languages=spoken, data=corpus.sources,
        splits={name: len(corpus.split(name)) for name in ("train", "dev", "test")}, metrics={},
        training={
            **run_metadata(f"python -m models train {recipe.name}", began),
            "members": [{"title": p.title, "settings": asdict(p.settings), "batch": p.batch} for p in recipe.plans],
        },
        config={"network": config.to_dict(), "doubts": asdict(abstention)}, limits=recipe.limits, tried=tried,
    )  # fmt: skip
    others = {TOKENIZER: tokenizer.to_str().encode()} if network.tokenizer else {}
    card = with_metrics(TextModel(card, network), corpus.split("test"), say)
    return tensors.save(card, network.state_dict(), others, root=root)


def with_metrics(model: TextModel, rows: pd.DataFrame, say: Callable[[str], None]) -> Card:
    """A model's card with what `judged` says of it."""
    metrics = evaluate(model, rows)
    say(
        f"{model.name}: macro-F1 {metrics['macro_f1']:.4f}, accuracy {metrics['accuracy']:.4f}, "
        f"calibration error {metrics['ece']:.4f}"
    )
    return replace(model.card, metrics=metrics)


@dataclass(frozen=True)
class TrainedMembers:
    """A network whose members learned from train alone, weighed on dev. tried: a row for the card, a plan each."""

    network: Network
    mix: np.ndarray
    tried: tuple[dict[str, Any], ...]


def train_members(
    recipe: TrainingRecipe,
    config: Config,
    train: Rows,
    dev: Rows,
    test: Rows,
    tokenizer: Tokenizer | None = None,
    start: dict[str, Tensor] | None = None,
    say: Callable[[str], None] = print,
    on_progress: Callable[[str, Progress], None] | None = None,
    working: Path | None = None,
) -> TrainedMembers:
    """Train every member of a recipe on train, and put those that ship together. Arguments as `make` takes them."""
    tried, members, on_dev = [], [], []
    for plan in recipe.plans:
        place = working / recipe.name / plan.title.replace(" ", "-").replace("/", "-") if working else None
        network, fit = fit_member(
            plan, config, train, dev, tokenizer, start if plan.pretrained else None,
            (lambda progress, title=plan.title: on_progress(title, progress)) if on_progress else None,
            checkpoint=place and place / "checkpoint", log=place and place / "scalars",
        )  # fmt: skip
        row = comparison_row(plan.title, logits(network, test), test, parameters(network), fit)
        say(f"{plan.title}: dev {fit.best:.4f}, test {row['macro_f1']:.4f} ({fit.ended}, {fit.seconds:.0f} s)")
        tried.append(row)
        if plan.shipped:
            members.append(network)
            on_dev.append(logits(network, dev))
    mix = ensemble_weights([free(found) for found in on_dev], dev)
    return TrainedMembers(_together(config, tokenizer, members, mix), mix, tuple(tried))


def _together(config: Config, tokenizer: Tokenizer | None, members: Sequence[Network], mix: np.ndarray) -> Network:
    """One network of members trained apart, as it ships: int8 and fp16."""
    network = Network(config, tokenizer if any(not isinstance(m, BagConfig) for m in config.members) else None)
    for index, member in enumerate(members):
        network.members[index].load_state_dict(member.members[0].state_dict())
    network.mix.copy_(torch.from_numpy(mix))
    network.load_state_dict(tensors.unpack(tensors.pack(network.state_dict())))
    return network.to(devices.device()).eval()


def free(answers: np.ndarray) -> np.ndarray:
    """Logits with what a language cannot answer far off, but not so far that weights vanish beside it."""
    return np.maximum(answers, answers.max(1, keepdims=True) - 60)


def parameters(network: Network) -> int:
    """How many numbers a network has learned."""
    return sum(p.numel() for p in network.parameters())


def comparison_row(
    title: str, test_logits: np.ndarray, rows: Rows, size: int, fit: Fit | None = None
) -> dict[str, Any]:
    """A row of the card's table: what these logits of the test rows are worth. size: parameters learned for them."""
    predicted = test_logits.argmax(1)
    return {
        "name": title,
        "macro_f1": mean_macro_f1(predicted, rows, test_logits.shape[1]),
        "accuracy": float((predicted == rows.y).mean()),
        "parameters": size,
        "seconds": round(fit.seconds) if fit else None,
        "dev": fit.best if fit else None,
    }


def fit_abstention_rule(
    recipe: TrainingRecipe, dev_logits: np.ndarray, rows: Rows, labels: Sequence[str]
) -> AbstentionRule:
    """The recipe's rule; with a label for what is outside, its rule fitted as if `outside_share` were so.

    dev_logits: logits of rows that nothing behind them learned from.
    """
    if recipe.abstention.outside is None:
        return recipe.abstention
    odds = np.exp(dev_logits - dev_logits.max(1, keepdims=True))
    number = list(labels).index(recipe.abstention.outside)
    truth = rows.y == number
    share = np.where(truth, recipe.outside_share / truth.mean(), (1 - recipe.outside_share) / (1 - truth.mean()))
    evidence = out_of_scope_logits(odds / odds.sum(1, keepdims=True), number)
    fitted = LogisticRegression(C=100).fit(evidence, truth, sample_weight=share)
    return replace(recipe.abstention, rule=(*map(float, fitted.coef_[0]), float(fitted.intercept_[0])))
