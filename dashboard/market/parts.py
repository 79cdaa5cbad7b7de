"""The parts of the Market page, each one question."""

from datetime import UTC, date, datetime

import pandas as pd
import streamlit as st

from analytics.index.composite import Ranking
from analytics.market import working_hours
from analytics.market.profile import Standing
from dashboard import components, flag_words, load, navigation, ranking_words
from dashboard.charts import trends as trend_charts
from dashboard.filters import MarketFilters
from dashboard.i18n import calendar as calendar_words
from dashboard.i18n.translation import (
    _,
    compact,
    currency_name,
    current,
    day,
    language_name,
    number,
    percent,
    script_name,
    share,
    territory_name,
    weekday,
    with_unit,
)
from dashboard.ranking_words import listing
from data import catalog

FIGURES = (
    ("SP.POP.TOTL", "cldr:population"),
    ("NY.GDP.MKTP.CD", "cldr:gdp_ppp"),
    ("NY.GDP.PCAP.PP.CD", "gapminder:gdp_per_capita"),
    ("IT.NET.USER.ZS", "geonames:city_share"),
    ("SP.DYN.LE00.IN", "gapminder:life_expectancy"),
)
"""The five figures at the top: the preferred indicator and what stands in for it."""
TRENDS = (
    ("NY.GDP.PCAP.PP.CD", "gapminder:gdp_per_capita"),
    ("SP.POP.TOTL", "gapminder:population"),
    ("NY.GDP.MKTP.KD.ZG", "gapminder:life_expectancy"),
    ("IT.NET.USER.ZS", "ecb:fx_volatility"),
)
CONTESTED_CAPITALS = frozenset({"ISR"})
"""Not named: member states disagree (Jerusalem: UN Security Council, resolution 478, 1980)."""
PEERS = 5
STRONG, WEAK = 0.75, 0.25


def title(market: pd.Series, ranking: Ranking | None, choice: MarketFilters) -> None:
    """Name, rank with its interval, and one paragraph."""
    st.title(market["name"])
    facts = [territory_name(market["region"])]
    if pd.notna(market["income_group"]):
        facts.append(_(market["income_group"]))
    if capital := capital_of(market):
        facts.append(_("capital {capital}").format(capital=_(capital)))
    if pd.notna(market["currency"]):
        facts.append(f"{currency_name(market['currency'])} ({market['currency']})")
    st.caption(" · ".join(facts))
    if ranking is None:
        return
    if market.name in ranking.aside.index:
        row = ranking.aside.loc[market.name]
        st.markdown(
            _(
                "**Not ranked** for {industry}: {reason}. Score {score} of 100, with {coverage} of the figures known."
            ).format(
                industry=_(ranking.recipe.title).lower(),
                reason=ranking_words.aside_reasons()[row["reason"]],
                score=number(row["score"]),
                coverage=share(row["coverage"]),
            )
        )
    if market.name not in ranking.scores.index:
        return
    row = ranking.scores.loc[market.name]
    ranges = load.certainty(choice.recipe, choice.year).ranks.loc[market.name]
    complete = row["coverage"] > 0.9995
    template = _(
        "**Ranked {rank} of {count}** for {industry} ({year} data); {low} to {high} in 90 % of index variants. "
        "Score {score} out of 100; {coverage}."
    )
    st.markdown(
        template.format(
            rank=int(row["rank"]),
            count=len(ranking.scores),
            industry=_(ranking.recipe.title).lower(),
            year=choice.year,
            low=int(ranges["low"]),
            high=int(ranges["high"]),
            score=number(row["score"], 2),
            coverage=_("all indicators available")
            if complete
            else _("{coverage} of the data available").format(coverage=share(row["coverage"])),
        )
    )


def capital_of(market: pd.Series) -> str:
    """The capital of a member state of the United Nations; "" for territories and where it is contested."""
    members = load.market_facts("market_memberships", market.name)["organisation"]
    if "UN" not in set(members) or market.name in CONTESTED_CAPITALS or pd.isna(market["capital"]):
        return ""
    return market["capital"]


def key_figures(iso3: str, year: int) -> None:
    """Five figures with their year and the change over five years."""
    codes = tuple(code for pair in FIGURES for code in pair)
    history = load.series(codes, (iso3,))
    history = history[history["year"] <= year]
    flags = load.flags(codes, (iso3,))
    known = catalog.load()
    for column, pair in zip(st.columns(len(FIGURES)), FIGURES, strict=True):
        code = next((c for c in pair if (history["indicator"] == c).any()), None)
        with column:
            if code is None:
                st.metric(_(known[pair[0]].name), "–", help=_("No figure in the store."))
                continue
            rows = history[history["indicator"] == code].set_index("year")["value"]
            last = int(rows.index[-1])
            earlier = rows.loc[last - 7 : last - 5]
            delta = None
            if len(earlier) and earlier.iloc[-1]:
                change = rows.iloc[-1] - earlier.iloc[-1]
                in_percent = known[code].unit.startswith("%")
                relative = percent(number(change / abs(earlier.iloc[-1]) * 100, 2))
                text = _("{change} points").format(change=number(change, 2)) if in_percent else relative
                delta = _("{change} since {year}").format(change=text, year=int(earlier.index[-1]))
            st.metric(
                _(known[code].name),
                compact(rows.iloc[-1]) + (" %" if known[code].unit.startswith("%") else ""),
                delta,
                delta_color="off",
                help=_(known[code].description),
                chart_data=rows.tail(20).tolist() if len(rows) > 2 else None,
            )
            dated = _("{unit}, {year}").format(unit=_(known[code].unit), year=last)
            if flag := flag_words.of_figure(flags, history[history["indicator"] == code].iloc[-1]):
                dated = _("{dated} ({flag})").format(dated=dated, flag=flag)
            st.caption(f"{dated} · [{_('source')}]({components.rows_link(iso3, code)})")


def strengths(ranking: Ranking, standings: list[Standing], iso3: str) -> None:
    """Where the market is ahead of the others and where behind, in words."""
    strong = [standing for standing in standings if standing.ahead_of >= STRONG][:4]
    weak = [standing for standing in reversed(standings) if standing.ahead_of <= WEAK][:4]
    for heading, chosen, none in (
        (_("Strengths"), strong, _("No indicator is in the top quarter.")),
        (_("Weaknesses"), weak, _("No indicator is in the bottom quarter.")),
    ):
        st.subheader(heading)
        for standing in chosen:
            st.markdown(
                "- "
                + _("{indicator}: {value} ({year}), scores better than {ahead} of markets").format(
                    indicator=ranking_words.ingredient_title(ranking, standing.key),
                    value=_linked(ranking, standing, iso3),
                    year=standing.year,
                    ahead=share(standing.ahead_of),
                )
            )
        if not chosen:
            st.write(none)


def _linked(ranking: Ranking, standing: Standing, iso3: str) -> str:
    """A figure with its unit, linked to its rows."""
    text = with_unit(standing.value, ranking_words.ingredient_unit(ranking, standing.key))
    return f"[{text}]({components.rows_link(iso3, ranking.measures[standing.key].code)})"


def trends(iso3: str, year: int) -> None:
    """Small multiples: the market in the accent, its nearest peers by size and income in grey."""
    names = load.markets()["name"]
    peers = load.structural_peers(iso3, year, PEERS)
    if peers.empty:
        st.write(_("Size or income of this market is unknown, so it has no structural peers."))
        others = []
    else:
        others = [code for code in peers.index if code != iso3]
        own = peers.loc[iso3]
        st.caption(
            _(
                "Peers are the nearest in population ({population}) and income per person ({income} international $): "
                "{peers}."
            ).format(
                population=compact(own["population"]),
                income=compact(own["income"]),
                peers=listing([names[code] for code in others]),
            )
        )
    codes = tuple(code for pair in TRENDS for code in pair)
    history = load.series(codes, (iso3, *others))
    history = history[(history["year"] <= year)]
    flags = load.flags(codes, (iso3,))
    known = catalog.load()
    for column, pair in zip(st.columns(2) + st.columns(2), TRENDS, strict=True):
        code = next((c for c in pair if ((history["indicator"] == c) & (history["iso3"] == iso3)).any()), None)
        if code is None:
            continue
        rows = history[history["indicator"] == code][["iso3", "year", "value"]]
        with column:
            st.markdown(f"**{_(known[code].name)}**")
            components.chart(
                trend_charts.lines(rows, names, [iso3], _(known[code].unit), components.look(), compact),
                rows.assign(market=rows["iso3"].map(names)),
                f"trend_{pair[0]}",
                _("{indicator} over time").format(indicator=_(known[code].name)),
                load.source_line((code,)),
            )
            if flagged := flag_words.of_series(flags, history[history["indicator"] == code]):
                st.caption(flagged)


def languages(iso3: str) -> None:
    """Languages with their share of people, script and standing."""
    st.subheader(_("Languages"))
    rows = load.market_facts("market_languages", iso3).sort_values("population_pct", ascending=False)
    if rows.empty:
        st.write(_("No language facts for this market."))
        return
    standing = {
        "official": _("official"),
        "de_facto_official": _("official in practice"),
        "official_regional": _("official in a region"),
    }
    table = pd.DataFrame(
        {
            "language": _language_names(rows),
            "share": rows["population_pct"],
            "script": [script_name(code) if isinstance(code, str) else "" for code in rows["script"]],
            "standing": [standing.get(status, "") for status in rows["official_status"]],
        }
    )
    st.dataframe(
        table.head(12),
        hide_index=True,
        column_config={
            "language": _("Language"),
            "share": st.column_config.ProgressColumn(
                _("Share of people"), format="%.3g %%", min_value=0, max_value=100
            ),
            "script": _("Script"),
            "standing": _("Standing"),
        },
    )
    st.caption(_("Source: Unicode CLDR 48 (Unicode-3.0). Shares overlap: people speak several languages."))


def _language_names(rows: pd.DataFrame) -> list[str]:
    """Names of the languages; one that is written in two scripts says in which."""
    twice = rows["language"].duplicated(keep=False)
    return [
        _("{language} ({script})").format(language=language_name(row.language), script=script_name(row.script))
        if again and isinstance(row.script, str)
        else language_name(row.language)
        for row, again in zip(rows.itertuples(), twice, strict=True)
    ]


def working_together(iso3: str, market: pd.Series, home: str) -> None:
    """Working week, shared hours with home, the next holidays, neighbours, memberships."""
    st.subheader(_("Working together"))
    today = datetime.now(UTC).date()
    markets = load.markets()
    home_market = markets.loc[home]
    if pd.notna(market["weekend"]):
        st.markdown(f"- {_weekend(market)}")
    if pd.notna(market["timezone"]) and pd.notna(home_market["timezone"]) and market.name != home:
        st.markdown(f"- {_hours(market, home_market, today)}")
    _holidays(market, today)
    neighbours = load.market_facts("market_neighbours", iso3)["neighbour"]
    if len(neighbours):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(_("- Neighbouring countries and territories:"), width="content")
            for neighbour in neighbours:
                st.page_link(
                    navigation.file("market"),
                    label=markets["name"].get(neighbour, neighbour),
                    query_params={"market": neighbour},
                )
    members = load.market_facts("market_memberships", iso3)
    if len(members):
        st.markdown(
            _("- Member of {organisations}.").format(
                organisations=listing([_(name) for name in members["organisation"]])
            )
        )
    st.caption(_("Sources: Unicode CLDR 48, GeoNames (CC BY 4.0), the holidays library (MIT), organisations' sites."))


def _weekend(market: pd.Series) -> str:
    """The days off a week; where the sources differ, what each of them says."""
    days = market["weekend"].split(",")
    other = calendar_words.weekend(market["iso2"]) if pd.notna(market["iso2"]) else ()
    first = weekday(market["first_day"])
    if not other or set(other) == set(days):
        return _("Weekend: {days}; the week starts on {first}.").format(
            days=listing([weekday(key) for key in days]), first=first
        )
    return _("Weekend: {days} (CLDR) or {others} (holidays library); the week starts on {first}.").format(
        days=listing([weekday(key) for key in days]), others=listing([weekday(key) for key in other]), first=first
    )


def _hours(market: pd.Series, home: pd.Series, today: date) -> str:
    """Office hours and working days shared with home, and how far the clocks differ."""
    hours = working_hours.shared_hours(home["timezone"], market["timezone"], today)
    ahead = working_hours.difference_hours(home["timezone"], market["timezone"], today)
    weekends = ["" if pd.isna(place["weekend"]) else place["weekend"] for place in (home, market)]
    shared = (
        _("No shared office hours with {home}").format(home=home["name"])
        if hours == 0
        else _("{hours} of 8 office hours shared with {home}").format(hours=number(hours), home=home["name"])
    )
    clocks = (
        _("same time")
        if ahead == 0
        else _("{hours} hours ahead").format(hours=number(ahead))
        if ahead > 0
        else _("{hours} hours behind").format(hours=number(-ahead))
    )
    days = working_hours.shared_days(*weekends)
    week = _("Same working week.") if days == 5 else _("{days} working days a week in common.").format(days=days)
    return _("{shared} ({clocks}). {week}").format(shared=shared, clocks=clocks, week=week)


def _holidays(market: pd.Series, today: date) -> None:
    if pd.isna(market["iso2"]):
        return
    coming = {
        when: what
        for year in (today.year, today.year + 1)
        for when, what in load.public_holidays(market["iso2"], year, current()).items()
        if when >= today
    }
    if not coming:
        return
    first = list(coming.items())[:3]
    told = [f"{day(when)} {calendar_words.holiday(what)}" for when, what in first]
    note = _("National holidays only.")
    if any(calendar_words.untranslated(what) for _when, what in first):
        note += _(" Names without a translation are in English.")
    st.markdown("- " + _("Next public holidays: {days}.").format(days=_("; ").join(told)) + " " + note)


def trace(iso3: str) -> None:
    """Every stored row behind a figure of this market."""
    with st.expander(_("Show the source data"), icon=":material/manage_search:"):
        components.indicator_rows(iso3)
