"""Smaller forms of a model answer as the model does."""

import json

import numpy as np
import pytest
import torch

from models import compress, registry
from models.registry import ModelError

TEXTS = ["the day was lovely", "awful", "", "la voiture était triste et pauvre"]
LANGUAGES = ["en", "en", None, "fr"]


@pytest.fixture(scope="module")
def exported(trained):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "SHIPPED", trained)
        network = compress.classifier("tiny", "cpu").network
        return network, compress.to_onnx(network, TEXTS)


def test_the_onnx_form_agrees_with_torch_for_any_number_of_texts(exported):
    network, content = exported
    opened = compress.session(content)
    for count in (1, 2, 4):
        inputs = network.prepare(TEXTS[:count], LANGUAGES[:count])
        with torch.inference_mode():
            assert np.abs(compress.run(opened, inputs) - network(inputs).numpy()).max() < 1e-3


def test_the_int8_form_is_close(exported):
    network, content = exported
    smaller = compress.int8_onnx(content)
    inputs = network.prepare(TEXTS, LANGUAGES)
    with torch.inference_mode():
        plain = network(inputs).softmax(1).numpy()
    found = torch.from_numpy(compress.run(compress.session(smaller), inputs)).softmax(1).numpy()
    assert np.abs(found - plain).max() < 0.1
    assert len(smaller) < 0.6 * len(content)


def test_what_reads_tokens_is_exported_alone(exported):
    network, _content = exported
    opened = compress.session(compress.reading_to_onnx(network, TEXTS))
    assert [entry.name for entry in opened.get_inputs()] == ["ids", "mask", "language"]
    for texts in (TEXTS, [""], TEXTS[3:]):
        inputs = network.prepare(texts, [None] * len(texts))
        given = {"ids": inputs.ids.numpy(), "mask": inputs.mask.numpy(), "language": inputs.language.numpy()}
        with torch.inference_mode():
            plain = network(inputs).numpy()
            read = network(inputs, lambda *_given, given=given: torch.from_numpy(opened.run(None, given)[0])).numpy()
        assert np.abs(read - plain).max() < 1e-3


def test_every_form_is_measured_and_written_into_the_card(shipped, rows, tmp_path, monkeypatch):
    import shutil

    own = tmp_path / "own" / "models"
    shutil.copytree(shipped / "tiny", own / "tiny")
    compress.measure("tiny", rows().query("split == 'test'"), say=lambda line: None)
    found = {entry["name"]: entry for entry in json.loads((own / "tiny" / "card.json").read_text())["variants"]}
    assert list(found) == ["fp32", "bf16", "onnx", "int8"]
    assert found["onnx"]["difference"] < 1e-3
    assert found["onnx"]["agreement"] == 1
    assert all(entry["bytes"] > 0 and entry["latency_ms"] > 0 for entry in found.values())


def test_an_onnx_form_that_differs_is_refused(shipped, rows, monkeypatch):
    monkeypatch.setattr(compress, "LARGEST_DIFFERENCE", -1.0)
    with pytest.raises(ModelError, match="differs from torch"):
        compress.variants("tiny", rows().query("split == 'test'"), say=lambda line: None)
