"""Least squares with what a statistician asks of it, and fixed effects over time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.stats.diagnostic import het_breuschpagan, linear_reset
from statsmodels.stats.outliers_influence import OLSInfluence

from analytics.potential import clustered


@dataclass(frozen=True)
class LeastSquares:
    """An ordinary least squares fit, by feature and by market.

    coefficients: by feature; estimate, low, high (90 %), p (HC3 errors) and vif, and per_sd, the estimate for one
    standard deviation. r2, breusch_pagan_p, reset_p (NaN for too few rows). influence: by iso3, the
    largest Cook's distance first; cooks_distance, and of the leading feature (the largest per_sd) its estimate, the one
    without the market, and the change as a share.
    """

    coefficients: pd.DataFrame
    r2: float
    breusch_pagan_p: float
    reset_p: float
    influence: pd.DataFrame


def least_squares(features: pd.DataFrame, outcome: pd.Series) -> LeastSquares:
    """Regress the outcome on complete features, with a constant.

    Standard errors are HC3 (MacKinnon and White 1985), right under unequal variances and cautious in small samples.
    """
    design = sm.add_constant(features.astype(float), has_constant="add")
    plain = sm.OLS(outcome.astype(float), design).fit()
    robust = plain.get_robustcov_results("HC3")
    bounds = robust.conf_int(alpha=0.1)
    coefficients = pd.DataFrame(
        {
            "estimate": robust.params[1:],
            "low": bounds[1:, 0],
            "high": bounds[1:, 1],
            "p": robust.pvalues[1:],
            "vif": variance_inflation(features),
            "per_sd": robust.params[1:] * features.std().to_numpy(),
        },
        index=features.columns,
    )
    return LeastSquares(
        coefficients=coefficients,
        r2=float(plain.rsquared),
        breusch_pagan_p=float(het_breuschpagan(plain.resid, design)[1]),
        reset_p=_reset(plain),
        influence=_influence(plain, features, coefficients["per_sd"].abs().idxmax()),
    )


def _reset(plain) -> float:
    """Ramsey's RESET with the squares and cubes of the fitted values; NaN where too few rows are left for it."""
    if plain.df_resid < 4:
        return float("nan")
    # Standardised first: the test is the same, and cubes of large figures stay within a float's reach.
    columns = plain.model.exog[:, 1:]
    design = sm.add_constant((columns - columns.mean(axis=0)) / columns.std(axis=0), has_constant="add")
    again = sm.OLS((plain.model.endog - plain.model.endog.mean()) / plain.model.endog.std(), design).fit()
    return float(linear_reset(again, power=3, test_type="fitted", use_f=True).pvalue)


def variance_inflation(features: pd.DataFrame) -> pd.Series:
    """1 / (1 - R2) of each feature regressed on the others: the diagonal of the inverse correlation matrix."""
    inverse = np.linalg.pinv(np.corrcoef(features.to_numpy(dtype=float), rowvar=False).reshape(features.shape[1], -1))
    return pd.Series(np.maximum(np.diag(inverse), 1.0), features.columns, name="vif")


def _influence(plain, features: pd.DataFrame, leading: str) -> pd.DataFrame:
    """Cook's distance of each market, and the leading coefficient without it, in closed form.

    Without market i it is b - (X'X)^-1 x_i e_i / (1 - h_i) (Belsley, Kuh and Welsch 1980).
    """
    measures = OLSInfluence(plain)
    design = plain.model.exog
    step = design @ np.linalg.pinv(design.T @ design)[:, 1 + features.columns.get_loc(leading)]
    step = step * plain.resid.to_numpy() / np.maximum(1 - measures.hat_matrix_diag, 1e-12)
    estimate = float(plain.params[leading])
    table = pd.DataFrame(
        {
            "cooks_distance": measures.cooks_distance[0],
            "feature": leading,
            "estimate": estimate,
            "without": estimate - step,
            "change": -step / abs(estimate),
        },
        index=features.index,
    )
    return table.sort_values("cooks_distance", ascending=False, kind="stable")


@dataclass(frozen=True)
class FixedEffects:
    """Elasticities over time, each market compared with itself.

    coefficients: by feature; estimate, low, high (90 %), p, errors clustered by market. n, markets: rows and markets
    with a say in them. years: those with an effect. r2_within. market_effects, year_effects: sum to each observation's
    effect; fitted: (iso3, year), effects included.
    """

    coefficients: pd.DataFrame
    n: int
    markets: int
    years: tuple[int, ...]
    r2_within: float
    market_effects: pd.Series
    year_effects: pd.Series
    fitted: pd.Series

    def predict(self, features: pd.DataFrame) -> pd.Series:
        """Outcome for rows by (iso3, year), effects included; a later year takes the last year's effect.

        NaN for a market that was not in the panel: it has no effect of its own.
        """
        slopes = features[self.coefficients.index] @ self.coefficients["estimate"]
        iso3, year = features.index.get_level_values(0), features.index.get_level_values(1)
        years = self.year_effects.reindex(np.clip(year, self.years[0], self.years[-1])).to_numpy()
        return (slopes + self.market_effects.reindex(iso3).to_numpy() + years).rename("predicted")


def fixed_effects(features: pd.DataFrame, outcome: pd.Series) -> FixedEffects:
    """Panel regression with market and year effects (`clustered.within`). features, outcome: by (iso3, year), complete.

    linearmodels' own `predict` leaves the effects out; here they are kept, split into market and year, and used; those
    of a market with one year too, whose row has no say in the coefficients.
    """
    rows = features.join(outcome.rename("outcome"), how="inner").dropna()
    rows.index = rows.index.set_names(["iso3", "year"])
    found = clustered.within(rows[list(features.columns)], rows["outcome"])
    coefficients = found.coefficients[["estimate", "low", "high", "p"]]
    slopes = rows[list(coefficients.index)] @ coefficients["estimate"]
    market, year = _split((rows["outcome"] - slopes).rename("effect"))
    iso3, years = rows.index.get_level_values(0), rows.index.get_level_values(1)
    return FixedEffects(
        coefficients=coefficients,
        n=found.n,
        markets=found.markets,
        years=tuple(sorted(int(y) for y in years.unique())),
        r2_within=found.r2_within,
        market_effects=market,
        year_effects=year,
        fitted=(slopes + market.reindex(iso3).to_numpy() + year.reindex(years).to_numpy()).rename("fitted"),
    )


def _split(effects: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Additive effects into market and year parts (years sum to zero), by least squares on their dummies."""
    iso3, year = effects.index.get_level_values(0), effects.index.get_level_values(1)
    markets, years = pd.Index(iso3.unique()), pd.Index(sorted(year.unique()))
    design = np.zeros((len(effects), len(markets) + len(years)))
    design[np.arange(len(effects)), markets.get_indexer(iso3)] = 1
    design[np.arange(len(effects)), len(markets) + years.get_indexer(year)] = 1
    solution = np.linalg.lstsq(design, effects.to_numpy(), rcond=None)[0]
    market, time = solution[: len(markets)], solution[len(markets) :]
    return pd.Series(market + time.mean(), markets, name="effect"), pd.Series(time - time.mean(), years, name="effect")
