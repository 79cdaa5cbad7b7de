"""Where a network of pictures looks, through captum."""

from collections.abc import Callable

import numpy as np
import torch
from captum.attr import IntegratedGradients, LayerGradCam
from torch import Tensor, nn

STEPS = 16
STRONGEST = 0.99
"""Quantile of the strokes' parts that counts as full."""


def grad_cam(
    layer: nn.Module, entering: Tensor, score: Callable[[Tensor], Tensor], size: tuple[int, int]
) -> np.ndarray:
    """Where a layer's maps speak for what is told, (height, width) of `size`, 0..1 (Grad-CAM; Selvaraju et al. 2017).

    entering: one picture as the network is given it, (1, channels, height, width), filled up beyond size. score: what
    it tells of such pictures, (pictures,). All 0 where nothing speaks for it.
    """
    with torch.enable_grad():
        heat = LayerGradCam(score, layer).attribute(entering, relu_attributions=True)
    grown = nn.functional.interpolate(heat.float(), entering.shape[-2:], mode="bilinear", align_corners=False)
    shown = grown[0, 0, : size[0], : size[1]].detach().cpu().numpy()
    return shown / max(float(shown.max()), 1e-9)


def strokes(entering: Tensor, ground: float, score: Callable[[Tensor], Tensor], size: tuple[int, int]) -> np.ndarray:
    """Which ink speaks for what is told, (height, width) of `size`, 0..1: integrated gradients from a line without ink
    (Sundararajan et al. 2017).

    entering: one line, (1, 1, height, width), filled up beyond size; ground: its level without ink. told as above.
    """
    with torch.enable_grad():
        parts = IntegratedGradients(score).attribute(
            entering, torch.full_like(entering, ground), n_steps=STEPS, internal_batch_size=STEPS
        )
    spread = nn.functional.avg_pool2d(parts.detach().float().clamp_min(0), 3, 1, 1)
    shown = spread[0, 0, : size[0], : size[1]].cpu().numpy()
    return np.minimum(1, shown / max(float(np.quantile(shown, STRONGEST)), 1e-9))
