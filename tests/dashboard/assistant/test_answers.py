"""The assistant's words: nothing people typed is read as Markdown; summaries hold what a person needs."""

from datetime import UTC, datetime

import pytest

from dashboard.assistant import answers as assistant_answers
from dashboard.assistant.state import Conversation, Intent, Turn
from dashboard.i18n import faults
from models import errors
from models.assistant import knowledge, replies
from models.assistant.knowledge import KnowledgeError
from models.assistant.retrieval import Index
from models.text import hub, hub_training

NASTY = "**b** [x](http://y.z) ![i](http://y.z/i.png) <b>h</b> $a$ :red[c] `d` a_b_c ~~e~~ | # h www.x.org a@b.cd"


@pytest.fixture(scope="module")
def talk() -> Conversation:
    index = Index(knowledge.sample())
    turns = []
    for minute, question in enumerate(("What is an adapter?", "How much is it?", "Who won the match?")):
        asked = datetime(2026, 12, 1, 9, minute, tzinfo=UTC)
        reply = replies.reply(index, question)
        intent = Intent("clinc150", "oos", 0.91, True, True) if minute == 2 else None
        turns.append(Turn(str(minute), asked, question, reply, intent, verdict="up" if minute == 0 else ""))
    return Conversation(tuple(turns))


@pytest.mark.parametrize("text", ["Two words, here.", "每个版本都会测试。", "a\nb  c", "", " x"])
def test_a_text_is_written_out_whole(text):
    assert "".join(assistant_answers.pieces(text)) == text


@pytest.mark.parametrize(
    ("reader", "languages"), [("en", ["en", "zh", "en", "es", "en"]), ("zh", ["zh", "en", "zh", "es", "zh"])]
)
def test_most_samples_are_in_the_language_of_the_reader_and_each_of_another_entry(speak, reader, languages):
    speak(reader)
    found = assistant_answers.sample_questions(knowledge.sample())
    assert [language for language, _question in found] == languages
    assert len({question for _language, question in found}) == 5


def test_samples_of_a_small_base_are_its_questions():
    base = knowledge.read("a.csv", b"question,answer\nA?,x\nB?,y\n")
    assert {question for _language, question in assistant_answers.sample_questions(base)} <= {"A?", "B?"}


def test_the_summary_holds_questions_sources_reason_and_intent(talk):
    told = assistant_answers.summary(talk)
    assert "3 question(s), 2026-12-01 09:02 UTC" in told
    assert "Language: English" in told
    assert "Recognised: out of scope 91 %" in told
    assert "Why: No entry answers it for sure" in told
    assert all(f"> {turn.question}" in told for turn in talk.turns)
    assert "[adapters]" in told


def test_the_transcript_holds_every_turn_with_its_confidence_and_verdict(talk):
    told = assistant_answers.transcript(talk, "Lepton AI")
    assert told.startswith("Conversation over the knowledge base Lepton AI")
    assert told.count("confidence") == 3
    assert "judged helpful" in told
    assert "clinc150: out of scope 91 %" in told


def test_an_unsure_intent_is_said_with_perhaps():
    assert assistant_answers.intent_words(Intent("m", "card_arrival", 0.4)) == "perhaps card arrival 40 %"


FAULTY = [
    b"",
    b"PK\x03\x04",
    b"a,b\n1,2\n",
    b"question,question,answer\nA,B,C\n",
    b"question,answer\nA\n",
    b'question,answer\n"A\n',
    b"question,answer\n",
    b"question,answer\n,B\nA,\n",
    b"question,answer\n\xff,B\n",
    b"question,answer\n\0,B\n",
    b"id,question,answer\na,B,C\na,D,E\n",
    b"question,answer,language\nA,B,not a code\n",
    b"question,answer\n" + b"x" * 600 + b",B\n",
    b"x" * (knowledge.MAX_FILE + 1),
    b"question,answer\n" + b"A,B\n" * (knowledge.MAX_ENTRIES + 1),
]


@pytest.mark.parametrize(
    ("name", "content"), [*(("a.csv", c) for c in FAULTY), ("a.md", b"text"), ("a.md", b"# A\n# B")]
)
def test_every_fault_is_said_in_the_readers_language(speak, name, content):
    speak("zh")
    with pytest.raises(KnowledgeError) as raised:
        knowledge.read(name, content)
    for fault in raised.value.faults:
        for sentence in (fault.what, fault.advice):
            assert faults.told(sentence) != str(sentence), sentence


def test_a_hub_model_out_of_reach_is_said_in_the_readers_language(speak):
    speak("zh")
    with pytest.raises(errors.HubError) as raised:
        hub.embedder("no id")
    assert faults.told(raised.value) != str(raised.value)


def test_the_limits_of_a_partner_over_the_hub_are_said_in_the_readers_language():
    assert set(hub_training.LIMITS) <= set(faults.HUB_LIMITS)
