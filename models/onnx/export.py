"""From torch to an ONNX file, and a file ready to run on the CPU."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    import onnxruntime

MAX_DIFFERENCE = 1e-3
"""How far an ONNX form's answers may be from those of torch."""


def exported(module: nn.Module, given: tuple[Any, ...], shapes: tuple[Any, ...]) -> bytes:
    """A module as an ONNX file. given: what it is traced with; shapes: which sizes may differ."""
    with torch.inference_mode(False), torch.no_grad(), TemporaryDirectory() as folder:
        program = torch.onnx.export(
            module, given, dynamo=True, dynamic_shapes=shapes, opset_version=20, verbose=False, optimize=True
        )
        file = Path(folder) / "model.onnx"
        program.save(str(file), external_data=False)
        return file.read_bytes()


def session(content: bytes, threads: int = 2) -> "onnxruntime.InferenceSession":
    """An ONNX file ready to run on the CPU."""
    import onnxruntime  # takes half a second: only where it is used

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
