"""What will each indicator be in some years, if it goes on as it did, and how sure is that?"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import pandas as pd

from analytics import scales
from analytics.scales import Z90
from data import catalog
from data.faults import Fault

HORIZONS = range(1, 11)
LONG_ENOUGH = 8  # observations a market needs for a trend of its own
STEADY = 8  # yearly changes the usual volatility counts as beside a market's own
MIN_ERRORS = 20  # below, nothing is chosen and the last value stands, and a lead borrows its neighbours' interval
BEATS = 0.99  # of the last value's error: an error that small is an improvement, not luck
SKEWED = 1.0
TINY = 1e-9  # volatility of an indicator that never changed
SHARE = 0.9  # of the values an interval is to hold
DAMPED, LAST = "damped trend", "last value"
ALPHAS, BETAS, PHIS = (0.3, 0.6, 0.8, 0.95), (0.05, 0.2, 0.5), (0.8, 0.9, 0.95, 0.98)
VALUES = {
    "iso3": "str", "indicator": "str", "year": "int64", "value": "float64", "low": "float64", "high": "float64",
    "last": "float64", "last_year": "int64", "lead": "int64", "method": "str", "spread": "float64",
}  # fmt: skip


class ForecastError(Fault, ValueError):
    """The indicators cannot be carried forward; the message names the cause and a remedy."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """Indicators carried forward from what was known by `year`.

    values: iso3, indicator, year (year + horizon), value, low, high (5-95 %), in the indicator's unit; last (the latest
    observation), last_year, lead (years from it), method, spread (standard deviation on the indicator's scale; NaN, as
    low and high, where nothing could be backtested). methods: by indicator; method, mae_damped, mae_last (mean absolute
    error on its scale at the backtest's lead), lead, n (market-origins behind the two), coverage (of the 90 % interval,
    on other markets and later origins), n_coverage, alpha, beta, phi, scale ('log', 'logit' or 'level'). missing:
    iso3, indicator, reason, last_year: what is not carried, as its latest observation is too old or there is none.
    """

    year: int
    horizon: int
    values: pd.DataFrame
    methods: pd.DataFrame
    missing: pd.DataFrame
    _places: dict[str, pd.Series] = field(repr=False)
    _floors: dict[str, float] = field(repr=False)

    def draw(self, code: str, markets: Sequence[str], normals: np.ndarray | float) -> np.ndarray:
        """An indicator's values in these markets that lie `normals` standard deviations off, in its unit.

        normals: one for all, or (..., markets). Returns (..., markets), NaN for markets not carried forward; a market
        without an interval keeps its value. Normals of -1.645 and 1.645 give low and high. Raises ForecastError for an
        indicator that was not carried.
        """
        if code not in self._places:
            raise ForecastError("{code} was not carried forward. Name it when the outlook is made.", code=code)
        rows = self._places[code].reindex(list(markets)).to_numpy()
        known = np.flatnonzero(~np.isnan(rows))
        picked = self.values.iloc[rows[known].astype(int)]
        wide = np.broadcast_to(normals, np.broadcast_shapes(np.shape(normals), (len(rows),)))
        drawn = np.full(wide.shape, np.nan)
        drawn[..., known] = self._at(code, picked["value"].to_numpy(), picked["spread"].to_numpy(), wide[..., known])
        return drawn

    def draws(self, normals: np.ndarray) -> np.ndarray:
        """All values at once: normals (..., rows of `values`) to values of that shape."""
        normals = np.asarray(normals, dtype=float)
        if normals.shape[-1:] != (len(self.values),):
            raise ForecastError(
                "{shape} normals do not fit {count} values; give (..., rows).",
                shape=str(normals.shape),
                count=len(self.values),
            )
        drawn = np.empty(normals.shape)
        for code, rows in self.values.groupby("indicator", sort=False).indices.items():
            picked = self.values.iloc[rows]
            value, spread = picked["value"].to_numpy(), picked["spread"].to_numpy()
            drawn[..., rows] = self._at(code, value, spread, normals[..., rows])
        return drawn

    def _at(self, code: str, value: np.ndarray, spread: np.ndarray, normals: np.ndarray) -> np.ndarray:
        scale, floor = self.methods.loc[code, "scale"], self._floors[code]
        off = np.where(np.isnan(spread), 0.0, spread) * normals
        moved = _within(_back(_forward(value, scale, floor) + off, scale), code)
        return np.where(off == 0, value, moved)


def forecast(
    history: pd.DataFrame, codes: Sequence[str], year: int, horizon: int, window: int, seed: int = 0
) -> Forecast:
    """Carry indicators forward from `year` to `year + horizon`, every market by itself.

    history: iso3, indicator, year, value; nothing after `year` is looked at. window: years within which a latest
    observation counts, as in the recipe. Holt's linear trend with damping (Gardner and McKenzie 1985) by statsmodels,
    one (alpha, beta, phi) for all markets of an indicator. Amounts that are never negative and skewed are modelled on
    the logarithm, percentages of 0-100 on the logit, others as they are; missing years between two observations are
    interpolated for the recursion only. It starts at the first observation with the mean of the first three changes.

    The backtest goes through every year in which a market was observed, as if it were the present, and compares with
    the observation `lead` years later. The markets are dealt into three parts with `seed`: the first chooses alpha,
    beta and phi; the second decides, and the trend is used only where its mean absolute error is at least 1 % below
    the last value's; the third, at later origins, says how many values fall into the 90 % interval that the other two
    give. Intervals are symmetric on the scale: the 90 % quantile of all backtested absolute errors at that lead, in
    units of the market's volatility by then (mean absolute yearly change, the median market's counting as 8 changes
    more). Markets with fewer than 8 observations keep their last value, with pooled errors. Results stay within the
    catalog's bounds. Raises ForecastError for a horizon other than 1-10 years, missing columns, or nothing known.
    """
    known = _known(history, codes, year, horizon, window)
    values, methods, missing, floors = [], {}, [], {}
    markets = sorted(known["iso3"].unique())
    for code in dict.fromkeys(codes):
        rows = known[known["indicator"] == code]
        carried, methods[code], floors[code] = _indicator(rows, code, year, horizon, window, seed)
        values.append(carried)
        missing.append(_missing(rows, code, markets, year, window))
    table = pd.concat(values, ignore_index=True).astype(VALUES)
    places = {
        code: pd.Series(rows, table["iso3"].to_numpy()[rows])
        for code, rows in table.groupby("indicator").indices.items()
    }
    empty = pd.Series(dtype=float)
    return Forecast(
        year=year,
        horizon=horizon,
        values=table,
        methods=pd.DataFrame.from_dict(methods, orient="index").rename_axis("indicator"),
        missing=pd.concat(missing, ignore_index=True),
        _places={code: places.get(code, empty) for code in methods},
        _floors=floors,
    )


def scale_of(code: str, values: pd.Series) -> str:
    """The scale an indicator is carried forward on, from its catalog bounds and the values known."""
    known = catalog.load().get(code)
    low, high = (None, None) if known is None else (known.minimum, known.maximum)
    if (low, high) == (0, 100):
        return "logit"
    unbounded = known is None or (low == 0 and not known.unit.startswith("per 100 people"))
    return "log" if unbounded and (values >= 0).all() and (values > 0).any() and values.skew() > SKEWED else "level"


def _known(history: pd.DataFrame, codes: Sequence[str], year: int, horizon: int, window: int) -> pd.DataFrame:
    if missing := [column for column in ("iso3", "indicator", "year", "value") if column not in history.columns]:
        raise ForecastError(
            "The history lacks {columns}. Give what `store.series` returns.", columns=", ".join(missing)
        )
    if horizon not in HORIZONS:
        raise ForecastError(
            "{horizon} years ahead of {year} cannot be answered for: errors are backtested for 1 to 10 years. "
            "Choose a base from {first} to {last}.",
            horizon=horizon,
            year=year,
            first=year + HORIZONS[0],
            last=year + HORIZONS[-1],
        )
    if window < 1:
        raise ForecastError("A window of {window} years holds nothing. Choose 1 or more.", window=window)
    known = history[history["indicator"].isin(list(codes)) & (history["year"] <= year) & np.isfinite(history["value"])]
    if known.empty:
        raise ForecastError(
            "Nothing is known by {year} of {codes}. Fetch it with `make refresh`, or import a file that holds it: "
            "python -m data import FILE",
            year=year,
            codes=", ".join(codes) or "no indicator",
        )
    return known.drop_duplicates(["iso3", "indicator", "year"], keep="last")


def _missing(rows: pd.DataFrame, code: str, markets: list[str], year: int, window: int) -> pd.DataFrame:
    last = rows.groupby("iso3")["year"].max().reindex(markets)
    left = last[~(last > year - window)]
    reasons = [
        f"no observation by {year}" if np.isnan(latest) else f"latest observation older than {window} years"
        for latest in left
    ]
    return pd.DataFrame(
        {"iso3": left.index, "indicator": code, "reason": reasons, "last_year": left.astype("Int64").to_numpy()}
    )


@dataclass(frozen=True, eq=False)
class _Grid:
    """An indicator as (markets, years up to the base), on its scale.

    observed: NaN where not. filled: missing years between two observations interpolated; only looked at in observed
    years, when the observations around them are known. count: observations by then. volatility: mean absolute yearly
    change by then, with the median market's that is not zero counting as STEADY changes more.
    """

    markets: tuple[str, ...]
    years: np.ndarray
    observed: np.ndarray
    filled: np.ndarray
    count: np.ndarray
    volatility: np.ndarray

    @property
    def first(self) -> np.ndarray:
        return np.isfinite(self.observed).argmax(axis=1)

    @property
    def last(self) -> np.ndarray:
        return len(self.years) - 1 - np.isfinite(self.observed)[:, ::-1].argmax(axis=1)


@dataclass(frozen=True)
class _Smoothing:
    alpha: float
    beta: float
    phi: float

    def reach(self, lead: np.ndarray | int) -> np.ndarray | float:
        """phi + phi^2 + ... + phi^lead: how many yearly trends lie ahead."""
        return self.phi * (1 - self.phi ** np.asarray(lead)) / (1 - self.phi)


CANDIDATES = tuple(_Smoothing(*three) for three in product(ALPHAS, BETAS, PHIS))


def _indicator(
    rows: pd.DataFrame, code: str, year: int, horizon: int, window: int, seed: int
) -> tuple[pd.DataFrame, dict[str, object], float]:
    """One indicator: its rows of `values`, its row of `methods`, and the floor of its logarithm."""
    scale = scale_of(code, rows["value"])
    floor = float(rows["value"][rows["value"] > 0].min() / 2) if scale == "log" else 0.0
    if rows.empty:
        return pd.DataFrame(columns=list(VALUES)), _method(scale), floor
    raw = rows.pivot(index="iso3", columns="year", values="value")
    raw = raw.reindex(columns=range(int(raw.columns.min()), year + 1))
    grid = _grid(raw, scale, floor)
    leads = year + horizon - grid.years[grid.last]
    fresh = leads < horizon + window
    method, smoothing = _choose(grid, leads[fresh], horizon, scale, seed)
    return _carry(raw, grid, leads, fresh, smoothing, code, scale, floor), method, floor


def _grid(raw: pd.DataFrame, scale: str, floor: float) -> _Grid:
    observed = _forward(raw.to_numpy(dtype=float), scale, floor)
    filled = pd.DataFrame(observed.T).interpolate(limit_area="inside").to_numpy().T
    seen = np.isfinite(observed)
    changes = np.abs(np.diff(filled, axis=1, prepend=np.nan))
    number = np.isfinite(changes).cumsum(axis=1)
    own = np.nancumsum(changes, axis=1) / np.maximum(number, 1)
    settled = pd.DataFrame(np.where(seen & (number > 0), own, np.nan).T).ffill().to_numpy()
    usual = pd.DataFrame(settled).where(settled > 0).median(axis=1).fillna(0.0).to_numpy()
    volatility = (STEADY * usual + number * own) / (STEADY + number)
    return _Grid(
        markets=tuple(raw.index),
        years=raw.columns.to_numpy(dtype=int),
        observed=observed,
        filled=filled,
        count=seen.cumsum(axis=1),
        volatility=np.where(volatility > 0, volatility, TINY),
    )


def _starting_trend(grid: _Grid) -> np.ndarray:
    """Mean of a market's first three yearly changes; 0 where there are fewer."""
    rows, first = np.arange(len(grid.markets)), grid.first
    later = grid.filled[rows, np.minimum(first + 3, len(grid.years) - 1)]
    found = np.where(first + 3 < len(grid.years), (later - grid.filled[rows, first]) / 3, 0.0)
    return np.where(np.isfinite(found), found, 0.0)


def _recursion(grid: _Grid, smoothing: _Smoothing) -> tuple[np.ndarray, np.ndarray]:
    """Level and trend after each year, (markets, years): what `_smooth` gives for the last one, for all at once."""
    alpha, beta, phi = smoothing.alpha, smoothing.beta, smoothing.phi
    levels, trends = np.full(grid.filled.shape, np.nan), np.full(grid.filled.shape, np.nan)
    level, trend = np.full(len(grid.markets), np.nan), np.zeros(len(grid.markets))
    first, start = grid.first, _starting_trend(grid)
    for year in range(len(grid.years)):
        now = grid.filled[:, year]
        ahead = level + phi * trend
        next_level = alpha * now + (1 - alpha) * ahead
        trend = np.where(first == year, phi * start, beta * (next_level - level) + (1 - beta) * phi * trend)
        level = np.where(first == year, now, next_level)
        levels[:, year], trends[:, year] = level, trend
    return levels, trends


def _smooth(series: np.ndarray, start: float, smoothing: _Smoothing, lead: int) -> float:
    """Holt's damped trend of one series without gaps, `lead` years ahead, by statsmodels."""
    from statsmodels.tsa.holtwinters import Holt

    model = Holt(
        series,
        damped_trend=True,
        initialization_method="known",
        initial_level=series[0] - smoothing.phi * start,
        initial_trend=start,
    )
    given = {"smoothing_level": smoothing.alpha, "smoothing_trend": smoothing.beta, "damping_trend": smoothing.phi}
    with np.errstate(divide="ignore"):  # the information criteria of a series that fits exactly
        return float(model.fit(**given, optimized=False).forecast(lead)[-1])


def _errors(grid: _Grid, lead: int, smoothing: _Smoothing | None, fewest: int = LONG_ENOUGH) -> np.ndarray:
    """Observation minus forecast made `lead` years before, (markets, origins); NaN where either is not there.

    fewest: observations a market has at the origin.
    """
    if lead >= len(grid.years):
        return np.empty((len(grid.markets), 0))
    if smoothing is None:
        forecast = grid.observed
    else:
        level, trend = _recursion(grid, smoothing)
        forecast = level + trend * smoothing.reach(lead)
    usable = np.isfinite(grid.observed) & (grid.count >= fewest)
    return (grid.observed[:, lead:] - forecast[:, :-lead]) * np.where(usable[:, :-lead], 1.0, np.nan)


def _method(scale: str, **found: object) -> dict[str, object]:
    nothing = {
        "method": LAST, "mae_damped": np.nan, "mae_last": np.nan, "lead": 0, "n": 0, "coverage": np.nan,
        "n_coverage": 0, "alpha": np.nan, "beta": np.nan, "phi": np.nan, "scale": scale,
    }  # fmt: skip
    return nothing | found


def _choose(
    grid: _Grid, leads: np.ndarray, horizon: int, scale: str, seed: int
) -> tuple[dict[str, object], _Smoothing | None]:
    """Damped trend or last value, and how well that did. leads: of the markets to be carried."""
    wanted = int(np.bincount(leads).argmax()) if len(leads) else horizon
    lead, fewest = _backtestable(grid, wanted)
    if lead == 0:
        return _method(scale), None
    part = np.random.default_rng(seed).permutation(len(grid.markets)) % 3
    last = _errors(grid, lead, None, fewest)
    smoothing, errors = None, last
    found: dict[str, object] = {"lead": lead, "mae_last": _mae(last), "n": _number(last)}
    deciding = part == 1
    if fewest == LONG_ENOUGH and min(_number(last[part == 0]), _number(last[deciding])) >= MIN_ERRORS:
        some = _only(grid, part == 0)
        best = min(CANDIDATES, key=lambda candidate: _mae(_errors(some, lead, candidate)))
        damped = _errors(grid, lead, best)
        found |= {"mae_damped": _mae(damped[deciding]), "mae_last": _mae(last[deciding]), "n": _number(last[deciding])}
        found |= {"alpha": best.alpha, "beta": best.beta, "phi": best.phi}
        if found["mae_damped"] < BEATS * found["mae_last"]:
            smoothing, errors, found["method"] = best, damped, DAMPED
    in_units = errors / grid.volatility[:, :-lead] if fewest == LONG_ENOUGH else errors
    return _method(scale, **found, **_coverage(in_units, lead, part)), smoothing


def _backtestable(grid: _Grid, lead: int) -> tuple[int, int]:
    """The lead nearest to the wanted one that was observed often enough, and the observations a market needs for it.

    Where hardly a market has as many as a trend needs, the pooled errors of all are looked at; (0, 0) without any.
    """
    for fewest in (LONG_ENOUGH, 1):
        often = [k for k in range(1, len(grid.years)) if _number(_errors(grid, k, None, fewest)) >= MIN_ERRORS]
        if often:
            return min(often, key=lambda k: (abs(k - lead), k)), fewest
    return 0, 0


def _number(errors: np.ndarray) -> int:
    return int(np.isfinite(errors).sum())


def _mae(errors: np.ndarray) -> float:
    return float(np.nanmean(np.abs(errors)))


def _only(grid: _Grid, markets: np.ndarray) -> _Grid:
    picked = {name: getattr(grid, name)[markets] for name in ("observed", "filled", "count", "volatility")}
    return replace(grid, markets=tuple(np.array(grid.markets)[markets]), **picked)


def _coverage(scaled: np.ndarray, lead: int, part: np.ndarray) -> dict[str, object]:
    """Share of the third part's later errors within the interval that the other parts' earlier ones give."""
    seen = np.flatnonzero(np.isfinite(scaled).any(axis=0))
    split = seen[len(seen) * 2 // 3]
    held_out = scaled[part == 2][:, split:]
    others = scaled[part != 2]
    by_then = others[:, : max(split - lead + 1, 0)]  # errors that were known when the first held-out forecast was made
    learnt = by_then if _number(by_then) >= MIN_ERRORS else others[:, :split]
    if _number(learnt) < MIN_ERRORS or not _number(held_out):
        return {}
    inside = np.abs(held_out[np.isfinite(held_out)]) <= np.nanquantile(np.abs(learnt), SHARE)
    return {"coverage": float(inside.mean()), "n_coverage": len(inside)}


def _widths(grid: _Grid, leads: np.ndarray, smoothing: _Smoothing | None, short: bool = False) -> dict[int, float]:
    """Half a 90 % interval by lead: in units of the volatility, or for short series pooled, on the scale itself.

    A lead observed too seldom takes the nearest other one's, times the root of the ratio of the two, as if errors added
    up like a random walk's. A longer lead is never surer than a shorter one.
    """
    found = {}
    for lead in range(1, len(grid.years)):
        errors = np.abs(_errors(grid, lead, smoothing, 1 if short else LONG_ENOUGH))
        if _number(errors) >= MIN_ERRORS:
            found[lead] = float(np.nanquantile(errors if short else errors / grid.volatility[:, :-lead], SHARE))
    if not found:
        return dict.fromkeys(leads.tolist(), float("nan"))
    for lead in sorted(set(leads.tolist()) - found.keys()):
        nearest = min(found, key=lambda known: (abs(known - lead), known))
        found[lead] = found[nearest] * np.sqrt(lead / nearest)
    ordered = sorted(found)
    return dict(zip(ordered, np.maximum.accumulate([found[lead] for lead in ordered]), strict=True))


def _carry(
    raw: pd.DataFrame,
    grid: _Grid,
    leads: np.ndarray,
    fresh: np.ndarray,
    smoothing: _Smoothing | None,
    code: str,
    scale: str,
    floor: float,
) -> pd.DataFrame:
    """The rows of `values` of one indicator, one a market whose latest observation is fresh."""
    rows, last, start = np.flatnonzero(fresh), grid.last, _starting_trend(grid)
    long = grid.count[:, -1] >= LONG_ENOUGH
    width = _widths(grid, leads[fresh & long], smoothing)
    pooled = _widths(grid, leads[fresh & ~long], None, short=True) if (fresh & ~long).any() else {}
    latest = raw.to_numpy(dtype=float)[np.arange(len(raw)), last]
    value, half = latest.copy(), np.full(len(raw), np.nan)
    for row in rows:
        lead = int(leads[row])
        half[row] = width[lead] * grid.volatility[row, last[row]] if long[row] else pooled[lead]
        if smoothing is not None and long[row]:
            series = grid.filled[row, grid.first[row] : last[row] + 1]
            value[row] = _back(np.array(_smooth(series, start[row], smoothing, lead)), scale)
    value = _within(value, code)
    middle = _forward(value, scale, floor)
    table = {
        "iso3": grid.markets,
        "indicator": code,
        "year": leads + grid.years[last],
        "value": value,
        "low": _within(_back(middle - half, scale), code),
        "high": _within(_back(middle + half, scale), code),
        "last": latest,
        "last_year": grid.years[last],
        "lead": leads,
        "method": np.where(long & (smoothing is not None), DAMPED, LAST),
        "spread": half / Z90,
    }
    return pd.DataFrame(table)[list(VALUES)].iloc[rows]


def _forward(values: np.ndarray, scale: str, floor: float) -> np.ndarray:
    """Onto the scale; amounts of zero count as half the smallest positive one, shares of 0 and 100 as half a point."""
    if scale == "log":
        return np.log(np.maximum(values, floor))
    if scale == "logit":
        return scales.logit(values)
    return values


def _back(values: np.ndarray, scale: str) -> np.ndarray:
    if scale == "log":
        with np.errstate(over="ignore"):
            return np.exp(values)
    return scales.from_logit(values) if scale == "logit" else values


def _within(values: np.ndarray, code: str) -> np.ndarray:
    return np.clip(values, *scales.bounds(code))
