"""Smaller forms of a picture network: the same answers from ONNX, nearly the same in int8, zeros that cost nothing."""

import numpy as np
import pytest
import torch

from models.vision import compress, nuclei, unet
from models.vision.unet import Config


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    made = nuclei.Network(Config(widths=(12, 16, 24), outputs=8))
    for _ in range(3):
        made(torch.rand(2, 3, 32, 32))
    return unet.fused(made)


@pytest.fixture(scope="module")
def exported(network):
    return compress.to_onnx(network, network.config.multiple)


@pytest.mark.parametrize("size", [(32, 32), (64, 40)])
def test_the_onnx_form_gives_the_same_answers_for_any_size(network, exported, size):
    same = compress.Session(exported, network.config, 1)
    picture = torch.rand(1, 3, *size)
    with torch.inference_mode():
        for ours, theirs in zip(network(picture), same(picture), strict=True):
            assert torch.allclose(ours, theirs, atol=1e-4)


def test_the_int8_form_is_smaller_and_close(network, exported):
    random = np.random.default_rng(0)
    examples = [random.random((1, 3, 64, 64), dtype=np.float32) for _ in range(6)]
    small = compress.int8(exported, examples)
    form = compress.Session(small, network.config, 1)
    with torch.inference_mode():
        ours, theirs = network(torch.from_numpy(examples[0]))[0], form(torch.from_numpy(examples[0]))[0]
    assert len(small) < 0.7 * len(exported)
    assert float((ours - theirs).abs().mean()) < 0.15 * float(ours.abs().mean())


def test_pruning_sets_the_smallest_weights_to_zero_and_makes_the_file_smaller():
    torch.manual_seed(0)
    whole = nuclei.Network(Config(widths=(12, 16, 24), outputs=8))
    before, largest = (
        compress.stored(whole),
        max(float(p.detach().abs().max()) for p in whole.parameters() if p.dim() == 4),
    )
    cut = compress.pruned(whole, 0.5)
    weights = torch.cat([p.flatten() for p in cut.parameters() if p.dim() == 4])
    assert float((weights == 0).float().mean()) == pytest.approx(0.5, abs=0.01)
    assert float(weights.abs().max()) == pytest.approx(largest)
    assert compress.stored(cut) < 0.75 * before
