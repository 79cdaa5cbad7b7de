"""Make the int8 form of a model's token-reading members: python -m models.text.int8_make NAME."""

import numpy as np

from models.assistant import knowledge
from models.text import load, onnx_export
from models.text.int8_runtime import FORMS, opened

MIN_AGREEMENT = 0.99
"""Share of the sample's texts that must keep their label."""


def make(name: str) -> float:
    """Make and keep the form of a model here and now, or note why it is refused. Returns the agreement with fp32.

    Agreement: share of the texts of our knowledge base, in five languages, that keep their label. Raises ModelError.
    """
    model = load.classifier(name, "cpu", fast=True)
    entries = knowledge.sample().entries
    texts = [text for entry in entries for text in (entry.question, *entry.also, entry.answer)]
    languages = [entry.language for entry in entries for _ in range(2 + len(entry.also))]
    content = onnx_export.int8_onnx(onnx_export.reading_to_onnx(model.network, texts[:4]))
    plain = model.network.answers(texts, languages).argmax(1)
    agreement = float(np.mean(model.network.answers(texts, languages, opened(content)).argmax(1) == plain))
    if agreement < MIN_AGREEMENT:
        FORMS.refuse(model.card, f"{agreement:.1%} of {len(texts)} texts keep their label", agreement=agreement)
    else:
        FORMS.keep(model.card, content, agreement=agreement)
    return agreement


if __name__ == "__main__":
    FORMS.run(lambda name: f"agrees {make(name):.4f} with fp32")
