"""Is this point like the markets the model learnt from, and which real markets come nearest to it?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics.scales import MIN_MARKETS
from data.faults import Fault

if TYPE_CHECKING:
    from analytics.potential.learners import LogSkewed

QUANTILE = 0.975  # of the training markets' own distances, each measured without itself
MARGINS = (0.1, 0.3)  # of a feature's range: as far beyond it as a point may lie, at least and at most
NEAREST = 3
RIDGE = 1e-3  # of a standardised feature's variance, so that features repeating each other still have a leverage


class ExtrapolationError(Fault, ValueError):
    """The features do not allow to say what is unusual; the message names the cause and a remedy."""


@dataclass(frozen=True, eq=False)
class ApplicabilityDomain:
    """Where the training markets lie, ready to be asked about points.

    limit_distance: the 97.5 % quantile of the training markets' Mahalanobis distances, each from the centre and the
    covariance of the others. limit_leverage: 3 p / n for p features and the constant. margin: the share of a feature's
    range a point may lie beyond it. ranges: by feature; logged (measured on the logarithm), low and high of the
    training markets, lowest and highest a point may have without a reason to flag it, in the feature's unit.
    distances: by market, each without itself. unused: features without any value in training, which say nothing.
    """

    markets: tuple[str, ...]
    features: tuple[str, ...]
    unused: tuple[str, ...]
    limit_distance: float
    limit_leverage: float
    margin: float
    ranges: pd.DataFrame
    distances: pd.Series
    _ready: "_Ready"

    def check(self, points: pd.DataFrame, own: Sequence[str] | None = None) -> pd.DataFrame:
        """How far each point lies from the training markets, by the points' index.

        points: (points, features), in the features' units, NaN where unknown (taken as the training median). own: the
        market each point stands for, never its own neighbour; the index unless given. Columns: distance (Mahalanobis,
        in standard deviations), leverage (x'(X'X)^-1 x with a constant; Belsley, Kuh and Welsch 1980), limit_distance,
        limit_leverage, unusual (distance beyond its limit), reasons (features beyond the training range by more than
        the margin), outside (unusual, or a reason), nearest (three training markets, the nearest first). A point that
        is unusual without a reason combines usual figures in an unusual way. High leverage alone does not flag.
        Raises ExtrapolationError for missing features, infinite values and an `own` of another length.
        """
        ready = self._ready
        values = self._values(points)
        with np.errstate(invalid="ignore"):
            beyond = (values < ready.lowest) | (values > ready.highest)
        standard = ready.standardise(values)
        white = standard @ ready.white
        lever = standard @ ready.lever
        distance = np.sqrt(np.einsum("ij,ij->i", white, white))
        unusual = distance > self.limit_distance
        flagged = beyond.any(axis=1)
        reasons = np.empty(len(points), dtype=object)
        reasons[:] = [()] * len(points)
        for row in np.flatnonzero(flagged):
            reasons[row] = tuple(ready.used[column] for column in np.flatnonzero(beyond[row]))
        nearest = np.empty(len(points), dtype=object)
        nearest[:] = self._nearest(white, points.index if own is None else own)
        table = {
            "distance": distance,
            "leverage": 1 / len(self.markets) + np.einsum("ij,ij->i", lever, lever),
            "limit_distance": self.limit_distance,
            "limit_leverage": self.limit_leverage,
            "outside": unusual | flagged,
            "unusual": unusual,
            "reasons": reasons,
            "nearest": nearest,
        }
        return pd.DataFrame(table, points.index)

    def _values(self, points: pd.DataFrame) -> np.ndarray:
        """The features in use, (points, used)."""
        names = list(points.columns)
        if names != list(self.features):
            if missing := [feature for feature in self.features if feature not in names]:
                raise ExtrapolationError(
                    "The points lack {features}, which the training markets have. "
                    "Give these columns, NaN where a value is unknown.",
                    features=", ".join(missing),
                )
            points = points[list(self.features)]
        values = points.to_numpy(dtype=float)
        values = values[:, self._ready.positions] if self.unused else values
        if infinite := [self._ready.used[column] for column in np.flatnonzero(np.isinf(values).any(axis=0))]:
            raise ExtrapolationError(
                "{features}: infinite in a point. Give a number, or NaN where it is unknown.",
                features=", ".join(infinite),
            )
        return values

    def _nearest(self, white: np.ndarray, own: Sequence[str]) -> list[tuple[str, ...]]:
        if len(own) != len(white):
            raise ExtrapolationError(
                "{markets} markets were given for {points} points. Give one market a point.",
                markets=len(own),
                points=len(white),
            )
        squares = self._ready.lengths - 2 * white @ self._ready.cloud.T  # up to a constant a row
        columns = [self._ready.number.get(market, -1) for market in own]
        rows = [row for row, column in enumerate(columns) if column >= 0]
        squares[rows, [columns[row] for row in rows]] = np.inf
        first = np.argpartition(squares, NEAREST, axis=1)[:, :NEAREST]
        order = np.take_along_axis(squares, first, axis=1).argsort(axis=1)
        found = np.take_along_axis(first, order, axis=1)
        return [tuple(self.markets[number] for number in row) for row in found.tolist()]


@dataclass(frozen=True, eq=False)
class _Ready:
    """What `check` multiplies with: positions and names of the features in use, their preparation, the markets."""

    used: tuple[str, ...]
    positions: np.ndarray
    logged: np.ndarray
    shift: np.ndarray
    floor: np.ndarray
    median: np.ndarray  # of the prepared features
    centre: np.ndarray
    scale: np.ndarray
    lowest: np.ndarray  # in the features' units
    highest: np.ndarray
    white: np.ndarray  # (used, used): standardised features to uncorrelated ones of variance 1
    lever: np.ndarray  # (used, used): standardised features to the root of their part of the leverage
    cloud: np.ndarray  # (markets, used): the training markets, uncorrelated
    lengths: np.ndarray
    number: Mapping[str, int]

    def standardise(self, values: np.ndarray) -> np.ndarray:
        """Logged where skewed, gaps filled with the median, mean 0 and standard deviation 1 in training."""
        if self.logged.any():
            values = values.copy()
            raised = np.maximum(values[:, self.logged] + self.shift, self.floor)
            values[:, self.logged] = np.log(raised)
        return (np.where(np.isnan(values), self.median, values) - self.centre) / self.scale


def fit(features: pd.DataFrame) -> ApplicabilityDomain:
    """Learn where the training markets lie.

    features: (markets, features) by iso3, in any units, NaN where unknown. Skewed features that are nowhere negative
    are logged (learners.LogSkewed), gaps filled with the median, all standardised; the covariance is shrunk towards
    equal variances (Ledoit and Wolf 2004), which keeps it invertible with few markets. The distances of the training
    markets leave each one out of the centre and the covariance, with the same shrinkage. The margin is a tenth of the
    range, more (up to 0.3) where few markets leave the range itself uncertain: what 97.5 % of the training markets
    keep to when compared with the range of the others. So about one in twenty points like the training markets is
    flagged. Belsley, Kuh and Welsch (1980) suggest 2 p / n as the limit of a leverage; 3 p / n (Velleman and Welsch
    1981) is used, as the former marks many ordinary markets. Raises ExtrapolationError for too few markets, a market
    given twice, or no feature with a value.
    """
    from sklearn.covariance import ledoit_wolf

    from analytics.potential.learners import LogSkewed

    _refuse(features)
    known = features.astype(float).replace([np.inf, -np.inf], np.nan)
    used = [column for column in features if known[column].notna().any()]
    known = known[used]
    logs = LogSkewed().fit(known)
    prepared = logs.transform(known)
    median = np.nanmedian(prepared, axis=0)
    complete = np.where(np.isnan(prepared), median, prepared)
    centre, scale = complete.mean(axis=0), complete.std(axis=0)
    scale = np.where(scale > 1e-12 * (1 + np.abs(centre)), scale, 1.0)
    standard = (complete - centre) / scale
    covariance, shrinkage = ledoit_wolf(standard, assume_centered=True)
    white = np.linalg.cholesky(np.linalg.inv(covariance))
    crossed = standard.T @ standard + RIDGE * len(known) * np.eye(len(used))
    distances = _without_itself(standard, float(shrinkage))
    margin = float(np.clip(np.quantile(_overshoot(prepared), QUANTILE), *MARGINS))
    ranges = _ranges(known, prepared, logs, margin)
    cloud = standard @ white
    ready = _Ready(
        used=tuple(used),
        positions=np.array([features.columns.get_loc(column) for column in used]),
        logged=logs.logged_,
        shift=logs.shift_[logs.logged_],
        floor=logs.floor_[logs.logged_],
        median=median,
        centre=centre,
        scale=scale,
        lowest=ranges["lowest"].to_numpy(),
        highest=ranges["highest"].to_numpy(),
        white=white,
        lever=np.linalg.cholesky(np.linalg.inv(crossed)),
        cloud=cloud,
        lengths=np.einsum("ij,ij->i", cloud, cloud),
        number={market: number for number, market in enumerate(features.index)},
    )
    return ApplicabilityDomain(
        markets=tuple(features.index),
        features=tuple(features.columns),
        unused=tuple(column for column in features if column not in used),
        limit_distance=float(np.quantile(distances, QUANTILE)),
        limit_leverage=3 * (len(used) + 1) / len(known),
        margin=margin,
        ranges=ranges,
        distances=pd.Series(distances, features.index, name="distance"),
        _ready=ready,
    )


def _refuse(features: pd.DataFrame) -> None:
    if len(features) < MIN_MARKETS:
        raise ExtrapolationError(
            "{count} training markets do not show what is usual: at least {fewest} are needed. Give more markets.",
            count=len(features),
            fewest=MIN_MARKETS,
        )
    if twice := sorted(set(features.index[features.index.duplicated()])):
        raise ExtrapolationError(
            "Two rows of {markets} among the training markets. Keep one row each.", markets=", ".join(map(str, twice))
        )
    if not features.notna().any(axis=None):
        raise ExtrapolationError("No feature has a value in any training market. Fetch data with `make refresh`.")


def _overshoot(prepared: np.ndarray) -> np.ndarray:
    """How far each market lies beyond the range of the others, as a share of it: its largest over the features."""
    found = np.zeros(len(prepared))
    for column in prepared.T:
        order = np.argsort(column)[: np.isfinite(column).sum()]  # unknown values come last
        if len(order) < 3:
            continue
        ordered = column[order]
        for market, beyond, rest in (
            (order[0], ordered[1] - ordered[0], ordered[-1] - ordered[1]),
            (order[-1], ordered[-1] - ordered[-2], ordered[-2] - ordered[0]),
        ):
            if beyond > 0:
                found[market] = max(found[market], beyond / rest if rest > 0 else np.inf)
    return found


def _ranges(present: pd.DataFrame, prepared: np.ndarray, logs: "LogSkewed", margin: float) -> pd.DataFrame:
    """Range of each feature, and that range widened by the margin on the scale it is measured on."""
    low, high = np.nanmin(prepared, axis=0), np.nanmax(prepared, axis=0)
    slack = margin * (high - low) + 1e-9 * (1 + np.maximum(np.abs(low), np.abs(high)))
    lowest, highest = low - slack, high + slack
    logged, shift = logs.logged_, logs.shift_[logs.logged_]
    lowest[logged] = np.exp(lowest[logged]) - shift
    highest[logged] = np.exp(highest[logged]) - shift
    columns = {"logged": logged, "low": present.min(), "high": present.max(), "lowest": lowest, "highest": highest}
    return pd.DataFrame(columns, present.columns).rename_axis("feature")


def _without_itself(standard: np.ndarray, shrinkage: float) -> np.ndarray:
    """Mahalanobis distance of each row from the mean and the shrunk covariance of the other rows."""
    n, p = standard.shape
    away = standard - standard.mean(axis=0)
    scatter = away.T @ away - n / (n - 1) * away[:, :, None] * away[:, None, :]
    covariances = scatter / (n - 1)
    even = np.trace(covariances, axis1=1, axis2=2)[:, None, None] / p * np.eye(p)
    shrunk = (1 - shrinkage) * covariances + shrinkage * even
    shrunk += 1e-9 * np.eye(p)  # a feature only one market differs in has no variance without it
    gap = n / (n - 1) * away
    return np.sqrt(np.einsum("ij,ij->i", gap, np.linalg.solve(shrunk, gap[:, :, None])[:, :, 0]))
