"""What a shortlist's pack is made of, gathered while the page is drawn."""

from dataclasses import dataclass

import pandas as pd

from analytics.allocation.solution import Answer
from analytics.index.composite import Ranking
from dashboard import cases, components, load, profile_bar, ranking_words
from dashboard.board.content import span
from dashboard.cases import Case
from dashboard.filters import MarketFilters
from dashboard.i18n.translation import _
from dashboard.shortlist import parts

STEPPED = 3
"""Countries for which next steps are drafted, as the page names them."""
LEADERS = 3
"""Countries that the page's title names."""
BESIDE = 3
"""Countries told of that are not listed: those the title names, and those that only lack legal clearance."""
MISSING = 2
"""Missing figures named for a country, the heaviest first."""
UNREAD = 2
"""Languages named for a country, as the page does."""
BLANK = "_" * 12


@dataclass(frozen=True)
class Told:
    """What the page says, taken when it is drawn, so that a pack says no more.

    listed: in the page's order. beside: not listed, though the title names them, or they rank among the listed and lack
    legal clearance. enter: iso3 of those to be entered. plan: None where the page tells no costs.
    """

    choice: MarketFilters
    ranking: Ranking
    listed: tuple[Case, ...]
    beside: tuple[Case, ...]
    enter: tuple[str, ...]
    headline: str
    what: str
    sure: tuple[str, ...]
    cost: str
    plan: Answer | None
    after: str
    counts: str
    rules: str
    disagreement: str
    source: str

    @property
    def shown(self) -> tuple[Case, ...]:
        return *self.listed, *self.beside

    @property
    def first(self) -> Case | None:
        """The country that is advised first; None where none is to be entered."""
        return next((found for found in self.listed if found.iso3 in self.enter[:1]), None)

    @property
    def stepped(self) -> tuple[Case, ...]:
        """The countries that next steps are about: those to be entered, else the first ones listed."""
        ahead = tuple(found for found in self.listed if found.iso3 in self.enter) or self.listed
        return ahead[:STEPPED]


def told(choice: MarketFilters, ranking: Ranking, shown: pd.Index, listed: list[str]) -> Told:
    """Everything that the page says."""
    names, enter = load.markets()["name"], parts.entered(choice, listed)
    verdicts, sure = load.verdicts(choice.recipe, choice.year), load.certainty(choice.recipe, choice.year)
    among = [iso3 for iso3 in shown[: max(map(list(shown).index, listed), default=0)] if iso3 not in listed]
    beside = [iso3 for iso3 in among if iso3 in shown[:LEADERS] or verdicts[iso3].verdict == "blocked"][:BESIDE]
    plan = load.plan_if_ready(choice.recipe, choice.year, tuple(enter)) if enter else None
    return Told(
        choice=choice,
        ranking=ranking,
        listed=tuple(cases.case(iso3, choice) for iso3 in listed),
        beside=tuple(cases.case(iso3, choice) for iso3 in beside),
        enter=tuple(enter),
        headline=ranking_words.headline(ranking, sure, names, shown),
        what=parts.what(choice, enter, names),
        sure=tuple(parts.how_sure(choice, ranking, listed, names)),
        cost=parts.costs(choice, enter),
        plan=plan if isinstance(plan, Answer) else None,
        after=parts.what_next(choice, enter, names),
        counts=parts.counts(choice, shown),
        rules=profile_bar.told(),
        disagreement=parts.disagreement(choice, ranking, listed, names),
        source=components.ranking_source(ranking),
    )


def footnote(pack: Told) -> str:
    """Source, years of the figures, and what ranges and gates are."""
    years = pack.ranking.years.loc[[case.iso3 for case in pack.shown]]
    years_shown = span(years.min(axis=None), years.max(axis=None))
    return " ".join(
        (
            pack.source,
            _("Figures of {years}.").format(years=years_shown),
            _("Ranges are 5–95 % over index variants; potential intervals are 90 %. Gates are no legal advice."),
        )
    )
