"""AutoML: an Optuna study over families and hyper-parameters of a task, within a time budget, resumable.

Trials are judged by macro-F1 on dev (mean over languages); the test split is not looked at. The study lies in an SQLite
file, so that a later call goes on where this one ended (Akiba et al. 2019, "Optuna").
"""

import time
from dataclasses import replace
from pathlib import Path

import optuna

from data import store
from models import cards, tensors
from models.errors import ModelError, Stopped
from models.text import load
from models.text.evaluation import Rows
from models.text.network import BagConfig, EncoderConfig, LstmConfig, Member
from models.text.ngrams import Grams
from models.text.recipes import RECIPES, SHAPE
from models.text.training import TrainingConfig, TrainingRecipe, config_for, fit_member
from models.training.settings import Settings

FAMILIES = ("linear", "bag", "lstm", "encoder")
TOKENISED = "sentiment"
"""The shipped model whose tokeniser a network learns with where the encoder was not trained here."""
MAX_DEV = 6_000


def run(
    name: str,
    minutes: float,
    file: Path | None = None,
    where: Path | None = None,
    rows: int = 40_000,
    trials: int | None = None,
) -> str:
    """Search for `minutes` (or as many trials), then say what was best so far, the best five trials first.

    Raises ModelError for a task without a recipe, ValueError for a budget that is none.
    """
    if name not in RECIPES:
        raise ModelError(
            "There is no recipe {name} to search. Choose from: {names}.",
            name=repr(name),
            names=", ".join(RECIPES),
        )
    if minutes <= 0 or rows < 100:
        raise ValueError("A search needs minutes > 0 and at least 100 rows.")
    until = time.monotonic() + 60 * minutes
    recipe = RECIPES[name]
    corpus = recipe.corpus(where)
    labels = config_for(recipe, corpus, ()).labels
    train, dev = corpus.split("train"), corpus.split("dev")
    train = Rows.of(train.sample(min(rows, len(train)), random_state=0), labels)
    dev = Rows.of(dev.sample(min(MAX_DEV, len(dev)), random_state=0), labels)
    pretrained = "encoder" in cards.names()
    families = tuple(family for family in FAMILIES if pretrained or family != "encoder")
    file = file or store.home() / "models" / "searches.sqlite3"
    file.parent.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name=f"{name} on {len(train.texts)} rows, {', '.join(families)}",
        storage=f"sqlite:///{file}",
        direction="maximize",
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=0, n_startup_trials=6),
    )
    before = len(study.trials)

    def objective(trial: optuna.Trial) -> float:
        plan = suggested(trial, recipe, families)
        reads = not isinstance(plan.member, BagConfig)
        tokenizer = load.tokenizer("encoder" if pretrained else TOKENISED) if reads else None
        start = tensors.weights("encoder") if plan.pretrained else None
        config = config_for(recipe, corpus, (plan.member,))
        try:
            network, fit = fit_member(
                plan, config, train, dev, tokenizer, start, should_stop=lambda: time.monotonic() > until
            )
        except Stopped:
            raise optuna.TrialPruned("out of time") from None
        trial.set_user_attr("seconds", round(fit.seconds, 1))
        trial.set_user_attr("parameters", sum(p.numel() for p in network.parameters()))
        return float(fit.best or 0.0)

    study.optimize(objective, n_trials=trials, timeout=60 * minutes)
    left_out = "" if pretrained else "\nWithout the family encoder: `python -m models train encoder` makes its start."
    return described(study, before) + left_out


def suggested(trial: optuna.Trial, recipe: TrainingRecipe, families: tuple[str, ...]) -> TrainingConfig:
    """A plan that the sampler proposes."""
    family = trial.suggest_categorical("family", families)
    smoothing = trial.suggest_float("smoothing", 0.0, 0.1)
    span = {"linear": (3e-3, 5e-2), "bag": (5e-4, 1e-2)}.get(family, (1e-4, 3e-3))
    rate = trial.suggest_float(f"{family} rate", *span, log=True)
    epochs = trial.suggest_int(f"{family} epochs", 1, {"linear": 8, "bag": 6}.get(family, 3))
    member: Member
    if family in ("linear", "bag"):
        by_language = recipe.task in ("sentiment", "topic")
        grams = Grams(
            longest=trial.suggest_int("longest n-gram", 3, 6),
            words=trial.suggest_int("words", 0, 2),
            bits=18,
            scoped=by_language and trial.suggest_categorical("scoped", (False, True)),
        )
        dropout = trial.suggest_float("n-gram dropout", 0.0, 0.6)
        width = trial.suggest_categorical("width", (16, 32, 64, 128)) if family == "bag" else 0
        member = BagConfig(grams, width=width, dropout=dropout)
        settings = Settings(epochs=epochs, sparse_rate=rate, rate=2e-3, bf16=False)
    else:
        settings = Settings(epochs=epochs, rate=rate, weight_decay=trial.suggest_float("decay", 1e-3, 0.1, log=True))
        member = LstmConfig() if family == "lstm" else EncoderConfig(replace(SHAPE, longest=64))
    return TrainingConfig(family, member, settings, smoothing=smoothing, pretrained=family == "encoder")


def described(study: optuna.Study, before: int) -> str:
    """The study in words: how many trials, the best five with their settings."""
    done = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.COMPLETE]
    lines = [
        f"{study.study_name}: {len(study.trials)} trials ({len(study.trials) - before} of them now), {len(done)} whole"
    ]
    for trial in sorted(done, key=lambda trial: -trial.value)[:5]:
        settings = ", ".join(
            f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in trial.params.items()
        )
        lines.append(f"{trial.value:.4f} on dev, {trial.user_attrs.get('seconds', 0):.0f} s: {settings}")
    if not done:
        lines.append("No trial came to its end: give it more minutes or fewer rows.")
    return "\n".join(lines)
