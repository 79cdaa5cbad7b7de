"""The Shortlist for a board: what is advised, the other ways, for and against each, figures, next steps, how sure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pandas as pd

from analytics.index.composite import Ranking
from analytics.market import entry_mode
from analytics.potential.fit import PotentialFit
from dashboard import cases, load, places, ranking_words
from dashboard.board import spending
from dashboard.board.content import Board, Chart, Section, Series, Slide, Table, asked
from dashboard.board.vintage import state_of_the_store
from dashboard.cases import Case
from dashboard.filters import MarketFilters
from dashboard.i18n import translation
from dashboard.i18n.translation import _, day, in_sentence, listing, number, sentence, share
from dashboard.places import Names
from dashboard.shortlist import parts
from dashboard.shortlist.next_steps import missing_figures, next_steps
from dashboard.shortlist.told import Told, footnote, told
from models import fitness


@dataclass(frozen=True)
class Maker:
    """Makes the board when it is downloaded, on another thread."""

    told: Told

    def __call__(self) -> Board:
        return shortlist_board(self.told)


def maker(choice: MarketFilters, ranking: Ranking, shown: pd.Index, listed: list[str]) -> Callable[[], Board]:
    """What the page says now, for later. shown: the ranked markets that pass the filters; listed: those on the list."""
    return Maker(told(choice, ranking, shown, listed))


def shortlist_board(pack: Told, made_at: date | None = None) -> Board:
    """Everything a board is told about a shortlist, in the reader's language."""
    made_at = made_at or datetime.now(UTC).date()
    home = load.settings()["home_market"]
    arrived = load.snapshots()["retrieved_at"].max()
    slides = [_recommendation(pack), _both_sides(pack), _ranks(pack), _potential(pack), _readiness(pack)]
    slides += [_cost(pack), next_steps(pack, made_at)]
    return Board(
        title=_("Shortlist: {industry}").format(industry=_(pack.ranking.recipe.title)),
        subtitle=_("Home: {home}, data to {year}").format(home=load.markets().at[home, "name"], year=pack.choice.year),
        slides=tuple(slide for slide in slides if slide is not None),
        appendix=tuple(part for part in _appendix(pack) if part.sentences),
        footnote=footnote(pack),
        language=translation.current(),
        made_at=made_at,
        about=(
            _(
                "Which countries to look at first, how sure that is, and what could stop it. It prepares a decision; "
                "it does not replace one."
            ),
            _stop(pack.rules),
            _("The newest data arrived on {day}.").format(day=day(arrived)),
        ),
        engineers=_engineers(pack),
    )


def _labels(pack: Told, shown: Sequence[Case]) -> tuple[tuple[str, ...], int | None]:
    """Names for a chart, and the position of the country that is advised first, which says so."""
    first = pack.first
    names = tuple(
        _("{market} (advised first)").format(market=case.name) if case is first else case.name for case in shown
    )
    return names, next((at for at, case in enumerate(shown) if case is first), None)


def _recommendation(pack: Told) -> Slide:
    rows = [
        (
            case.name,
            cases.verdict(case),
            way_or_gate(case, case.iso3 in pack.enter),
            sentence(parts.amount(case)),
            f"{case.rank} ({case.low}–{case.high})",
        )
        for case in pack.shown
    ]
    wait = _("Costs nothing now and keeps every way in open; nothing is learned on the spot.")
    advised = _("Advised") if not pack.enter else _("Always possible")
    rows.append((_("None of them yet: wait"), advised, wait, "–", "–"))
    new = [text for text in pack.sure if text.rstrip("。.").lower() not in pack.headline.lower()]
    chosen = [case.iso3 for case in pack.shown].index(pack.enter[0]) if pack.enter else len(rows) - 1
    header = (
        _("Country"),
        _("Advice"),
        _("Way in, or what stands before it"),
        _("Potential (90 %)"),
        _("Rank (5–95 %)"),
    )
    return Slide(
        pack.headline,
        (" ".join((pack.what, *new)), asked(_decision(pack))),
        None,
        Table(header, tuple(rows), chosen),
        footnote(pack),
        wide=True,
    )


def _decision(pack: Told) -> str:
    if pack.first is None:
        return _("whether to wait, as advised, or to look into one of these countries all the same.")
    return _(
        "whether to prepare {market} first, as advised ({verdict}), another of these countries, or none yet."
    ).format(market=pack.first.spoken, verdict=cases.verdict(pack.first))


def way_or_gate(case: Case, enter: bool) -> str:
    """For a country to be entered the ways in; for another one the gates before it, else why not."""
    if enter:
        return cases.mode_sentence(case)
    gates = _("; ").join(sentence(_(gate.text)) for gate in case.gates)
    if case.advice.verdict == "blocked":
        return _stop(gates)
    return " ".join(part for part in (cases.reason(case), _stop(gates) if gates else "") if part)


def _both_sides(pack: Told) -> Slide:
    gated = [case for case in pack.shown if case.gates]
    title = _("We know of a gate for {count} of these {all} countries").format(count=len(gated), all=len(pack.shown))
    if len(gated) == len(pack.shown):
        title = _("We know of a gate for each of these countries")
    if not gated:
        title = _("We know of no gate for any of these countries, which does not mean there is none")
    rows = tuple((case.name, sentence(parts.why(case)), sentence(parts.stops(case))) for case in pack.shown)
    chosen = None if pack.first is None else pack.shown.index(pack.first)
    table = Table((_("Country"), _("What speaks for it"), _("What could stop it")), rows, chosen)
    return Slide(title, (), None, table, footnote(pack), wide=True)


def _ranks(pack: Told) -> Slide:
    shown = sorted(pack.shown, key=lambda case: case.rank)
    names, at = _labels(pack, shown)
    lead = shown[at or 0]
    others = [case for case in shown if case is not lead and case.low <= lead.high and lead.low <= case.high]
    title = _(
        "{market}: rank {rank}, {low} to {high}; the ranges of {count} of the other {all} overlap with it"
    ).format(
        market=sentence(lead.spoken),
        rank=lead.rank,
        low=lead.low,
        high=lead.high,
        count=len(others),
        all=len(shown) - 1,
    )
    if not others or len(shown) == 1:
        title = _("{market}: rank {rank}, {low} to {high}; no other range reaches it").format(
            market=sentence(lead.spoken), rank=lead.rank, low=lead.low, high=lead.high
        )
    series = Series(
        _("Rank, 5–95 %"),
        tuple(float(case.rank) for case in shown),
        (),
        tuple(float(case.low) for case in shown),
        tuple(float(case.high) for case in shown),
    )
    unit = _("Rank of {count}, 1 is the best; the band is 5–95 % of index variants").format(
        count=len(pack.ranking.scores)
    )
    chart = Chart("ranks", _("Rank and its range, by country"), names, (series,), unit, highlight=at)
    return Slide(title, (), chart, None, footnote(pack))


def _potential(pack: Told) -> Slide | None:
    known = [(case, gap) for case in pack.shown if (gap := cases.untapped(case)) is not None]
    if not known:
        return None
    shown, gaps = [case for case, _gap in known], [gap for _case, gap in known]
    fit = shown[0].potential
    clear = sum(low > 0 for _middle, low, _high in gaps)
    title = _("In {count} of these {all} countries the gap to countries like them is clear (90 %)").format(
        count=clear, all=len(shown)
    )
    if not clear:
        title = _("In none of these countries is the gap to countries like them clear (90 %)")
    size, unit = _scale(max(abs(end) for gap in gaps for end in gap), cases.untapped_unit(fit))
    names, at = _labels(pack, shown)
    values, low, high = (tuple(float(gap[end]) / size for gap in gaps) for end in range(3))
    chart = Chart(
        "ranges",
        _("What countries like it have beyond what it has"),
        names,
        (Series(_("Untapped"), values, (), low, high),),
        _("{unit}: what countries like it have beyond what it has, with its 90 % interval").format(unit=sentence(unit)),
        highlight=at,
        decimals=1,
    )
    about = _(
        "{outcome}, {year}. Above zero: it has less than countries like it; whether it can be won is not said."
    ).format(outcome=_(fit.outcome_title), year=fit.year)
    missing = [case.spoken for case in pack.shown if case not in shown]
    if missing:
        about += " " + _("Not known for {markets}.").format(markets=listing(missing))
    target = fit.recipe.target
    codes = (*(target.measure.codes if target else ()), *fit.features.columns)
    return Slide(
        title, (about,), chart, None, f"{load.source_line(tuple(dict.fromkeys(codes)))} {_foot_of_potential(fit)}"
    )


def _foot_of_potential(fit: PotentialFit) -> str:
    return _("Estimated from {count} countries, figures of {year}; intervals are 90 %.").format(
        count=fit.n, year=fit.year
    )


def _scale(largest: float, unit: str) -> tuple[float, str]:
    """A round size that makes the numbers of a chart short, and the unit with it."""
    sizes = ((1e9, _("billion {unit}")), (1e6, _("million {unit}")), (1e3, _("thousand {unit}")))
    return next(((size, name.format(unit=unit)) for size, name in sizes if largest >= size), (1.0, unit))


def _readiness(pack: Told) -> Slide | None:
    spoken = [(case, shares) for case in pack.shown if len(shares := load.spoken(case.iso3))]
    if not spoken:
        return None
    shown = [case for case, _shares in spoken]
    ready = [fitness.ready_share(shares.to_dict(), "sentiment") for _case, shares in spoken]
    names, at = _labels(pack, shown)
    lead = shown[at or 0]
    title = _("{market}: our models are {readiness}").format(
        market=sentence(lead.spoken), readiness=parts.readiness(lead.iso3)
    )
    middle, low, high = (tuple(100 * one[end] for one in ready) for end in range(3))
    chart = Chart(
        "bars",
        _("For whom our models are ready"),
        names,
        (Series(_("Ready for"), middle, (), low, high),),
        _("Share of people whose language our sentiment model reads well enough, %"),
        highlight=at,
    )
    about = _("A language counts from an F1 of {score} on at least {texts} test texts.").format(
        score=number(fitness.MIN_SCORE, 2), texts=fitness.MIN_CASES["texts"]
    )
    foot = _("Source: Unicode CLDR 48 (Unicode-3.0). Shares overlap: people speak several languages.")
    return Slide(title, (about,), chart, None, foot + " " + _("Scores: our own tests, on the Model cards page."))


def _cost(pack: Told) -> Slide | None:
    """What it costs, where the page says so."""
    if pack.plan is None:
        return None
    names = Names(load.markets()["name"].to_dict())
    spent = spending.money(pack.plan, names, spending.footnote(pack.plan.problem))
    about = _("With the usual budget and limits, which Plan lets you set. Reached is not earned.")
    return Slide(spent.title, (pack.cost, about), spent.chart, spent.table, spent.footnote)


def _appendix(pack: Told) -> tuple[Section, ...]:
    rules, draws = entry_mode.rules(), load.certainty(pack.choice.recipe, pack.choice.year).draws
    return (
        Section(
            _("What the words mean"),
            (
                _(
                    "Go: in the top {shortlist} in at least {certain} of index variants, and no weak rule of law."
                ).format(shortlist=rules.shortlist, certain=share(rules.certain)),
                _(
                    "Pilot: in at least {possible} of them; or a rule of law ahead of fewer than {law} of countries."
                ).format(possible=share(rules.possible), law=share(rules.weakest_law)),
                _("Wait: in fewer than that. No advice: less than {known} of the score is known.").format(
                    known=share(rules.least_known)
                ),
                _("Not without legal clearance: sanctions or an embargo stand before it, whatever the figures say."),
                _(
                    "Ranks come from {draws} variants of the index: weights, treatment of outliers, gaps, scale "
                    "and aggregation vary. Ranges are the 5th and 95th percentile. They do not cover errors in the "
                    "data."
                ).format(draws=number(float(draws), 6)),
                _("Potential: what a model expects of a country like it, less what it has; no forecast, not revenue."),
                _("Thresholds are judgements of this dashboard; associations are no causes."),
            ),
        ),
        Section(
            _("How sure the advice is"),
            (
                *filter(None, (pack.disagreement,)),
                *(_of(case.spoken, _reasons(case)) for case in pack.shown),
            ),
        ),
        Section(_("Potential, country by country"), _potentials(pack)),
        Section(
            _("Gates known to us"),
            tuple(_of(case.spoken, cases.gate_sentence(gate)) for case in pack.shown for gate in case.gates),
        ),
        Section(_("What we don't know"), tuple(_unknown(pack))),
        Section(_("Settings"), tuple(_settings(pack))),
        Section(_("Sources"), (footnote(pack),)),
    )


def _of(whom: str, text: str) -> str:
    return _("{market}: {text}").format(market=sentence(whom), text=text)


def _stop(text: str) -> str:
    return _("{sentence}.").format(sentence=text)


def _reasons(case: Case) -> str:
    return " ".join(part for part in (cases.reason(case), cases.flip_sentence(case)) if part)


def _potentials(pack: Told) -> tuple[str, ...]:
    """What is expected of each country; said once where it is the same for all."""
    said = [cases.potential_sentence(case) for case in pack.shown]
    if len(set(said)) == 1:
        return tuple(said[:1])
    return tuple(_of(case.spoken, text) for case, text in zip(pack.shown, said, strict=True))


def _unknown(pack: Told) -> list[str]:
    """Gates, figures and costs that are not known, then what is not known of any country."""
    names = load.markets()["name"]
    free = [case.spoken for case in pack.shown if not case.gates]
    said = [_of(listing(free), cases.no_gate())] if free else []
    said += [
        _("{market}: no figure for {figures}.").format(market=sentence(case.spoken), figures=listing(missing))
        for case in pack.shown
        if (missing := missing_figures(case))
    ]
    if pack.plan is None:
        said.append(_("What it costs: {answer}").format(answer=pack.cost))
    return [*said, *ranking_words.unknowns(pack.ranking, names, load.economies(), pack.choice.year)]


def _settings(pack: Told) -> list[str]:
    choice, names = pack.choice, load.markets()["name"]
    home = load.settings()["home_market"]
    said = [
        _("Home market: {home}.").format(home=in_sentence(home, names[home])),
        _stop(pack.rules),
        _("Advice among the countries shown: {counts}.").format(counts=pack.counts),
        _("Only data available by {year} is used.").format(year=choice.year),
    ]
    known = places.group_labels()
    filters = [*(known.get(code, code) for code in choice.regions), *(_(income) for income in choice.incomes)]
    if filters:
        said.append(_("Shown are only: {filters}.").format(filters=_("; ").join(filters)))
    return said


def _engineers(pack: Told) -> tuple[Section, ...]:
    """What it takes to see the same page again."""
    choice, sure = pack.choice, load.certainty(pack.choice.recipe, pack.choice.year)
    snapshot = str(load.snapshots()["id"].iloc[0])
    again = (
        state_of_the_store(snapshot),
        _("Seed of the draws: {seed}.").format(seed=sure.seed),
        _("Address: {address}").format(address=f"?recipe={choice.recipe}&year={choice.year}"),
    )
    return (Section(_("To compute it again"), again),)
