"""What a comparison of a few markets says: who is ahead and how surely, why, and every figure with its year."""

from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from analytics.index.composite import Ranking
from analytics.robustness.rank_intervals import Robustness
from dashboard import components, flag_words, ranking_words
from dashboard.i18n.translation import _, compact, listing, number, share

CLEAR, MORE_OFTEN = 0.9, 0.5
"""Ahead in so many variants of the index: clearly ahead; below MORE_OFTEN not ahead at all, whatever the score says."""
REASONS = 2
"""Reasons named on each side."""


@dataclass(frozen=True)
class Comparison:
    """Chosen markets that are ranked, best first (`order`), and all of them as chosen. names: by iso3.

    flags: what publishers say of values, as `store.flags` has it.
    """

    ranking: Ranking
    found: Robustness
    chosen: tuple[str, ...]
    names: pd.Series
    flags: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["iso3", "indicator", "year", "flag"]))

    @property
    def order(self) -> list[str]:
        return [iso3 for iso3 in self.ranking.scores.index if iso3 in self.chosen]

    def beats(self, first: str, second: str) -> float:
        """Share of the index variants in which the first ranks before the second."""
        return float(self.found.beats.at[first, second])

    def interval(self, iso3: str) -> tuple[int, int]:
        """5th and 95th percentile of the rank over the variants."""
        row = self.found.ranks.loc[iso3]
        return int(row["low"]), int(row["high"])

    @cached_property
    def figures(self) -> pd.DataFrame:
        """As shown: a row a figure; figure, unit, best (iso3), code, then value, year, flag of each market by iso3."""
        ranking, rows = self.ranking, []
        for ingredient in ranking.recipe.ingredients:
            if ingredient.key not in ranking.measures:
                continue
            values = ranking.values[ingredient.key].reindex(list(self.chosen))
            years = ranking.years[ingredient.key].reindex(list(self.chosen))
            rows.append(
                {
                    "figure": ranking_words.ingredient_title(ranking, ingredient.key),
                    "unit": ranking_words.ingredient_unit(ranking, ingredient.key),
                    "code": ranking.measures[ingredient.key].code,
                    "best": (values * ingredient.direction).idxmax() if values.notna().any() else "",
                    "more is better": ingredient.direction > 0,
                }
                | {("value", iso3): values[iso3] for iso3 in self.chosen}
                | {("year", iso3): years[iso3] for iso3 in self.chosen}
                | {("flag", iso3): self._flag(ingredient.key, iso3, years[iso3]) for iso3 in self.chosen}
            )
        return pd.DataFrame(rows)

    def _flag(self, key: str, iso3: str, year: float) -> str:
        """What publishers say of a figure, or of one it is made of, in words."""
        rows = self.flags[(self.flags["iso3"] == iso3) & (self.flags["year"] == year)]
        kinds = rows.loc[rows["indicator"].isin(self.ranking.measures[key].codes), "flag"]
        return flag_words.told(" ".join(sorted({kind for flag in kinds for kind in flag.split()})))


def headline(asked: Comparison) -> str:
    """Who leads, never surer than the index variants are."""
    if len(asked.order) < 2:
        return _("Too few of these countries are ranked to say who leads")
    first, second = asked.order[:2]
    p = asked.beats(first, second)
    said = {"first": asked.names[first], "second": asked.names[second], "p": share(p)}
    if p >= CLEAR:
        return _("{first} leads {second}, in {p} of index variants").format(**said)
    if p >= MORE_OFTEN:
        return _("{first} and {second} are close: {first} is ahead in {p} of index variants").format(**said)
    return _("{first} scores highest, but is ahead of {second} in only {p} of index variants").format(**said)


def pairs(asked: Comparison) -> str:
    """How surely each market is ahead of the next."""
    steps = zip(asked.order, asked.order[1:], strict=False)
    told = [
        _("{first} before {second}: {p}").format(
            first=asked.names[first], second=asked.names[second], p=share(asked.beats(first, second))
        )
        for first, second in steps
    ]
    return _("Share of index variants in which one ranks before the next: {pairs}.").format(pairs=_("; ").join(told))


def reasons(asked: Comparison) -> list[str]:
    """Where the difference between the first two comes from, in points of the score."""
    if len(asked.order) < 2:
        return []
    first, second = asked.order[:2]
    gap = (asked.ranking.points.loc[first].fillna(0) - asked.ranking.points.loc[second].fillna(0)).sort_values()
    ahead, behind = gap[gap > 0].iloc[::-1][:REASONS], gap[gap < 0][:REASONS]
    return [
        _("{market} is stronger on {reasons}.").format(market=asked.names[iso3], reasons=_listed(asked, part.abs()))
        for iso3, part in ((first, ahead), (second, behind))
        if len(part)
    ]


def _listed(asked: Comparison, gaps: pd.Series) -> str:
    template = _("{indicator} ({points} points)")
    return listing(
        [
            template.format(indicator=ranking_words.ingredient_title(asked.ranking, key), points=f"{points:+.1f}")
            for key, points in gaps.items()
        ]
    )


def standing(asked: Comparison, iso3: str) -> tuple[str, str]:
    """A market's score, and its rank with interval and coverage."""
    if iso3 not in asked.ranking.scores.index:
        return "–", _("not ranked: too little data")
    row, (low, high) = asked.ranking.scores.loc[iso3], asked.interval(iso3)
    template = (
        _("rank {rank} ({low}–{high}) · complete data")
        if row["coverage"] > 0.9995
        else _("rank {rank} ({low}–{high}) · {coverage} of data")
    )
    rank = template.format(rank=int(row["rank"]), low=low, high=high, coverage=share(row["coverage"]))
    return number(row["score"]), rank


def shown(asked: Comparison) -> pd.DataFrame:
    """The table a reader sees: figure with its unit, a column a market; the best in bold, each linked to its rows."""
    table = asked.figures
    cells = {_("Figure"): [f"{row['figure']}, {row['unit']}" for _i, row in table.iterrows()]}
    for iso3 in asked.chosen:
        cells[asked.names[iso3]] = [_cell(row, iso3) for _i, row in table.iterrows()]
    return pd.DataFrame(cells)


def _cell(row: pd.Series, iso3: str) -> str:
    value = row[("value", iso3)]
    if pd.isna(value):
        return "–"
    link = f"[{compact(value)}]({components.rows_link(iso3, row['code'])})"
    return (f"**{link}**" if row["best"] == iso3 else link) + f" ({dated(row, iso3)})"


def dated(row: pd.Series, iso3: str) -> str:
    """The year of a figure that is known, and what its publisher says of it."""
    year, flag = str(int(row[("year", iso3)])), row[("flag", iso3)]
    return _("{year}, {flag}").format(year=year, flag=flag) if flag else year


def exported(asked: Comparison, sources: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Sheets of a workbook by name: the standing, every figure with its year, the sources.

    sources: indicators by code, with name, source, licence, url.
    """
    table, chosen = asked.figures, list(asked.chosen)
    standings = []
    for iso3 in chosen:
        ranked = iso3 in asked.ranking.scores.index
        row = asked.ranking.scores.loc[iso3] if ranked else {}
        low, high = asked.interval(iso3) if ranked else (None, None)
        standings.append(
            {
                _("Country"): asked.names[iso3],
                _("ISO code"): iso3,
                _("Score"): round(row["score"], 2) if ranked else None,
                _("Rank"): int(row["rank"]) if ranked else None,
                _("Rank, 5th percentile"): low,
                _("Rank, 95th percentile"): high,
                _("Known, %"): round(row["coverage"] * 100, 1) if ranked else None,
            }
            | {
                _("Ahead of {market}, % of index variants").format(market=asked.names[other]): (
                    round(asked.beats(iso3, other) * 100, 1)
                    if ranked and other in asked.order and other != iso3
                    else None
                )
                for other in chosen
            }
        )
    whole = pd.DataFrame({_("Figure"): table["figure"], _("Unit"): table["unit"], _("Code"): table["code"]})
    whole[_("Better")] = [_("higher") if more else _("lower") for more in table["more is better"]]
    for iso3 in chosen:
        whole[asked.names[iso3]] = table[("value", iso3)]
        whole[_("{market}, year").format(market=asked.names[iso3])] = table[("year", iso3)]
        if table[("flag", iso3)].any():
            whole[_("{market}, publisher's note").format(market=asked.names[iso3])] = table[("flag", iso3)]
    codes = [code for measure in asked.ranking.measures.values() for code in measure.codes if code in sources.index]
    origin = sources.loc[list(dict.fromkeys(codes)), ["name", "source", "licence", "url"]].reset_index(names="code")
    origin = origin.assign(name=origin["name"].map(_)).set_axis(
        [_("Code"), _("Indicator"), _("Publisher"), _("Licence"), _("Link")], axis="columns"
    )
    return {_("Standing"): pd.DataFrame(standings), _("Figures"): whole, _("Sources"): origin}
