"""Answers in words: the sentence, the list, what is not known."""

import pandas as pd
import pytest

from analytics import index, recipe, sensitivity
from dashboard import answers
from data import store


@pytest.fixture
def ranked(home):
    """The general ranking of the embedded facts by 2023, its rank ranges, and the markets' names."""
    connection = store.connect()
    chosen = recipe.load("general")
    ranking = index.score(store.market_panel(connection, chosen.codes, 2023, chosen.window), chosen)
    names = store.market_names(connection, "en").set_index("iso3")["name"]
    connection.close()
    return ranking, sensitivity.rank_ranges(ranking, 0), names


@pytest.mark.parametrize(
    ("names", "english", "chinese"),
    [
        ([], "", ""),
        (["A"], "A", "A"),
        (["A", "B"], "A and B", "A和B"),
        (["A", "B", "C"], "A, B and C", "A、B和C"),
    ],
)
def test_names_are_listed_as_one_says_them(speak, names, english, chinese):
    speak("en")
    assert answers.listing(names) == english
    speak("zh")
    assert answers.listing(names) == chinese


def test_the_headline_names_the_first_three_and_how_sure_their_ranks_are(speak, ranked):
    ranking, ranges, names = ranked
    speak("en")
    first = answers.listing([names[iso3] for iso3 in ranking.scores.index[:3]])
    said = answers.headline(ranking, ranges, names, ranking.scores.index)
    assert said.startswith(f"Overall, {first} stand out; ")
    near = [
        iso3
        for iso3 in ranking.scores.index[:10]
        if ranking.scores.at[iso3, "rank"] - ranges.at[iso3, "low"] <= 3
        and ranges.at[iso3, "high"] - ranking.scores.at[iso3, "rank"] <= 3
    ]
    assert said.endswith(f"{len(near)} of the top 10 are certain within 3 ranks.")


def test_a_single_market_does_not_stand_out(speak, ranked):
    ranking, ranges, names = ranked
    speak("en")
    assert answers.headline(ranking, ranges, names, pd.Index(["DEU"])) == ("Overall, Germany is the only market shown.")


def test_what_is_not_known_is_said(speak, ranked):
    ranking, _ranges, names = ranked
    speak("en")
    said = answers.unknowns(ranking, names, 2023)
    assert said[0].startswith(f"{len(ranking.missing)} of {len(ranking.recipe.ingredients)} indicators are not")
    assert "GDP growth" in said[0]
    assert "Population (CLDR) for Population" in said[1]
    assert "GDP, PPP (CLDR) per Population (CLDR) for GDP per person, PPP" in said[1]
    assert any(sentence.endswith("of the score's weight is known: Channel Islands.") for sentence in said)
    assert said[-1].startswith("Rank intervals say how ranks move")


def test_a_figure_of_the_year_itself_is_not_called_old(speak, ranked):
    ranking, _ranges, names = ranked
    speak("en")
    newest = int(ranking.years.min().min())
    assert not any("0 years before" in sentence for sentence in answers.unknowns(ranking, names, newest))


def test_the_map_says_rank_and_range_of_every_market(speak, ranked):
    ranking, ranges, names = ranked
    speak("en")
    texts = answers.hover_texts(ranking, ranges, names)
    row = ranking.scores.loc["DEU"]
    low, high = ranges.loc["DEU", ["low", "high"]]
    assert texts["DEU"] == (
        f"<b>Germany</b><br>Rank {row['rank']:.0f} of {len(ranking.scores)} (5–95 %: {low}–{high})"
        f"<br>Score {row['score']:.1f}, coverage {row['coverage'] * 100:.0f} %"
    )
    assert list(texts.index) == list(ranking.scores.index)
