"""What the shipped models say of the Language lab's own samples, and of English as people type it."""

import pytest

from dashboard.inference import text as language_lab_answers
from models import fitness
from models.text import languages, load, parts


@pytest.fixture(scope="module")
def models():
    return load.classifier("language", "cpu"), load.classifier("sentiment", "cpu")


def read(models, text):
    """Its language as the lab settles it, and its sentiment."""
    language, sentiment = models
    code = languages.settled(language.predict([text])[0].probabilities, sentiment.card.languages)
    return code, sentiment.predict([text], [code])[0]


SAMPLES = [
    (sample, text, meant)
    for sample in language_lab_answers.samples()
    for text, meant in ((sample.pleased, "positive"), (sample.displeased, "negative"))
]


@pytest.mark.parametrize(("sample", "text", "meant"), SAMPLES, ids=lambda value: str(value)[:20])
def test_a_sample_is_in_its_language_and_read_right_where_the_model_is_fit(models, sample, text, meant):
    code, answer = read(models, text)
    assert languages.macro(code) == languages.macro(sample.code)
    assert answer.note != "unseen"
    if fitness.fit("sentiment", sample.code).ready:
        assert (answer.label, answer.sure) == (meant, True)


def test_the_first_samples_are_of_languages_the_model_is_fit_for():
    fit = [fitness.fit("sentiment", sample.code).ready for sample in language_lab_answers.samples()]
    assert fit == sorted(fit, reverse=True) and sum(fit) >= 5


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("The doctor was great 但是挂号排队太久了，真的很失望。", "eng_Latn", "zho_Hans"),
        ("Huduma ilikuwa nzuri sana. But the waiting room was dirty and cold.", "swh_Latn", "eng_Latn"),
        ("คุณหมอดีมาก but the waiting time was terrible", "tha_Thai", "eng_Latn"),
    ],
)
def test_a_mixed_text_is_split_into_its_languages(models, text, first, second):
    found = split(models, text)
    assert [part.code for part in found] == [first, second]
    assert "".join(part.text for part in found).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    "text",
    [
        "iPhone很好用，我非常喜欢。",
        "The nurse said Danke schön and left. We were happy.",
        "先生はとても親切で、説明も分かりやすかったです。",
        "Ovo je užasno. Čekali smo tri sata i nitko nam nije pomogao. Nikad više.",
    ],
)
def test_a_borrowed_word_or_a_close_relative_is_no_second_language(models, text):
    assert len(split(models, text)) == 1


def split(models, text):
    language = models[0]
    return parts.parts(
        text,
        language.predict([text])[0].probabilities,
        lambda texts: [answer.probabilities for answer in language.predict(texts)],
    )


@pytest.mark.parametrize("text", ["รอนานมาก", "等太久了，很失望", "คุณหมอน่ารัก"])
def test_in_a_language_with_two_labels_a_narrow_winner_is_not_sure(models, text):
    _code, answer = read(models, text)
    shares = sorted(answer.probabilities.values(), reverse=True)
    assert shares[2] < 0.01
    assert answer.sure == (shares[0] >= 0.8 or shares[0] >= 2 * shares[1])


@pytest.mark.parametrize("text", ["I hate you.", "Terrible. Do not buy.", "This hotel was awful, we left at once."])
def test_english_as_it_is_typed_is_not_neutral_for_want_of_spaces(models, text):
    assert read(models, text)[1].label == "negative"


@pytest.mark.parametrize(
    ("code", "missing"), [("deu_Latn", ("neutral",)), ("zho_Hans", ("neutral",)), ("hau_Latn", ())]
)
def test_the_card_knows_in_which_languages_neutral_is_not_offered(code, missing):
    assert language_lab_answers.not_offered(language_lab_answers.SENTIMENT, code) == missing
