"""A model of ours with a tiny encoder beside it: no test here needs the package."""

import shutil

import pytest

from models import cards
from models.text import fusion, multitask
from models.text.base import place
from models.text.multitask import Share
from models.text.recipes import RECIPES
from models.training.settings import Settings
from tests.encoders import forget, install, packed_file


@pytest.fixture(scope="module", autouse=True)
def asked_for():
    """The encoder, which other tests leave out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(place.VARIABLE, raising=False)
        yield


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The tiny encoder as if its package were installed."""
    install(tmp_path / "site", monkeypatch, packed_file())
    yield tmp_path / "site" / place.PACKAGE / place.FILE
    forget()


@pytest.fixture(scope="session")
def made(tmp_path_factory, trained, recipe):
    """A folder with the model "tiny" and the encoder's part for it."""
    root = tmp_path_factory.mktemp("with-base")
    shutil.copytree(trained / "tiny", root / "tiny")
    with pytest.MonkeyPatch.context() as patch:
        install(tmp_path_factory.mktemp("site"), patch, packed_file())
        patch.setattr(cards, "SHIPPED", root)
        patch.setenv("ATLAS_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setitem(RECIPES, "tiny", recipe())
        patch.setitem(multitask.SHARES, "tiny", Share(100, 16))
        fusion.make(names=("tiny",), settings=Settings(epochs=3, rate=3e-3), root=root, say=lambda line: None)
    forget()
    return root


@pytest.fixture
def fused(made, installed, tmp_path, monkeypatch):
    """Only the tiny model is shipped, and the encoder is there."""
    monkeypatch.setattr(cards, "SHIPPED", made)
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "own"))
    from models.text.load import classifier

    return classifier("tiny", "cpu")
