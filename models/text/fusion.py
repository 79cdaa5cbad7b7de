"""Make `models/weights/base`: what the encoder learned, weighed with our own networks language by language on dev.

    python -m models train base --working FOLDER

Stacking (Wolpert 1992): two numbers a language, drawn to those of all languages by a penalty that dev chooses in two
halves; then one temperature (Guo et al. 2017), and the rules of doubt anew. Intent models of ours learned from dev too,
so that members trained on train alone stand in for them while weights are found.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from models import cards, devices, tensors
from models.cards import Card
from models.evaluation import calibration
from models.text import evaluation, load, lora, multitask, training
from models.text.base import answers, place, shared
from models.text.base.fused import FusedModel, Head
from models.text.base.shared import Base
from models.text.evaluation import Rows
from models.text.multitask import SETTINGS, SHARES, Task
from models.text.recipes import RECIPES
from models.text.text_model import TextModel
from models.training.run_metadata import run_metadata
from models.training.settings import Progress, Settings

PULLS = (3.0, 10.0, 30.0, 100.0, 300.0)
"""How much a language's weights are drawn to those of all, in units of dev's log-likelihood, that dev chooses from."""
LIMITS = (
    "The encoder under it learned from web pages in about 100 languages: others are read by our own n-grams and by "
    "what they share with those.",
)
REFITTED = ("intent",)
"""Tasks whose heads are fitted once more, exactly, over the features of all their training rows."""
STRENGTHS = (0.01, 0.05)
"""Values of that regression's C (how little its weights are held back) that dev chooses from."""
NEVER = -20.0
"""The logit of a label that no row taught."""
WEIGHED = 8_000
"""Dev rows of a task that weights are found on at most."""
MANY = 200_000
"""Texts whose features are kept while weights are found and judged."""
PURPOSE = "One multilingual encoder under sentiment, topic and intents: fine-tuned for all of them at once."


def make(
    where: Path | None = None,
    *,
    names: Sequence[str] = tuple(SHARES),
    settings: Settings = SETTINGS,
    root: Path | None = None,
    say: Callable[[str], None] = print,
    on_progress: Callable[[str, Progress], None] | None = None,
    working: Path | None = None,
    judged_on: int = 0,
) -> Path:
    """Train, weigh, judge, save. Returns the folder. judged_on: test rows of a task, 0 for all of them.

    Raises ModelError where data, encoder or a model of ours lack.
    """
    began = time.monotonic()
    tasks = [multitask.task(name, where) for name in names]
    report = (lambda progress: on_progress("encoder for all tasks", progress)) if on_progress else None
    student, fit = multitask.learn(tasks, settings=settings, say=say, on_progress=report, working=working)
    notes = {
        **run_metadata("python -m models train base", began), "settings": asdict(settings), "dev": fit.best,
        "shares": {name: asdict(SHARES[name]) for name in names}, "ended": fit.ended,
    }  # fmt: skip
    learned = {f"lora/{name}": tensor.float() for name, tensor in lora.tensors(student.encoder).items()}
    for one in tasks:
        head = student.heads[one.name]
        learned |= {
            f"{one.name}/weight": head.linear.weight.detach().cpu(),
            f"{one.name}/bias": head.linear.bias.detach().cpu(),
            f"{one.name}/language": head.language.weight.detach().cpu(),
        }
    learned = tensors.unpack(tensors.pack(learned))  # as it will be read
    return weigh(
        [thinned(one, judged_on) for one in tasks],
        learned,
        base_of(learned),
        notes,
        where=where,
        root=root,
        say=say,
    )


def weigh(
    tasks: Sequence[Task],
    learned: Mapping[str, Tensor],
    base: Base,
    notes: Mapping[str, Any],
    *,
    where: Path | None = None,
    root: Path | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Weigh and judge what was learned for these tasks, and save it. learned: updates and heads; notes: how."""
    tensors_of, entries = {name: t for name, t in learned.items() if name.startswith("lora/")}, {}
    learned = dict(learned)
    for one in tasks:
        if RECIPES[one.name].task in REFITTED:
            learned |= refitted(one, base, learned)
        tensors_of |= {name: tensor for name, tensor in learned.items() if name.startswith(f"{one.name}/")}
        tensors_of[f"{one.name}/mix"], entries[one.name] = _weighed(one, base, learned, where, say)
    updates = sum(tensor.numel() for name, tensor in tensors_of.items() if name.startswith("lora/"))
    whole = sum(p.numel() for p in base.plain.parameters())
    whole += base.reader.tokenizer.get_vocab_size() * base.width
    sources = [source for one in tasks for source in RECIPES[one.name].corpus(where).sources]
    card = Card(
        name=answers.NAME, task="encoder", title="Encoder under the text models", purpose=PURPOSE,
        family=f"{place.NAME} with low-rank updates, a linear head a task", labels=(), languages=(),
        data=(answers.SOURCE, *dict.fromkeys(sources)),
        splits={split: sum(len(one.rows[split].y) for one in tasks) for split in ("train", "dev", "test")}, metrics={},
        training=dict(notes),
        config={
            "base": {"package": f"{place.PACKAGE}=={place.VERSION}", "sha256": place.SHA256, "licence": place.LICENCE},
            "lora": asdict(multitask.UPDATES), "share_learned": updates / whole, "tasks": entries,
        },
        limits=LIMITS,
    )  # fmt: skip
    return tensors.save(card, tensors_of, root=root)


def thinned(one: Task, judged_on: int = 0) -> Task:
    """A task with WEIGHED of its dev rows at most, and so many of its test rows (0: all), languages by their root."""
    rows, numbers = dict(one.rows), dict(one.numbers)
    for split, most in (("dev", WEIGHED), ("test", judged_on)):
        if most and len(numbers[split]) > most:
            places = np.sort(multitask.drawn(numbers[split], most))
            given = rows[split]
            rows[split] = Rows(given.texts[places], given.y[places], given.languages[places])
            numbers[split] = numbers[split][places]
    return replace(one, rows=rows, numbers=numbers)


def base_of(learned: Mapping[str, Tensor]) -> Base:
    """The encoder as it will be served, with room for the features of all rows."""
    made = shared.updated(place.place(), learned, multitask.UPDATES, devices.device())
    made.most_kept = MANY
    return made


def _weighed(
    one: Task, base: Base, learned: Mapping[str, Tensor], where: Path | None, say: Callable[[str], None]
) -> tuple[Tensor, dict[str, Any]]:
    """Weights of both parts, (languages + 1, 2), and what the card says of a task."""
    recipe, own = RECIPES[one.name], load.classifier(one.name, fast=True)
    dev, test, number = one.rows["dev"], one.rows["test"], one.numbers["dev"]
    unweighed = Head(*(learned[f"{one.name}/{part}"] for part in ("weight", "bias", "language")), torch.ones(1, 2))
    features = torch.from_numpy(base.features(list(dev.texts)))
    head = unweighed.logits(features) + unweighed.language[torch.from_numpy(number) + 1] + one.possible[number + 1]
    parts = np.stack([training.free(_own_on_dev(one, own, where, say)), training.free(head.numpy())])
    mix = weights_by_language(parts, dev, number, len(one.languages))
    both = _mixed(parts, mix, number)
    mix /= (heat := calibration.temperature(both, dev.y))
    doubts = training.fit_abstention_rule(recipe, both / heat, dev, one.labels)
    entry: dict[str, Any] = {
        "own_sha256": own.card.files[cards.WEIGHTS], "doubts": asdict(doubts), "limits": LIMITS, "metrics": {},
    }  # fmt: skip
    made = replace(unweighed, mix=torch.from_numpy(mix.astype(np.float32)))
    entry |= _judged(one, own, base, made, entry, test)
    metrics = entry["metrics"]
    say(f"{one.name}: macro-F1 {own.card.metrics['macro_f1']:.4f} -> {metrics['macro_f1']:.4f}, accuracy "
        f"{own.card.metrics['accuracy']:.4f} -> {metrics['accuracy']:.4f}, calibration error {metrics['ece']:.4f}; "
        f"weights {mix[0].round(2).tolist()}")  # fmt: skip
    return made.mix, entry


def _judged(
    one: Task, own: TextModel, base: Base, head: Head, entry: Mapping[str, Any], test: Rows
) -> dict[str, Any]:  # fmt: skip
    """Metrics on the test split, each language's with what our own network alone had, and rows for the card's table."""
    labels = np.array(one.labels, dtype=object)
    frame = pd.DataFrame({"text": test.texts, "label": labels[test.y], "language": test.languages})
    card = replace(own.card, config={**own.card.config, "doubts": entry["doubts"]})
    metrics = evaluation.evaluate(FusedModel(card, own, base, head), frame)
    before = own.card.metrics.get("per_language", {})
    for code, found in metrics.get("per_language", {}).items():
        if code in before:
            found["before"] = before[code]["macro_f1"]
    number = torch.from_numpy(one.numbers["test"])
    features = torch.from_numpy(base.features(list(test.texts)))
    alone = (head.logits(features) + head.language[number + 1] + one.possible[number + 1]).numpy()
    sizes = head.weight.numel() + head.bias.numel() + head.language.numel()
    rows = (
        training.comparison_row(f"{place.NAME} with our updates, a linear head, alone", alone, test, sizes),
        {"name": "both, weighed by language", "macro_f1": metrics["macro_f1"], "accuracy": metrics["accuracy"],
         "parameters": sizes + training.parameters(own.network), "seconds": None, "dev": None},
    )  # fmt: skip
    return {"metrics": metrics, "tried": rows}


def refitted(one: Task, base: Base, learned: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A task's head as the logistic regression over the encoder's features of all training rows, the best on dev.

    Intents are many and their rows few: the steps that all tasks share leave their heads half learned.
    """
    before = Head(*(learned[f"{one.name}/{part}"] for part in ("weight", "bias", "language")), torch.ones(1, 2))
    train, dev = (before.normal(torch.from_numpy(base.features(list(one.rows[split].texts)))).numpy()
                  for split in ("train", "dev"))  # fmt: skip
    found = []
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=300).fit(train, one.rows["train"].y)
        weight, bias = before.weight.clone().zero_(), torch.full_like(before.bias, NEVER)
        slopes, levels = model.coef_, model.intercept_
        if len(model.classes_) == 2:  # one row stands for both
            slopes, levels = np.vstack((-slopes, slopes)) / 2, np.concatenate((-levels, levels)) / 2
        weight[model.classes_], bias[model.classes_] = (
            torch.from_numpy(x.astype(np.float32)) for x in (slopes, levels)
        )
        logits = dev @ weight.numpy().T + bias.numpy()
        found.append((_loss(np.ones(1), logits[None], one.rows["dev"].y), weight, bias))
    _lost, weight, bias = min(found, key=itemgetter(0))
    head = {f"{one.name}/weight": weight, f"{one.name}/bias": bias}
    return tensors.unpack(tensors.pack(head)) | {f"{one.name}/language": torch.zeros_like(before.language)}


def weights_by_language(parts: np.ndarray, dev: Rows, numbers: np.ndarray, languages: int) -> np.ndarray:
    """Weights (>= 0) of the parts' logits a language, (languages + 1, parts); the first row is that of all together.

    parts: (parts, rows, labels); numbers: of each row's language, -1 where unknown. A language without dev rows has the
    weights of all.
    """
    whole = training.ensemble_weights(list(parts), dev)
    rows_of = {language: np.flatnonzero(numbers == language) for language in np.unique(numbers) if language >= 0}
    if not rows_of:
        return np.tile(whole, (languages + 1, 1))

    def lost(pull: float) -> float:
        """What rows that a weight was not learned from lose by it, the mean over languages."""
        losses = []
        for rows in rows_of.values():
            for kept, held in ((rows[::2], rows[1::2]), (rows[1::2], rows[::2])):
                if len(held):
                    losses.append(_loss(_fitted(parts[:, kept], dev.y[kept], whole, pull), parts[:, held], dev.y[held]))
        return float(np.mean(losses))

    pull = min(PULLS, key=lost)
    found = np.tile(whole, (languages + 1, 1))
    for language, rows in rows_of.items():
        found[language + 1] = _fitted(parts[:, rows], dev.y[rows], whole, pull)
    return found


def _loss(weights: np.ndarray, parts: np.ndarray, y: np.ndarray) -> float:
    """Mean negative log-likelihood of rows."""
    return float(-log_softmax(np.tensordot(weights, parts, 1), axis=1)[np.arange(len(y)), y].mean())


def _fitted(parts: np.ndarray, y: np.ndarray, whole: np.ndarray, pull: float) -> np.ndarray:
    """Weights that make rows likeliest, less the pull to those of all."""

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        shares = softmax(np.tensordot(weights, parts, 1), axis=1)
        value = -np.log(np.maximum(shares[np.arange(len(y)), y], 1e-12)).sum()
        shares[np.arange(len(y)), y] -= 1
        slope = np.tensordot(parts, shares, axes=([1, 2], [0, 1]))
        return float(value + pull * ((weights - whole) ** 2).sum()), slope + 2 * pull * (weights - whole)

    return minimize(loss, whole, jac=True, bounds=[(0, 5)] * len(whole), method="L-BFGS-B").x


def _mixed(parts: np.ndarray, mix: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Logits of all parts together, (rows, labels)."""
    return np.einsum("rp,prl->rl", mix[numbers + 1], parts)


def _own_on_dev(one: Task, own: TextModel, where: Path | None, say: Callable[[str], None]) -> np.ndarray:
    """Our own network's logits of dev; of one that learned from dev too, those of its members from train alone."""
    recipe = RECIPES[one.name]
    if not recipe.refit:
        return evaluation.logits(own.network, one.rows["dev"])
    recipe = replace(recipe, plans=tuple(plan for plan in recipe.plans if plan.shipped))
    config = training.config_for(recipe, recipe.corpus(where), tuple(plan.member for plan in recipe.plans))
    unseen = training.train_members(recipe, config, *(one.rows[split] for split in ("train", "dev", "test")), say=say)
    return evaluation.logits(unseen.network, one.rows["dev"])
