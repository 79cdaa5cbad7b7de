"""The int8 form of a model's token-reading members, as the server runs it: ONNX, dynamically quantised, on the CPU.

Made and kept as `models.forms` has it (python -m models.text.int8 NAME). Activations are quantised a batch at a time,
so a text's probabilities can differ by some thousandths with what it is read beside.
"""

import numpy as np
import torch
from torch import Tensor

from models.forms import Kept
from models.registry import Card
from models.text.network import Reader

FORMS = Kept("int8", "models.text.int8", way="weights in 7 bits")
LEAST_AGREEMENT = 0.99
"""Share of the sample's texts that must keep their label."""


def reader(card: Card) -> Reader:
    """The form kept for a model, ready to run; raises ModelError where there is none (any more)."""
    return _opened(FORMS.read(card))


def _opened(content: bytes) -> Reader:
    """A form ready to run, in as many threads as torch has in the thread that calls this."""
    from models import compress  # onnxruntime takes half a second: only where it is used

    opened = compress.session(content, torch.get_num_threads())

    def read(ids: Tensor, mask: Tensor, language: Tensor) -> Tensor:
        given = {"ids": ids.numpy(), "mask": mask.numpy(), "language": language.numpy()}
        return torch.from_numpy(opened.run(None, given)[0])

    return read


def make(name: str) -> float:
    """Make and keep the form of a model here and now, or note why it is refused. Returns the agreement with fp32.

    Agreement: share of the texts of our knowledge base, in five languages, that keep their label. Raises ModelError.
    """
    from models import compress
    from models.text import knowledge, loading

    model = loading.classifier(name, "cpu")
    entries = knowledge.sample().entries
    texts = [text for entry in entries for text in (entry.question, *entry.also, entry.answer)]
    languages = [entry.language for entry in entries for _ in range(2 + len(entry.also))]
    content = compress.int8_onnx(compress.reading_to_onnx(model.network, texts[:4]))
    plain = model.network.answers(texts, languages).argmax(1)
    agreement = float(np.mean(model.network.answers(texts, languages, _opened(content)).argmax(1) == plain))
    if agreement < LEAST_AGREEMENT:
        FORMS.refuse(model.card, f"{agreement:.1%} of {len(texts)} texts keep their label", agreement=agreement)
    else:
        FORMS.keep(model.card, content, agreement=agreement)
    return agreement


if __name__ == "__main__":
    FORMS.run(lambda name: f"agrees {make(name):.4f} with fp32")
