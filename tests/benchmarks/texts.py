"""Sentiment as it is served: one text and many in every number format, under onnxruntime, on a GPU; fifty people."""

import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path

import numpy as np
import torch
from stores import row

SAMPLES = Path(__file__).parents[2] / "dashboard" / "inference" / "samples.toml"
MANY = 3_000
PEOPLE, ROUNDS, PAUSE_S = 50, 6, 2.0


def sentiment() -> list[dict]:
    """Batch 1, 3,000 short texts on two cores, the same network under onnxruntime, fifty sessions, a GPU if any."""
    from models.errors import ModelError
    from models.text.load import classifier

    texts, languages = samples()
    try:
        classifier("sentiment", "cpu")
    except ModelError as error:
        print(f"  left out: {error}", file=sys.stderr)
        return []
    torch.set_num_threads(2)
    with a_home_of_its_own():
        found, many = formats(texts, languages)
        found += sessions(texts, languages)
    if torch.cuda.is_available():
        found += on_gpu(texts, languages, MANY / many)
    return found


def formats(texts: list[str], languages: list[str]) -> tuple[list[dict], float]:
    """Every number format of the model, those the server chooses, and the same network under onnxruntime.

    Also seconds that the server takes for all texts.
    """
    from models.onnx import export, variants
    from models.serving.server import Server
    from models.text import onnx_export
    from models.text.load import classifier
    from models.text.network import Reading

    model = classifier("sentiment", "cpu")
    model.make_precisions()
    plain = model.probabilities(texts, languages)
    found, seconds = [], {}
    for precision in model.precisions():
        model.use(precision)
        one = variants.timed(lambda: model.predict(texts[:1], languages[:1]), 100)
        many = variants.timed(lambda: model.predict(texts, languages), 3)
        seconds[precision] = one
        differs = 100 * float((model.probabilities(texts, languages).argmax(1) != plain.argmax(1)).mean())
        found.append(row(f"sentiment, {precision}: one text", 1000 * one, "ms"))
        found.append(row(f"sentiment, {precision}: texts a second", len(texts) / many, "/s"))
        found.append(row(f"sentiment, {precision}: other labels than in fp32", differs, "%", 1))
    with Server(classifier("sentiment", "cpu")) as server:
        server.ready.wait()
        asked = variants.timed(lambda: server.ask(texts[:1], languages[:1]), 100)
        many = variants.timed(lambda: server.ask(texts, languages, timeout_s=120), 3)
        alone, together = server.precision_for(1), server.precision_for(len(texts))
    found.append(row(f"sentiment, in the format served ({alone}): one text", 1000 * seconds[alone], "ms", 3))
    found.append(row("sentiment, as served: one text, with the wait for others to join", 1000 * asked, "ms"))
    found.append(row(f"sentiment, as served ({together}): {MANY} short texts", many, "s", 1))
    opened = export.session(onnx_export.to_onnx(model.network, texts[:4]))
    batches = [model.network.prepare(texts[i : i + 256], languages[i : i + 256]) for i in range(0, MANY, 256)]
    reading = Reading(model.network).in_bf16()

    def torch_once() -> None:
        with torch.inference_mode():
            for inputs in batches:
                model.network(inputs, reading)

    ours, theirs = (
        variants.timed(torch_once, 3),
        variants.timed(lambda: [onnx_export.run(opened, b) for b in batches], 3),
    )
    found.append(row("sentiment: the network's time in torch (bf16) / in onnxruntime (fp32)", ours / theirs, "x", 1))
    return found, many


@contextmanager
def a_home_of_its_own() -> Iterator[None]:
    """An empty data folder, so that what is measured at the first start is measured."""
    before = environ.get("ATLAS_HOME")
    with tempfile.TemporaryDirectory() as home:
        environ["ATLAS_HOME"] = home
        try:
            yield
        finally:
            environ.pop("ATLAS_HOME") if before is None else environ.update(ATLAS_HOME=before)


def samples() -> tuple[list[str], list[str]]:
    """The Language lab's own sentences, repeated to MANY short texts."""
    entries = tomllib.loads(SAMPLES.read_text(encoding="utf-8"))["sample"]
    pairs = [(entry[kind], entry["language"]) for entry in entries for kind in ("pleased", "displeased")]
    texts, languages = zip(*(pairs * (MANY // len(pairs) + 1))[:MANY], strict=True)
    return list(texts), list(languages)


def sessions(texts: list[str], languages: list[str]) -> list[dict]:
    """Fifty people who each send a text every two seconds through one server."""
    from models.serving.server import Server
    from models.text.load import classifier

    waits, errors = [], []
    with Server(classifier("sentiment")) as server:
        server.ask(texts[:4], languages[:4])

        def person(number: int) -> None:
            time.sleep(PAUSE_S * number / PEOPLE)
            for turn in range(ROUNDS):
                place = (number * ROUNDS + turn) % len(texts)
                start = time.perf_counter()
                try:
                    server.ask(texts[place : place + 1], languages[place : place + 1])
                except Exception as error:
                    errors.append(error)
                waits.append(time.perf_counter() - start)
                time.sleep(PAUSE_S)

        people = [threading.Thread(target=person, args=(number,)) for number in range(PEOPLE)]
        for one in people:
            one.start()
        for one in people:
            one.join()
    return [
        row("50 sessions, a text every 2 s: 95th percentile", 1000 * float(np.percentile(waits, 95)), "ms", 150),
        row(f"50 sessions: errors in {len(waits)} texts", len(errors), "", 0),
    ]


def on_gpu(texts: list[str], languages: list[str], cpu_rate: float) -> list[dict]:
    """Texts a second on the GPU, against the CPU, and the network's share of the bf16 matrix product there."""
    from models.onnx import variants
    from models.text.load import classifier
    from models.text.network import Reading

    model = classifier("sentiment", "cuda")
    model.use("bf16")
    rate = len(texts) / variants.timed(lambda: model.predict(texts, languages), 5)
    inputs = model.network.prepare(texts[:2048], languages[:2048]).to("cuda")
    reading = Reading(model.network).in_bf16()
    square = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)

    def network() -> None:
        with torch.inference_mode():
            model.network(inputs, reading)
        torch.cuda.synchronize()

    def product() -> None:
        square @ square
        torch.cuda.synchronize()

    ceiling = 2 * 8192**3 / variants.timed(product, 20)
    layers = [m for m in model.network.modules() if isinstance(m, torch.nn.Linear)]
    work = 2 * inputs.ids.numel() * sum(layer.weight.numel() for layer in layers)
    return [
        row("sentiment on the GPU: texts a second, tokenising included", rate, "/s"),
        row("sentiment: GPU / CPU", rate / cpu_rate, "x"),
        row(
            "sentiment network: share of the bf16 product's speed",
            100 * work / variants.timed(network, 20) / ceiling,
            "%",
        ),
    ]
