"""The first 90 days after a decision, as a template drafted from the case of a country."""

from datetime import date, timedelta

from dashboard import cases, ranking_words
from dashboard.board.content import Slide, Table
from dashboard.cases import Case
from dashboard.i18n.translation import _, day, language_name, listing, sentence
from dashboard.shortlist import parts
from dashboard.shortlist.told import BLANK, MISSING, UNREAD, Told, footnote

MONTH = timedelta(days=30)


def next_steps(pack: Told, made_at: date) -> Slide:
    periods = (
        (_("Days 0–30"), _clear(pack)),
        (_("Days 31–60"), _agree(pack)),
        (_("Days 61–90"), _decide(pack)),
    )
    rows = tuple(
        (period if not at else "", step, BLANK, day(made_at + MONTH * (number + 1)))
        for number, (period, steps) in enumerate(periods)
        for at, step in enumerate(steps)
    )
    table = Table((_("When"), _("What to do"), _("Who"), _("By when")), rows)
    about = _(
        "A template: drafted from what is known and not known of {markets}; fill in who, and change what you like."
    )
    markets = listing([case.spoken for case in pack.stepped])
    foot = footnote(pack)
    return Slide(_("The next 90 days, a template"), (about.format(markets=markets),), None, table, foot, wide=True)


def _clear(pack: Told) -> list[str]:
    """What is to be cleared and found out first."""
    steps = [
        _("{market}: have this cleared: {rule}.").format(market=sentence(case.spoken), rule=_(case.gates[0].text))
        for case in pack.stepped
        if case.gates
    ]
    if unknown := [case.spoken for case in pack.stepped if not case.gates]:
        steps.append(
            _(
                "{markets}: have sanctions, ownership limits, approvals and data rules checked; none is known to us, "
                "which does not mean there is none."
            ).format(markets=sentence(listing(unknown)))
        )
    steps += [
        _("{market}: find {figures}; the store has none.").format(
            market=sentence(case.spoken), figures=listing(missing)
        )
        for case in pack.stepped
        if (missing := missing_figures(case))
    ]
    if unsized := [case.spoken for case in pack.stepped if cases.untapped(case) is None]:
        steps.append(
            _("{markets}: find a figure for what could be won; we have none.").format(
                markets=sentence(listing(unsized))
            )
        )
    return steps


def missing_figures(case: Case) -> list[str]:
    """Figures of the score that the store does not hold for a country, the heaviest first."""
    values, weights = case.ranking.values.loc[case.iso3], case.ranking.overall_weights
    missing = weights[values.index[values.isna()]].sort_values(ascending=False, kind="stable").index[:MISSING]
    return [ranking_words.ingredient_title(case.ranking, key) for key in missing]


def _agree(pack: Told) -> list[str]:
    """Assumptions, money, and the choices that are open."""
    steps = [_("Check the assumptions in Scenarios; agree budget and people in Plan.")]
    modes = cases.mode_names()
    nearly = [
        _("{market} ({items})").format(
            market=case.spoken, items=listing([modes[mode].lower() for mode in case.advice.nearly])
        )
        for case in pack.stepped
        if len(case.advice.nearly) > 1
    ]
    if nearly:
        steps.append(_("Choose among ways in that are nearly equal: {list}.").format(list=_("; ").join(nearly)))
    unread = [
        _("{market} ({items})").format(
            market=case.spoken, items=listing([language_name(code) for code in codes[:UNREAD]])
        )
        for case in pack.stepped
        if (codes := parts.not_ready(case.iso3))
    ]
    if unread:
        told = _("Settle who reads texts that our models are not ready for: {list}.")
        steps.append(told.format(list=_("; ").join(unread)))
    return steps


def _decide(pack: Told) -> list[str]:
    """What stands at the end: a pilot, an entry, or another look."""
    steps = []
    for case in pack.stepped:
        market = sentence(case.spoken)
        if case.advice.verdict == "pilot":
            steps.append(
                _(
                    "{market}: lay out a pilot: what is tried, what it may cost, and which result means go or stop."
                ).format(market=market)
            )
        elif case.advice.verdict == "go":
            steps.append(
                _("{market}: bring the entry to the board ({mode}), with budget, people and a way out.").format(
                    market=market, mode=cases.mode_advice()[case.advice.nearly[0]]
                )
            )
    return steps or [pack.after]
