"""The ONNX form of the price reader's network, which reads a line sooner than torch on many CPUs; in fp32, as exact.

Made and kept as `models.forms` has it (python -m models.vision.onnx_form NAME).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from models.forms import Kept
from models.registry import Card

if TYPE_CHECKING:
    from models.vision.lines import Config

FORMS = Kept("onnx", "models.vision.onnx_form")
MARKETS = ("US", "DE", "RU", "GR")
"""Whose drawn price tags a form is checked on: alphabets that every machine has fonts for."""


def network(card: Card, config: "Config") -> nn.Module:
    """The form kept for a reader, in the place of its network, in as many threads as torch has in the calling thread.

    It takes float32 (lines, 1, 32, width) and widths (lines,) on the CPU. Raises ModelError where there is none (any
    more).
    """
    from models.vision import compress  # onnxruntime takes half a second: only where it is used

    return compress.Session(FORMS.read(card), config, torch.get_num_threads())


def make(name: str) -> float:
    """Make and keep the form of a reader here and now, or note why it is refused.

    Returns the largest difference of its logits from torch's over the largest logit, on drawn price tags. Raises
    ModelError for a model that is no reader, and where the form cannot be kept.
    """
    from models.compress import LARGEST_DIFFERENCE
    from models.vision import compress, lines

    reader = lines.load(name, "cpu")
    content = compress.lines_to_onnx(reader.network)
    same = compress.Session(content, reader.network.config, torch.get_num_threads())
    difference = float(np.max([compress.difference(reader.network, same, given) for given in drawn()]))
    if difference <= LARGEST_DIFFERENCE:
        FORMS.keep(reader.card, content, difference=difference)
    else:
        FORMS.refuse(reader.card, f"its logits differ from torch's by {difference:.2g} of the largest",
                     difference=difference)  # fmt: skip
    return difference


def drawn() -> Iterator[tuple[Tensor, Tensor]]:
    """What the network is given for drawn price tags: every line alone, then the lines of the tag together."""
    from models.vision import finding, lines, renders

    for market in MARKETS:
        cut = [line.pixels for line in finding.find(np.asarray(renders.tag(market).image))]
        for group in (*([line] for line in cut), cut):
            yield lines.entering(group)


if __name__ == "__main__":
    FORMS.run(lambda name: f"differs {make(name):.2g} from torch")
