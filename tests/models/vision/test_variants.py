"""Smaller forms of a picture network: the same answers from ONNX, nearly the same in int8, zeros that cost nothing."""

import copy

import numpy as np
import onnxruntime
import pytest
import torch

from models.errors import ModelError
from models.vision import onnx_export, unet, variants
from models.vision.nuclei import network as nuclei_network
from models.vision.reader import line_detection, onnx_make
from models.vision.reader import network as reader_network
from models.vision.unet import Config


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    made = nuclei_network.Network(Config(widths=(12, 16, 24), outputs=8))
    for _ in range(3):
        made(torch.rand(2, 3, 32, 32))
    return unet.fused(made)


@pytest.fixture(scope="module")
def exported(network):
    return onnx_export.to_onnx(network, network.config.multiple)


@pytest.mark.parametrize("size", [(32, 32), (64, 40)])
def test_the_onnx_form_gives_the_same_answers_for_any_size(network, exported, size):
    same = onnx_export.Session(exported, network.config, 1)
    picture = torch.rand(1, 3, *size)
    with torch.inference_mode():
        for ours, theirs in zip(network(picture), same(picture), strict=True):
            assert torch.allclose(ours, theirs, atol=1e-4)


def test_the_int8_form_is_smaller_and_close(network, exported):
    random = np.random.default_rng(0)
    examples = [(random.random((1, 3, 64, 64), dtype=np.float32),) for _ in range(6)]
    small = variants.int8(exported, examples)
    form = onnx_export.Session(small, network.config, 1)
    with torch.inference_mode():
        ours, theirs = network(torch.from_numpy(examples[0][0]))[0], form(torch.from_numpy(examples[0][0]))[0]
    assert len(small) < 0.7 * len(exported)
    assert float((ours - theirs).abs().mean()) < 0.15 * float(ours.abs().mean())


def test_pruning_sets_the_smallest_weights_to_zero_and_makes_the_file_smaller():
    torch.manual_seed(0)
    whole = nuclei_network.Network(Config(widths=(12, 16, 24), outputs=8))
    before, largest = (
        variants.stored(whole),
        max(float(p.detach().abs().max()) for p in whole.parameters() if p.dim() == 4),
    )
    cut = variants.pruned(whole, 0.5)
    weights = torch.cat([p.flatten() for p in cut.parameters() if p.dim() == 4])
    assert float((weights == 0).float().mean()) == pytest.approx(0.5, abs=0.01)
    assert float(weights.abs().max()) == pytest.approx(largest)
    assert variants.stored(cut) < 0.75 * before


def test_the_readers_onnx_form_reads_any_number_of_lines_of_any_width_as_torch_does():
    torch.manual_seed(0)
    network = reader_network.Network(reader_network.Config("0123456789", 16, 16, 24, 2)).eval().fuse()
    same = onnx_export.Session(onnx_make.lines_to_onnx(network), network.config, 1)
    for count, width in ((1, 32), (3, 320)):
        batch, widths = torch.rand(count, 1, line_detection.HEIGHT, width), torch.arange(width, width - 8 * count, -8)
        with torch.inference_mode():
            assert torch.allclose(network(batch, widths), same(batch, widths), atol=1e-4)


def test_the_readers_int8_form_is_smaller_and_close():
    torch.manual_seed(0)
    network = reader_network.Network(reader_network.Config("0123456789", 16, 16, 24, 2)).eval().fuse()
    content = onnx_make.lines_to_onnx(network)
    examples = [(torch.rand(1, 1, line_detection.HEIGHT, 160), torch.tensor([160])) for _ in range(6)]
    small = variants.int8(content, [[x.numpy() for x in example] for example in examples])
    form = onnx_export.Session(small, network.config, 1)
    with torch.inference_mode():
        ours, theirs = network(*examples[0]), form(*examples[0])
    assert len(small) < len(content)
    assert float((ours - theirs).abs().mean()) < 0.15 * float(ours.abs().mean())


def test_a_model_without_compressed_forms_is_refused():
    with pytest.raises(ModelError, match="sentiment"):
        variants.trial("sentiment")


class Looking:
    """A model of pictures that answers with the network's numbers."""

    def __init__(self, network):
        self.network = network

    def use(self, precision):
        pass

    def predict(self, asked):
        with torch.inference_mode():
            return [self.network(picture) for picture in asked]


@pytest.fixture
def tried(network, exported, monkeypatch):
    """The tiny network in the place of a model's, judged by a score of one."""
    torch.manual_seed(0)
    pictures = [torch.rand(1, 3, 64, 64) for _ in range(4)]
    given = variants.Trial(
        Looking(network), exported, [(picture,) for picture in pictures], pictures, "ap50", lambda model: {"ap50": 1.0},
        lambda: copy.deepcopy(network),
    )  # fmt: skip
    monkeypatch.setattr(variants, "trial", lambda name, data_dir: given)
    return pictures


def test_the_forms_written_to_a_folder_answer_as_the_network_does(network, tried, tmp_path):
    said = []
    found = {entry["name"]: entry for entry in variants.variants("nuclei", say=said.append, to=tmp_path / "edge")}
    files = {form: tmp_path / "edge" / f"nuclei-{form}.onnx" for form in ("onnx", "int8")}
    assert sorted((tmp_path / "edge").iterdir()) == sorted(files.values())
    assert said[-2:] == [f"wrote {file}, {found[form]['bytes'] / 1e6:.1f} MB" for form, file in files.items()]
    opened = {form: onnxruntime.InferenceSession(file) for form, file in files.items()}
    for picture in tried:
        with torch.inference_mode():
            ours = [answer.numpy() for answer in network(picture)]
        for form, near in (("onnx", 1e-3), ("int8", None)):
            theirs = opened[form].run(None, {opened[form].get_inputs()[0].name: picture.numpy()})
            for a, b in zip(ours, theirs, strict=True):
                assert a.shape == b.shape
                assert near is None or np.abs(a - b).max() < near


def test_a_form_that_is_there_already_is_refused_before_anything_is_loaded(monkeypatch, tmp_path):
    monkeypatch.setattr(variants, "trial", pytest.fail)
    (tmp_path / "nuclei-int8.onnx").write_bytes(b"mine")
    with pytest.raises(ModelError, match=r"nuclei-int8\.onnx would be written over"):
        variants.variants("nuclei", to=tmp_path)
    assert (tmp_path / "nuclei-int8.onnx").read_bytes() == b"mine"
