"""What a message wants that no knowledge base answers."""

import csv
from pathlib import Path

import pytest

from models import fitness
from models.assistant import knowledge, replies, requests
from models.assistant.retrieval import Index

QUESTIONS = Path(__file__).with_name("knowledge_questions.csv")


@pytest.mark.parametrize(
    ("message", "wish"),
    [
        ("Thanks", "thanks"),
        ("Thank you so much!", "thanks"),
        ("谢谢您！", "thanks"),
        ("¡Gracias!", "thanks"),
        ("Bye", "goodbye"),
        ("I want to speak to a human", "person"),
        ("Can I talk to a real person please?", "person"),
        ("请帮我转人工", "person"),
        ("Quisiera hablar con una persona de verdad", "person"),
        ("Which country should we enter next?", "atlas"),
        ("我们下一步应该进入哪个国家？", "atlas"),
        ("Thanks, and how much is it?", None),
        ("When does a person take over from the assistant?", None),
        ("助手什么时候转接人工？", None),
        ("Which languages do the models understand?", None),
    ],
)
def test_courtesy_persons_and_the_atlas_are_told_from_questions(message, wish):
    found = requests.meant(message)
    assert (found and found[0]) == wish


def test_none_of_the_questions_a_base_answers_is_taken_for_another_wish():
    rows = list(csv.DictReader(QUESTIONS.open(encoding="utf-8")))
    taken = [row for row in rows if requests.meant(next(iter(reversed(row.values())))) is not None]
    assert not taken


@pytest.fixture(scope="module")
def index():
    return Index(knowledge.sample())


def test_thanks_are_answered_as_thanks_in_the_language_of_the_customer(index):
    said = replies.reply(index, "谢谢", "zh")
    assert (said.kind, said.reason, said.text) == ("answer", "courtesy", "不客气。您还想了解什么？")


def test_who_asks_for_a_human_in_words_is_handed_over(index):
    said = replies.reply(index, "I want to speak to a human")
    assert (said.kind, said.reason) == ("handover", "requested")


def test_the_chinese_question_for_hospitals_is_answered(index):
    said = replies.reply(index, "你们的产品支持医院吗？", "zh")
    assert (said.kind, said.cited[0].id, said.cited[0].language) == ("answer", "industries", "zh")


def test_what_the_base_says_of_languages_is_what_the_cards_say():
    """Of 62 languages with test texts 22 are good enough, with the ones it names among them, or not."""
    card = fitness.card("sentiment")
    judged = [fitness.of_language(card["metrics"], code) for code in card["metrics"]["per_language"]]
    counts = {len(fitness.card("language")["languages"]), len(judged), sum(one.ready for one in judged)}
    assert all(fitness.fit("sentiment", code).ready for code in ("es", "ro", "nl", "ha"))
    assert not any(fitness.fit("sentiment", code).ready for code in ("en", "zh", "fr", "sw"))
    base = knowledge.sample()
    for language in base.languages:
        said = base.entry("languages", language).answer
        assert all(str(count) in said for count in counts), (language, counts)
