"""The regressors tried against each other: least squares, ridge, elastic net, torch, forest, boosting.

All take (markets, features) in the indicators' units with gaps. What is learned about the features (which to
log, their scale, the gaps) is learned inside the pipeline, from training rows only.
"""

import warnings

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import KNNImputer
from sklearn.linear_model import ElasticNetCV, LinearRegression, RidgeCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

NAMES = (
    "least squares",
    "ridge",
    "elastic net",
    "torch linear",
    "random forest",
    "histogram boosting",
)  # simplest first
SKEWED = 1.0
NEIGHBOURS = 5


class LogSkewed(TransformerMixin, BaseEstimator):
    """Take logs of the columns that are nowhere negative and skewed (skewness > 1) in the training rows.

    A column with zeros is shifted by half its smallest positive value first. Values below what training saw as possible
    are raised to half the smallest. A column without any value in training says nothing: it becomes zero.
    """

    def fit(self, X, y=None):
        values = _values(X)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a column without values in a fold
            smallest = np.nanmin(np.where(values > 0, values, np.nan), axis=0)
            skewness = pd.DataFrame(values).skew().to_numpy()
            low = np.nanmin(values, axis=0)
        self.logged_ = (low >= 0) & (skewness > SKEWED) & np.isfinite(smallest)
        self.shift_ = np.where(self.logged_ & (low <= 0), smallest / 2, 0.0)
        self.floor_ = np.where(self.logged_, smallest / 2, -np.inf)
        self.empty_ = np.isnan(values).all(axis=0)
        self.n_features_in_ = values.shape[1]
        return self

    def transform(self, X):
        values = _values(X).copy()
        values[:, self.empty_] = 0.0
        for column in np.flatnonzero(self.logged_):
            values[:, column] = np.log(np.maximum(values[:, column] + self.shift_[column], self.floor_[column]))
        return values


class TorchLinear(RegressorMixin, BaseEstimator):
    """A linear layer in torch, trained on mean squared error with L-BFGS; on the GPU where there is one.

    In double precision it reaches the least-squares solution, so that the same loop may be trusted where no closed form
    exists. Coefficients are kept as plain arrays.
    """

    def __init__(self, steps: int = 300, tolerance: float = 1e-7, seed: int = 0):
        self.steps = steps
        self.tolerance = tolerance
        self.seed = seed

    def fit(self, X, y):
        import torch

        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        generator = torch.Generator().manual_seed(self.seed)
        centre, spread = float(np.mean(y)), float(np.std(y)) or 1.0
        inputs = torch.tensor(X, device=device)
        wanted = torch.tensor((y - centre) / spread, device=device)
        weight = (torch.randn(X.shape[1], dtype=torch.float64, generator=generator) * 0.01).to(device).requires_grad_()
        bias = torch.zeros((), dtype=torch.float64, device=device, requires_grad=True)
        search = torch.optim.LBFGS(
            [weight, bias],
            max_iter=self.steps,
            tolerance_grad=self.tolerance,
            tolerance_change=0.0,
            history_size=20,
            line_search_fn="strong_wolfe",
        )

        def loss() -> torch.Tensor:
            search.zero_grad()
            error = torch.nn.functional.mse_loss(inputs @ weight + bias, wanted)
            error.backward()
            return error

        search.step(loss)
        self.coef_ = weight.detach().cpu().numpy() * spread
        self.intercept_ = float(bias.detach().cpu()) * spread + centre
        self.n_iter_ = search.state[weight]["n_iter"]
        return self

    def predict(self, X):
        check_is_fitted(self)
        return validate_data(self, X, dtype=np.float64, reset=False) @ self.coef_ + self.intercept_


def preparation() -> Pipeline:
    """What every learner is given: logs, standardisation, gaps from the nearest markets."""
    return Pipeline(
        [
            ("log", LogSkewed()),
            ("scale", StandardScaler()),
            ("impute", KNNImputer(n_neighbors=NEIGHBOURS, weights="distance", keep_empty_features=True)),
        ]
    )


def make(name: str, seed: int = 0) -> Pipeline:
    """An untrained learner with its own preparation."""
    return Pipeline([*preparation().steps, ("learn", regressor(name, seed))])


def regressor(name: str, seed: int) -> RegressorMixin:
    """The learner alone, untrained."""
    if name == "least squares":
        return LinearRegression()
    if name == "ridge":
        return RidgeCV(np.logspace(-2, 3, 26))
    if name == "elastic net":
        return _QuietElasticNet(l1_ratio=0.5, alphas=20, cv=5, random_state=seed)
    if name == "torch linear":
        return TorchLinear(seed=seed)
    if name == "random forest":
        return RandomForestRegressor(300, max_features=0.4, min_samples_leaf=2, random_state=seed)
    if name == "histogram boosting":
        return HistGradientBoostingRegressor(
            max_iter=120, learning_rate=0.06, max_leaf_nodes=6, min_samples_leaf=8, random_state=seed
        )
    raise ValueError(f"There is no learner {name!r}. Known: {', '.join(NAMES)}.")


class _QuietElasticNet(ElasticNetCV):
    """Elastic net; the smallest penalties of its path need not have converged to be passed over."""

    def fit(self, X, y, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return super().fit(X, y, **options)


def prepared(model: Pipeline, features: pd.DataFrame) -> pd.DataFrame:
    """The features as the trained regressor sees them: logged, standardised, complete."""
    return pd.DataFrame(model[:-1].transform(features), features.index, features.columns)


def logged(model: Pipeline, features: pd.DataFrame) -> pd.Series:
    """Which features the trained model takes the logarithm of."""
    return pd.Series(model.named_steps["log"].logged_, features.columns)


def _values(X) -> np.ndarray:
    return X.to_numpy(dtype=float) if isinstance(X, pd.DataFrame) else np.asarray(X, dtype=float)
