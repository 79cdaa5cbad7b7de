"""Smaller and faster forms of a vision model: bf16, ONNX, int8 and pruned; what each gives up.

int8: static quantisation of the ONNX form, every convolution's input and weights in 8 bits with ranges found on
training pictures (onnxruntime, QDQ format; Jacob et al. 2018). pruned: the smallest weights over all convolutions set
to zero (Han et al. 2015), which a compressed file does not store.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import torch
from onnxruntime import quantization
from torch import Tensor, nn
from torch.nn.utils import prune

from models.corpora import read
from models.errors import ModelError
from models.onnx import export
from models.onnx import variants as onnx_variants
from models.vision import corpora, load, train_evaluate
from models.vision.onnx_export import Session, difference, to_onnx
from models.vision.reader import evaluation, line_reader, synthetic_lines
from models.vision.reader.onnx_make import lines_to_onnx

PRUNED = (0.3, 0.5)
CALIBRATION, SIDE, WIDE = 32, 256, 160
"""Pictures or lines that ranges are found on, their side, and the width of those lines, in pixels."""
READ = 40
"""Held-out lines a script that forms of the reader are judged on."""


def int8(content: bytes, examples: Sequence[Sequence[np.ndarray]]) -> bytes:
    """An ONNX file with its convolutions in int8; examples: what the network is given, all of one size.

    Weights take 7 of the 8 bits, as in `models.text.onnx_export.int8_onnx`.
    """
    names = [entry.name for entry in export.session(content).get_inputs()]

    class Feed(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self.rows = iter(examples)

        def get_next(self) -> dict[str, np.ndarray] | None:
            row = next(self.rows, None)
            return None if row is None else dict(zip(names, row, strict=True))

    with TemporaryDirectory() as folder:
        before, ready, after = (Path(folder) / f"{stage}.onnx" for stage in ("before", "ready", "after"))
        graph = onnx.load_from_string(content)
        del graph.graph.value_info[:]
        onnx.save(graph, before)
        quantization.quant_pre_process(before, ready, skip_symbolic_shape=True)
        quantization.quantize_static(
            ready, after, Feed(), quant_format=quantization.QuantFormat.QDQ, per_channel=True, reduce_range=True,
            op_types_to_quantize=["Conv"], activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8, calibrate_method=quantization.CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": 99.99},
        )  # fmt: skip
        return after.read_bytes()


def pruned(network: nn.Module, share: float) -> nn.Module:
    """Set the smallest weights over all convolutions to zero, in place; returns the network."""
    network.to(memory_format=torch.contiguous_format)  # as torch's pruning needs them
    parts = [(part, "weight") for part in network.modules() if isinstance(part, nn.Conv2d)]
    prune.global_unstructured(parts, prune.L1Unstructured, amount=share)
    for part, name in parts:
        prune.remove(part, name)
    return network.to(memory_format=torch.channels_last)


def stored(network: nn.Module) -> int:
    """Bytes of a network's weights in fp16, compressed (deflate), so that zeros cost next to nothing."""
    return len(zlib.compress(b"".join(p.detach().half().cpu().numpy().tobytes() for p in network.parameters()), 6))


@dataclass(frozen=True)
class Trial:
    """A model to make smaller. content: its network as an ONNX file; examples: what the network is given, of one size;
    asked: what the model is asked for; measure: what `judged` calls the score; fresh: the network once more."""

    model: Any
    content: bytes
    examples: Sequence[tuple[Tensor, ...]]
    asked: Sequence[np.ndarray]
    measure: str
    judged: Callable[[Any], Mapping[str, Any]]
    fresh: Callable[[], nn.Module]


def trial(name: str, data_dir: Path | None = None) -> Trial:
    """What a model is made smaller and judged with. Raises ModelError for one without compressed forms."""
    if name == "reader":
        return _reader()
    if name not in train_evaluate.FILES:
        raise ModelError(
            "{name} has no compressed forms: there are some of {names} and reader.",
            name=repr(name),
            names=", ".join(train_evaluate.FILES),
        )
    rows = read(corpora.folder(data_dir) / train_evaluate.FILES[name])
    train, test = (rows[rows["split"] == split] for split in ("train", "test"))
    model = load.model(name, "cpu")
    pictures = [picture.pixels for picture in train_evaluate.pictures(name, train.sample(CALIBRATION, random_state=0))]
    examples = [(model.entering(picture[:SIDE, :SIDE]),) for picture in pictures]  # calibration wants one size
    return Trial(
        model, to_onnx(model.network, model.network.config.multiple), examples, pictures,
        {"nuclei": "ap50", "blood_cells": "map50"}[name], lambda model: train_evaluate.evaluate_on(model, test),
        lambda: load.model(name, "cpu").network,
    )  # fmt: skip


def _reader() -> Trial:
    model = line_reader.load(device="cpu")
    learnt = synthetic_lines.draw(synthetic_lines.DEV_SEED, 4 * CALIBRATION)
    wide = [x for x in learnt.cut() if x.shape[1] >= WIDE][:CALIBRATION]
    examples = [line_reader.to_input([x[:, :WIDE]]) for x in wide]
    samples = [sample for script in synthetic_lines.SHARES for sample in evaluation.held_out(script, READ, "usual")]
    return Trial(
        model, lines_to_onnx(model.network), examples, [sample.image for sample in samples], "exact_match",
        lambda model: evaluation.metrics(model, samples), lambda: line_reader.load(device="cpu").network,
    )  # fmt: skip


def variants(
    name: str, data_dir: Path | None = None, say: Callable[[str], None] = print, to: Path | None = None
) -> list[dict[str, Any]]:
    """Every form of a model: bytes, ms for one picture, pictures a second, its score on test or on held-out lines.

    to: folder that the ONNX and int8 forms are written to; of blood_cells the detector alone, not the kinds of cells.
    Raises ModelError when the ONNX form differs from torch by over 0.1 %, or when one of the files exists.
    """
    files = onnx_variants.files_in(to, name)
    given = trial(name, data_dir)
    model, network, threads = given.model, given.model.network, torch.get_num_threads()
    same = Session(given.content, network.config, threads)
    differs = max(difference(network, same, example) for example in given.examples[:4])
    if differs > export.MAX_DIFFERENCE:
        raise ModelError(
            "The ONNX form of {name} differs from torch by {difference} of its answers' size.",
            name=name,
            difference=f"{differs:.2g}",
        )
    small = int8(given.content, [[x.numpy() for x in example] for example in given.examples])
    whole = sum(p.numel() for p in network.parameters())
    forms: list[tuple[str, int, nn.Module, str]] = [
        ("fp32", 4 * whole, network, "fp32"),
        ("bf16", 2 * whole, network, "bf16"),
        ("onnx", len(given.content), same, "fp32"),
        ("int8", len(small), Session(small, network.config, threads), "fp32"),
    ]
    for share in PRUNED:
        other = pruned(given.fresh(), share)
        forms.append((f"pruned {share:.0%}", stored(other), other, "fp32"))
    found: list[dict[str, Any]] = []
    for form, size, module, precision in forms:
        model.network = module
        model.use(precision)
        seconds = onnx_variants.timed(lambda: model.predict(given.asked[:1]), 10)
        every = onnx_variants.timed(lambda: model.predict(given.asked[:8]), 2)
        score = given.judged(model)[given.measure]
        found.append({
            "name": form, "bytes": size, "latency_ms": 1000 * seconds, "per_s": 8 / every, given.measure: score,
            **({"difference": differs} if form == "onnx" else {}),
        })  # fmt: skip
        say(
            f"{form:10} {size / 1e6:6.1f} MB  {1000 * seconds:7.1f} ms  {8 / every:6.1f}/s  {given.measure} {score:.4f}"
        )
    onnx_variants.write(files, {"onnx": given.content, "int8": small}, say)
    return found


def measure(
    name: str, data_dir: Path | None = None, say: Callable[[str], None] = print, to: Path | None = None
) -> Path:
    """Measure the forms of a model and write the figures into its card, where it lies, and the forms to a folder."""
    return onnx_variants.note(name, variants(name, data_dir, say, to))
