"""Observations in, features and outcome out: what was known of each market, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from analytics import scales
from analytics.index.measure import compute
from analytics.index.recipe import Measure, Recipe, Target
from analytics.scales import MIN_MARKETS
from data import catalog
from data.faults import Fault, listed

POPULATION = "SP.POP.TOTL"
MARKETS_A_FEATURE = 4  # fewer, and the features are cut to the first of PRIORITY
PRIORITY = ("NY.GDP.PCAP.PP.CD", "SP.POP.TOTL", "NY.GDP.MKTP.CD", "IT.NET.USER.ZS", "RL.EST", "SP.POP.65UP.TO.ZS")
KNOWN_FEATURE = 0.6  # share of the markets a feature must be known for
KNOWN_MARKET = 0.6  # share of the features a market must be known in


class PotentialError(Fault, ValueError):
    """The data do not allow an estimate; the message names the cause and a remedy."""


@dataclass(frozen=True)
class Panel:
    """What a model is trained on and asked about. Frames are indexed by iso3 and share their columns.

    features: (markets, features), in the indicators' units, NaN where unknown; every market enough is known of.
    outcome: (markets trained on,), in the outcome's unit. names: feature -> title. left_out: feature, reason.
    sparse: markets with an outcome that too little else is known of.
    """

    features: pd.DataFrame
    outcome: pd.Series
    names: pd.Series
    left_out: pd.DataFrame
    sparse: tuple[str, ...]

    @property
    def training(self) -> pd.DataFrame:
        return self.features.loc[self.outcome.index]


def target_of(recipe: Recipe) -> Target:
    """The recipe's target; without one, its outcome as published, positive amounts on the log."""
    if recipe.target is not None:
        return recipe.target
    known = catalog.load().get(recipe.outcome)
    return Target(Measure(recipe.outcome), known.name if known else recipe.outcome, known.unit if known else "")


def contains_outcome(measure: Measure, target: Target) -> bool:
    """Is this feature the outcome, or one that contains it or a part of it?"""
    patterns = (target.measure.code, *target.excludes)
    return any(fnmatchcase(code, pattern) for code in measure.codes for pattern in patterns)


def key(measure: Measure) -> str:
    """The column name of a measure: its code, with "/ denominator" where it is divided."""
    return measure.code + (f" / {measure.denominator}" if measure.denominator else "")


def measures(recipe: Recipe, own: bool = False) -> tuple[Measure, ...]:
    """The recipe's features: its ingredients' figures and its target's list, none containing the outcome.

    own: the outcome is the reader's own, which no indicator contains. Totals that are products are left to the
    factors they are made of.
    """
    target = target_of(recipe)
    found = [ingredient.measures[0] for ingredient in recipe.ingredients]
    found = [m for m in found if not m.multiplier and not m.share_of] + list(target.features)
    return tuple(dict.fromkeys(m for m in found if own or not contains_outcome(m, target)))


def chosen_measures(recipe: Recipe, codes: Sequence[str], own: bool = False) -> tuple[Measure, ...]:
    """The features a reader named by code. Raises PotentialError for one that contains the outcome."""
    known = {key(measure): measure for measure in measures(recipe, own)}
    found = [known.get(code, Measure(code)) for code in dict.fromkeys(codes)]
    leaking = [] if own else [key(m) for m in found if contains_outcome(m, target_of(recipe))]
    if leaking:
        raise PotentialError(
            "{features} cannot be a feature: it contains {outcome} or a part of it. Leave it out.",
            features=", ".join(leaking),
            outcome=target_of(recipe).title,
        )
    return tuple(found)


def title(measure: Measure) -> str:
    names = [catalog.load()[code].name if code in catalog.load() else code for code in (measure.code,)]
    if measure.code == "NY.GDP.PCAP.CD" and measure.denominator == "NY.GDP.PCAP.PP.CD":
        return "Price level (GDP at market rates over purchasing power)"
    if measure.denominator:
        divisor = catalog.load().get(measure.denominator)
        names.append(divisor.name if divisor else measure.denominator)
    return " / ".join(names)


def latest(history: pd.DataFrame, wanted: Sequence[Measure], year: int, window: int) -> pd.DataFrame:
    """The latest figure of each measure known by `year` and not older than `window` years: (markets, measures)."""
    codes = {code for measure in wanted for code in measure.codes}
    known = history[history["indicator"].isin(codes) & history["year"].between(year - window + 1, year)]
    figures = known.sort_values("year", kind="stable").groupby(["iso3", "indicator"])["value"].last().unstack()
    return pd.DataFrame({key(measure): compute(figures, measure) for measure in wanted}, figures.index.rename("iso3"))


def outcomes(history: pd.DataFrame, target: Target) -> pd.DataFrame:
    """The outcome of every market and year: (markets, years)."""
    rows = history[history["indicator"].isin(target.measure.codes)]
    figures = rows.pivot_table(index=["iso3", "year"], columns="indicator", values="value", aggfunc="last")
    return compute(figures, target.measure).dropna().unstack("year")


def default_year(history: pd.DataFrame, recipe: Recipe) -> int:
    """The latest year whose outcome is known for at least 80 % as many markets as in the best year."""
    known = outcomes(history, target_of(recipe)).notna().sum()
    if known.empty:
        raise _no_outcome(target_of(recipe), None)
    return int(known.index[known >= 0.8 * known.max()].max())


def outcome_of(history: pd.DataFrame, target: Target, year: int) -> pd.Series:
    """The outcome in a year, by iso3. Raises PotentialError when none is there or the transform does not allow it."""
    table = outcomes(history, target)
    if year not in table.columns or table[year].notna().sum() < MIN_MARKETS:
        raise _no_outcome(target, year)
    outcome = table[year].dropna().rename("actual")
    refuse_untransformable(outcome, target.transform, target.title)
    return outcome


def _no_outcome(target: Target, year: int | None) -> PotentialError:
    codes = ", ".join(target.measure.codes)
    if year is None:
        return PotentialError(
            "{name} ({codes}) is known for fewer than {fewest} markets. Choose another year, fetch it with "
            "`make refresh`, or import a file that holds it: python -m data import FILE",
            name=target.title,
            codes=codes,
            fewest=MIN_MARKETS,
        )
    return PotentialError(
        "{name} ({codes}) is known for fewer than {fewest} markets for {year}. Choose another year, fetch it with "
        "`make refresh`, or import a file that holds it: python -m data import FILE",
        name=target.title,
        codes=codes,
        fewest=MIN_MARKETS,
        year=year,
    )


def refuse_untransformable(outcome: pd.Series, transform: str, name: str) -> None:
    """Raises PotentialError naming the markets whose outcome the transform cannot take."""
    if outcome.nunique() < 2:
        raise PotentialError(
            "{name} is the same in every market; there is nothing to explain. Give values that differ.", name=name
        )
    if transform == "log" and (outcome <= 0).any():
        raise PotentialError(
            "{name} is zero or negative in {markets}; its logarithm does not exist. "
            "Leave these markets out, or correct their values.",
            name=name,
            markets=_some(outcome.index[outcome <= 0]),
        )
    if transform == "share" and not outcome.between(0, 100).all():
        raise PotentialError(
            "{name} lies outside 0-100 % in {markets}. Correct these values.",
            name=name,
            markets=_some(outcome.index[~outcome.between(0, 100)]),
        )


def own_outcome(rows: pd.DataFrame, markets: Sequence[str]) -> pd.Series:
    """A reader's own outcome, by iso3, checked. rows: iso3, value; markets: the ISO codes of all markets.

    Raises PotentialError for missing columns, unknown markets, two rows of one market and values that are no numbers.
    """
    columns = {str(column).strip().lower(): column for column in rows.columns}
    if not {"iso3", "value"} <= columns.keys():
        found = ", ".join(map(str, rows.columns)) or "none"
        raise PotentialError(
            "An outcome needs the columns iso3 and value; found: {columns}. Rename them.", columns=found
        )
    iso3 = rows[columns["iso3"]].astype("string").str.strip().str.upper().fillna("(empty)")
    value = pd.to_numeric(rows[columns["value"]], errors="coerce")
    faults = []
    if unknown := sorted(set(iso3) - set(markets)):
        faults.append(
            Fault("unknown markets: {markets}; use three-letter ISO codes such as DEU", markets=_some(unknown))
        )
    if twice := sorted(set(iso3[iso3.duplicated()])):
        faults.append(Fault("two rows of {markets}; keep one row a market", markets=_some(twice)))
    if (~np.isfinite(value)).any():
        empty = _some(sorted(iso3[~np.isfinite(value)]))
        faults.append(Fault("no number for {markets}; give a value or leave the row out", markets=empty))
    if faults:
        raise PotentialError("The outcome cannot be used: {faults}.", faults=listed(faults))
    return pd.Series(value.to_numpy(dtype=float), pd.Index(iso3.astype(str), name="iso3"), name="actual")


def assemble(
    history: pd.DataFrame, outcome: pd.Series, wanted: Sequence[Measure], year: int, window: int, strict: bool = False
) -> Panel:
    """Features known by `year` beside an outcome.

    Features known for too few of the markets with an outcome, that are the same everywhere, that repeat others or that
    are too many for the markets are left out with the reason, or refused when strict (the reader chose them). Raises
    PotentialError when too few markets remain.
    """
    everything = latest(history, wanted, year, window)
    here = everything.reindex(outcome.index)
    reasons: dict[str, Fault] = {}
    for column in everything:
        known = here[column].notna().mean()
        if known == 0:
            reasons[column] = Fault("no values in the window")
        elif known < KNOWN_FEATURE:
            reasons[column] = Fault("known for {share} of the markets only", share=f"{known:.0%}")
        elif here[column].nunique() == 1:
            reasons[column] = Fault("the same value in every market")
    kept = [column for column in everything if column not in reasons]
    reasons |= repeats(here[kept])
    if reasons and strict:
        raise PotentialError(
            "These features cannot be used: {features}. Leave them out, or import data for them.",
            features=listed([Fault("{feature}: {reason}", feature=code, reason=why) for code, why in reasons.items()]),
        )
    if not strict:
        reasons |= _too_many([column for column in everything if column not in reasons], len(outcome))
    features = everything.drop(columns=list(reasons))
    if features.empty or features.shape[1] == 0:
        raise PotentialError(
            "No feature is known for enough markets by {year}. Fetch them with `make refresh`, or import a file: "
            "python -m data import FILE",
            year=year,
        )
    features = features[features.notna().mean(axis=1) >= KNOWN_MARKET]
    trained = outcome[outcome.index.isin(features.index)]
    fewest = max(MIN_MARKETS, features.shape[1] + 2)
    if len(trained) < fewest:
        raise PotentialError(
            "{markets} markets cannot carry {features} features: at least {fewest} markets are needed. Give more "
            "markets or fewer features.",
            markets=len(trained),
            features=features.shape[1],
            fewest=fewest,
        )
    names = pd.Series({key(m): title(m) for m in wanted if key(m) in features}, name="title")
    return Panel(
        features=features,
        outcome=trained,
        names=names,
        left_out=pd.DataFrame({"feature": list(reasons), "reason": list(map(str, reasons.values()))}),
        sparse=tuple(outcome.index.difference(trained.index)),
    )


def _too_many(columns: list[str], markets: int) -> dict[str, Fault]:
    """The features so few markets cannot carry, in a fixed order: choosing by the outcome would flatter the fit."""
    most = max(2, markets // MARKETS_A_FEATURE)
    order = sorted(columns, key=lambda column: PRIORITY.index(column) if column in PRIORITY else len(PRIORITY))
    reason = Fault("{markets} markets carry {most} features at most", markets=markets, most=most)
    return dict.fromkeys(order[most:], reason)


def repeats(features: pd.DataFrame, tolerance: float = 1e-8) -> dict[str, Fault]:
    """Features that others fix exactly (perfect collinearity): feature -> reason, found on the complete rows."""
    complete = features.dropna()
    if len(complete) <= features.shape[1]:
        return {}
    scaled = ((complete - complete.mean()) / complete.std().where(lambda s: s > 0, 1.0)).to_numpy()
    basis = np.empty((len(scaled), 0))
    found = {}
    for number, column in enumerate(features.columns):
        residual = scaled[:, number] - basis @ (basis.T @ scaled[:, number])
        residual = residual - basis @ (basis.T @ residual)
        size = np.linalg.norm(residual)
        if size < tolerance * np.sqrt(len(scaled)):
            found[column] = Fault("other features determine it exactly (perfect collinearity)")
        else:
            basis = np.column_stack([basis, residual / size])
    return found


def to_scale(outcome: pd.Series, transform: str) -> pd.Series:
    """The outcome on the scale it is modelled on: log, logit of a share, or as it is."""
    if transform == "log":
        return np.log(outcome)
    if transform == "share":
        return scales.logit(outcome)
    return outcome.astype(float)


def from_scale(values: np.ndarray, transform: str) -> np.ndarray:
    """Back to the outcome's unit. Medians and quantiles stay what they are; means do not."""
    values = np.asarray(values, dtype=float)
    if transform == "log":
        return np.exp(values)
    if transform == "share":
        return np.clip(scales.from_logit(values), 0, 100)
    return values


def _some(codes: Sequence[str], most: int = 8) -> str:
    codes = list(codes)
    return ", ".join(map(str, codes[:most])) + (f" and {len(codes) - most} more" if len(codes) > most else "")
