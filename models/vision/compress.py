"""Smaller and faster forms of a vision model: bf16, ONNX, int8 and pruned; what each gives up.

int8: static quantisation of the ONNX form, every convolution's input and weights in 8 bits with ranges found on
training pictures (onnxruntime, QDQ format; Jacob et al. 2018). pruned: the smallest weights over all convolutions set
to zero (Han et al. 2015), which a compressed file does not store.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import torch
from onnxruntime import quantization
from torch import Tensor, nn
from torch.nn.utils import prune

from models import compress, registry
from models.registry import ModelError
from models.vision import corpora, loading, recipes

PRUNED = (0.3, 0.5)
CALIBRATION, SIDE = 32, 256


class Session(nn.Module):
    """An ONNX form in the place of the network it was made of. config: the network's."""

    def __init__(self, content: bytes, config: Any, threads: int) -> None:
        super().__init__()
        self.opened = compress.session(content, threads)
        self.config = config

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """What the network gives, float32 on the CPU."""
        name = self.opened.get_inputs()[0].name
        found = self.opened.run(None, {name: pictures.float().contiguous().cpu().numpy()})
        return tuple(map(torch.from_numpy, found))


def to_onnx(network: nn.Module, multiple: int) -> bytes:
    """A network of pictures as an ONNX file: one picture at a time, sides that are multiples of what it needs."""
    example = torch.rand(1, 3, 4 * multiple, 5 * multiple)
    height, width = (torch.export.Dim(name, min=1, max=128) * multiple for name in ("rows", "columns"))
    return compress.exported(network.eval().float(), (example,), ({2: height, 3: width},))


def int8(content: bytes, examples: Sequence[np.ndarray]) -> bytes:
    """An ONNX file with its convolutions in int8; examples: float32 (1, 3, height, width), all of one size."""

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self.rows = iter(examples)

        def get_next(self) -> dict[str, np.ndarray] | None:
            row = next(self.rows, None)
            return None if row is None else {name: row}

    with TemporaryDirectory() as folder:
        before, ready, after = (Path(folder) / f"{stage}.onnx" for stage in ("before", "ready", "after"))
        graph = onnx.load_from_string(content)
        del graph.graph.value_info[:]
        onnx.save(graph, before)
        name = graph.graph.input[0].name
        quantization.quant_pre_process(before, ready, skip_symbolic_shape=True)
        quantization.quantize_static(
            ready, after, Reader(), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
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


def variants(name: str, data_dir: Path | None = None, say: Callable[[str], None] = print) -> list[dict[str, Any]]:
    """Every form of nuclei or blood_cells: bytes, ms a picture, pictures a second, its score on test, and how much of
    the fp32 form's score that is. Raises ModelError when the ONNX form differs from torch by over 1e-3."""
    if name not in recipes.FILES:
        raise ModelError(f"{name!r} has no compressed forms: there are some of {', '.join(recipes.FILES)}.")
    rows = corpora.read(corpora.folder(data_dir) / recipes.FILES[name])
    train, test = (rows[rows["split"] == split] for split in ("train", "test"))
    model = loading.model(name, "cpu")
    network, measure = model.network, {"nuclei": "ap50", "blood_cells": "map50"}[name]
    pictures = [picture.pixels for picture in recipes.pictures(name, train.sample(CALIBRATION, random_state=0))]
    content = to_onnx(network, network.config.multiple)
    threads = torch.get_num_threads()
    asked = [model.entering(picture[:SIDE, :SIDE]) for picture in pictures]  # calibration wants one size
    same = Session(content, network.config, threads)
    with torch.inference_mode():
        difference = max(
            float((a - b).abs().max()) for x in asked[:4] for a, b in zip(network(x), same(x), strict=True)
        )
    if difference > compress.LARGEST_DIFFERENCE * 100:
        raise ModelError(f"The ONNX form of {name} differs from torch by {difference:.2g}.")
    small = int8(content, [x.numpy() for x in asked])
    whole = sum(p.numel() for p in network.parameters())
    forms: list[tuple[str, int, nn.Module, str]] = [
        ("fp32", 4 * whole, network, "fp32"),
        ("bf16", 2 * whole, network, "bf16"),
        ("onnx", len(content), same, "fp32"),
        ("int8", len(small), Session(small, network.config, threads), "fp32"),
    ]
    for share in PRUNED:
        other = pruned(loading.model(name, "cpu").network, share)
        forms.append((f"pruned {share:.0%}", stored(other), other, "fp32"))
    found: list[dict[str, Any]] = []
    for form, size, module, precision in forms:
        model.network = module
        model.use(precision)
        seconds = compress.timed(lambda: model.predict(pictures[:1]), 10)
        every = compress.timed(lambda: model.predict(pictures[:8]), 2)
        score = recipes.judged(model, test)[measure]
        found.append({
            "name": form, "bytes": size, "latency_ms": 1000 * seconds, "per_s": 8 / every, measure: score,
            **({"difference": difference} if form == "onnx" else {}),
        })  # fmt: skip
        say(f"{form:10} {size / 1e6:6.1f} MB  {1000 * seconds:7.1f} ms  {8 / every:6.1f}/s  {measure} {score:.4f}")
    return found


def measure(name: str, data_dir: Path | None = None, say: Callable[[str], None] = print) -> Path:
    """Measure the forms of a model and write them into its card, where it lies."""
    found = variants(name, data_dir, say)
    folder = registry.folder(name)
    card = replace(registry.card(name), variants=tuple(found))
    (folder / registry.CARD).write_text(card.to_json(), encoding="utf-8")
    return folder
