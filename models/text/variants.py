"""Smaller and faster forms of a text model: bf16, int8 by dynamic quantisation, ONNX; what each gives up.

The ONNX form is checked with onnxruntime against torch. `models.text.int8_runtime` is what of it the server runs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from models.errors import ModelError
from models.onnx.export import MAX_DIFFERENCE, session
from models.onnx.variants import files_in, note, timed, write
from models.text import evaluation
from models.text.load import classifier
from models.text.network import Inputs, Network, Reading
from models.text.onnx_export import int8_onnx, run, to_onnx

BATCH = 256


def variants(name: str, rows: Any, say: Callable[[str], None] = print, to: Path | None = None) -> list[dict[str, Any]]:
    """Every form of a model: bytes, milliseconds for one text, texts a second, macro-F1 on rows, agreement with fp32.

    rows: frame of text, label and language. to: folder that the ONNX and int8 forms are written to; they are given what
    `padded` makes of texts. Raises ModelError when the ONNX form differs from torch by over 1e-3, or when one of the
    files exists.
    """
    files = files_in(to, name)
    model = classifier(name, "cpu", fast=True)
    truth = evaluation.Rows.of(rows, model.labels)
    texts, languages = list(truth.texts), list(truth.languages)
    plain = model.network
    forms: dict[str, tuple[int, Callable[[Inputs], np.ndarray]]] = {
        "fp32": (_bytes(plain), lambda inputs: plain(inputs).numpy()),
    }
    if plain.longest:  # it reads tokens
        reading = Reading(plain).in_bf16()
        forms["bf16"] = (_bf16_bytes(plain, reading), lambda inputs: plain(inputs, reading).numpy())
    content = to_onnx(plain, texts[:4])
    opened = session(content)
    check = plain.prepare(texts[:200], languages[:200])
    with torch.inference_mode():
        difference = float(np.abs(run(opened, check) - plain(check).numpy()).max())
    if difference > MAX_DIFFERENCE:
        raise ModelError(
            "The ONNX form of {name} differs from torch by {difference}, over {most}.",
            name=name,
            difference=f"{difference:.2g}",
            most=MAX_DIFFERENCE,
        )
    forms["onnx"] = (len(content), lambda inputs: run(opened, inputs))
    smaller = int8_onnx(content)
    opened_small = session(smaller)
    forms["int8"] = (len(smaller), lambda inputs: run(opened_small, inputs))
    found, reference = [], None
    for form, (size, answer) in forms.items():
        with torch.inference_mode():
            logits = _all(plain, answer, texts, languages)
            predicted = logits.argmax(1)
            reference = predicted if reference is None else reference
            entry = {
                "name": form,
                "bytes": size,
                "latency_ms": 1000 * timed(lambda answer=answer: _one(plain, answer, texts, languages), 40),
                "texts_per_s": BATCH / timed(lambda answer=answer: answer(_batch(plain, texts, languages)), 6),
                "macro_f1": evaluation.mean_macro_f1(predicted, truth, len(model.labels)),
                "agreement": float((predicted == reference).mean()),
            }
        if form == "onnx":
            entry["difference"] = difference
        found.append(entry)
        say(f"{form:10} {size / 1e6:6.1f} MB  {entry['latency_ms']:.2f} ms  {entry['texts_per_s']:.0f} texts/s  "
            f"macro-F1 {entry['macro_f1']:.4f}  agrees {entry['agreement']:.4f}")  # fmt: skip
    write(files, {"onnx": content, "int8": smaller}, say)
    return found


def measure(name: str, rows: Any, say: Callable[[str], None] = print, to: Path | None = None) -> Path:
    """Measure the forms of a model and write the figures into its card, where it lies, and the forms to a folder."""
    return note(name, variants(name, rows, say, to))


def _one(network: Network, answer: Callable[[Inputs], np.ndarray], texts: list[str], languages: list) -> np.ndarray:
    return answer(network.prepare(texts[:1], languages[:1]))


def _batch(network: Network, texts: list[str], languages: list) -> Inputs:
    return network.prepare(texts[:BATCH], languages[:BATCH])


def _all(
    network: Network, answer: Callable[[Inputs], np.ndarray], texts: list[str], languages: list
) -> np.ndarray:  # fmt: skip
    parts = range(0, len(texts), BATCH)
    return np.concatenate([answer(network.prepare(texts[i : i + BATCH], languages[i : i + BATCH])) for i in parts])


def _bytes(network: nn.Module) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())


def _bf16_bytes(network: Network, reading: Reading) -> int:
    """Bytes of a network whose token-reading members are kept in another form."""
    return _bytes(network) - _bytes(Reading(network)) + _bytes(reading)
