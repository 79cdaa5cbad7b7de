"""Smaller and faster forms of a text model: bf16, int8 by dynamic quantisation, ONNX; what each gives up.

ONNX: exported from torch, then checked with onnxruntime against torch. int8: the ONNX form with its tables and
the weights of its linear layers as int8 and activations quantised as they come (by onnxruntime; torch's own
quantisation is deprecated). `models.text.int8` keeps what of it the server runs.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models import registry
from models.registry import ModelError
from models.text import fitting
from models.text.loading import classifier
from models.text.network import BagConfig, Inputs, Network, Reading

LARGEST_DIFFERENCE = 1e-3
BATCH = 256
QUANTISED = ("MatMul", "Gemm", "Gather")
"""What int8 covers: linear layers, and tables of n-grams and tokens."""
WRITTEN = ("onnx", "int8")
"""Forms that are files, for machines without torch."""


class Padded(nn.Module):
    """A network whose bags come as rectangles: buckets and weights (texts, n-grams), weight 0 where there is none."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, buckets: list[Tensor], weights: list[Tensor], ids: Tensor, mask: Tensor, language: Tensor
    ) -> Tensor:
        """-> calibrated logits (texts, labels)."""
        network = self.network
        total = torch.zeros(1)
        for index, (member, config) in enumerate(zip(network.members, network.config.members, strict=True)):
            if isinstance(config, BagConfig):
                bag = network.grams.index(config.grams)
                summed = (F.embedding(buckets[bag], member.table.weight) * weights[bag][:, :, None]).sum(1)
                logits = member.finished(summed, language)
            else:
                logits = member(ids, mask, language)
            total = total + network.mix[index] * logits
        return total / network.temperature + network.possible[language + 1]


def padded(inputs: Inputs) -> tuple[list[Tensor], list[Tensor], Tensor, Tensor, Tensor]:
    """Inputs of a network as inputs of `Padded`."""
    buckets, weights = [], []
    for found, offsets, share in inputs.bags:
        ends = torch.cat((offsets[1:], torch.tensor([len(found)])))
        parts = list(zip(offsets.tolist(), ends.tolist(), strict=True))
        rows = [found[start:end] for start, end in parts]
        shares = [share[start:end] for start, end in parts]
        buckets.append(nn.utils.rnn.pad_sequence(rows, batch_first=True))
        weights.append(nn.utils.rnn.pad_sequence(shares, batch_first=True))
    return buckets, weights, inputs.ids, inputs.mask, inputs.language


def to_onnx(network: Network, sample: Sequence[str]) -> bytes:
    """The network as an ONNX file (opset 20), any number of texts, n-grams and tokens."""
    module = Padded(network).eval().cpu()
    given = padded(network.prepare(list(sample), [None] * len(sample)))
    texts = torch.export.Dim("texts", min=1, max=4096)
    shapes: tuple[Any, ...] = (
        [{0: texts, 1: torch.export.Dim(f"grams{i}", min=2)} for i in range(len(given[0]))],
        [{0: texts, 1: torch.export.Dim(f"grams{i}", min=2)} for i in range(len(given[1]))],
        {0: texts, 1: torch.export.Dim("tokens", min=2, max=network.longest)} if network.longest else {0: texts},
        {0: texts, 1: torch.export.Dim("tokens", min=2, max=network.longest)} if network.longest else {0: texts},
        {0: texts},
    )
    return exported(module, given, shapes)


def reading_to_onnx(network: Network, sample: Sequence[str]) -> bytes:
    """What a network's token-reading members say together, as an ONNX file of ids, mask and language."""
    inputs = network.prepare(list(sample), [None] * len(sample))
    texts = torch.export.Dim("texts", min=1, max=4096)
    tokens = {0: texts, 1: torch.export.Dim("tokens", min=2, max=network.longest)}
    given = (inputs.ids, inputs.mask, inputs.language)
    return exported(Reading(network).eval().cpu(), given, (tokens, tokens, {0: texts}))


def exported(module: nn.Module, given: tuple[Any, ...], shapes: tuple[Any, ...]) -> bytes:
    """A module as an ONNX file. given: what it is traced with; shapes: which sizes may differ."""
    with torch.inference_mode(False), torch.no_grad(), TemporaryDirectory() as folder:
        program = torch.onnx.export(
            module, given, dynamo=True, dynamic_shapes=shapes, opset_version=20, verbose=False, optimize=True
        )
        file = Path(folder) / "model.onnx"
        program.save(str(file), external_data=False)
        return file.read_bytes()


def session(content: bytes, threads: int = 2) -> onnxruntime.InferenceSession:
    """An ONNX file ready to run on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def run(opened: onnxruntime.InferenceSession, inputs: Inputs) -> np.ndarray:
    """Logits from an ONNX session, (texts, labels)."""
    buckets, weights, ids, mask, language = padded(inputs)
    flat = [*buckets, *weights, ids, mask, language]
    names = [entry.name for entry in opened.get_inputs()]
    if len(names) < len(flat):  # no member reads tokens: the exporter drops ids and mask
        flat = [*buckets, *weights, language]
    return opened.run(None, {name: tensor.numpy() for name, tensor in zip(names, flat, strict=True)})[0]


def int8_onnx(content: bytes) -> bytes:
    """An ONNX file with its tables and the weights of its linear layers in int8.

    Weights take 7 of the 8 bits: without VNNI, x86 adds pairs of products in 16 bits, where 8 could overflow unseen.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        graph = onnx.load_from_string(content)
        del graph.graph.value_info[:]  # shapes the exporter noted contradict what onnxruntime infers after its changes
        onnx.save(graph, before)
        quantize_dynamic(
            before, after, weight_type=QuantType.QInt8, op_types_to_quantize=list(QUANTISED), per_channel=True,
            reduce_range=True,
        )  # fmt: skip
        return after.read_bytes()


def variants(name: str, rows: Any, say: Callable[[str], None] = print, to: Path | None = None) -> list[dict[str, Any]]:
    """Every form of a model: bytes, milliseconds for one text, texts a second, macro-F1 on rows, agreement with fp32.

    rows: frame of text, label and language. to: folder that the ONNX and int8 forms are written to; they are given what
    `padded` makes of texts. Raises ModelError when the ONNX form differs from torch by over 1e-3, or when one of the
    files exists.
    """
    files = files_in(to, name)
    model = classifier(name, "cpu")
    truth = fitting.Rows.of(rows, model.labels)
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
    if difference > LARGEST_DIFFERENCE:
        raise ModelError(f"The ONNX form of {name} differs from torch by {difference:.2g}, over {LARGEST_DIFFERENCE}.")
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
                "macro_f1": fitting.mean_macro_f1(predicted, truth, len(model.labels)),
                "agreement": float((predicted == reference).mean()),
            }
        if form == "onnx":
            entry["difference"] = difference
        found.append(entry)
        say(f"{form:10} {size / 1e6:6.1f} MB  {entry['latency_ms']:.2f} ms  {entry['texts_per_s']:.0f} texts/s  "
            f"macro-F1 {entry['macro_f1']:.4f}  agrees {entry['agreement']:.4f}")  # fmt: skip
    write(files, {"onnx": content, "int8": smaller}, say)
    return found


def files_in(folder: Path | None, name: str) -> dict[str, Path]:
    """The files that the forms of a model are written to, by form; none without a folder, which is made.

    Raises ModelError when one of them exists.
    """
    if folder is None:
        return {}
    files = {form: folder / f"{name}-{form}.onnx" for form in WRITTEN}
    if there := [file for file in files.values() if file.exists()]:
        names = " and ".join(map(str, there))
        raise ModelError(f"{names} would be written over. Move what is there, or name another folder with --to.")
    folder.mkdir(parents=True, exist_ok=True)
    return files


def write(files: Mapping[str, Path], forms: Mapping[str, bytes], say: Callable[[str], None] = print) -> None:
    """Write forms to their files and say how large each is."""
    for form, file in files.items():
        with file.open("xb") as opened:
            opened.write(forms[form])
        say(f"wrote {file}, {len(forms[form]) / 1e6:.1f} MB")


def measure(name: str, rows: Any, say: Callable[[str], None] = print, to: Path | None = None) -> Path:
    """Measure the forms of a model and write the figures into its card, where it lies, and the forms to a folder."""
    found = variants(name, rows, say, to)
    folder = registry.folder(name)
    card = replace(registry.card(name), variants=tuple(found))
    (folder / registry.CARD).write_text(card.to_json(), encoding="utf-8")
    return folder


def timed(call: Callable[[], Any], times: int) -> float:
    """Median seconds of a call, after one to warm up."""
    call()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


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
