"""A page alone: opened in Streamlit's own test runner, with a store of its own and no cache from another test."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import load, navigation

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_caches() -> Iterator[None]:
    """Nothing loaded by another test is served to this one."""
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


class Later:
    """A background that never gets round to it: pages show what they show while an estimate is worked out."""

    def submit(self, work: Callable, *arguments: object) -> Future:
        return Future()


class AtOnce:
    """A background that is done before one looks again."""

    def submit(self, work: Callable, *arguments: object) -> Future:
        done: Future = Future()
        try:
            done.set_result(work(*arguments))
        except Exception as error:
            done.set_exception(error)
        return done


@pytest.fixture(autouse=True)
def background(monkeypatch) -> Callable[[], None]:
    """Nothing is estimated beside a test; background() has it done at once."""
    monkeypatch.setattr(load.potentials, "_background", Later())
    load.potentials._estimates.clear()
    load.plans._plans.clear()
    return lambda: monkeypatch.setattr(load.potentials, "_background", AtOnce())


@pytest.fixture
def open_page(monkeypatch) -> Callable[..., AppTest]:
    """Open a page by its name, with an address: open_page("market", market="DEU"). Fails on an exception box.

    The page is the start of the application for this test, so that no other one is drawn before it.
    """
    pages = navigation.PAGES

    def opened(name: str, **address: str) -> AppTest:
        first = next(entry for entry in pages if entry.name == name)
        monkeypatch.setattr(navigation, "PAGES", (first, *(entry for entry in pages if entry is not first)))
        app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
        app.query_params.update(address)
        app.run()
        assert not app.exception, app.exception[0].message
        return app

    return opened


@pytest.fixture
def text_of() -> Callable[[AppTest], list[str]]:
    """What a reader sees in words: headings, sentences, captions, metrics, labels, buttons, placeholders, tables."""

    def gathered(app: AppTest) -> list[str]:
        said = []
        for kind in ("title", "subheader", "caption", "markdown", "info", "warning", "error", "success"):
            said += [element.value for element in app.get(kind)]
        for metric in app.metric:
            said += [metric.label, metric.value, metric.delta, metric.proto.help]
        for kind in ("selectbox", "multiselect", "button_group", "file_uploader", "checkbox", "button"):
            for widget in app.get(kind):
                proto = widget.proto
                said += [proto.label, proto.help, getattr(proto, "placeholder", "")]
                said += [getattr(option, "content", option) for option in getattr(proto, "options", ())]
        for kind in ("download_button", "page_link", "expander", "popover"):
            said += [getattr(element.proto, "label", "") for element in app.get(kind)]
        for frame in (*app.dataframe, *app.table):
            said += [str(column) for column in frame.value.columns if not column.isascii() or column[0].isupper()]
        return [str(text) for text in said if text]

    return gathered


INTERNAL = {
    "a folder": re.compile(r"(^|\s)(~|\.{1,2})?/[\w.-]+/[\w./-]+"),
    "a command": re.compile(r"python -m |\bmake [a-z]+\b(?! sure| it| up)|pip install|apt-get"),
    "an option": re.compile(r"(^|\s)--[a-z]"),
    "a setting": re.compile(r"\b[A-Z]{3,}_[A-Z_]+\b"),
    "a language's code": re.compile(r"\b[a-z]{3}_[A-Z][a-z]{3}\b"),
    "a seed": re.compile(r"seed \d"),
    "a file of ours": re.compile(r"\.(toml|safetensors|parquet)\b"),
    "a device": re.compile(r"\b(cpu|cuda)\b|\bbatch of \d|\bfp32\b|\bbf16\b|\bint8\b"),
    "a name of code": re.compile(r"`\w+_\w+`"),
}
FOLDED = {"Details for engineers", "给工程师的细节"}
KINDS = ("title", "subheader", "caption", "markdown", "text", "info", "warning", "error", "success")


def _visible(node) -> list[str]:
    """What a reader sees of a part of the page, without what is folded away for engineers."""
    found = []
    for child in node.children.values():
        if getattr(child, "label", None) in FOLDED and child.type == "expander":
            continue
        if hasattr(child, "children"):
            found += _visible(child)
        elif child.type in KINDS:
            found.append(str(child.value))
        elif child.type == "metric":
            found += [child.label, child.value, child.delta]
        elif child.type in ("button", "toggle", "download_button"):
            found.append(getattr(child, "label", "") or child.proto.label)
    return [text for text in found if text]


@pytest.fixture
def internals() -> Callable[[AppTest], list[tuple[str, str]]]:
    """What stands on a page, outside of what is folded away for engineers, that a business reader has no use for."""

    def found(app: AppTest) -> list[tuple[str, str]]:
        said = _visible(app.main)
        assert said
        return [(what, text) for what, pattern in INTERNAL.items() for text in said if pattern.search(text)]

    return found


SENTIMENTS = ("negative", "neutral", "positive")
TOPICS = ("science/technology", "travel", "politics", "sports", "health", "entertainment", "geography")
SCRIPTS = {"\u0600": ("\u06ff", "arb_Arab"), "\u1200": ("\u137f", "amh_Ethi"), "\u4e00": ("\u9fff", "zho_Hans")}


class Reader:
    """A model that can be foretold: the language by its script (else English, none for a mumble), else the class named
    in the text.

    A text that names none of its classes is unsure. Its reasons are the words, the longest the weightiest.
    """

    device = "cpu"

    def __init__(self, name: str, labels: tuple[str, ...]) -> None:
        self.name, self.labels = name, labels
        self.heard: list[tuple[str, str | None]] = []

    def predict(self, texts, languages=None):
        from models.text.classifier import Answer

        self.heard += zip(texts, languages or [None] * len(texts), strict=True)
        return [Answer(*self._answer(text)) for text in texts]

    def _answer(self, text: str):
        if self.name == "language":
            found = [code for low, (high, code) in SCRIPTS.items() if any(low <= letter <= high for letter in text)]
            named = "" if "mumble" in text else (found or ["eng_Latn"])[0]
        else:
            named = next((label for label in self.labels if label in text), "")
        rest = [label for label in self.labels if label != (named or self.labels[0])]
        top = 0.9 if named else 0.4
        chances = {named or self.labels[0]: top} | {label: (1 - top) / max(len(rest), 1) for label in rest}
        return named or self.labels[0], chances, bool(named), "" if named else "unsure"

    def explain(self, text, label=None, language=None):
        from models.text.classifier import Reason

        words = list(re.finditer(r"\S+", text))
        return [Reason(word.start(), word.end(), len(word[0]) * (-1) ** place) for place, word in enumerate(words)]

    def embed(self, texts):
        raise NotImplementedError


def a_card(name: str, task: str, labels: tuple[str, ...], languages: tuple[str, ...] = (), **more):
    """A card with every kind of figure; made up, and the same each time."""
    from models.cards import Card, Source

    def scores(place: int) -> dict[str, float]:
        score = 0.9 - 0.1 * place
        return {"n": 200, "macro_f1": score, "accuracy": score, "low": score - 0.03, "high": score + 0.03}

    metrics = {
        "n": 1000,
        "accuracy": 0.85,
        "macro_f1": 0.8,
        "ece": 0.02,
        "per_class": {label: {"n": 10, "precision": 0.9, "recall": 0.9, "f1": 0.9} for label in labels[:5]},
        "bins": [{"confidence": 0.5, "accuracy": 0.52, "n": 50}, {"confidence": 0.9, "accuracy": 0.88, "n": 900}],
    }
    if languages:
        metrics["per_language"] = {code: scores(place) for place, code in enumerate(languages)}
    if len(labels) <= 20:
        metrics["confusion"] = [[8 if row == column else 1 for column in labels] for row in labels]
    forms = (("fp32", 20_000_000, 8.0, 0.8), ("int8", 5_000_000, 3.0, 0.79), ("onnx", 20_000_000, 9.0, 0.8))
    variants = tuple(
        {"name": n, "bytes": b, "latency_ms": ms, "texts_per_s": 1000 / ms, "macro_f1": f1, "agreement": 0.99}
        for n, b, ms, f1 in forms
    )
    given = {
        "title": name.capitalize(),
        "purpose": "Reads texts.",
        "family": "a stub",
        "data": (Source("Made up", "CC0-1.0", "https://example.org", 100),),
        "splits": {"train": 80, "test": 20},
        "metrics": metrics,
        "training": {"epochs": 1},
        "config": {},
        "limits": ("Knows nothing.",),
        "tried": ({"name": "n-grams", "macro_f1": 0.6, "seconds": 10, "parameters": 1000},),
        "variants": variants,
    }
    return Card(name=name, task=task, labels=labels, languages=languages, **(given | more))


@pytest.fixture
def lab(full_home, monkeypatch, tmp_path) -> dict[str, Reader]:
    """A folder of models of one's own and no shipped ones; the readers by name, once they were asked."""
    import torch

    from models import cards, tensors
    from models.text import languages as text_languages
    from models.text import load as text_load

    monkeypatch.setattr(cards, "SHIPPED", tmp_path / "none")
    spoken = ("en", "sw", "ha", "fi", "am")
    for card in (
        a_card("language", "language", text_languages.FLORES),
        a_card("sentiment", "sentiment", SENTIMENTS, spoken),
        a_card("sentiment-baseline", "baseline", SENTIMENTS, spoken),
        a_card("sentiment-nigeria", "sentiment", SENTIMENTS, ("ha",), base="sentiment", title="Nigeria"),
        a_card("topic", "topic", TOPICS, ("eng_Latn", "hau_Latn")),
        a_card("banking77", "intent", ("card_arrival", "lost_card")),
    ):
        tensors.save(card, {"w": torch.zeros(2)})
    readers: dict[str, Reader] = {}

    def classifier(name: str, fast: bool = False) -> Reader:
        readers[name] = Reader(name, cards.card(name).labels)
        return readers[name]

    monkeypatch.setattr(text_load, "classifier", classifier)
    return readers
