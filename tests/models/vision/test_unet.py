"""The U-Net keeps the picture's place and size, and serves what it was trained to."""

import pytest
import torch

from models.vision import unet
from models.vision.unet import Config, UNet

SMALL = Config(widths=(8, 12, 16), stem=2, outputs=5)


@pytest.mark.parametrize("size", [(8, 8), (16, 40)])
def test_maps_have_the_side_of_the_first_level(size):
    maps, deepest = UNet(SMALL).eval()(torch.rand(2, 3, *size))
    assert maps.shape == (2, 5, size[0] // 2, size[1] // 2)
    assert deepest.shape == (2, 16, size[0] // 8, size[1] // 8)


def test_a_picture_is_grown_to_a_multiple_by_its_own_edge():
    grown = unet.padded(torch.arange(6.0).reshape(1, 1, 2, 3), 4)
    assert grown.shape == (1, 1, 4, 4)
    assert grown[0, 0].tolist() == [[0, 1, 2, 2], [3, 4, 5, 5], [3, 4, 5, 5], [3, 4, 5, 5]]


def test_folding_the_batch_norms_changes_no_answer():
    torch.manual_seed(0)
    network = UNet(SMALL).train()
    for _ in range(3):
        network(torch.rand(4, 3, 16, 16))  # so that the statistics are not those of a new network
    network.eval()
    picture = torch.rand(1, 3, 16, 16)
    with torch.inference_mode():
        before = network(picture)[0]
        after = unet.fused(network)(picture)[0]
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in network.modules())
    assert torch.allclose(before, after, atol=1e-5)
