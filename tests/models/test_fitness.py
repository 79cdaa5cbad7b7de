"""Good enough to be relied on or not: one rule, in one place."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import fitness

CARD = {
    "languages": ["th", "zh", "zh-TW", "pt", "pt-BR", "nb", "es"],
    "metrics": {
        "per_language": {
            "th": {"macro_f1": 0.5625, "n": 28},
            "zh": {"macro_f1": 0.7011, "n": 87},
            "zh-TW": {"macro_f1": 0.85, "n": 20},
            "pt": {"macro_f1": 0.67, "n": 285},
            "pt-BR": {"macro_f1": 0.74, "n": 523},
            "nb": {"macro_f1": 0.71, "n": 160},
            "es": {"macro_f1": 0.7108, "n": 481},
        }
    },
}


def of(code: str, territory: str = "") -> fitness.Fitness:
    return fitness.of_language(CARD["metrics"], code, territory, CARD["languages"])


def test_a_language_below_the_score_or_with_too_few_test_texts_is_weak():
    assert (of("th").verdict, of("zh").verdict, of("es").verdict) == ("weak", "weak", "ready")
    assert of("zh").too_few and not of("th").too_few


def test_a_language_nobody_tested_is_unknown():
    assert of("sw") == fitness.Fitness("unknown")


@pytest.mark.parametrize("code", ["tha_Thai", "th", "th-Thai", "th_Thai"])
def test_a_language_is_known_by_any_of_its_codes(code):
    assert of(code).n == 28


def test_simplified_and_traditional_chinese_do_not_speak_for_each_other():
    assert (of("zho_Hans").n, of("zh_Hant").n, of("zho_Hant").n) == (87, 20, 20)


def test_a_country_is_judged_by_its_own_variety_of_a_language():
    assert (of("pt", "BR").verdict, of("pt", "PT").verdict, of("por_Latn").verdict) == ("ready", "weak", "weak")


def test_a_spoken_variety_is_not_judged_by_the_standard_language():
    metrics = {"per_language": {"ar": {"macro_f1": 0.9, "n": 500}}}
    assert fitness.of_language(metrics, "arb_Arab").ready
    assert fitness.of_language(metrics, "acm_Arab").verdict == "unknown"


def test_norwegian_means_its_usual_written_form():
    assert of("no").ready


def test_a_model_without_scores_by_language_is_judged_for_the_languages_it_names():
    metrics = {"macro_f1": 0.92, "n": 3080}
    assert fitness.of_language(metrics, "eng_Latn", tested=("en",)).ready
    assert fitness.of_language(metrics, "deu_Latn", tested=("en",)).verdict == "unknown"


def test_a_kind_of_picture_with_a_handful_of_test_pictures_is_not_vouched_for():
    metrics = {"per_kind": {"fluorescence": {"ap50": 0.84, "n": 65}, "bright field": {"ap50": 0.89, "n": 1}}}
    assert fitness.of_kind(metrics, "fluorescence").ready
    assert fitness.of_kind(metrics, "bright field").too_few


@given(st.floats(0, 1), st.integers(0, 10_000))
def test_more_test_texts_never_make_a_language_less_fit(score, n):
    order = (fitness.UNKNOWN, fitness.WEAK, fitness.READY)
    assert order.index(fitness.verdict_on(score, n).verdict) <= order.index(fitness.verdict_on(score, n + 1).verdict)


# ------------------------------------------------------------------ the cards that ship


def test_the_shipped_models_are_ready_weak_or_unknown_as_their_cards_say(empty_home):
    verdicts = {task: one.verdict for task, one in fitness.readiness("th").items()}
    assert verdicts == {"sentiment": "weak", "topic": "weak", "language": "ready", "intent": "unknown"}
    assert fitness.readiness("es")["sentiment"].ready
    assert fitness.readiness("en")["intent"].ready


def test_a_damaged_card_vouches_for_nothing(empty_home):
    folder = empty_home / "models" / "sentiment"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text("{", encoding="utf-8")
    assert fitness.fit("sentiment", "es").verdict == "unknown"


def test_the_share_of_people_counts_ready_languages_only(empty_home):
    point, low, high = fitness.ready_share({"es": 0.5, "ha": 0.5, "th": 0.9, "nl": float("nan")}, "sentiment")
    assert (point, low, high) == (0.75, 0.5, 1.0)


def test_asking_what_our_models_are_ready_for_loads_no_network(tmp_path):
    code = "import sys; from models import fitness; fitness.readiness('sw'); print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_people_who_speak_one_of_several_languages_are_between_full_overlap_and_none():
    point, low, high = fitness.any_of([0.5, 0.4, float("nan")])
    assert (low, high) == (0.5, 0.9)
    assert point == pytest.approx(0.7)
    assert fitness.any_of([]) == (0.0, 0.0, 0.0)
