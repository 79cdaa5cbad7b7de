"""Whether a picture is like those a model learned from: its distance to the nearest of them among the features.

Deep nearest neighbours (Sun et al. 2022, "Out-of-distribution detection with deep nearest neighbors"): features scaled
to unit length, the distance to the k-th nearest training picture against the largest that all but a few of val have.
"""

from dataclasses import dataclass

import numpy as np

NEAR = 3


@dataclass(frozen=True)
class ReferenceFeatures:
    """features: of the training pictures, unit length, float32 (pictures, width). threshold: the distance
    beyond which a picture is unlike them."""

    features: np.ndarray
    threshold: float

    def distance(self, features: np.ndarray) -> float:
        """The distance (0..2) of one picture's features (width,) to its k-th nearest among the training pictures."""
        return float(_nearest(_unit(features[None]), self.features)[0])

    def is_unlike(self, features: np.ndarray) -> bool:
        """Whether a picture is further than `threshold` from what the model learned from."""
        return self.distance(features) > self.threshold


def reference_features(
    train: np.ndarray, val: np.ndarray, share: float = 0.98, margin: float = 1.25
) -> ReferenceFeatures:
    """The reference whose threshold is `margin` times the distance that `share` of val stays within.

    train, val: (pictures, width) each.
    """
    known = _unit(train).astype(np.float32)
    return ReferenceFeatures(known, float(np.quantile(_nearest(_unit(val), known), share) * margin))


def _unit(features: np.ndarray) -> np.ndarray:
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)


def _nearest(rows: np.ndarray, known: np.ndarray) -> np.ndarray:
    squares = np.clip(2 - 2 * rows @ known.T, 0, None)
    return np.sqrt(np.partition(squares, min(NEAR, len(known)) - 1, axis=1)[:, min(NEAR, len(known)) - 1])
