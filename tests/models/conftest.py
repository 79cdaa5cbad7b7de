"""A tiny task whose every word is known: what models are trained on in tests."""

import numpy as np
import pandas as pd
import pytest
import torch

from models import cards, devices
from models.text import tokens, training
from models.text.abstention import AbstentionRule
from models.text.classifier import Classifier
from models.text.corpora import Corpus
from models.text.load import classifier
from models.text.network import BagConfig, EncoderConfig
from models.text.ngrams import Grams
from models.text.training import TrainingConfig, TrainingRecipe
from models.training.settings import Settings

torch.set_num_threads(1)  # two workers on two cores: more threads would wait for each other

GOOD = {"en": "good lovely happy great", "fr": "bon joli heureux super"}
BAD = {"en": "bad awful sad poor", "fr": "mauvais affreux triste pauvre"}
REST = {"en": "the day was my car and it is food", "fr": "le jour était ma voiture et il est repas"}


def rows(count: int = 240, seed: int = 0) -> pd.DataFrame:
    """Sentences in two languages whose label is one word in them."""
    random = np.random.default_rng(seed)
    found = []
    for index in range(count):
        language, label = ("en", "fr")[index % 2], ("negative", "positive")[index // 2 % 2]
        words = list(random.choice(REST[language].split(), 4))
        words.insert(
            int(random.integers(5)), str(random.choice(({"positive": GOOD, "negative": BAD}[label])[language].split()))
        )
        split = ("train", "train", "train", "dev", "test")[index // 4 % 5]
        found.append((language, split, " ".join(words), label))
    return pd.DataFrame(found, columns=["language", "split", "text", "label"])


def recipe(name: str = "tiny", **changes: object) -> TrainingRecipe:
    """A linear bag and a wide one, trained in a second."""
    source = cards.Source("made up", "CC0", "https://example.org", 240)
    given = {
        "name": name, "task": "sentiment", "title": "Tiny", "purpose": "Tests.", "family": "bags",
        "corpus": lambda where: Corpus(rows(), (source,)),
        "plans": (
            TrainingConfig("linear", BagConfig(Grams(bits=12, scoped=True), dropout=0.1),
                 Settings(epochs=4, sparse_rate=0.05, bf16=False), batch=16),
            TrainingConfig("wide", BagConfig(Grams(bits=12), width=8, dropout=0.1),
                 Settings(epochs=4, sparse_rate=0.02, rate=0.02, bf16=False), batch=16),
        ),
        "limits": ("Knows eight words.",), "abstention": AbstentionRule(threshold=0.6),
    }  # fmt: skip
    return TrainingRecipe(**given | changes)


@pytest.fixture(scope="module")
def with_bf16():
    """As on a machine whose processor computes in bfloat16 (here torch may emulate it)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "computes_bf16", lambda where: True)
        yield


@pytest.fixture(scope="session", name="rows")
def _rows():
    return rows


@pytest.fixture(scope="session", name="recipe")
def _recipe():
    return recipe


@pytest.fixture(scope="session")
def tokenizer():
    return tokens.train(rows()["text"], 400)


@pytest.fixture(scope="session")
def shapes(tokenizer):
    from models.text import encoder

    return encoder.Config(tokenizer.get_vocab_size(), width=16, layers=2, heads=2, hidden=32, longest=24, dropout=0.0)


@pytest.fixture(scope="session")
def trained(tmp_path_factory, tokenizer, shapes):
    """A folder with the model "tiny": two bags and an encoder."""
    root = tmp_path_factory.mktemp("models")
    encoded = TrainingConfig("encoder", EncoderConfig(shapes), Settings(epochs=6, rate=5e-3, bf16=False), batch=16)
    made = recipe(plans=(*recipe().plans, encoded))
    training.make(made, tokenizer=tokenizer, root=root, say=lambda line: None)
    return root


@pytest.fixture
def shipped(trained, tmp_path, monkeypatch):
    """Only the tiny model is shipped; what a test saves lies in a folder of its own."""
    monkeypatch.setattr(cards, "SHIPPED", trained)
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "own"))
    return trained


@pytest.fixture
def tiny(shipped) -> Classifier:
    return classifier("tiny", "cpu")
