"""The int8 form of a model's token-reading members, as the server runs it: ONNX, dynamically quantised, on the CPU.

Made and kept as `models.onnx.cache` has it (python -m models.text.int8_make NAME). Activations are quantised a
batch at a time, so a text's probabilities can differ by some thousandths with what it is read beside.
"""

import torch
from torch import Tensor

from models.cards import Card
from models.onnx.cache import CachedForm
from models.onnx.export import session
from models.text.network import Reader

FORMS = CachedForm("int8", "models.text.int8_make", way="weights in 7 bits")


def reader(card: Card) -> Reader:
    """The form kept for a model, ready to run; raises ModelError where there is none (any more)."""
    return opened(FORMS.read(card))


def opened(content: bytes) -> Reader:
    """A form ready to run, in as many threads as torch has in the thread that calls this."""
    form = session(content, torch.get_num_threads())

    def read(ids: Tensor, mask: Tensor, language: Tensor) -> Tensor:
        given = {"ids": ids.numpy(), "mask": mask.numpy(), "language": language.numpy()}
        return torch.from_numpy(form.run(None, given)[0])

    return read
