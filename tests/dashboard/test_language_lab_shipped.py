"""What the shipped models say of the Language lab's own samples, and of English as people type it."""

import pytest

from dashboard import language_lab_answers
from models.text import languages, loading


@pytest.fixture(scope="module")
def models():
    return loading.classifier("language", "cpu"), loading.classifier("sentiment", "cpu")


def read(models, text):
    """Its language as the lab settles it, and its sentiment."""
    language, sentiment = models
    code = languages.settled(language.predict([text])[0].probabilities, sentiment.card.languages)
    return code, sentiment.predict([text], [code])[0]


def test_every_sample_is_in_its_language_and_most_are_felt_as_they_are_meant(models):
    right, seen = 0, 0
    for sample in language_lab_answers.samples():
        for text, meant in ((sample.pleased, "positive"), (sample.displeased, "negative")):
            code, answer = read(models, text)
            assert languages.macro(code) == languages.macro(sample.code), text
            seen += answer.note != "unseen"
            right += answer.label == meant and answer.note != "unseen"
    assert right >= 0.65 * seen
    assert seen == 22  # Hindi is told to be unseen


@pytest.mark.parametrize("text", ["I hate you.", "Terrible. Do not buy.", "This hotel was awful, we left at once."])
def test_english_as_it_is_typed_is_not_neutral_for_want_of_spaces(models, text):
    assert read(models, text)[1].label == "negative"
