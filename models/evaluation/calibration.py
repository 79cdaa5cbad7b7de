"""How far a stated probability can be believed, and how to mend it (calibration error, temperature, Platt)."""

import numpy as np

BINS = 15


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> tuple[float, list[dict[str, float]]]:
    """Expected calibration error over 15 bins of equal width, and the bins (Guo et al. 2017, section 2)."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins, error = [], 0.0
    for index in range(BINS):
        inside = place == index
        if inside.any():
            mean, share = float(confidence[inside].mean()), float(right[inside].mean())
            bins.append({"confidence": mean, "accuracy": share, "n": int(inside.sum())})
            error += inside.mean() * abs(mean - share)
    return float(error), bins


def temperature(logits: np.ndarray, y: np.ndarray) -> float:
    """The one number to divide logits by that makes them likeliest, found on dev (Guo et al. 2017).

    logits (rows, classes), y class numbers. Between 0.05 and 20.
    """
    from scipy.optimize import minimize_scalar

    def loss(log_t: float) -> float:
        scaled = logits / np.exp(log_t)
        scaled = scaled - scaled.max(1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(1)) - scaled[np.arange(len(y)), y]))

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded").x))


def platt(evidence: np.ndarray, right: np.ndarray, share: np.ndarray | None = None) -> tuple[float, ...]:
    """Weights and constant of the logistic that turns evidence (answers, k) into the probability of being right.

    share: how much each answer counts, (answers,), all alike where not given.
    With the targets of Platt (1999), so that a few answers, all right or all wrong, are not taken for certainty.
    """
    from sklearn.linear_model import LogisticRegression

    right = np.asarray(right, dtype=bool)
    counts = np.ones(len(right)) if share is None else share * len(right) / share.sum()
    target = np.where(right, (right.sum() + 1) / (right.sum() + 2), 1 / ((~right).sum() + 2))
    fitted = LogisticRegression(C=100, max_iter=1_000).fit(
        np.concatenate((evidence, evidence)), np.repeat((1, 0), len(right)),
        sample_weight=np.concatenate((counts * target, counts * (1 - target))),
    )  # fmt: skip
    return (*map(float, fitted.coef_[0]), float(fitted.intercept_[0]))
