"""If one figure is shocked, which others move with it, by how much, and how sure is that?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np
import pandas as pd

from analytics import scales
from analytics.index.recipe import Link, Recipe
from analytics.potential import clustered
from analytics.scales import MIN_MARKETS, MIN_ROWS, RECORD_YEARS
from data import catalog
from data.faults import Fault

MIN_YEARS = 3
LEVEL_UNITS = ("%", "annual %", "per 100 people", "years")
"""Units whose changes are points, not proportions."""

USED = ""
ZERO = "its 90 % interval contains zero"
AGAINST = "its sign goes against what is credible"
FEW = "too few markets and years have both figures"
STILL = "one of the two hardly varies within markets"


class PropagationError(Fault, ValueError):
    """Elasticities cannot be estimated or applied; the message names the cause and a remedy."""


@dataclass(frozen=True)
class Elasticity:
    """How far the target goes with the source, each market compared with itself over the years.

    coefficient: of the target, on its scale, for one unit of the source on its scale: log on log is the elasticity in
    per cent for one per cent, level is in the indicator's unit. low, high: 90 %. n_markets, n: markets and market-years
    behind it. used: whether shocks are carried on by it. reason: why not, one of ZERO, AGAINST, FEW, STILL, else "".
    A coefficient that could not be estimated is NaN. why: the recipe's words.
    """

    source: str
    target: str
    coefficient: float
    standard_error: float
    low: float
    high: float
    n_markets: int
    n: int
    source_scale: str
    target_scale: str
    used: bool
    reason: str = USED
    why: str = ""


def scale_of(code: str) -> str:
    """'log' for amounts that are never negative (US$, persons, kWh, per 1,000 people), else 'level'.

    Percentages, shares per 100 people, years, scores and rates that may be negative are moved in points.
    """
    known = catalog.load().get(code)
    if known is None or known.minimum != 0 or known.unit.startswith(LEVEL_UNITS):
        return "level"
    return "log"


def estimate(history: pd.DataFrame, recipe: Recipe, year: int, years: int = RECORD_YEARS) -> tuple[Elasticity, ...]:
    """The elasticity of every link of a recipe, in the recipe's order.

    history: iso3, indicator, year, value; only the `years` years up to `year` are used. Two-way fixed effects: both
    figures of the same year, less the market's mean and the year's; errors are clustered by market (Arellano 1987; see
    `clustered`), so that a market's years do not count as independent. Links to one target are estimated together: each
    counts with the others held fixed, and their sum counts nothing twice. Zeros and below have no logarithm and are
    left out. A link whose 90 % interval contains zero, or whose sign is not the recipe's, is reported and not used: a
    shock would move other figures by chance, or against reason. It is an association, not an effect. Raises
    PropagationError for missing columns and fewer than 3 years.
    """
    if missing := [column for column in ("iso3", "indicator", "year", "value") if column not in history.columns]:
        raise PropagationError(
            "The history lacks {columns}. Give what `store.series` returns.", columns=", ".join(missing)
        )
    if years < MIN_YEARS:
        raise PropagationError(
            "{years} years do not show what moves with what; give at least {fewest}.", years=years, fewest=MIN_YEARS
        )
    codes = {code for link in recipe.propagation for code in (link.source, link.target)}
    rows = history[history["indicator"].isin(codes) & history["year"].between(year - years + 1, year)]
    figures = rows.pivot_table(index=["iso3", "year"], columns="indicator", values="value", aggfunc="last")
    figures = figures.reindex(columns=sorted(codes)).astype(float)
    scaled = pd.DataFrame({code: _scaled(figures[code].to_numpy(), scale_of(code)) for code in figures}, figures.index)
    found: dict[Link, Elasticity] = {}
    for target in dict.fromkeys(link.target for link in recipe.propagation):
        links = [link for link in recipe.propagation if link.target == target]
        found |= _together(scaled, links)
    return tuple(found[link] for link in recipe.propagation)


def _together(scaled: pd.DataFrame, links: Sequence[Link]) -> dict[Link, Elasticity]:
    """The links to one target in one regression; those whose source is too little known are left out of it."""
    target = links[0].target
    enough = [link for link in links if _enough(scaled[[link.source, target]].dropna())]
    table = scaled[[*(link.source for link in enough), target]].dropna()
    while len(enough) > 1 and not _enough(table):  # together they are known too seldom: the rarest goes
        rarest = min(enough, key=lambda link: scaled[link.source].notna().sum())
        enough = [link for link in enough if link != rarest]
        table = scaled[[*(link.source for link in enough), target]].dropna()
    moving = [link for link in enough if _varies(table[link.source])] if _varies(table[target]) else []
    estimates = _regress(table, [link.source for link in moving], target) if moving else pd.DataFrame()
    found = {}
    for link in links:
        seen = clustered.without_singletons(table) if link in enough else scaled[[link.source, target]].dropna()
        markets = seen.index.get_level_values("iso3").nunique()
        if link.source in estimates.index:
            numbers = [float(number) for number in estimates.loc[link.source, ["estimate", "error", "low", "high"]]]
            reason = _reason(*numbers[::2], numbers[3], link.direction)
        else:
            numbers, reason = [float("nan")] * 4, STILL if link in enough else FEW
        scales = scale_of(link.source), scale_of(target)
        counted = markets, len(seen)
        found[link] = Elasticity(link.source, target, *numbers, *counted, *scales, reason == USED, reason, link.why)
    return found


def _reason(coefficient: float, low: float, high: float, direction: int) -> str:
    if low <= 0 <= high:
        return ZERO
    return USED if np.sign(coefficient) == direction else AGAINST


def _enough(table: pd.DataFrame) -> bool:
    iso3, year = table.index.get_level_values("iso3"), table.index.get_level_values("year")
    often = iso3.value_counts() >= 2
    return len(table) >= MIN_ROWS and often.sum() >= MIN_MARKETS and year.nunique() >= MIN_YEARS


def _varies(values: pd.Series) -> bool:
    """Does anything remain once each market's and each year's mean are taken out?"""
    left = values - values.groupby(level="iso3").transform("mean")
    within = left - left.groupby(level="year").transform("mean")
    return bool(within.std() > 1e-8 * max(values.std(), 1e-12))


def _regress(table: pd.DataFrame, sources: list[str], target: str) -> pd.DataFrame:
    """Estimate, clustered error, low and high (90 %) by source; a source the others fix exactly is left out."""
    try:
        return clustered.within(table[sources], table[target]).coefficients
    except ValueError as error:
        if "absorbed" not in str(error):
            raise
        return pd.DataFrame()  # nothing is left of any source once the effects are taken out


def apply(
    elasticity: Elasticity,
    source_before: np.ndarray | float,
    source_after: np.ndarray | float,
    target_before: np.ndarray | float,
    noise: np.ndarray | float = 0.0,
) -> np.ndarray:
    """The target after the source moved, in its unit and within the catalog's bounds; arrays of one shape.

    noise: standard normals, how many standard errors the coefficient is off. A target whose source is unknown, did not
    move, or has no logarithm stays exactly as it is, and so does every target of an elasticity that is not used.
    """
    before = np.asarray(target_before, dtype=float)
    step = _step(elasticity, np.asarray(source_before, dtype=float), np.asarray(source_after, dtype=float), noise)
    return _moved(before, step, elasticity.target, elasticity.target_scale)


def spread(
    elasticities: Sequence[Elasticity],
    before: pd.DataFrame,
    after: pd.DataFrame,
    shocked: pd.DataFrame,
    noise: Mapping[tuple[str, str], np.ndarray | float] | np.ndarray | None = None,
) -> pd.DataFrame:
    """What the figures are once shocks have been carried on: (markets, codes), in the indicators' units.

    before: (markets, codes) without shocks; after: the same with shocked cells set; shocked: which cells those are
    (missing columns: none). Cells the user set stay as they are; others move by each elasticity that is used, first
    those nearest to the shock, and carry on what they received. Several sources of one target add up on its scale.
    noise: standard normals by (source, target), or an array whose first axis follows `elasticities`; a second axis
    follows the markets (rows may be draws of one market). Values stay within the catalog's bounds: see `at_bounds`.
    Raises PropagationError for frames that do not match and links in a circle.
    """
    _refuse_mismatch(before, after, shocked)
    numbers = {code: number for number, code in enumerate(after.columns)}
    links = [(n, e) for n, e in enumerate(elasticities) if e.used and e.source in numbers and e.target in numbers]
    if not links:
        return after.copy()
    columns = before.columns
    then = before.to_numpy(dtype=float)
    now = after.to_numpy(dtype=float, copy=True)
    mask = (
        shocked.to_numpy() if shocked.columns.equals(columns) else shocked.reindex(columns=columns).eq(True).to_numpy()
    )
    mask = mask.astype(bool)
    for target in targets([e for _, e in links]):
        into = [(n, e) for n, e in links if e.target == target]
        steps = 0.0
        for number, elasticity in into:
            source = numbers[elasticity.source]
            off = _noise(noise, number, elasticity, len(elasticities), len(now))
            steps = steps + _step(elasticity, then[:, source], now[:, source], off)
        place = numbers[target]
        moved = _moved(now[:, place], steps, target, into[0][1].target_scale)
        now[:, place] = np.where(mask[:, place], now[:, place], moved)
    return pd.DataFrame(now, after.index, columns)


def at_bounds(after: pd.DataFrame, moved: pd.DataFrame) -> pd.DataFrame:
    """Which cells `spread` moved (from `after` to `moved`) as far as the catalog's bounds let it: booleans, by cell."""
    start, end = after.to_numpy(dtype=float), moved[after.columns].to_numpy(dtype=float)
    limits = np.array([scales.bounds(code) for code in after.columns]).reshape(-1, 2)
    stopped = (start != end) & ((end <= limits[:, 0]) | (end >= limits[:, 1]))
    return pd.DataFrame(stopped, after.index, after.columns)


def _scaled(values: np.ndarray, scale: str) -> np.ndarray:
    return scales.log(values) if scale == "log" else values


def _step(
    elasticity: Elasticity, before: np.ndarray, after: np.ndarray, noise: np.ndarray | float
) -> np.ndarray | float:
    """How far the target moves on its scale; 0 where the source is unknown or has no logarithm."""
    if not elasticity.used:
        return 0.0
    scale = elasticity.source_scale
    change = _scaled(after, scale) - _scaled(before, scale)
    return np.where(np.isnan(change), 0.0, (elasticity.coefficient + elasticity.standard_error * noise) * change)


def _moved(values: np.ndarray, step: np.ndarray | float, code: str, scale: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        ends = values * np.exp(step) if scale == "log" else values + step
    # A figure the source says lies beyond the bounds is not pulled in by standing still.
    return np.where(np.asarray(step) == 0, values, np.clip(ends, *scales.bounds(code)))


def _noise(
    noise: Mapping[tuple[str, str], np.ndarray | float] | np.ndarray | None,
    number: int,
    elasticity: Elasticity,
    links: int,
    rows: int,
) -> np.ndarray | float:
    if noise is None:
        return 0.0
    if isinstance(noise, Mapping):
        return noise.get((elasticity.source, elasticity.target), 0.0)
    noise = np.asarray(noise, dtype=float)
    if noise.ndim == 0:
        return float(noise)
    if noise.shape not in ((links,), (links, rows), (links, 1)):
        raise PropagationError(
            "Noise of shape {shape} fits neither {links} elasticities nor these by {rows} markets. "
            "Give ({links},) or ({links}, {rows}).",
            shape=str(noise.shape),
            links=links,
            rows=rows,
        )
    return noise[number]


def targets(elasticities: Sequence[Elasticity]) -> list[str]:
    """The codes that others move, each after all that move it. Raises PropagationError for links in a circle."""
    moved = {elasticity.target for elasticity in elasticities}
    return [code for code in _order(elasticities) if code in moved]


def _order(elasticities: Sequence[Elasticity]) -> list[str]:
    """Codes, each after all that move it."""
    before: dict[str, set[str]] = {}
    for elasticity in elasticities:
        before.setdefault(elasticity.target, set()).add(elasticity.source)
    try:
        return list(TopologicalSorter(before).static_order())
    except CycleError as error:
        raise PropagationError(
            "The links go in a circle: {links}. Take one of them out of the recipe.", links=" -> ".join(error.args[1])
        ) from error


def _refuse_mismatch(before: pd.DataFrame, after: pd.DataFrame, shocked: pd.DataFrame) -> None:
    if not (before.columns.equals(after.columns) and before.index.equals(after.index)):
        raise PropagationError(
            "The figures before and after a shock differ in markets or codes. Give the same of both."
        )
    if not shocked.index.equals(before.index):
        raise PropagationError("The mask of shocked cells has other markets than the figures. Give the same markets.")
