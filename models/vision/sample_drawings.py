"""Drawn stand-ins for microscope pictures, for machines that have none at hand. They are drawings and are called so."""

import numpy as np
from scipy import ndimage

Colour = tuple[float, float, float]
Counted = tuple[np.ndarray, dict[str, int]]
"""A picture, and how many things of each kind are on it."""


def nuclei(seed: int = 0, size: tuple[int, int] = (400, 500)) -> np.ndarray:
    """Bright oval nuclei on a dark ground, as under a fluorescence microscope. uint8 (height, width, 3)."""
    return counted_nuclei(seed, size)[0]


def smear(seed: int = 0, size: tuple[int, int] = (480, 640)) -> np.ndarray:
    """Pale red cells, a white cell with its lobed violet nucleus, and platelets. uint8 (height, width, 3)."""
    return counted_smear(seed, size)[0]


def counted_nuclei(seed: int = 0, size: tuple[int, int] = (400, 500)) -> Counted:
    """`nuclei`, and how many were drawn."""
    random = np.random.default_rng(seed)
    light = np.full(size, 8.0)
    places = _places(random, size, 28, (8, 14))
    for centre, (a, b), angle in places:
        depth = _depth(size, centre, (a, b), angle)
        texture = ndimage.gaussian_filter(random.normal(0, 1, size), 1.5) * 40
        light = np.where(depth > 0, random.uniform(60, 130) + 25 * np.sqrt(np.clip(depth, 0, 1)) + texture, light)
    light = ndimage.gaussian_filter(light, 1.0) + random.normal(0, 2.0, size)
    return np.repeat(np.clip(light, 0, 255).astype(np.uint8)[..., None], 3, axis=2), {"nucleus": len(places)}


def counted_smear(seed: int = 0, size: tuple[int, int] = (480, 640)) -> Counted:
    """`smear`, and how many cells of each kind were drawn."""
    random = np.random.default_rng(seed)
    picture = np.full((*size, 3), (226.0, 214.0, 208.0))
    picture += ndimage.gaussian_filter(random.normal(0, 1, (*size, 1)), (40, 40, 0)) * 250
    places = _places(random, size, 17, (44, 52))
    for number, (centre, axes, angle) in enumerate(places):
        if number == 0:
            _white(picture, centre, random)
            continue
        depth = _depth(size, centre, axes, angle)
        pale = np.exp(-((1 - np.clip(depth, 0, 1)) ** 2) * 14)[..., None]
        cell = np.array((190.0, 140.0, 140.0)) * (1 - 0.8 * pale) + np.array((214.0, 182.0, 178.0)) * 0.8 * pale
        _lay(picture, cell, depth, 0.93)
    platelets = _places(random, size, 26, (12, 16))[17:23]
    for centre, axes, angle in platelets:
        _lay(picture, np.array((150.0, 110.0, 170.0)), _depth(size, centre, axes, angle), 0.8)
    soft = ndimage.gaussian_filter(picture, (1.6, 1.6, 0)) + random.normal(0, 2.0, picture.shape)
    drawn = {"RBC": len(places) - 1, "WBC": 1, "Platelets": len(platelets)}
    return np.clip(soft, 0, 255).astype(np.uint8), drawn


def _white(picture: np.ndarray, centre: np.ndarray, random: np.random.Generator) -> None:
    size = picture.shape[:2]
    _lay(picture, np.array((196.0, 176.0, 206.0)), _depth(size, centre, (82, 76), 0.0), 0.9)
    for angle in (0.4, 2.3, 4.4):
        lobe = centre + 34 * np.array((np.sin(angle), np.cos(angle)))
        _lay(picture, np.array((104.0, 78.0, 164.0)), _depth(size, lobe, random.uniform(30, 40, 2), angle), 1.0)


def _lay(picture: np.ndarray, colour: np.ndarray, depth: np.ndarray, cover: float) -> None:
    """Lay a colour over the picture where depth is above zero, soft at the edge."""
    share = (np.clip(depth * 6, 0, 1) * cover)[..., None]
    picture *= 1 - share
    picture += colour * share


def _depth(
    size: tuple[int, int], centre: np.ndarray, axes: tuple[float, float] | np.ndarray, angle: float
) -> np.ndarray:
    """1 in the middle of an ellipse, 0 at its edge, negative outside."""
    y, x = np.mgrid[: size[0], : size[1]] - np.asarray(centre)[:, None, None]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return 1 - np.hypot(along / axes[0], across / axes[1])


def _places(
    random: np.random.Generator, size: tuple[int, int], count: int, radius: tuple[float, float]
) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Centres, half axes and angles of ellipses that hardly overlap."""
    found: list[tuple[np.ndarray, np.ndarray, float]] = []
    for _ in range(count * 30):
        axes = random.uniform(*radius, 2)
        centre = np.array(
            (random.uniform(axes.max(), size[0] - axes.max()), random.uniform(axes.max(), size[1] - axes.max()))
        )
        if all(np.hypot(*(centre - other)) > 0.9 * (axes.max() + far.max()) for other, far, _ in found):
            found.append((centre, axes, float(random.uniform(0, np.pi))))
        if len(found) == count:
            break
    return found
