"""Networks of pictures and of lines as ONNX files, and a file in the place of the network it was made of."""

from typing import Any

import torch
from torch import Tensor, nn

from models.onnx import export


class Session(nn.Module):
    """An ONNX form in the place of the network it was made of. config: the network's."""

    def __init__(self, content: bytes, config: Any, threads: int) -> None:
        super().__init__()
        self.opened = export.session(content, threads)
        self.names = [entry.name for entry in self.opened.get_inputs()]
        self.config = config

    def forward(self, *given: Tensor) -> Tensor | tuple[Tensor, ...]:
        """What the network gives, float32 on the CPU."""
        fed = [x.contiguous().cpu() for x in given]
        found = self.opened.run(None, {name: x.numpy() for name, x in zip(self.names, fed, strict=True)})
        return tuple(map(torch.from_numpy, found)) if len(found) > 1 else torch.from_numpy(found[0])


def to_onnx(network: nn.Module, multiple: int) -> bytes:
    """A network of pictures as an ONNX file: one picture at a time, sides that are multiples of what it needs."""
    example = torch.rand(1, 3, 4 * multiple, 5 * multiple)
    height, width = (torch.export.Dim(name, min=1, max=128) * multiple for name in ("rows", "columns"))
    return export.exported(network.eval().float(), (example,), ({2: height, 3: width},))


def difference(network: nn.Module, other: nn.Module, given: tuple[Tensor, ...]) -> float:
    """The largest difference of two forms' answers over the largest answer, 1 at least."""
    with torch.inference_mode():
        ours, theirs = (found if isinstance(found, tuple) else (found,) for found in (network(*given), other(*given)))
    largest = max(1.0, *(float(a.abs().max()) for a in ours))
    return max(float((a - b).abs().max()) for a, b in zip(ours, theirs, strict=True)) / largest
