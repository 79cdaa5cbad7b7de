"""The parts of the Shortlist: which countries deserve a closer look, and what an executive asks of them."""

from collections import Counter

import pandas as pd
import streamlit as st

from analytics.allocation.solution import Answer, Refusal
from analytics.index.composite import Ranking
from analytics.market import entry_mode
from analytics.potential.fit import PotentialFit
from dashboard import cases, load, navigation, ranking_words, widgets
from dashboard.cases import Case
from dashboard.filters import MarketFilters
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _, compact, ends, in_sentence, language_name, listing, number, sentence, share
from data import gates
from data.faults import Fault
from models import fitness

MIN_LISTED, MAX_LISTED = 5, 8
"""Countries on the list."""
SPOKEN = 0.10
"""A language that this share of a country speaks is one our models should be ready for."""
ICONS = {"go": ":material/check_circle:", "pilot": ":material/science:", "wait": ":material/pause_circle:"}


def chosen(choice: MarketFilters, shown: pd.Index) -> list[str]:
    """The countries on the list: those to go to, then those to pilot, in rank order; others only up to MIN_LISTED."""
    verdicts = load.verdicts(choice.recipe, choice.year)
    by_verdict = {name: [iso3 for iso3 in shown if verdicts[iso3].verdict == name] for name in ("go", "pilot", "wait")}
    enter = [*by_verdict["go"], *by_verdict["pilot"]][:MAX_LISTED]
    return [*enter, *by_verdict["wait"][: max(0, MIN_LISTED - len(enter))]]


def counts(choice: MarketFilters, shown: pd.Index) -> str:
    """How many countries get which verdict, in one line."""
    verdicts = load.verdicts(choice.recipe, choice.year)
    found = Counter(verdicts[iso3].verdict for iso3 in shown)
    names = cases.verdict_names()
    return " · ".join(f"{names[name]}: {found[name]}" for name in entry_mode.VERDICTS if found[name])


def card(case: Case) -> None:
    """One country: verdict, rank, potential, readiness of our models, why, and what could stop it."""
    with st.container(border=True, key=f"card_{case.iso3}"):
        head, button = st.columns([5, 1.3], vertical_alignment="center")
        with head:
            icon = ICONS.get(case.advice.verdict, ":material/block:")
            st.markdown(f"#### {case.name} – {cases.verdict(case)} {icon}")
        with button:
            if st.button(_("Decision"), key=f"open_{case.iso3}", icon=":material/arrow_forward:", width="stretch"):
                widgets.choose("market", case.iso3)
                st.switch_page(navigation.file("decision"))
        figures, words = st.columns([1, 1.6], gap="medium")
        with figures:
            st.markdown(
                _("**Rank** {rank} of {count} ({low}–{high})").format(
                    rank=case.rank, count=len(case.ranking.scores), low=case.low, high=case.high
                )
            )
            st.markdown(_("**Potential** {amount}").format(amount=amount(case)))
            st.markdown(_("**Our models** {readiness}").format(readiness=readiness(case.iso3)))
            if reach := product_reach(case.iso3):
                st.markdown(_("**Your product** {reach}").format(reach=reach))
        with words:
            st.markdown(_("**Why** {reason}").format(reason=why(case)))
            st.markdown(_("**What could stop it** {reason}").format(reason=stops(case)))


def amount(case: Case) -> str:
    """What countries like it have beyond what it has, with the interval; said where it is open or not known."""
    if case.potential is None:
        return _("is being estimated")
    gap = cases.untapped(case)
    if gap is None:
        return _("is not known")
    middle, low, high = gap
    unit = cases.untapped_unit(case.potential)
    first, last = ends(low, high)
    span = _("{low} to {high} {unit}").format(low=first, high=last, unit=unit)
    if low > 0:
        return _("{amount} {unit} below countries like it ({span})").format(
            amount=compact(middle), unit=unit, span=span
        )
    if high < 0:
        return _("none: it is above countries like it ({span})").format(span=span)
    return _("open: the gap to countries like it may be {span}").format(span=span)


def not_ready(iso3: str) -> list[str]:
    """Languages of many of its people that our sentiment model does not read well enough."""
    shares = load.spoken(iso3)
    return [code for code in shares.index[shares >= SPOKEN] if not fitness.for_task("sentiment", code).ready]


def readiness(iso3: str) -> str:
    """For which share of its people our sentiment model reads their language well enough."""
    shares = load.spoken(iso3)
    if shares.empty:
        return _("not known: no languages on record")
    point, _low, _high = fitness.ready_share(shares.to_dict(), "sentiment")
    missing = not_ready(iso3)
    told = _("ready for {share} of the people").format(share=share(point))
    if missing:
        told += _("; not for {languages}").format(languages=listing([language_name(c) for c in missing[:2]]))
    return told


def product_reach(iso3: str) -> str:
    """Which share of its people speaks a language of our product; "" where the profile names none."""
    ours = [code for code in load.settings()["product_languages"].split(",") if code]
    shares = load.spoken(iso3)
    if not ours or shares.empty:
        return ""
    shared = [code for code in shares.index if code in ours]
    if not shared:
        return _("speaks none of its languages: translate into {language}").format(
            language=language_name(shares.index[0])
        )
    point, _low, _high = fitness.any_of(shares[shared])
    return _("speaks {languages}: {share} of the people").format(
        languages=listing([language_name(code) for code in shared[:2]]), share=share(point)
    )


def why(case: Case) -> str:
    """The two figures in which it is furthest ahead."""
    best = load.standings(case.ranking, case.iso3)[:2]
    return sentence(
        listing(
            [
                _("{figure} (better than {share})").format(
                    figure=ranking_words.ingredient_title(case.ranking, one.key),
                    share=share(one.ahead_of),
                )
                for one in best
            ]
        )
    )


def stops(case: Case) -> str:
    """The hardest known gate, else the weakest figure: one line on what could stop it."""
    if case.gates:
        return sentence(_(case.gates[0].text))
    worst = load.standings(case.ranking, case.iso3)[-1]
    return _("no gate known to us; weakest figure: {figure} (better than {share})").format(
        figure=ranking_words.ingredient_title(case.ranking, worst.key), share=share(worst.ahead_of)
    )


def disagreement(choice: MarketFilters, ranking: Ranking, listed: list[str], names: pd.Series) -> str:
    """Where rank and potential point to different countries, and why; empty while there is no potential."""
    fit = load.potential_if_ready(choice.recipe, choice.year)
    if not isinstance(fit, PotentialFit):
        return ""
    others = [iso3 for iso3 in fit.clear_gaps(ranking.scores.index).index if iso3 not in listed][:3]
    if not others:
        return _(
            "By potential no other country stands out: nowhere off this list is the gap to similar countries certain."
        )
    told = listing(
        [
            _("{market} (rank {rank})").format(
                market=in_sentence(iso3, names[iso3]), rank=int(ranking.scores.at[iso3, "rank"])
            )
            for iso3 in others
        ]
    )
    return _(
        "By potential alone, {markets} would come first: they have clearly less than countries like them. They are not "
        "on this list because the ranking also counts income, rules and skills, where they are behind."
    ).format(markets=told)


def entered(choice: MarketFilters, listed: list[str]) -> list[str]:
    """The countries on the list that are advised to be entered, the first one first."""
    verdicts = load.verdicts(choice.recipe, choice.year)
    return [iso3 for iso3 in listed if verdicts[iso3].verdict in entry_mode.ENTERED]


def what(choice: MarketFilters, enter: list[str], names: pd.Series) -> str:
    """Where to go first and how, and where then."""
    if not enter:
        return _("No country qualifies yet; wait.")
    first, others = enter[0], [in_sentence(iso3, names[iso3]) for iso3 in enter[1:4]]
    mode = load.verdicts(choice.recipe, choice.year)[first].nearly[0]
    told = _("{market} first: {mode}.").format(market=in_sentence(first, names[first]), mode=cases.mode_advice()[mode])
    if others:
        told += " " + _("Then {others}.").format(others=listing(others))
    return sentence(told)


def how_sure(choice: MarketFilters, ranking: Ranking, listed: list[str], names: pd.Series) -> list[str]:
    """How many of the first stay there, and how surely the first on the list is ahead of the second."""
    sure = load.certainty(choice.recipe, choice.year)
    told = [_("{certainty}.").format(certainty=sentence(ranking_words.stability(ranking, sure, names)))]
    if len(listed) > 1:
        a, b = listed[:2]
        told.append(
            _("{a} ranks before {b} in {p} of index variants.").format(
                a=sentence(in_sentence(a, names[a])), b=in_sentence(b, names[b]), p=share(sure.beats.at[a, b])
            )
        )
    return told


def minute(choice: MarketFilters, ranking: Ranking, listed: list[str], names: pd.Series) -> None:
    """The executive's minute: what, how sure, what it costs, what next."""
    enter = entered(choice, listed)
    st.subheader(_("In one minute"))
    aim, certain, cost, after = st.columns(4, gap="medium")
    with aim:
        st.markdown(_("**What**"))
        st.write(what(choice, enter, names))
    with certain:
        st.markdown(_("**How sure**"))
        for text in how_sure(choice, ranking, listed, names):
            st.write(text)
    with cost:
        st.markdown(_("**What it costs**"))
        st.write(costs(choice, enter))
        if enter and load.plan_if_ready(choice.recipe, choice.year, tuple(enter)) is None:
            _wait_for_plan(choice, tuple(enter))
        if isinstance(load.plan_if_ready(choice.recipe, choice.year, tuple(enter)) if enter else "", Answer):
            link = f"plan?recipe={choice.recipe}&industries={choice.recipe}&into={','.join(enter)}"
            st.markdown(f"[{_('Open the plan')}]({link})")
    with after:
        st.markdown(_("**What next**"))
        st.write(what_next(choice, enter, names))


def costs(choice: MarketFilters, enter: list[str]) -> str:
    """What a plan with the usual limits takes and may reach, or why there is none."""
    found = load.plan_if_ready(choice.recipe, choice.year, tuple(enter)) if enter else ""
    if found is None:
        return _("Being worked out.")
    if found == "":
        return _("Nothing to plan: no untapped spending is counted in money for this industry.")
    if isinstance(found, Fault):
        return spelt(found)
    if isinstance(found, Refusal):
        return _("No plan keeps the usual limits; set your own in Plan.")
    last = found.comparison.table.loc["optimised"]
    return _(
        "{people} people and {money} US$ over {years} years, in {markets} of these countries; reaches up to {reach} "
        "US$ of untapped spending (not revenue)."
    ).format(
        people=number(float(last["people"])),
        money=compact(float(sum(found.problem.budget_usd))),
        years=len(found.problem.years),
        markets=int(last["markets"]),
        reach=compact(found.high_usd),
    )


@st.fragment(run_every=3)
def _wait_for_plan(choice: MarketFilters, enter: tuple[str, ...]) -> None:
    """Draw the page again when the plan that is being worked out in the background is there."""
    if load.plan_if_ready(choice.recipe, choice.year, enter) is not None:
        st.rerun()


def what_next(choice: MarketFilters, enter: list[str], names: pd.Series) -> str:
    """What to do now."""
    home = load.settings()["home_market"]
    asked = [iso3 for iso3 in enter[:3] if gates.between(home, iso3, choice.recipe)]
    if not enter:
        return _("Look again when new figures arrive, or ask for less in your profile.")
    told = _("Check the assumptions in Scenarios; agree budget and people in Plan.")
    if asked:
        told = (
            _("Clear approvals and data rules for {markets} first.").format(
                markets=listing([in_sentence(iso3, names[iso3]) for iso3 in asked])
            )
            + " "
            + told
        )
    return told
