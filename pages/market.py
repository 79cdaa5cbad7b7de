"""What is this market like, how does it stand, and can we work with it?"""

import streamlit as st

from analytics.index.composite import NotRanked
from analytics.market import profile
from dashboard import components, filters, load
from dashboard.charts import profiles
from dashboard.i18n.translation import _
from dashboard.market import parts, price_tag

choice = filters.market_filters()
markets = load.markets()
try:
    ranking = load.ranking(choice.recipe, choice.year)
except NotRanked:
    ranking = None
settings = load.settings()
options = tuple(markets.sort_values("name").index)
first = ranking.scores.index[0] if ranking is not None else settings["home_market"]
iso3 = filters.market_choice(options, markets["name"], first)
market = markets.loc[iso3]

parts.title(market, ranking, choice)
parts.key_figures(iso3, choice.year)

if ranking is None:
    st.info(_("This industry cannot be ranked yet; see Overview for what is missing."), icon=":material/info:")
elif iso3 not in ranking.normalised.index:
    st.info(_("Too little is known about this country to rank it for this industry."), icon=":material/info:")
else:
    standings = load.standings(ranking, iso3)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.subheader(_("Where it stands, by dimension"))
        dimensions = profile.dimension_profile(ranking, iso3, markets["region"])
        titles = {dimension: _(dimension).capitalize() for dimension in dimensions.index}
        look = components.look()
        components.chart(
            profiles.dimension_dots(
                dimensions,
                titles,
                {
                    "world": (_("World median"), look.grey, "line-ns-open"),
                    "region": (_("Region median"), look.muted, "diamond"),
                    "market": (market["name"], look.accent, "circle"),
                },
                look,
            ),
            dimensions.round(1).rename(titles).reset_index(names="dimension"),
            "dimensions",
            _("Score of each dimension against region and world"),
            components.ranking_source(ranking),
        )
    with right:
        parts.strengths(ranking, standings, iso3)

st.subheader(_("Trends against structural peers"))
parts.trends(iso3, choice.year)

languages, calendar = st.columns(2, gap="medium")
with languages:
    parts.languages(iso3)
with calendar:
    parts.working_together(iso3, market, settings["home_market"])

if isinstance(market["iso2"], str):
    price_tag.look_here(market["iso2"])

parts.trace(iso3)
