"""The Language lab's third section: which languages reach whom, the best next one first."""

import pandas as pd
import streamlit as st

from analytics.market import language_reach
from analytics.market.language_reach import Reach, ReachError
from dashboard import components, fitness_words, load, widgets
from dashboard.charts import language_reach as charts
from dashboard.i18n.translation import _, compact, listing, number, share
from dashboard.inference import text as language_lab_answers
from models import fitness

PEOPLE = ("SP.POP.TOTL", "cldr:population")
GDP = ("NY.GDP.MKTP.CD", "cldr:gdp_ppp")
WINDOW = 10
NAMED = 3


def market_choice() -> list[str]:
    """The markets in question, kept in the address; none means all."""
    names = load.markets()["name"]
    known = tuple(sorted(names.index, key=lambda iso3: names[iso3]))
    return widgets.multiselect(
        _("Countries"), known, "where", format_func=lambda iso3: names[iso3], placeholder=_("All countries")
    )


def reached(markets: list[str]) -> None:
    """The curve, what it rests on, and what our models cover."""
    spoken = load.market_facts("market_languages")
    people, people_code = _figure(PEOPLE)
    gdp, gdp_code = _figure(GDP)
    by = widgets.segmented(
        _("Order by"), language_reach.BY, "by", "people", {"people": _("People reached"), "gdp": _("GDP reached")}.get
    )
    suggested = language_reach.preselected(spoken, people, markets)
    chosen = _languages(spoken, markets, suggested)
    try:
        found = language_reach.reach(spoken, people, gdp, markets, chosen or None, by)
    except ReachError:
        st.title(_("No language is known for this choice"))
        components.nothing(_("Choose other countries or languages: there are no figures for these."))
    st.title(_headline(found))
    table = _table(found, _territory(markets))
    components.chart(
        charts.curve(
            _shares(found, table),
            {
                "people": _("People"),
                "gdp": _("GDP"),
                "axis": _("Share reached so far"),
            },
            table["sentiment_model"] == fitness.READY,
            _hover(found, table),
            components.look(),
        ),
        table,
        "reach",
        _("Share of people and GDP reached by each next language"),
        load.source_line((people_code, gdp_code)) + " " + _("Languages: Unicode CLDR 48 (Unicode-3.0)."),
    )
    st.caption(
        _(
            "Full points: our sentiment model is good enough for the language (F1 of at least {score} on at least {n} "
            "test texts). Hollow points: it is not, or was never tested."
        ).format(score=fitness_words.score(fitness.MIN_SCORE), n=fitness.MIN_CASES["texts"])
    )
    st.caption(
        _(
            "Many people speak several languages, and how many is not recorded. The point assumes no link between "
            "them; the bar runs from the largest language alone to the sum of all. Assumes GDP is spread evenly over "
            "people."
        )
    )
    _missing(found)


def _figure(codes: tuple[str, ...]) -> tuple[pd.Series, str]:
    """The newest value by market of the figure that most markets have, and its code: figures are not mixed."""
    rows = load.latest(codes, int(load.status()["last_year"]), WINDOW)
    counts = rows["indicator"].value_counts()
    code = max(codes, key=lambda one: counts.get(one, 0))
    return rows[rows["indicator"] == code].set_index("iso3")["value"], code


def _languages(spoken: pd.DataFrame, markets: list[str], suggested: list[str]) -> list[str]:
    """The languages in question: those of the markets by their share, until the reader changes them."""
    known = sorted(spoken["language"].unique(), key=language_lab_answers.language_of)
    place = ",".join(markets)
    if st.session_state.get("lab_languages_of") != place:
        st.session_state["lab_languages_of"] = place
        st.session_state["lab_languages"] = suggested
    return st.multiselect(
        _("Languages, the most spoken in these countries first"),
        known,
        key="lab_languages",
        format_func=language_lab_answers.language_of,
        placeholder=_("The best {n} of all").format(n=language_reach.MAX_LANGUAGES),
        persist_state="session",
        filter_mode=widgets.SEARCH,
        select_all=False,
    )


def _headline(found: Reach) -> str:
    first = found.curve.head(NAMED)
    last = first.iloc[-1]
    return _("{languages} reach {people} of people ({low} to {high}) and {gdp} of GDP").format(
        languages=listing([language_lab_answers.language_of(code) for code in first["language"]]),
        people=share(last["people"] / found.people),
        low=share(last["people_low"] / found.people),
        high=share(last["people_high"] / found.people),
        gdp=share(last["gdp"] / found.gdp) if found.gdp else "–",
    )


def _territory(markets: list[str]) -> str:
    """The one country in question, whose own varieties of a language count; "" for several."""
    return str(load.markets().at[markets[0], "iso2"]) if len(markets) == 1 else ""


def _table(found: Reach, territory: str) -> pd.DataFrame:
    """The curve as people read it, and how good our models are for each language."""
    curve = found.curve
    table = pd.DataFrame(
        {"language": curve["language"].map(language_lab_answers.language_of), "code": curve["language"]}
    )
    for name in ("people", "gdp"):
        for part in (f"added_{name}", name, f"{name}_low", f"{name}_high"):
            table[part] = curve[part].round(0)
    table["markets"] = curve["markets"]
    for model in (language_lab_answers.SENTIMENT, language_lab_answers.TOPIC):
        judged = [language_lab_answers.fit(model, code, territory) for code in curve["language"]]
        table[f"{model}_model"] = [one.verdict for one in judged]
        table[f"{model}_score"] = [one.score for one in judged]
        table[f"{model}_tests"] = [one.n for one in judged]
    return table


def _shares(found: Reach, table: pd.DataFrame) -> pd.DataFrame:
    parts = [f"{name}{bound}" for name in ("people", "gdp") for bound in ("", "_low", "_high")]
    totals = {"people": found.people, "gdp": found.gdp or 1.0}
    return pd.DataFrame(
        {"title": table["language"]} | {part: found.curve[part] / totals[part.split("_")[0]] for part in parts}
    )


def _hover(found: Reach, table: pd.DataFrame) -> dict[str, list[str]]:
    template = _("<b>{language}</b> adds {added}<br>Together {all} ({low} to {high})")
    return {
        name: [
            template.format(
                language=title,
                added=compact(row[f"added_{name}"]),
                all=compact(row[name]),
                low=compact(row[f"{name}_low"]),
                high=compact(row[f"{name}_high"]),
            )
            for title, row in zip(table["language"], found.curve.to_dict("records"), strict=True)
        ]
        for name in ("people", "gdp")
    }


def _missing(found: Reach) -> None:
    names = load.markets()["name"]
    for without, told in (
        (found.without_people, _("Population not known, so not counted: {markets}.")),
        (found.without_gdp, _("GDP not known, so not counted in it: {markets}.")),
    ):
        if without:
            named = [names.get(code, code) for code in without[:8]]
            more = [_("{n} more").format(n=number(len(without) - 8, 3))] if len(without) > 8 else []
            st.caption(told.format(markets=listing([*named, *more])))
