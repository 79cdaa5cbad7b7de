"""Sentiment as it is served: one text, many texts, against onnxruntime, against a GPU, fifty people at once."""

import sys
import tempfile
import threading
import time
import tomllib
from os import environ
from pathlib import Path

import numpy as np
import torch
from stores import row

SAMPLES = Path(__file__).parents[2] / "dashboard" / "language_lab_samples.toml"
MANY = 3_000
PEOPLE, ROUNDS, PAUSE_S = 50, 6, 2.0


def sentiment() -> list[dict]:
    """Batch 1, 3,000 short texts on two cores, the same network under onnxruntime, fifty sessions, a GPU if any."""
    from models import compress
    from models.registry import ModelError
    from models.text.loading import classifier

    texts, languages = samples()
    try:
        model = classifier("sentiment", "cpu")
    except ModelError as error:
        print(f"  left out: {error}", file=sys.stderr)
        return []
    torch.set_num_threads(2)
    found = []
    seconds = {}
    for precision in model.precisions():
        model.use(precision)
        one = compress.timed(lambda: model.predict(texts[:1], languages[:1]), 100)
        many = compress.timed(lambda: model.predict(texts, languages), 3)
        seconds[precision] = (one, many)
        found.append(row(f"sentiment, {precision}: one text", 1000 * one, "ms"))
        found.append(row(f"sentiment, {precision}: texts a second", len(texts) / many, "/s"))
    one, many = (min(pair[i] for pair in seconds.values()) for i in (0, 1))
    found.append(row("sentiment: one text, the faster precision", 1000 * one, "ms", 3))
    found.append(row(f"sentiment: {MANY} short texts, the faster precision", many, "s", 1))
    opened = compress.session(compress.to_onnx(model.network, texts[:4]))
    batches = [model.network.prepare(texts[i : i + 256], languages[i : i + 256]) for i in range(0, MANY, 256)]

    def torch_once() -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=model.precision == "bf16"):
            for inputs in batches:
                model.network(inputs)

    fastest = min(seconds, key=lambda name: seconds[name][1])
    model.use(fastest)
    ours, theirs = compress.timed(torch_once, 3), compress.timed(lambda: [compress.run(opened, b) for b in batches], 3)
    found.append(row(f"sentiment: the network's time in torch ({fastest}) / in onnxruntime", ours / theirs, "x", 1))
    found += sessions(texts, languages)
    if torch.cuda.is_available():
        found += on_gpu(texts, languages, MANY / many)
    return found


def samples() -> tuple[list[str], list[str]]:
    """The Language lab's own sentences, repeated to MANY short texts."""
    entries = tomllib.loads(SAMPLES.read_text(encoding="utf-8"))["sample"]
    pairs = [(entry[kind], entry["language"]) for entry in entries for kind in ("pleased", "displeased")]
    texts, languages = zip(*(pairs * (MANY // len(pairs) + 1))[:MANY], strict=True)
    return list(texts), list(languages)


def sessions(texts: list[str], languages: list[str]) -> list[dict]:
    """Fifty people who each send a text every two seconds through one server."""
    from models.serving import Server
    from models.text.loading import classifier

    waits, errors = [], []
    with tempfile.TemporaryDirectory() as home:
        before = environ.get("ATLAS_HOME")
        environ["ATLAS_HOME"] = home
        try:
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
        finally:
            environ.pop("ATLAS_HOME") if before is None else environ.update(ATLAS_HOME=before)
    return [
        row("50 sessions, a text every 2 s: 95th percentile", 1000 * float(np.percentile(waits, 95)), "ms", 150),
        row(f"50 sessions: errors in {len(waits)} texts", len(errors), "", 0),
    ]


def on_gpu(texts: list[str], languages: list[str], cpu_rate: float) -> list[dict]:
    """Texts a second on the GPU, against the CPU, and the network's share of the bf16 matrix product there."""
    from models import compress
    from models.text.loading import classifier

    model = classifier("sentiment", "cuda")
    rate = len(texts) / compress.timed(lambda: model.predict(texts, languages), 5)
    inputs = model.network.prepare(texts[:2048], languages[:2048]).to("cuda")
    square = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)

    def network() -> None:
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16):
            model.network(inputs)
        torch.cuda.synchronize()

    def product() -> None:
        square @ square
        torch.cuda.synchronize()

    ceiling = 2 * 8192**3 / compress.timed(product, 20)
    layers = [m for m in model.network.modules() if isinstance(m, torch.nn.Linear)]
    work = 2 * inputs.ids.numel() * sum(layer.weight.numel() for layer in layers)
    return [
        row("sentiment on the GPU: texts a second, tokenising included", rate, "/s"),
        row("sentiment: GPU / CPU", rate / cpu_rate, "x"),
        row(
            "sentiment network: share of the bf16 product's speed",
            100 * work / compress.timed(network, 20) / ceiling,
            "%",
        ),
    ]
