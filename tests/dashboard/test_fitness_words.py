"""Fit to show, in words: banners that name score and test cases, never rounded in our favour."""

import pytest

from dashboard import fitness_words
from models import fitness


@pytest.mark.parametrize(
    ("score", "n", "of", "told"),
    [
        (0.5625, 28, "texts", "Not good enough for Thai: F1 0.56 on 28 test texts. Do not rely on it."),
        (0.6997, 304, "texts", "Not good enough for Thai: F1 0.69 on 304 test texts. Do not rely on it."),
        (0.7011, 87, "texts", "Not proven for Thai: F1 0.70 on 87 test texts, and we ask for 100. Do not rely on it."),
        (None, 0, "texts", "Never tested on Thai. Do not rely on it."),
        (0.71, 481, "texts", ""),
        (
            0.58,
            2,
            "pictures",
            "Not good enough for Thai: average precision 0.58 on 2 test pictures. Do not rely on it.",
        ),
    ],
)
def test_what_is_not_fit_to_show_is_said_with_its_score_and_its_test_cases(score, n, of, told):
    assert fitness_words.warning(fitness.verdict_on(score, n, of), "Thai") == told


@pytest.mark.parametrize(("value", "told"), [(1.0, "1.00"), (0.999, "0.99"), (0.7, "0.70"), (None, "–")])
def test_a_score_has_two_decimals_and_is_one_only_where_it_is(value, told):
    assert fitness_words.score(value) == told


def test_the_banner_is_in_the_readers_language(speak):
    speak("zh")
    assert (
        fitness_words.warning(fitness.verdict_on(0.5625, 28), "泰语")
        == "对泰语不够好：F1 0.56（28 条测试文本）。请勿依赖。"
    )
