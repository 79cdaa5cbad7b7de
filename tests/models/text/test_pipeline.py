"""Language first, then the rest: what the other models are told, and when nothing is."""

import pytest

from models.errors import ServingError
from models.text import pipeline
from models.text.classifier import Answer


class Models:
    """Stands in for servers: the language model goes by the text's first word, the others answer with what is told."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, model, texts, languages):
        self.asked.append(model)
        if model == pipeline.LANGUAGE:
            return [heard(text.split()[0]) for text in texts]
        return [Answer(str(language), {str(language): 1.0}, True) for language in languages]


def heard(code: str) -> Answer:
    if code == "?":
        return Answer("eng_Latn", {"eng_Latn": 0.4, "fra_Latn": 0.3, "deu_Latn": 0.3}, False, "unsure")
    if code == "!":
        return Answer("eng_Latn", {"eng_Latn": 1.0}, True, "unseen")
    return Answer(code, {code: 1.0}, True)


def told(texts: list[str], spoken: list[str] | None = None, models=("sentiment", "language")) -> list[str | None]:
    found = pipeline.answer(models, texts, spoken or [""] * len(texts), Models(), ("en", "sw"))
    assert [result.answers["sentiment"].label for result in found] == [str(result.language) for result in found]
    return [result.language for result in found]


def test_the_language_model_is_asked_first_wherever_it_stands():
    ask = Models()
    pipeline.answer(("topic", "sentiment", "language"), ["swh_Latn nzuri"], [""], ask, ("sw",))
    assert ask.asked == ["language", "topic", "sentiment"]


def test_the_others_are_told_what_it_found_as_a_code_they_know():
    assert told(["swh_Latn nzuri sana", "eng_Latn very good"]) == ["sw", "en"]


def test_they_are_told_nothing_where_it_was_too_unsure_or_never_saw_the_script():
    assert told(["? hm", "! hm"]) == [None, None]


def test_what_a_file_says_of_a_row_stands_before_what_the_model_found():
    assert told(["eng_Latn nzuri", "eng_Latn good"], ["swh_Latn", ""]) == ["sw", "en"]


def test_without_the_language_model_only_what_the_file_says_is_told():
    assert told(["swh_Latn nzuri", "swh_Latn nzuri"], ["zh-Hans", "no code"], ("sentiment",)) == ["zh-Hans", None]


def test_a_text_in_several_scripts_is_told_to_be_mixed():
    texts = ["eng_Latn one two three four", "eng_Latn one two three four 这个产品很好，我很喜欢，下次还会再买"]
    found = pipeline.answer(("language",), texts, ["", ""], Models(), ())
    assert [result.mixed for result in found] == [False, True]


def test_no_text_is_no_result():
    assert pipeline.answer(("language", "sentiment"), [], [], Models(), ()) == []


def test_what_the_server_raises_is_raised():
    def busy(model, texts, languages):
        raise ServingError(
            "The server of the model {name} was closed: the model was replaced or the program ends. Ask again.",
            name=model,
        )

    with pytest.raises(ServingError, match="language was closed"):
        pipeline.answer(("language",), ["good"], [""], busy, ())


def test_an_answer_that_is_none_settles_nothing():
    assert pipeline.settled(None, ("en",)) is None
