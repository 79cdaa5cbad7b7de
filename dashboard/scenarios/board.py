"""A scenario for a board: what came of it for one market, who moves, what matters most, and how it was computed."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from analytics.scenario import outcome as outcomes
from analytics.scenario import sweeps
from analytics.scenario.base import ScenarioBase
from analytics.scenario.document import Scenario
from analytics.scenario.outcome import ScenarioResult
from dashboard.board.content import Board, Chart, Series, Slide, Table, asked, numbers
from dashboard.i18n import translation
from dashboard.i18n.translation import _, compact, listing, number, percent, share, with_unit
from dashboard.scenarios import words
from dashboard.scenarios.board_appendix import appendix, assumed, footnote, for_engineers

MOVERS = 14
BARS = 12
FIGURES = 10
"""Of a tornado, whose table stands beside it on one slide."""
FIRST = 15
POTENTIALS = 10


def scenario_board(
    result: ScenarioResult,
    ground: ScenarioBase,
    current: Scenario,
    iso3: str,
    names: pd.Series,
    made_at: date | None = None,
) -> Board:
    """Everything a board is told about a scenario, in the reader's language. current: the scenario with its name.

    Numbers are written as the Scenarios page writes them. Raises ScenarioError as `sweeps.tornado`.
    """
    foot = footnote(ground, current)
    slides = [
        _answer(result, ground, current, iso3, names, foot),
        _movers(result, iso3, names, foot),
        _tornado(ground, current, iso3, names, foot),
        _first(result, iso3, names, foot),
    ]
    if ground.estimate is not None and not np.isnan(result.markets.at[iso3, "potential"]):
        codes = tuple(code for measure in ground.estimate.measures for code in measure.codes)
        slides.append(_potential(result, ground, iso3, names, footnote(ground, current, codes)))
    return Board(
        title=_("Scenario: {name}").format(name=current.name),
        subtitle=_("{market}: {industry}, {year}").format(
            market=names.get(iso3, iso3), industry=_(ground.recipe.title), year=current.base.year + current.horizon
        ),
        slides=tuple(slides),
        appendix=tuple(appendix(result, ground, current, names)),
        footnote=foot,
        language=translation.current(),
        made_at=made_at or datetime.now(UTC).date(),
        about=(
            _("What a change of assumptions does to the rank of one country, and how sure that is."),
            assumed(current),
        ),
        engineers=for_engineers(current),
    )


def rank_text(row: pd.Series, when: str = "") -> str:
    """A rank with its 5-95 % interval; when: "_before" for without the scenario."""
    return f"{int(row['rank' + when])} ({int(row['rank' + when + '_low'])}–{int(row['rank' + when + '_high'])})"


def score_text(row: pd.Series, when: str = "") -> str:
    """A score with its 5-95 % interval."""
    middle, low, high = (row[f"score{when}{end}"] for end in ("", "_low", "_high"))
    return f"{middle:.1f} ({low:.1f}–{high:.1f})"


def potential_text(row: pd.Series, when: str = "") -> str:
    """A potential with its 90 % interval."""
    middle, low, high = (row[f"potential{when}{end}"] for end in ("", "_low", "_high"))
    if np.isnan(middle):
        return "–"
    return f"{number(middle)} ({number(low)}–{number(high)})"


def movers(result: ScenarioResult, iso3: str, most: int = MOVERS) -> pd.Index:
    """The markets whose rank moves most, by their rank after; the market in question among them where it moves."""
    moved = result.markets[result.markets["rank"] != result.markets["rank_before"]]
    largest = (moved["rank"] - moved["rank_before"]).abs().sort_values(ascending=False, kind="stable").index[:most]
    keep = largest if iso3 in largest or iso3 not in moved.index else largest[:-1].append(pd.Index([iso3]))
    return result.markets.loc[keep].sort_values("rank", kind="stable").index


def _answer(
    result: ScenarioResult, ground: ScenarioBase, current: Scenario, iso3: str, names: pd.Series, foot: str
) -> Slide:
    row, name = result.markets.loc[iso3], names.get(iso3, iso3)
    rows = [
        (_("Rank"), rank_text(row, "_before"), rank_text(row)),
        (_("Score"), score_text(row, "_before"), score_text(row)),
    ]
    if ground.estimate is not None:
        rows.append((_("Potential"), potential_text(row, "_before"), potential_text(row)))
    rows.append((_("Improves in"), "", share(float(row["p_improves"]))))
    sentences = [words.summary(result, names), words.chance(result, iso3)]
    sentences += [text for text in (words.outside(result, iso3, names),) if text]
    sentences.append(assumed(current))
    sentences += words.notes(result.notes, names)
    sentences += [text for text in (words.moved_along(result, iso3), words.alone(current, result)) if text]
    sentences.append(asked(_("whether plans for {market} should count on this.").format(market=name)))
    return Slide(
        title=words.headline(result, iso3, name),
        sentences=tuple(sentences),
        chart=_contributions(ground, current, iso3) or _place(row),
        table=Table((_("Figure"), _("Before (5–95 %)"), _("After (5–95 %)")), tuple(rows)),
        footnote=foot,
    )


def _contributions(ground: ScenarioBase, current: Scenario, iso3: str) -> Chart | None:
    """What each assumption adds to the score, where there are several and not too many."""
    if not 2 <= len(current.shocks) <= BARS:
        return None
    parts = outcomes.contributions(ground, current).loc[iso3]
    return Chart(
        "bars",
        _("What each assumption adds to the score"),
        tuple(words.told(shock) for shock in current.shocks),
        (Series(_("Points"), numbers(parts)),),
        _("What each assumption adds to the score, points"),
        decimals=2,
    )


def _place(row: pd.Series) -> Chart:
    """The rank without and with the scenario, each with its interval."""
    when = ("_before", "")
    series = Series(
        _("Rank"), *(tuple(float(row[f"rank{end}"]) for end in when), ()),
        *(tuple(float(row[f"rank{end}_{side}"]) for end in when) for side in ("low", "high")),
    )  # fmt: skip
    names = _("Without the scenario"), _("With the scenario")
    return Chart(
        "ranks", _("Rank without and with the scenario"), names, (series,), _("Rank, 1 is the best"), highlight=1
    )


def _movers(result: ScenarioResult, iso3: str, names: pd.Series, foot: str) -> Slide:
    keep = movers(result, iso3)
    if keep.empty:
        return Slide(_("No market changes its rank"), (words.summary(result, names),), None, None, foot)
    table = result.markets.loc[keep]
    most = (table["rank"] - table["rank_before"]).abs().idxmax()
    first = table.loc[most]
    word = _("{market} moves most: up from rank {before} to {after}")
    if first["rank"] > first["rank_before"]:
        word = _("{market} moves most: down from rank {before} to {after}")
    title = word.format(market=names.get(most, most), before=int(first["rank_before"]), after=int(first["rank"]))
    return Slide(
        title=title,
        sentences=(words.summary(result, names),),
        chart=Chart(
            "ranks",
            _("Ranks before and after of the markets that move most"),
            tuple(str(names.get(code, code)) for code in keep),
            (
                Series(_("Before"), numbers(table["rank_before"])),
                Series(_("After, 5–95 %"), numbers(table["rank"]), (), numbers(table["rank_low"]),
                       numbers(table["rank_high"])),
            ),
            _("Rank, 1 is the best"),
            highlight=_position(keep, iso3),
        ),
        table=Table(
            (_("Market"), _("Before"), _("After (5–95 %)"), _("Improves in")),
            tuple(
                (str(names.get(code, code)), str(int(row["rank_before"])), rank_text(row), share(row["p_improves"]))
                for code, row in table.iterrows()
            ),
            _position(keep, iso3),
        ),
        footnote=foot,
    )  # fmt: skip


def _tornado(ground: ScenarioBase, current: Scenario, iso3: str, names: pd.Series, foot: str) -> Slide:
    name = names.get(iso3, iso3)
    table = sweeps.tornado(ground, current, iso3)
    here = outcomes.read(ground, current, iso3)
    sides = table[["score_down", "score_up"]] if len(table) else table
    widest = sides.sub(here.score).abs().max(axis=1).sort_values(ascending=False, kind="stable")
    keep = widest[widest > 0].index[:FIGURES]
    if not len(keep):
        return Slide(
            _("Which figure of {market} matters most?").format(market=name),
            (_("No figure of this market has enough history."),), None, None, foot,
        )  # fmt: skip
    sides = sides.loc[keep]
    titles = [words.indicator_name(code) + ("" if table.at[code, "own"] else " *") for code in keep]
    first = table.loc[keep[0]]
    low, high = sorted((first["score_down"], first["score_up"]))
    return Slide(
        title=_("{figure} matters most for {market}: its score lies between {low} and {high}").format(
            figure=words.indicator_name(keep[0]), market=name, low=f"{low:.1f}", high=f"{high:.1f}"
        ),
        sentences=(
            _(
                "Each figure alone, by its own standard deviation over the last 15 years, on top of the scenario. "
                "* Too short a past: the median of other markets stands in."
            ),
        ),
        chart=Chart(
            "tornado",
            _("What one standard deviation of each figure does"),
            tuple(titles),
            (
                Series(_("one standard deviation down"), numbers(sides["score_down"])),
                Series(_("one up"), numbers(sides["score_up"])),
            ),
            _("Score, 0–100; in the scenario {score}").format(score=f"{here.score:.1f}"),
            middle=here.score,
            decimals=1,
        ),
        table=Table(
            (
                _("Figure"),
                _("In the scenario"),
                _("Standard deviation"),
                _("Rank if lower"),
                _("Rank if higher"),
            ),
            tuple(
                (
                    title,
                    with_unit(table.at[code, "value"], words.indicator_unit(code)),
                    compact(table.at[code, "sd"]),
                    str(int(table.at[code, "rank_down"])),
                    str(int(table.at[code, "rank_up"])),
                )
                for code, title in zip(keep, titles, strict=True)
            ),
        ),
        footnote=foot,
    )


def _first(result: ScenarioResult, iso3: str, names: pd.Series, foot: str) -> Slide:
    ordered = result.markets.sort_values(["rank", "score"], ascending=[True, False], kind="stable")
    first = ordered.head(FIRST)
    table = first if iso3 in first.index else ordered.loc[[*first.index, iso3]]
    before = result.markets.index[result.markets["rank_before"] <= len(first)]
    new = [str(names.get(code, code)) for code in first.index if code not in before]
    leader = str(names.get(table.index[0], table.index[0]))
    if new:
        title = _("{leader} leads; new in the top {count}: {new}").format(
            leader=leader, count=len(first), new=listing(new[: words.NAMED])
        )
    else:
        title = _("{leader} leads; the top {count} are the same as before").format(leader=leader, count=len(first))
    return Slide(
        title=title,
        sentences=(),
        chart=Chart(
            "bars",
            _("Scores of the leading markets after the scenario"),
            tuple(f"{int(row['rank'])}  {names.get(code, code)}" for code, row in table.iterrows()),
            (
                Series(_("After"), numbers(table["score"]), (), numbers(table["score_low"]),
                       numbers(table["score_high"])),
            ),
            _("Score after the scenario, 0–100, with its 5–95 % interval"),
            highlight=_position(table.index, iso3),
            decimals=1,
        ),
        table=Table(
            (_("Market"), _("Rank before"), _("Rank after"), _("Score before"), _("Score after")),
            tuple(
                (
                    str(names.get(code, code)),
                    str(int(row["rank_before"])),
                    rank_text(row),
                    f"{row['score_before']:.1f}",
                    f"{row['score']:.1f}",
                )
                for code, row in table.iterrows()
            ),
            _position(table.index, iso3),
        ),
        footnote=foot,
    )  # fmt: skip


def _potential(result: ScenarioResult, ground: ScenarioBase, iso3: str, names: pd.Series, foot: str) -> Slide:
    """The potential before and after of the market in question, and of those whose potential changes most."""
    fit = ground.estimate.fit
    known = result.markets[result.markets["potential_before"] > 0]
    change = known["potential"] / known["potential_before"] - 1
    others = change.drop(iso3, errors="ignore").abs().sort_values(ascending=False, kind="stable")
    keep = [iso3, *others[others > 1e-9].index[: POTENTIALS - 1]]
    table, row = result.markets.loc[keep], result.markets.loc[iso3]
    before, after = number(row["potential_before"]), number(row["potential"])
    word = _("The potential of {market} goes from {before} to {after}")
    if before == after:
        word = _("The potential of {market} stays at {after}")
    unit = _("{outcome}, {unit}").format(outcome=_(fit.outcome_title), unit=_(fit.outcome_unit))
    return Slide(
        title=word.format(market=names.get(iso3, iso3), before=before, after=after),
        sentences=(
            _(
                "{unit}, as a model of {count} markets predicts it for {year}; 90 % intervals. "
                "What the scenario changes is associated with the potential, and need not cause it."
            ).format(unit=unit, count=fit.n, year=fit.year),
        ),
        chart=Chart(
            "bars",
            _("Potential before and after the scenario"),
            tuple(str(names.get(code, code)) for code in keep),
            (
                Series(_("Before"), numbers(table["potential_before"]), (), numbers(table["potential_before_low"]),
                       numbers(table["potential_before_high"])),
                Series(_("After"), numbers(table["potential"]), (), numbers(table["potential_low"]),
                       numbers(table["potential_high"])),
            ),
            _("{unit}, with its 90 % interval").format(unit=unit),
            highlight=0,
            decimals=0 if table["potential"].max() >= 100 else 1,
        ),
        table=Table(
            (_("Market"), _("Before (90 %)"), _("After (90 %)"), _("Change")),
            tuple(
                (
                    str(names.get(code, code)),
                    potential_text(line, "_before"),
                    potential_text(line),
                    "–" if np.isnan(change.get(code, np.nan)) else percent(f"{change[code] * 100:+.1f}"),
                )
                for code, line in table.iterrows()
            ),
            0,
        ),
        footnote=foot,
    )  # fmt: skip


def _position(keep: pd.Index, iso3: str) -> int | None:
    return int(keep.get_loc(iso3)) if iso3 in keep else None
