"""Smaller forms of a model answer as the model does."""

import json

import numpy as np
import onnxruntime
import pytest
import torch

from models import cards
from models.errors import ModelError
from models.onnx import export
from models.text import onnx_export, variants

TEXTS = ["the day was lovely", "awful", "", "la voiture était triste et pauvre"]
LANGUAGES = ["en", "en", None, "fr"]


@pytest.fixture(scope="module")
def exported(trained):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cards, "SHIPPED", trained)
        network = variants.classifier("tiny", "cpu").network
        return network, onnx_export.to_onnx(network, TEXTS)


@pytest.fixture
def exported_before(exported, monkeypatch):
    """The network's ONNX form is there already: exporting takes five seconds."""
    monkeypatch.setattr(variants, "to_onnx", lambda network, sample: exported[1])


def test_the_onnx_form_agrees_with_torch_for_any_number_of_texts(exported):
    network, content = exported
    opened = export.session(content)
    for count in (1, 2, 4):
        inputs = network.prepare(TEXTS[:count], LANGUAGES[:count])
        with torch.inference_mode():
            assert np.abs(onnx_export.run(opened, inputs) - network(inputs).numpy()).max() < 1e-3


def test_the_int8_form_is_close(exported):
    network, content = exported
    smaller = onnx_export.int8_onnx(content)
    inputs = network.prepare(TEXTS, LANGUAGES)
    with torch.inference_mode():
        plain = network(inputs).softmax(1).numpy()
    found = torch.from_numpy(onnx_export.run(export.session(smaller), inputs)).softmax(1).numpy()
    assert np.abs(found - plain).max() < 0.1
    assert len(smaller) < 0.6 * len(content)


def test_what_reads_tokens_is_exported_alone(exported):
    network, _content = exported
    opened = export.session(onnx_export.reading_to_onnx(network, TEXTS))
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
    variants.measure("tiny", rows().query("split == 'test'"), say=lambda line: None)
    found = {entry["name"]: entry for entry in json.loads((own / "tiny" / "card.json").read_text())["variants"]}
    assert list(found) == ["fp32", "bf16", "onnx", "int8"]
    assert found["onnx"]["difference"] < 1e-3
    assert found["onnx"]["agreement"] == 1
    assert all(entry["bytes"] > 0 and entry["latency_ms"] > 0 for entry in found.values())


def test_an_onnx_form_that_differs_is_refused(shipped, rows, exported_before, monkeypatch):
    monkeypatch.setattr(variants, "MAX_DIFFERENCE", -1.0)
    with pytest.raises(ModelError, match="differs from torch"):
        variants.variants("tiny", rows().query("split == 'test'"), say=lambda line: None)


def test_the_forms_written_to_a_folder_answer_as_the_network_does(shipped, rows, exported, exported_before, tmp_path):
    network, _content = exported
    said = []
    found = variants.variants("tiny", rows(60), say=said.append, to=tmp_path / "new" / "edge")
    files = {form: tmp_path / "new" / "edge" / f"tiny-{form}.onnx" for form in ("onnx", "int8")}
    assert {entry["name"]: entry["bytes"] for entry in found if entry["name"] in files} == {
        form: file.stat().st_size for form, file in files.items()
    }
    assert said[-2:] == [f"wrote {file}, {file.stat().st_size / 1e6:.1f} MB" for file in files.values()]
    inputs = network.prepare(TEXTS, LANGUAGES)
    with torch.inference_mode():
        plain = network(inputs).numpy()
    answers = {form: onnx_export.run(onnxruntime.InferenceSession(file), inputs) for form, file in files.items()}
    assert np.abs(answers["onnx"] - plain).max() < 1e-3
    assert (answers["int8"].argmax(1) == plain.argmax(1)).all()


def test_a_form_that_is_there_already_is_refused_before_anything_is_measured(shipped, rows, tmp_path):
    (tmp_path / "tiny-onnx.onnx").write_bytes(b"mine")
    with pytest.raises(ModelError, match=r"tiny-onnx\.onnx would be written over\. Move what is there"):
        variants.variants("tiny", rows(60), say=pytest.fail, to=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["tiny-onnx.onnx"]
    assert (tmp_path / "tiny-onnx.onnx").read_bytes() == b"mine"


def test_without_a_folder_nothing_is_written(shipped, rows, exported_before, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    variants.variants("tiny", rows(60), say=lambda line: None)
    assert list(tmp_path.iterdir()) == []
