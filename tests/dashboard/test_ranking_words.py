"""Answers in words: the sentence, the list, what is not known."""

import dataclasses

import pandas as pd
import pytest

from analytics.index import composite, recipe
from analytics.robustness import rank_intervals
from dashboard import ranking_words
from dashboard.i18n import translation
from dashboard.i18n.translation import listing
from data import store


@pytest.fixture
def ranked(home):
    """The general ranking of the embedded facts by 2023, how sure it is, and the markets' names."""
    connection = store.connect()
    chosen = recipe.load("general")
    ranking = composite.score(store.market_panel(connection, chosen.codes, 2023, chosen.window), chosen)
    names = store.market_names(connection, "en").set_index("iso3")["name"]
    connection.close()
    return ranking, rank_intervals.monte_carlo(ranking, 0, 500, pairs=True), names


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
    assert listing(names) == english
    speak("zh")
    assert listing(names) == chinese


ECONOMIES = pd.Series({"TWN": 3.0, "DEU": 2.0, "CHI": 1.0})


def test_the_headline_names_the_first_three_and_how_many_stay_in_the_top_ten(speak, ranked):
    ranking, sure, names = ranked
    speak("en")
    said = ranking_words.headline(ranking, sure, names, ranking.scores.index)
    first = listing([translation.in_sentence(iso3, names[iso3]) for iso3 in ranking.scores.index[:3]])
    assert f", {first} lead; " in said
    stay = (sure.ranks.loc[ranking.scores.index[:10], "p_top10"] >= 0.9).sum()
    assert said.endswith(f"{stay} of the top 10 stay there in 90 % of index variants.")


def test_a_score_on_few_figures_is_said_to_be_one(speak, ranked):
    ranking, sure, names = ranked
    speak("en")
    weights = ranking.recipe.weights()
    held = 1 - sum(weights[ingredient.key] for ingredient in ranking.missing)
    assert held < 0.8
    said = ranking_words.headline(ranking, sure, names, ranking.scores.index)
    assert said.startswith(f"Judged on {round(held * 100)} % of the score, ")


def test_of_some_countries_the_headline_says_whether_the_order_of_the_first_two_is_open(speak, ranked):
    ranking, sure, names = ranked
    speak("en")
    shown = ranking.scores.index[5:12]
    said = ranking_words.headline(ranking, sure, names, shown)
    is_open = sure.beats.at[shown[0], shown[1]] < 0.6
    assert ("comes first is open" in said) == is_open
    assert "lead the 7 countries shown" in said


def test_a_single_market_does_not_lead(speak, ranked):
    ranking, sure, names = ranked
    speak("en")
    said = ranking_words.headline(ranking, sure, names, pd.Index(["DEU"]))
    assert said.endswith(", Germany is the only country shown.")


def test_what_is_not_known_is_said_the_largest_economy_first(speak, ranked):
    ranking, _sure, names = ranked
    speak("en")
    said = ranking_words.unknowns(ranking, names, ECONOMIES, 2023)
    assert said[0].startswith("Too little is known of Channel Islands to compare it.")
    assert any("indicators are not in the store" in sentence and "GDP growth" in sentence for sentence in said)
    assert any("Population (CLDR) for Population" in sentence for sentence in said)
    assert said[-1].startswith("Ranges show how ranks change")


def test_a_market_without_any_figure_is_named(speak, ranked):
    ranking, _sure, names = ranked
    speak("en")
    gone = dataclasses.replace(ranking, scores=ranking.scores.drop("TWN"), normalised=ranking.normalised.drop("TWN"))
    said = ranking_words.unknowns(gone, names, ECONOMIES, 2023)
    assert said[0] == "Too little is known of Taiwan to compare it."


def test_a_figure_of_the_year_itself_is_not_called_old(speak, ranked):
    ranking, _ranges, names = ranked
    speak("en")
    newest = int(ranking.years.min().min())
    assert not any(
        "0 years before" in sentence for sentence in ranking_words.unknowns(ranking, names, ECONOMIES, newest)
    )


def test_the_map_says_rank_and_range_of_every_market(speak, ranked):
    ranking, sure, names = ranked
    speak("en")
    texts = ranking_words.hover_texts(ranking, sure, names)
    row = ranking.scores.loc["DEU"]
    low, high = sure.ranks.loc["DEU", ["low", "high"]]
    assert texts["DEU"] == (
        f"<b>Germany</b><br>Rank {row['rank']:.0f} of {len(ranking.scores)} (5–95 %: {low}–{high})"
        f"<br>Score {row['score']:.1f}, coverage {row['coverage'] * 100:.0f} %"
    )
    assert list(texts.index) == list(ranking.scores.index)
