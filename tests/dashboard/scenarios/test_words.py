"""Scenarios in words: every assumption, outcome, note and difference is a sentence, in both languages."""

from dataclasses import replace
from itertools import product

import pandas as pd
import pytest

from analytics.scenario.document import HOWS, Base, Scenario, Shock, Uncertain
from analytics.scenario.outcome import ScenarioResult
from analytics.scenario.shocks import Caveat
from dashboard.scenarios import words

USERS, INCOME = "IT.NET.USER.ZS", "NY.GDP.PCAP.PP.CD"
NAMES = pd.Series({"IND": "India", "BRA": "Brazil", "DEU": "Germany", "FRA": "France", "JPN": "Japan"})
PLAIN = Scenario("A", Base("healthcare", 2023))

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(autouse=True)
def english(speak) -> None:
    speak("en")


def outcome(*moves: tuple, notes: tuple[Caveat, ...] = (), **of_india: object) -> ScenarioResult:
    """India rises from rank 9 to 4, Brazil falls from 4 to 5. moves: rows of `moved`."""
    usual = {
        "rank_before": 9,
        "rank": 4,
        "rank_low": 2,
        "rank_high": 6,
        "p_improves": 0.925,
        "p_worsens": 0.95,
        "outside": False,
    }
    table = pd.DataFrame(
        {
            "IND": usual | {"nearest": (), "reasons": ()} | of_india,
            "BRA": usual | {"nearest": (), "reasons": (), "rank_before": 4, "rank": 5},
        }
    ).T
    moved = pd.DataFrame(moves, columns=["iso3", "indicator", "before", "after", "how"])
    return ScenarioResult(PLAIN, table, moved, notes, 400, pd.DataFrame())


# ------------------------------------------------------------------ what is assumed


@pytest.mark.parametrize(
    ("shock", "sentence"),
    [
        (Shock("indicator", USERS, "set", 75.0, ("IND",)), "Internet users, India: 75 % of population"),
        (Shock("indicator", USERS, "add", 5.0, ("IND", "BRA")), "Internet users, India and Brazil: +5 % of population"),
        (Shock("indicator", USERS, "add", -5.0), "Internet users, all markets: −5 % of population"),
        (Shock("indicator", INCOME, "scale", 1.2, (), ("142",)), "GDP per person, PPP, Asia: +20 %"),
        (Shock("indicator", INCOME, "scale", 0.9, ("DEU",), ("142",)), "GDP per person, PPP, Germany and Asia: −10 %"),
        (Shock("indicator", "own:figure", "set", 3.0, ("XXX",)), "own:figure, XXX: 3"),
        (Shock("exchange rate", "", "scale", 0.9, ("IND",)), "Currency of India: −10 % against the US$"),
        (Shock("weight", "digital", "set", 2.0), "Weight of Digital: 2"),
        (Shock("weight", "purchasing power", "add", -0.5), "Weight of Purchasing power: −0.5"),
        (Shock("weight", USERS, "scale", 1.5), "Weight of Internet users: +50 %"),
    ],
)
def test_a_shock_is_told_with_its_place_and_its_amount(shock, sentence):
    assert words.told(shock) == sentence


def test_many_places_are_counted():
    shock = Shock("indicator", USERS, "add", 1.0, ("IND", "BRA", "DEU", "FRA"), ("142",))
    assert words.told(shock) == "Internet users, 5 places: +1 % of population"


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            Uncertain(USERS, "add", "triangular", {"low": -10, "mode": -4, "high": 0}, ("IND",)),
            "Internet users, India: changed by between -10 and 0, most likely -4",
        ),
        (
            Uncertain(INCOME, "scale", "normal", {"mean": 1.1, "sd": 0.05}),
            "GDP per person, PPP, all markets: multiplied by 1.1 give or take 0.05",
        ),
        (
            Uncertain(USERS, "set", "bootstrap", {"years": 3}, (), ("142",)),
            "Internet users, Asia: set to 3 of its own past yearly changes",
        ),
    ],
)
def test_an_uncertain_input_is_told_with_its_range(entry, sentence):
    assert words.uncertain_told(entry) == sentence


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_of_assumption_has_words_in_every_language(speak, language):
    speak(language)
    for kind, how, who in product(("indicator", "weight"), HOWS, ((), ("IND",))):
        assert words.told(Shock(kind, USERS, how, 0.5, who))
    shapes = {
        "triangular": {"low": 0, "mode": 1, "high": 2}, "normal": {"mean": 1, "sd": 2}, "bootstrap": {"years": 3}
    }  # fmt: skip
    for how, (shape, given) in product(HOWS, shapes.items()):
        assert words.uncertain_told(Uncertain(USERS, how, shape, given))
    assert words.told(Shock("exchange rate", "", "scale", 1.1))


# ------------------------------------------------------------------ what came of it


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (9, 4, "India rises from rank 9 to 4 (2–6)"),
        (4, 9, "India falls from rank 4 to 9 (2–6)"),
        (4, 4, "India stays at rank 4 (2–6)"),
    ],
)
def test_the_headline_is_the_rank_before_and_after(before, after, sentence):
    found = outcome(rank_before=before, rank=after)
    assert words.headline(found, "IND", "India") == sentence


@pytest.mark.parametrize(
    ("chance", "sentence"),
    [(0.95, "India rises from"), (0.7, "India probably rises from"), (0.5, "India may rise from")],
)
def test_a_title_is_no_surer_of_a_move_than_the_draws_are(chance, sentence):
    assert words.headline(outcome(p_improves=chance), "IND", "India").startswith(sentence)


def test_how_sure_the_direction_is_and_how_open_the_place_is_said_together():
    assert words.certainty(outcome(p_improves=0.97), "IND") == (
        "Better in 97 of 100 index variants, but the place stays open: 2 to 6."
    )


def test_the_summary_counts_who_moves_and_names_the_largest():
    assert words.summary(outcome(), NAMES) == (
        "Countries that move up: 1, down: 1; most of all India (9 → 4) and Brazil (4 → 5)."
    )  # fmt: skip


def test_a_summary_of_nothing_says_so():
    still = outcome()
    still.markets["rank"] = still.markets["rank_before"]
    assert words.summary(still, NAMES) == "No rank changes."


def test_the_chance_is_a_share_of_the_draws():
    assert words.chance(outcome(), "IND") == (
        "Share of 400 index variants in which it ranks better than without the scenario: 92 %."
    )


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        (
            Caveat("clamped", USERS, "IND", 120.0, 100.0),
            "Internet users: 120 % of population is not possible and became 100 % of population (India).",
        ),
        (Caveat("no figure", USERS, "IND"), "Internet users: no figure is known to move (India)."),
        (
            Caveat("new figure", USERS, "IND", 60.0, 60.0),
            "Internet users: no figure was known; 60 % of population is assumed (India).",
        ),
        (
            Caveat("not ranked", USERS, "IND"),
            "India is not ranked: too little is known of it. The shock of Internet users leaves it out.",
        ),
        (
            Caveat("not ranked", "", "IND"),
            "India is not ranked: too little is known of it. The shock of Currency leaves it out.",
        ),
    ],
)
def test_every_note_is_a_sentence(note, sentence):
    assert words.notes((note,), NAMES) == [sentence]


def test_notes_of_one_kind_and_figure_are_one_sentence():
    two = tuple(Caveat("no figure", USERS, iso3) for iso3 in ("IND", "BRA"))
    many = tuple(Caveat("no figure", INCOME, iso3) for iso3 in NAMES.index)
    assert words.notes((*two, *many), NAMES) == [
        "Internet users: no figure is known to move (India and Brazil).",
        "GDP per person, PPP: no figure is known to move (5 markets).",
    ]
    assert words.notes((), NAMES) == []


def test_a_question_beyond_the_data_is_warned_of_with_its_reason_and_real_markets():
    assert words.outside(outcome(), "IND", NAMES) is None
    near = {"outside": True, "nearest": ("BRA", "DEU", "JPN")}
    said = words.outside(outcome(**near, reasons=(USERS, f"NY.GDP.PCAP.CD / {INCOME}")), "IND", NAMES)
    assert said.startswith("Beyond what the data have seen: Internet users and GDP per person / GDP per person, PPP ")
    assert "The nearest are Brazil, Germany and Japan; read the result as a direction, not as an amount." in said
    mixed = words.outside(outcome(**near), "IND", NAMES)
    assert "no real market combines its figures like this. The nearest are Brazil, Germany and Japan" in mixed


def test_what_moves_along_is_told_of_the_market_in_question():
    found = outcome(
        ("IND", USERS, 50.0, 75.0, "shock"),
        ("IND", "IT.NET.BBND.P2", 2.0, 8.5, "propagated"),
        ("BRA", INCOME, 1.0, 2.0, "propagated"),
    )
    assert words.moved_along(found, "IND") == (
        "Associated with it, and moved too: Fixed broadband subscriptions from 2 per 100 people to 8.5 per 100 people."
    )
    assert words.moved_along(outcome(("IND", USERS, 50.0, 75.0, "shock")), "IND") is None


def test_shocks_that_carry_nothing_on_are_said_to_stand_alone():
    shocked = replace(PLAIN, shocks=(Shock("indicator", USERS, "set", 75.0),))
    alone = outcome(("IND", USERS, 50.0, 75.0, "shock"))
    along = outcome(("IND", INCOME, 50.0, 75.0, "propagated"))
    assert "only this indicator changes" in words.alone(shocked, alone)
    assert words.alone(shocked, along) is None
    assert words.alone(replace(PLAIN, shocks=(Shock("weight", "digital", "set", 1.0),)), alone) is None


# ------------------------------------------------------------------ two scenarios


def test_scenarios_that_assume_the_same_are_said_to():
    assert words.differences(PLAIN, replace(PLAIN, name="B")) == ["They assume the same."]


def test_what_two_scenarios_stand_on_is_told_apart():
    other = Scenario("B", Base("finance", 2022, snapshot="20261121T000000Z-aaaaaaaa"), horizon=3, seed=7)
    assert words.differences(PLAIN, other) == [
        "Industry: Healthcare in A, Finance in B.",
        "Year: 2023 in A, 2022 in B.",
        "Years ahead: 0 in A, 3 in B.",
        "State of the store: – in A, 20261121T000000Z-aaaaaaaa in B.",
        "Seed: 0 in A, 7 in B.",
    ]


def test_what_two_scenarios_assume_is_told_apart():
    users, weight = Shock("indicator", USERS, "set", 75.0, ("IND",)), Shock("weight", "digital", "set", 2.0)
    doubt = Uncertain(USERS, "add", "normal", {"mean": 0, "sd": 2}, ("BRA",))
    first = replace(PLAIN, shocks=(users, weight), uncertain=(doubt,))
    second = replace(PLAIN, name="B", shocks=(replace(users, value=80.0), Shock("exchange rate", "", "scale", 0.9)))
    assert words.differences(first, second) == [
        "Internet users, India: 75 % of population in A; in B Internet users, India: 80 % of population.",
        "Only in A: Weight of Digital: 2.",
        "Only in B: Currency of all markets: −10 % against the US$.",
        "Uncertain only in A: Internet users, Brazil: changed by 0 give or take 2.",
    ]


@pytest.mark.parametrize("dimension", ["size", "health", "governance"])
def test_a_dimension_is_called_by_its_name(dimension):
    assert words.weight_name(dimension) == dimension.capitalize()


def test_an_unknown_indicator_keeps_its_code_and_has_no_unit():
    assert (words.indicator_name("own:figure"), words.indicator_unit("own:figure")) == ("own:figure", "")
