"""The ONNX form of the price reader's network, which reads a line sooner than torch on many CPUs; in fp32, as exact.

Made and kept as `models.onnx.cache` has it (python -m models.vision.reader.onnx_make NAME).
"""

import torch
from torch import nn

from models.cards import Card
from models.onnx.cache import CachedForm
from models.vision.onnx_export import Session
from models.vision.reader.network import Config

FORMS = CachedForm("onnx", "models.vision.reader.onnx_make")


def network(card: Card, config: Config) -> nn.Module:
    """The form kept for a reader, in the place of its network, in as many threads as torch has in the calling thread.

    It takes float32 (lines, 1, 32, width) and widths (lines,) on the CPU. Raises ModelError where there is none (any
    more).
    """
    return Session(FORMS.read(card), config, torch.get_num_threads())
