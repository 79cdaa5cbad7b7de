"""What the encoder under our text models learns here: one set of low-rank updates for all tasks, a linear head each.

LoRA (Hu et al. 2021) beside every dense layer of multilingual-e5-small, so that the encoder runs once for sentiment,
topic and intents; AdamW with warm-up and cosine, dropout of features and of tokens, label smoothing, the best epoch
by dev. Languages take part by the root of their rows. The sentences of SIB-200 in all 205 languages are drawn to the
vector that the untouched encoder gives the English one (Reimers and Gurevych 2020), told apart from those of all
other sentences (InfoNCE), so that translations stay near each other and languages it never saw come near.

Weights: the updates and heads, by `python -m models train base`; judged and weighed in `models.text.fusion`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models import devices
from models.text import lora
from models.text.base import place, shared, tokens
from models.text.base.encoder import Encoder
from models.text.evaluation import Rows, mean_macro_f1
from models.text.lora import Lora
from models.text.network import IMPOSSIBLE, Network
from models.text.recipes import RECIPES
from models.text.training import config_for
from models.training import loop
from models.training.settings import Fit, Progress, Settings

UPDATES = Lora(rank=16, alpha=32.0, targets=("qkv", "out", "up", "down"))
SETTINGS = Settings(epochs=1, rate=1e-3, warmup=0.06, patience=2, save_every_s=180.0)
MAX_READ = 64
"""Tokens of a text that training reads."""
SMOOTHING, FEATURE_DROPOUT, TOKEN_DROPOUT = 0.05, 0.1, 0.1
ANCHOR, SHARPNESS = 0.3, 20.0
"""How much the vector of a translation counts beside its topic, and what the cosine is multiplied by."""
JUDGED = 600
"""Rows of a task's dev split that an epoch is judged on."""


@dataclass(frozen=True)
class Share:
    """How much of a task an epoch holds. rows: of all languages, each by the root of what it has; batch: of a step."""

    rows: int
    batch: int = 64


SHARES = {
    "topic": Share(9_000, 48),
    "sentiment": Share(10_000),
    "banking77": Share(3_500),
    "clinc150": Share(5_000),
    "bitext": Share(500),
}
"""The tasks that learn together. Of an English one every row is in one language."""


@dataclass(frozen=True)
class Task:
    """A task's rows and what its head may say. possible: (languages + 1, labels), 0 or IMPOSSIBLE; anchors: for each
    training row the number of its sentence, -1 where it has none."""

    name: str
    labels: tuple[str, ...]
    languages: tuple[str, ...]
    possible: Tensor
    numbers: Mapping[str, np.ndarray]
    rows: Mapping[str, Rows]
    anchors: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    sentences: tuple[str, ...] = ()


class Head(nn.Module):
    """A linear layer over the two means, each normalised, and a bias for the language."""

    def __init__(self, width: int, languages: int, labels: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(FEATURE_DROPOUT)
        self.linear = nn.Linear(2 * width, labels)
        nn.init.normal_(self.linear.weight, std=0.01)
        nn.init.zeros_(self.linear.bias)
        self.language = nn.Embedding(languages + 1, labels)
        nn.init.zeros_(self.language.weight)

    def forward(self, means: Tensor, language: Tensor) -> Tensor:
        """means (texts, 2, width) -> logits (texts, labels)."""
        x = F.layer_norm(means, means.shape[-1:]).flatten(1)
        return self.linear(self.dropout(x)).float() + self.language(language + 1)


class Student(nn.Module):
    """The encoder with its updates and all heads."""

    def __init__(self, encoder: Encoder, tasks: Sequence[Task]) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleDict(
            {task.name: Head(encoder.shape.width, len(task.languages), len(task.labels)) for task in tasks}
        )


@dataclass(frozen=True)
class Batch:
    """Rows of one task. anchor: numbers of their sentences, -1 for none."""

    task: str
    ids: Tensor
    mask: Tensor
    language: Tensor
    y: Tensor
    anchor: Tensor


def task(name: str, where: Path | None = None) -> Task:
    """A recipe's rows as the encoder learns from them. Raises ModelError where there are none."""
    recipe = RECIPES[name]
    corpus = recipe.corpus(where)
    config = config_for(recipe, corpus, ())
    network = Network(config)
    rows = {split: Rows.of(corpus.split(split), config.labels) for split in ("train", "dev", "test")}
    numbers = {split: network.numbers(list(found.languages)) for split, found in rows.items()}
    anchors, sentences = np.full(len(rows["train"].y), -1), ()
    if "sentence_id" in corpus.rows:
        train = corpus.split("train")
        english = train[train["language"] == "eng_Latn"]
        place_of = {sentence: number for number, sentence in enumerate(english["sentence_id"])}
        anchors = train["sentence_id"].map(place_of).fillna(-1).to_numpy(np.int64)
        sentences = tuple(english["text"])
    return Task(name, config.labels, config.languages, network.possible, numbers, rows, anchors, sentences)


class Lessons:
    """An epoch's batches of all tasks, the same whenever it is asked for the same epoch."""

    def __init__(self, tasks: Sequence[Task], reader: tokens.Reader, seed: int = 0) -> None:
        self.tasks, self.reader, self.seed = tasks, reader, seed
        self.steps = len(self._groups(0))

    def __call__(self, epoch: int) -> Iterator[Batch]:
        random = np.random.default_rng((self.seed, epoch, 1))
        for number, group in self._groups(epoch):
            one = self.tasks[number]
            ids, mask = tokens.padded(self.reader.first(list(one.rows["train"].texts[group]), MAX_READ))
            kept = random.random(mask.shape) >= TOKEN_DROPOUT
            kept[:, 0] = True
            to = torch.from_numpy
            yield Batch(
                one.name, to(ids), to(mask * kept.astype(np.float32)), to(one.numbers["train"][group]),
                to(one.rows["train"].y[group]), to(one.anchors[group]),
            )  # fmt: skip

    def _groups(self, epoch: int) -> list[tuple[int, np.ndarray]]:
        """(number of the task, its rows) a step: rows of about one length together, steps in any order."""
        random = np.random.default_rng((self.seed, epoch))
        found = []
        for number, one in enumerate(self.tasks):
            share = SHARES[one.name]
            rows = drawn(one.numbers["train"], share.rows, random)
            lengths = np.array([len(one.rows["train"].texts[row]) for row in rows])
            order = rows[np.argsort(lengths + random.normal(0, 8, len(rows)))]
            found += [(number, group) for group in np.array_split(order, max(1, len(order) // share.batch))]
        random.shuffle(found)
        return found


def drawn(languages: np.ndarray, rows: int, random: np.random.Generator | None = None) -> np.ndarray:
    """Places of about so many rows drawn at random, of each language by the root of how many it has.

    random: None for the same ones always.
    """
    random = random or np.random.default_rng(0)
    order = random.permutation(len(languages))
    ranked = np.argsort(languages[order], kind="stable")
    _found, starts, counts = np.unique(languages[order][ranked], return_index=True, return_counts=True)
    shares = np.sqrt(counts) * rows / np.sqrt(counts).sum()
    taken = np.minimum(counts, np.maximum(1, shares.round().astype(int)))
    return order[np.concatenate([ranked[at : at + count] for at, count in zip(starts, taken, strict=True)])]


def learn(
    tasks: Sequence[Task],
    *,
    settings: Settings = SETTINGS,
    say: Callable[[str], None] = print,
    on_progress: Callable[[Progress], None] | None = None,
    working: Path | None = None,
) -> tuple[Student, Fit]:
    """Train updates and heads together; the best epoch by the mean of the tasks' scores on dev.

    working: folder of the checkpoint, to go on from. Raises ModelError where the encoder is not there, TrainingError.
    """
    torch.manual_seed(settings.seed)
    where = devices.device()
    encoder, reader = shared.untouched(place.place())
    frozen = shared.in_bf16(encoder) if devices.computes_bf16(where) else encoder
    frozen = frozen.to(where)
    anchors = _anchors(frozen, reader, tasks)
    learned = lora.attach(frozen, UPDATES)
    student = Student(frozen, tasks).to(where)
    lessons = Lessons(tasks, reader, settings.seed)
    possible = {one.name: one.possible.to(where) for one in tasks}
    say(f"{learned:,} parameters of updates; {lessons.steps} steps an epoch")

    def loss(batch: Batch) -> Tensor:
        means = student.encoder(batch.ids.to(where), batch.mask.to(where))
        language, y = batch.language.to(where), batch.y.to(where)
        value = _smoothed(student.heads[batch.task](means, language), y, possible[batch.task][language + 1] == 0)
        sentence = batch.anchor.to(where)
        if anchors is not None and (sentence >= 0).any():
            near = F.normalize(means[:, 1].float(), dim=1)[sentence >= 0] @ anchors.T * SHARPNESS
            value = value + ANCHOR * F.cross_entropy(near, sentence[sentence >= 0])
        return value

    judged = {one.name: _sample(one, reader) for one in tasks}

    def score() -> float:
        scores = {}
        for one in tasks:
            places, read = judged[one.name]
            found = head_logits(student, one, read, one.numbers["dev"][places], where).argmax(1)
            dev = one.rows["dev"]
            rows = Rows(dev.texts[places], dev.y[places], dev.languages[places])
            scores[one.name] = mean_macro_f1(found, rows, len(one.labels))
        say(", ".join(f"{name} {value:.4f}" for name, value in scores.items()))
        return float(np.mean(list(scores.values())))

    fit = loop.fit(
        student, lessons, lessons.steps, loss, settings, score=score, on_progress=on_progress, checkpoint=working
    )
    return student, fit


def _anchors(encoder: Encoder, reader: tokens.Reader, tasks: Sequence[Task]) -> Tensor | None:
    """The untouched encoder's unit vectors of the English sentences, (sentences, width)."""
    sentences = [sentence for one in tasks for sentence in one.sentences]
    if not sentences:
        return None
    return F.normalize(torch.from_numpy(shared.means_of(encoder, reader.first(sentences, MAX_READ))[:, 1]), dim=1).to(
        encoder.positions.device
    )


def _smoothed(logits: Tensor, y: Tensor, possible: Tensor) -> Tensor:
    """Cross-entropy with SMOOTHING spread over the labels that a row's language can have."""
    shares = logits.masked_fill(~possible, IMPOSSIBLE).log_softmax(1)
    spread = -(shares * possible).sum(1) / possible.sum(1)
    return ((1 - SMOOTHING) * F.nll_loss(shares, y, reduction="none") + SMOOTHING * spread).mean()


def _sample(one: Task, reader: tokens.Reader) -> tuple[np.ndarray, list[list[int]]]:
    """Places of the dev rows that epochs are judged on, and their tokens; languages take part alike."""
    places = drawn(one.numbers["dev"], JUDGED)
    return places, reader.first([one.rows["dev"].texts[place] for place in places], MAX_READ)


def head_logits(
    student: Student, one: Task, read: Sequence[Sequence[int]], numbers: np.ndarray, where: str
) -> np.ndarray:
    """A task's logits of windows, (texts, labels). numbers: of their languages."""
    with devices.precision(where):
        means = torch.from_numpy(shared.means_of(student.encoder, read)).to(where)
    language = torch.from_numpy(numbers).to(where)
    with torch.inference_mode():
        found = student.heads[one.name](means, language) + one.possible.to(where)[language + 1]
    return found.float().cpu().numpy()
