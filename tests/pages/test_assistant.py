"""The Assistant page: answers with its source, asks back, hands over, keeps verdicts, takes or refuses a file."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard import load
from dashboard.assistant import state
from data import store
from models import errors
from models import errors as model_errors
from models.serving import server as serving_server
from models.text import hub
from models.text.classifier import Answer

PRICE = "You pay a yearly licence for each site"


class Stub:
    """A text model that says the same of every text."""

    def __init__(self, name: str, label: str, probability: float = 0.9) -> None:
        self.name, self.labels, self.device = name, (label,), "cpu"
        self.answer = Answer(label, {label: probability}, probability > 0.5)

    def predict(self, texts, languages=None):
        return [self.answer for _text in texts]

    def explain(self, text, label=None, language=None):
        return []

    def embed(self, texts):
        return np.eye(len(texts), 64, dtype=np.float32)


@pytest.fixture
def models(monkeypatch):
    """models(clinc150="oos") makes these the only models there are; without any, each is missing."""
    servers = {}

    def only(**labels: str) -> None:
        servers.clear()
        servers.update({name: serving_server.Server(Stub(name, label)) for name, label in labels.items()})

    def server(name: str) -> serving_server.Server:
        if name not in servers:
            raise errors.ModelError(f"There is no model {name!r}. Make it with: python -m models train {name}")
        return servers[name]

    def card(name: str):
        raise errors.ModelError(f"There is no model {name!r}. Make it with: python -m models train {name}")

    monkeypatch.setattr(load, "text_server", server)
    monkeypatch.setattr(load, "model_card", card)
    monkeypatch.delenv(hub.VARIABLE, raising=False)
    yield only
    for one in servers.values():
        one.close()


@pytest.fixture
def opened(home, open_page, models):
    return lambda **address: open_page("assistant", **address)


def ask(app, question: str):
    app.chat_input(key="assistant_question").set_value(question).run()
    assert not app.exception, app.exception[0].message
    return app


def button(app, start: str):
    return next(one for one in app.button if one.label.startswith(start))


def talk_of(app) -> state.Conversation:
    return app.session_state[state.KEY]


def replied(app) -> list[str]:
    """What the assistant said, as it is read: without the marks that keep Markdown out."""
    return [turn.reply.text for turn in talk_of(app).turns]


def shown(app) -> str:
    parts = [element.value for kind in ("markdown", "caption", "text", "code", "info") for element in app.get(kind)]
    return "\n".join(str(part) for part in parts).replace("\\", "")


def folded(app) -> str:
    """What stands behind "Details for engineers"."""
    lines = [line for fold in app.expander if fold.label == "Details for engineers" for line in fold.caption]
    return "\n".join(line.value for line in lines).replace("\\", "")


def badges(app) -> list[str]:
    return [element.value for element in app.markdown if "-badge[" in element.value]


def test_a_question_in_a_language_without_an_entry_is_answered_from_another_and_told(opened, monkeypatch):
    from models.assistant.retrieval import Index

    def near_the_price(texts):
        return np.array([[1.0, "how much" in text.lower() or "gharimu" in text] for text in texts], dtype=np.float32)

    def index(base, _embedded_by):
        english = tuple(entry for entry in base.entries if entry.language == "en")
        return Index(type(base)("English", english, base.digest), near_the_price, crosses=True)

    monkeypatch.setattr(load, "knowledge_index", index)
    monkeypatch.setattr("dashboard.assistant.answers._language", lambda told: "sw")
    app = ask(opened(), "Inagharimu kiasi gani?")
    assert replied(app)[0].startswith(PRICE)
    assert "Answered from the English entry: there is none in Swahili." in shown(app)


def test_a_person_who_takes_over_sees_the_sentiment_of_the_message(opened, models):
    models(sentiment="negative")
    app = ask(opened(), "I want to speak to a human")
    assert "Sentiment: perhaps negative" in app.code[0].value


def test_thanks_are_not_taken_for_a_question(opened):
    app = ask(opened(), "Thanks")
    assert replied(app)[0].startswith("You are welcome.")


def test_who_wants_to_speak_to_a_human_is_handed_over(opened):
    app = ask(opened(), "I want to speak to a human")
    assert talk_of(app).with_a_person
    assert "> I want to speak to a human" in app.code[0].value


@pytest.mark.parametrize("question", ["Which country should we enter next?", "For healthcare, which market is best?"])
def test_a_question_about_countries_is_answered_by_the_atlas_with_a_link(full_home, open_page, models, question):
    models()
    app = ask(open_page("assistant"), question)
    turn = talk_of(app).turns[0]
    recipe = "healthcare" if "healthcare" in question else "general"
    assert (turn.reply.kind, turn.reply.reason) == ("answer", "atlas")
    assert turn.reply.text == load.overview(False, recipe, load.default_year(recipe), (), ()).headline
    assert any("See the whole answer" in link.proto.label for link in app.get("page_link"))


def test_an_industry_that_cannot_be_ranked_is_said_to_be_so(opened):
    app = ask(opened(), "For healthcare, which country should we enter next?")
    assert replied(app)[0].startswith("Healthcare cannot be ranked yet")


def test_the_chinese_question_for_hospitals_is_answered_from_the_base(opened):
    assert replied(ask(opened(), "你们的产品支持医院吗？"))[0].startswith("医院、银行")


def test_it_opens_with_a_question_samples_and_the_base(opened):
    app = opened()
    assert app.title[0].value == "What would you like to know about Lepton AI?"
    assert len([one for one in app.button if str(one.key).startswith("assistant_sample")]) == 6
    assert "105 entries on 21 questions · English, Chinese, Spanish, French and Swahili" in shown(app)


def test_a_question_is_answered_with_its_source_confidence_and_cost(opened):
    app = ask(opened(), "How much would a licence for 30 users cost us?")
    [turn] = talk_of(app).turns
    assert (turn.reply.kind, turn.reply.cited[0].id) == ("answer", "price")
    assert PRICE in shown(app)
    assert "confidence 9" in shown(app)
    assert any("How much does it cost" in box.label for box in app.expander)
    assert "105 entries searched by words in" in folded(app)
    assert len([badge for badge in badges(app) if "%" in badge]) == 1


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("三十个用户的许可费用大概多少？", "按站点收取年度许可费"),
        ("¿Cuánto costaría una licencia para 30 usuarios?", "Se paga una licencia anual"),
        ("Combien coûterait une licence pour 30 utilisateurs ?", "Vous payez une licence annuelle"),
        ("Leseni ya watumiaji 30 itagharimu kiasi gani?", "Unalipa leseni ya mwaka"),
    ],
)
def test_the_answer_is_in_the_language_of_the_question(opened, question, said):
    assert replied(ask(opened(), question))[0].startswith(said)


def test_a_sample_is_one_click(opened):
    app = opened()
    app.button(key="assistant_sample_0").click().run()
    assert not app.exception
    assert talk_of(app).turns[0].reply.kind == "answer"


def test_without_a_model_it_answers_and_says_how_to_make_one(opened):
    app = ask(opened(), "What is an adapter?")
    assert replied(app)[0].startswith("A small file")
    told = "No intent: There is no model 'clinc150'. Make it with: `python -m models train clinc150`"
    assert told in folded(app)


def test_the_intent_is_shown_with_its_probability_and_model(opened, models):
    models(clinc150="oos", banking77="card_arrival", language="eng_Latn")
    app = ask(opened(), "What is an adapter?")
    assert "out of scope 90 %" in folded(app)
    assert not any("out of scope" in badge for badge in badges(app))
    app.selectbox(key="assistant_intent").set_value("banking77").run()
    ask(app, "How long does deployment take?")
    assert "card arrival 90 %" in folded(app)
    assert talk_of(app).turns[1].intent.label == "card_arrival"
    assert "cpu" in talk_of(app).turns[1].foot


def test_a_language_that_the_model_is_sure_of_decides(opened, models):
    models(language="swh_Latn")
    assert talk_of(ask(opened(), "GPU")).turns[0].reply.cited[0].language == "sw"


def test_who_asks_for_a_person_by_intent_gets_one(opened, models):
    models(bitext="contact_human_agent")
    app = opened()
    app.selectbox(key="assistant_intent").set_value("bitext").run()
    assert talk_of(ask(app, "What is an adapter?")).turns[0].reply.reason == "requested"


def test_a_doubt_is_asked_back_and_a_click_answers_it(opened):
    app = ask(opened(), "How much is it?")
    assert talk_of(app).turns[0].reply.kind == "ask"
    button(app, "How much does it cost").click().run()
    assert not app.exception
    assert replied(app)[1].startswith(PRICE)
    assert not [one for one in app.button if str(one.key).startswith("option_")]


def test_none_of_the_options_leads_to_a_person(opened):
    app = ask(opened(), "How much is it?")
    button(app, "None of these").click().run()
    assert talk_of(app).with_a_person
    assert "2 question(s)" in app.code[0].value


def test_off_topic_is_handed_over_with_a_summary_to_copy(opened):
    app = ask(ask(opened(), "What is an adapter?"), "Who won the football match last night?")
    assert talk_of(app).with_a_person
    assert "> Who won the football match last night?" in app.code[0].value
    assert "[adapters]" in app.code[0].value
    assert app.button(key="assistant_person").disabled
    ask(app, "What is an adapter?")
    assert talk_of(app).turns[-1].reply.kind == "answer"


def test_a_person_can_be_asked_for_at_any_time(opened):
    app = ask(opened(), "Adapta ni nini?")
    app.button(key="assistant_person").click().run()
    assert replied(app)[-1].startswith("Kuanzia hapa mtu")


@pytest.mark.parametrize("question", ["💡🙂🎉", " ", "\0\0\0", "?"])
def test_a_message_without_words_is_asked_what_it_wants(opened, question):
    app = ask(opened(), question)
    assert talk_of(app).turns[0].reply.reason == "no words"


def test_what_people_type_is_never_markup(opened):
    app = ask(opened(), "**bold** [link](http://evil.example) $x$ :red[y]")
    assert [element.value for element in app.text if "bold" in element.value] == [
        "**bold** [link](http://evil.example) $x$ :red[y]"
    ]
    assert not any("evil" in element.value for element in app.markdown)


def test_a_megabyte_is_cut_and_said_so(opened):
    app = opened()
    app.session_state[state.KEY] = state.Conversation(pending="adapter " * 130_000)
    started = time.monotonic()
    app.run()
    assert not app.exception
    assert time.monotonic() - started < 30
    assert "only its first 2,000 characters are read" in shown(app)
    assert len(talk_of(app).turns[0].question) <= state.MAX_QUESTION


# ------------------------------------------------------------------ verdicts


def test_thumbs_are_kept_in_the_store_and_can_change(opened):
    app = ask(opened(), "What is an adapter?")
    key = f"verdict_{talk_of(app).turns[0].key}"
    app.checkbox(key="assistant_words").check().run()
    app.feedback(key=key).set_value(1).run()
    assert not app.exception
    row = store.feedback(store.connect()).iloc[0]
    assert (row["question"], row["kind"], list(row["entries"]), row["verdict"]) == (
        "What is an adapter?",
        "answer",
        [talk_of(app).turns[0].reply.cited[0].id],
        "up",
    )
    assert "Replies judged: 1; helpful: 100 %" in shown(app)
    app.feedback(key=key).set_value(0).run()
    app.text_input(key=key.replace("verdict", "comment")).set_value("too short").run()
    kept = store.feedback(store.connect())
    assert kept[["verdict", "comment"]].to_numpy().tolist() == [["down", "too short"]]


def test_a_thumb_says_what_it_keeps_and_keeps_no_words_unless_the_reader_agrees(opened):
    app = ask(opened(), "What is an adapter? I am Ann Example.")
    assert "Your words are kept only if you agree" in shown(app)
    key = f"verdict_{talk_of(app).turns[0].key}"
    app.feedback(key=key).set_value(0).run()
    row = store.feedback(store.connect()).iloc[0]
    assert (row["question"], row["comment"], row["verdict"]) == ("", "", "down")
    assert not [box for box in app.text_input if str(box.key).startswith("comment_")]
    assert "Ann" not in shown(opened())


def test_a_verdict_that_cannot_be_kept_says_so_and_the_page_goes_on(opened, monkeypatch):
    monkeypatch.setattr(store.writer, "WAIT_S", 0.05)
    app = ask(opened(), "What is an adapter?")
    with store.writing():
        app.feedback(key=f"verdict_{talk_of(app).turns[0].key}").set_value(1).run()
        assert not app.exception
        assert app.warning[0].value.startswith("Your verdict was not kept. The store is being written to")
    assert store.feedback(store.connect()).empty
    assert talk_of(ask(app, "What is an adapter?")).turns[-1].reply.kind == "answer"


# ------------------------------------------------------------------ files, conversation, hub


def give(app, name: str, content: bytes):
    app.file_uploader(key="knowledge_file").upload(name, content, "text/csv").run()
    assert not app.exception, app.exception[0].message
    return app


def test_a_file_of_ones_own_is_answered_from(opened):
    app = ask(opened(), "What is an adapter?")
    give(app, "shop.csv", b"id,question,answer\nhours,When do you open?,At nine.\n")
    assert app.title[0].value.replace("\\", "") == "What would you like to know about shop.csv?"
    assert app.success[0].value.startswith("All checks passed")
    assert talk_of(app).turns == ()
    assert replied(ask(app, "When are you open?")) == ["At nine."]
    app.button(key="knowledge_sample").click().run()
    assert app.title[0].value == "What would you like to know about Lepton AI?"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("wrong.csv", b"frage,antwort\nA,B\n", "The column 'question' is missing"),
        ("binary.csv", b"PK\x03\x04\0\0", "This is not a text file."),
        ("empty.md", b"", "The file is empty."),
        ("large.csv", b"x" * (5 * 2**20 + 1), "at most 5 MB are read"),
    ],
)
def test_a_wrong_file_is_refused_and_the_base_stays(opened, name, content, said):
    app = ask(opened(), "What is an adapter?")
    give(app, name, content)
    assert app.error[0].value.replace("\\", "").startswith(f"{name} was not taken")
    assert said in shown(app)
    assert len(talk_of(app).turns) == 1
    assert talk_of(ask(app, "What is an adapter?")).turns[-1].reply.kind == "answer"


def test_a_new_conversation_forgets_the_old_one(opened):
    app = ask(opened(), "What is an adapter?")
    app.button(key="assistant_clear").click().run()
    assert talk_of(app).turns == ()
    assert app.button(key="assistant_clear").disabled


def test_a_hub_model_out_of_reach_is_said_and_words_go_on(opened, monkeypatch):
    monkeypatch.setenv(hub.VARIABLE, "org/model")

    def missing(name):
        raise model_errors.HubError(
            "The model 'org/model' needs packages that are not installed (sentence_transformers). Install them with: "
            "pip install -r requirements-hub.txt"
        )

    monkeypatch.setattr(hub, "embedder", missing)
    app = ask(opened(), "What is an adapter?")
    assert app.warning[0].value.endswith("pip install -r requirements-hub.txt")
    assert replied(app)[0].startswith("A small file")


def test_a_hub_model_is_searched_with(opened, monkeypatch):
    monkeypatch.setenv(hub.VARIABLE, "org/model")
    monkeypatch.setattr(hub, "embedder", lambda name: Stub("hub", "").embed)
    app = ask(opened(), "What is an adapter?")
    assert "searched by words and meaning" in talk_of(app).turns[0].foot


@pytest.mark.parametrize(("named", "told"), [("org/model", "card arrival 90 %"), ("", "out of scope 90 %")])
def test_a_partner_over_the_hub_model_recognises_the_intent_and_is_named(opened, models, monkeypatch, named, told):
    models(clinc150="oos", **{"clinc150-hub": "card_arrival"})
    over = {"model": "org/model", "base": "clinc150"}
    card = SimpleNamespace(config={"hub": over}, version="1", base=None, files={}, title="", languages=())
    monkeypatch.setattr(load.knowledge, "model_names", lambda: ("clinc150", "clinc150-hub"))
    monkeypatch.setattr(load.knowledge, "model_fault", lambda name: None)
    for room in (load, load.knowledge):
        monkeypatch.setattr(room, "model_card", lambda name: card)
    monkeypatch.setattr(hub, "embedder", lambda name: Stub("hub", "").embed)
    monkeypatch.setenv(hub.VARIABLE, named)
    app = ask(opened(), "What is an adapter?")
    assert told in shown(app)
    assert ("Assistant (CLINC150) with org/model v1" in talk_of(app).turns[0].foot) == bool(named)


def test_in_chinese_the_page_and_its_own_sentences_are_chinese(opened, speak):
    app = opened(lang="zh")
    speak("zh")  # the test runner reads labels back as the reader saw them
    ask(app, "💡")
    assert replied(app) == ["您的消息里没有文字。您想了解什么？"]


def test_many_faults_are_a_table_with_their_lines(opened):
    app = give(opened(), "wrong.csv", b"question,answer\n" + b"A,\n" * 8)
    assert app.error[0].value.endswith("8 fault(s). The base above stays in use.")
    table = app.dataframe[-1].value
    assert table["Line"].tolist() == list(range(2, 10))
    assert set(table["What"]) == {"The answer is empty."}
