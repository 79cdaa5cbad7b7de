"""Make the ONNX form of the price reader's network: python -m models.vision.reader.onnx_make NAME."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from models.onnx.export import MAX_DIFFERENCE, exported
from models.vision import onnx_export
from models.vision.reader import line_detection, line_reader, rendering
from models.vision.reader.network import Network
from models.vision.reader.onnx_runtime import FORMS

MARKETS = ("US", "DE", "RU", "GR")
"""Whose drawn price tags a form is checked on: alphabets that every machine has fonts for."""


def lines_to_onnx(network: Network) -> bytes:
    """The reader's network as an ONNX file: any number of lines, their width a multiple of 4, and how wide each is."""
    count, width = torch.export.Dim("lines", min=1, max=4096), torch.export.Dim("columns", min=4, max=192) * 4
    given = (torch.rand(2, 1, line_detection.HEIGHT, 160), torch.tensor([160, 100]))
    return exported(network.eval().float(), given, ({0: count, 3: width}, {0: count}))


def make(name: str) -> float:
    """Make and keep the form of a reader here and now, or note why it is refused.

    Returns the largest difference of its logits from torch's over the largest logit, on drawn price tags. Raises
    ModelError for a model that is no reader, and where the form cannot be kept.
    """
    reader = line_reader.load(name, "cpu")
    content = lines_to_onnx(reader.network)
    same = onnx_export.Session(content, reader.network.config, torch.get_num_threads())
    difference = float(np.max([onnx_export.difference(reader.network, same, given) for given in drawn()]))
    if difference <= MAX_DIFFERENCE:
        FORMS.keep(reader.card, content, difference=difference)
    else:
        FORMS.refuse(reader.card, f"its logits differ from torch's by {difference:.2g} of the largest",
                     difference=difference)  # fmt: skip
    return difference


def drawn() -> Iterator[tuple[Tensor, Tensor]]:
    """What the network is given for drawn price tags: every line alone, then the lines of the tag together."""
    for market in MARKETS:
        cut = [line.pixels for line in line_detection.find(np.asarray(rendering.tag(market).image))]
        for group in (*([line] for line in cut), cut):
            yield line_reader.to_input(group)


if __name__ == "__main__":
    FORMS.run(lambda name: f"differs {make(name):.2g} from torch")
