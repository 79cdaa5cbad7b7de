"""Models and their servers; torch comes with them, so they are imported when asked for."""

from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from data.faults import Fault

if TYPE_CHECKING:
    from models.cards import Card
    from models.serving.server import Server

HUB_AGAIN_S = 600
"""After that long a hub model that was out of reach is tried again."""


def model_names() -> tuple[str, ...]:
    """Every model there is, shipped or trained here."""
    from models import cards

    return cards.names()


Stamp = tuple[str, int, int]
"""A file, when it changed, and its size."""


@lru_cache(maxsize=128)
def _card(name: str, stamp: Stamp, beside: Stamp | None) -> "Card":
    from models import cards
    from models.text.base import answers

    return answers.card(name) if beside else cards.card(name)


def model_card(name: str) -> "Card":
    """The card that speaks for a model here, that of the encoder beside it included; read again when a file changed.

    Raises ModelError.
    """
    return _card(name, _stamp(name), _beside())


def _stamp(name: str) -> Stamp:
    from models import cards

    file = cards.folder(name) / cards.CARD
    stamp = file.stat()
    return str(file), stamp.st_mtime_ns, stamp.st_size


def _beside() -> Stamp | None:
    """What the encoder says beside our own models, None where it is not there."""
    from models.errors import ModelError
    from models.text.base import answers, place

    if place.problem() is not None:
        return None
    try:
        return _stamp(answers.NAME)
    except (OSError, ModelError):
        return None


def model_fault(name: str) -> Fault | None:
    """Why a model cannot be used, None when its card and files are whole; a file is read again when it changed."""
    from models import cards, errors

    try:
        card = model_card(name)
        stamps = [(cards.folder(name) / file).stat() for file in card.files]
    except errors.ModelError as error:
        return error
    except OSError as error:
        return errors.ModelError(
            "The files of {name} cannot be read: {error}. Train it again, or restore its folder.",
            name=repr(name),
            error=error,
        )
    return _fault(name, tuple(card.files.items()), tuple((stamp.st_mtime_ns, stamp.st_size) for stamp in stamps))


@lru_cache(maxsize=128)
def _fault(name: str, files: tuple[tuple[str, str], ...], stamps: tuple[tuple[int, int], ...]) -> Fault | None:
    from models import cards, errors

    try:
        for file, _sha256 in files:
            cards.read(name, file)
    except errors.ModelError as error:
        return error
    return None


def model_bytes(name: str) -> int:
    """What a model takes on disk. Raises ModelError, OSError."""
    from models import cards

    return sum((cards.folder(name) / file).stat().st_size for file in model_card(name).files)


def text_server(name: str, fast: bool = False) -> "Server":
    """The one server of a text model in this process; another when the model, or one under it, was trained again.

    fast: of our own network alone, without the encoder beside it. Raises ModelError when there is no such model, or
    when it is damaged.
    """
    from models import cards

    card = model_card(name)
    under = card.base or card.config.get("hub", {}).get("base")
    base = model_card(under).files if under and under in cards.names() else {}
    files = tuple(sorted({**base, **{f"own {file}": sha for file, sha in card.files.items()}}.items()))
    return _text_server(name, files, None if fast else _beside(), fast)


@st.cache_resource(show_spinner=False, max_entries=24, on_release=lambda server: server.close())
def _text_server(name: str, files: tuple[tuple[str, str], ...], beside: Stamp | None, fast: bool) -> "Server":
    from models.serving import server as serving_server
    from models.text import load

    return serving_server.Server(load.classifier(name, fast=fast))


def vision_server(name: str) -> "Server":
    """The one server of a vision model in this process. Raises ModelError as `text_server`."""
    return _vision_server(name, tuple(sorted(model_card(name).files.items())))


@st.cache_resource(show_spinner=False, max_entries=8, on_release=lambda server: server.close())
def _vision_server(name: str, files: tuple[tuple[str, str], ...]) -> "Server":
    from models.serving import server as serving_server
    from models.vision import load as vision_load
    from models.vision.reader import line_reader, tags

    reads = model_card(name).task == "reader"
    return serving_server.Server(
        tags.TagReader(line_reader.load(name)) if reads else vision_load.model(name), largest_batch=4
    )


def hub_server(variable: str) -> "Server":
    """The one server of the picture model that a variable of `models.hub` names; slow the first time.

    Raises hub.HubError when it is out of reach, the same for HUB_AGAIN_S.
    """
    from models import errors, hub

    name = hub.wanted(variable)
    if problem := _hub_problem(variable, name):
        raise errors.HubError.of(problem)
    return _hub_server(variable, name)


@st.cache_resource(show_spinner=False, max_entries=4, ttl=HUB_AGAIN_S)
def _hub_problem(variable: str, name: str) -> Fault | None:
    """Why a picture model of the hub is not served, None when it is."""
    from models import errors

    try:
        _hub_server(variable, name)
    except errors.HubError as error:
        return error
    return None


@st.cache_resource(show_spinner=False, max_entries=4, on_release=lambda server: server.close())
def _hub_server(variable: str, name: str) -> "Server":
    from models.serving import server as serving_server
    from models.vision import hub as vision_hub

    return serving_server.Server(vision_hub.model(variable, name))
