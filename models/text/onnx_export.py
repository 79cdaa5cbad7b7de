"""Text networks as ONNX files, whole or their token-reading members alone, and those in int8.

ONNX: exported from torch. int8: the ONNX form with its tables and the weights of its linear layers as int8 and
activations quantised as they come (by onnxruntime; torch's own quantisation is deprecated).
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.onnx.export import exported
from models.text.network import BagConfig, Inputs, Network, Reading

QUANTISED = ("MatMul", "Gemm", "Gather")
"""What int8 covers: linear layers, and tables of n-grams and tokens."""


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
