"""Adapt: rows are checked, an adapter is trained in the background, compared, registered or discarded, removed."""

import importlib.util
import io
import json
import threading
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st

from dashboard.adapt import rows as adapt_rows
from dashboard.adapt import state
from models import cards
from models.errors import Stopped
from models.text import adapter_rows, adapter_training, encoder, tokens, training
from models.training import jobs
from models.training.settings import Progress, Settings

PATIENCE_S = 120
LABELS = ("negative", "neutral", "positive")


def _tiny():
    file = Path(__file__).parents[1] / "models" / "conftest.py"
    spec = importlib.util.spec_from_file_location("tiny_models", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tiny = _tiny()


def three_classes() -> pd.DataFrame:
    """The rows of the tiny task, and as many again that say nothing good or bad."""
    known = tiny.rows()
    plain = known.iloc[::2].assign(label="neutral", text=[f"the day it is my car food {i}" for i in range(120)])
    return pd.concat([known, plain], ignore_index=True)


@pytest.fixture(scope="session")
def small_models(tmp_path_factory):
    """A folder with the model "sentiment": a bag and an encoder, three classes."""
    root = tmp_path_factory.mktemp("small")
    table = three_classes()
    tokenizer = tokens.train(table["text"], 400)
    shape = encoder.Config(tokenizer.get_vocab_size(), width=16, layers=1, heads=2, hidden=32, longest=24, dropout=0.0)
    plan = training.TrainingConfig(
        "encoder", tiny.EncoderConfig(shape),
        Settings(epochs=3, rate=5e-3, bf16=False), batch=16,
    )  # fmt: skip
    source = cards.Source("made up", "CC0", "https://example.org", len(table))
    made = tiny.recipe(
        "sentiment", corpus=lambda where: training.Corpus(table, (source,)), plans=(*tiny.recipe().plans[:1], plan)
    )
    training.make(made, tokenizer=tokenizer, root=root, say=lambda line: None)
    return root


@pytest.fixture
def ready(small_models, full_home, monkeypatch, tmp_path):
    """Only the small model ships, no shared texts are there, nothing trains."""
    monkeypatch.setattr(cards, "SHIPPED", small_models)
    monkeypatch.setenv("ATLAS_TEXT_DATA", str(tmp_path / "none"))
    monkeypatch.setattr(jobs, "_jobs", {})


@pytest.fixture
def opened(ready, open_page):
    return lambda **address: open_page("adapt", **address)


def trained(app):
    """Press the button and wait for the training to end."""
    app.button(key="adapt_train").click().run()
    assert not app.exception
    job = next(iter(jobs._jobs.values()))
    assert job.wait(PATIENCE_S)
    assert job.snapshot.state == "done", job.snapshot.problem
    app.run()
    assert not app.exception
    return app


def market(count: int = 90) -> pd.DataFrame:
    """'car' is what people like, 'food' what they do not, 'day' says nothing."""
    words = dict(zip(LABELS, ("food", "day", "car"), strict=True))
    rows = [(f"the {words[label]} was it {place}", label) for place, label in enumerate(LABELS * (count // 3))]
    return pd.DataFrame(rows, columns=["text", "label"])


def upload(app, table: pd.DataFrame | bytes, name: str = "market.csv", language: str = "en"):
    content = table if isinstance(table, bytes) else table.to_csv(index=False).encode()
    app.selectbox(key="adapt_language").set_value(language).run()
    app.file_uploader(key="adapt_file").set_value((name, content, "text/csv")).run()
    assert not app.exception
    return app


def folded(app) -> str:
    """What stands behind "Details for engineers"."""
    lines = [line for fold in app.expander if fold.label == "Details for engineers" for line in fold.caption]
    return "\n".join(line.value for line in lines)


def visible(app) -> str:
    """What is said outside of it."""
    hidden = set(folded(app).split("\n"))
    return "\n".join(line for line in said(app).split("\n") if line not in hidden)


def said(app) -> str:
    kinds = ("title", "error", "warning", "info", "caption", "markdown", "subheader")
    return "\n".join(element.value for kind in kinds for element in app.get(kind))


# ------------------------------------------------------------------ rows and checks


def test_the_example_is_checked_at_once_and_ready(opened):
    app = opened()
    assert app.title[0].value == "72 Swahili examples ready for training"
    assert "Only 18 test examples: results are rough." in said(app)
    assert "Not checked: whether rows stand in the general test data" in said(app)
    assert "python -m" in folded(app) and "ATLAS_TEXT_DATA" not in visible(app)
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert [trace["name"] for trace in spec["data"]] == list(LABELS)
    assert not app.button(key="adapt_train").disabled


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("rows", ["example", "shared", "file"])
def test_no_internals_stand_on_the_page(opened, internals, rows, lang):
    assert internals(opened(rows=rows, lang=lang)) == []


def test_without_the_shared_texts_the_sample_says_why_it_is_not_there(opened):
    app = opened(rows="shared")
    assert "There is no shared sample on this machine." in said(app)
    assert "There are no data to train on in" in folded(app)
    assert not [button for button in app.button if button.key == "adapt_train"]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (pd.DataFrame({"satz": ["a", "b"], "wert": ["1", "2"]}), "The file lacks the columns text, label; it has satz"),
        (market().assign(label=[f"l{i % 10}" for i in range(90)]), "labels that the model does not know"),
        (market().assign(label="positive"), "Every example is labelled positive: there is nothing to tell apart."),
        (market(9), "9 usable rows: at least 20 are needed."),
    ],
)
def test_rows_that_cannot_be_learned_from_are_refused_with_the_reason(opened, table, reason):
    app = upload(opened(rows="file"), table)
    assert app.title[0].value == "These rows cannot be learned from yet"
    assert any(reason in error.value for error in app.error)
    assert not [button for button in app.button if button.key == "adapt_train"]


def test_labels_of_the_file_do_not_become_markup(opened):
    odd = market().assign(label=["positive", "negative", "[x](http://y) :red[z] $a$ **b**"] * 30)
    app = upload(opened(rows="file"), odd)
    told = next(error.value for error in app.error if "does not know" in error.value)
    assert r"\[x\](http\:\u2060//y) \:red\[z\] \$a\$ \*\*b\*\*".replace(r"\u2060", "\u2060") in told


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "is empty"), (b"\x89PNG\x00\x00", "neither CSV, XLSX nor Parquet"), (b"PAR1x", "Parquet")],
)
def test_a_file_that_is_no_table_is_refused(opened, content, reason):
    assert reason in upload(opened(rows="file"), content).error[0].value


def test_columns_of_other_names_are_chosen(opened):
    app = upload(opened(rows="file"), market().rename(columns={"text": "comment", "label": "verdict"}))
    assert "lacks the columns text, label" in app.error[0].value
    app.selectbox(key="adapt_column_text_market.csv").set_value("comment").run()
    app.selectbox(key="adapt_column_label_market.csv").set_value("verdict").run()
    assert app.title[0].value == "90 English examples ready for training"


def test_parquet_with_a_split_of_its_own_is_read(opened):
    content = io.BytesIO()
    market().assign(split=["train"] * 60 + ["dev"] * 15 + ["test"] * 15).to_parquet(content)
    app = upload(opened(rows="file"), content.getvalue(), "market.parquet")
    assert app.title[0].value == "90 English examples ready for training"
    assert "Only 15 test examples: results are rough." in said(app)


@pytest.mark.parametrize(("name", "encoding"), [("market.txt", "utf-16"), ("market.tsv", "utf-8")])
def test_rows_between_tabs_are_taken_under_their_own_endings(opened, name, encoding):
    app = opened(rows="file")
    assert {".tsv", ".txt"} <= set(app.file_uploader(key="adapt_file").proto.type)
    app = upload(app, market().to_csv(index=False, sep="\t").encode(encoding), name)
    assert app.title[0].value == "90 English examples ready for training"


@pytest.mark.parametrize(
    ("typed", "told"),
    [("not a language!", "is no language code"), ("en-KE", "The first row names the columns.")],
)
def test_a_code_that_is_none_is_refused_and_a_regional_one_taken(opened, open_page, typed, told):
    app = open_page("cards", rows="file")
    app.session_state["adapt_language"] = typed  # the test runner cannot type an option of its own
    app.switch_page("../pages/adapt.py").run()
    assert not app.exception
    assert told in said(app)
    assert bool(app.error) == (typed != "en-KE")


def test_rows_in_another_language_are_warned_of(opened, monkeypatch):
    from models.text.classifier import Answer

    monkeypatch.setattr(
        adapt_rows._Detector, "predict", lambda self, rows: [Answer("fra_Latn", {"fra_Latn": 1.0}, True)] * len(rows)
    )
    app = opened()
    assert any("look as if they were not in sw, most of them fr" in warning.value for warning in app.warning)


def test_rows_of_the_general_test_are_left_out(opened, monkeypatch, tmp_path):
    rows = market(30).assign(source="afrisenti", language="en", split="test")
    rows.to_parquet(tmp_path / "sentiment.parquet")
    monkeypatch.setenv("ATLAS_TEXT_DATA", str(tmp_path))
    app = upload(opened(rows="file"), market())
    assert any("30 rows stand in the general test data" in warning.value for warning in app.warning)
    assert app.title[0].value == "60 English examples ready for training"


# ------------------------------------------------------------------ training


def test_an_adapter_is_trained_compared_registered_listed_and_removed(opened, text_of):
    app = trained(opened())
    assert app.title[0].value.startswith("Swahili: F1 ")
    assert "on 18 test examples" in app.title[0].value
    assert "Loss on other languages could not be measured." in said(app)
    names = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    assert names[0]["layout"]["yaxis"]["ticktext"] == ["Swahili, all classes", *LABELS]
    assert len(names) == 3
    labels = [metric.label for metric in app.metric]
    assert labels == ["F1 before", "F1 after", "Change", "Share of the model trained", "Training"]

    app.text_input(key="adapt_name").set_value("sentiment")
    app.button(key="adapt_save").click().run()
    assert "There is a model 'sentiment' already. Choose another name." in app.error[0].value
    app.text_input(key="adapt_name").set_value("My adapter!")
    app.button(key="adapt_save").click().run()
    assert "is no model's name" in app.error[0].value
    app.text_input(key="adapt_name").set_value("swahili")
    app.text_input(key="adapt_licence").set_value(" ")
    app.button(key="adapt_save").click().run()
    assert "source and licence" in app.error[0].value
    app.text_input(key="adapt_licence").set_value("Apache-2.0")
    app.button(key="adapt_save").click().run()
    assert not app.exception and not app.error

    assert "The adapter **swahili** is saved" in said(app)
    assert any("**swahili** · Swahili, F1" in text.value for text in app.markdown)
    card = cards.card("swahili")
    assert (card.base, card.config["language"]) == ("sentiment", "sw")
    assert card.data[-1] == cards.Source("Lepton Atlas example: Swahili product reviews", "Apache-2.0", "", 72)
    assert jobs.kept() == ()

    app.button(key="adapt_removed_swahili").click().run()
    assert "swahili" not in cards.names()
    assert "None yet." in said(app)


def test_forgetting_is_measured_on_the_other_languages(opened, monkeypatch, tmp_path):
    table = three_classes().assign(source="afrisenti")
    table.to_parquet(tmp_path / "sentiment.parquet")
    monkeypatch.setenv("ATLAS_TEXT_DATA", str(tmp_path))
    app = trained(opened())
    told = said(app)
    assert "Other languages (2, " in told
    assert "of their examples were trained again" in told
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert spec["layout"]["yaxis"]["ticktext"][-1] == "Other languages"


def test_a_sentence_is_answered_before_and_after(opened):
    app = trained(opened())
    app.text_input(key="adapt_sentence").set_value("viatu vyepesi sana").run()
    assert any(text.value.startswith("**Before · ") for text in app.markdown)
    assert any(text.value.startswith("**After · ") for text in app.markdown)
    app.text_input(key="adapt_sentence").set_value("!!").run()
    assert not app.exception
    assert "Write some words" in said(app)


def test_a_result_can_be_discarded(opened):
    app = trained(opened())
    app.button(key="adapt_discard").click().run()
    assert app.title[0].value == "72 Swahili examples ready for training"
    assert jobs.kept() == ()
    assert cards.names() == ("sentiment",)


def test_an_adapter_that_is_no_better_is_held_back(opened, monkeypatch):
    monkeypatch.setattr(adapter_training.TrainedAdapter, "held_back", True)
    app = trained(opened())
    assert "there is nothing to save" in said(app)
    assert not any(button.key == "adapt_save" for button in app.button)
    app.button(key="adapt_discard").click().run()
    assert jobs.kept() == ()


@pytest.fixture
def held(monkeypatch):
    """Trainings that report twice and then wait until they are let go, stopped or made to fail."""
    go = threading.Event()

    def learn(wish, report, should_stop):
        report(Progress(10, 100, 0, 0.9, None, 2.0))
        report(Progress(20, 100, 0, float("nan"), 0.4, 4.0))
        while not go.wait(0.01):
            if should_stop():
                raise Stopped
        raise ValueError("The loss is nan at step 20: lower the learning rate (0.1) or look for broken rows.")

    monkeypatch.setattr(state, "learn", learn)
    yield go
    go.set()
    for job in list(jobs._jobs.values()):
        job.wait(PATIENCE_S)


def begun(app):
    app.button(key="adapt_train").click().run()
    job = jobs.running()
    while len(job.snapshot.curve) < 2:
        pass
    app.run()
    assert not app.exception
    return job


def test_a_training_is_watched_left_and_stopped(opened, held):
    app = opened()
    job = begun(app)
    assert app.title[0].value == "Learning: Sentiment → Swahili"
    assert app.get("progress")[0].proto.text == "Step 20 of 100, about 16 seconds left"
    assert len(app.get("plotly_chart")) == 2
    app.switch_page("../pages/cards.py").run()
    app.switch_page("../pages/adapt.py").run()
    assert app.title[0].value == "Learning: Sentiment → Swahili"
    app.button(key="adapt_stop").click().run()
    assert job.wait(PATIENCE_S)
    app.run()
    assert app.title[0].value == "Stopped: Sentiment → Swahili"
    app.button(key="adapt_back").click().run()
    assert app.title[0].value == "72 Swahili examples ready for training"


def test_a_training_that_fails_says_why(opened, held):
    app = opened()
    job = begun(app)
    held.set()
    assert job.wait(PATIENCE_S)
    app.run()
    assert app.title[0].value == "It could not be trained: Sentiment → Swahili"
    assert "lower the learning rate" in app.error[0].value


def test_another_reader_sees_only_that_something_runs_and_may_neither_stop_it_nor_start_one(opened, held):
    job = begun(opened())
    other = opened()
    assert "Another reader's training is running, begun at " in said(other)
    assert "→" not in said(other)
    assert other.button(key="adapt_train").disabled
    assert not [button.key for button in other.button if button.key in ("adapt_show", "adapt_stop", "adapt_discard")]
    assert opened(training=job.id[:-1]).title[0].value == "72 Swahili examples ready for training"


@pytest.mark.parametrize("typed", ["Swahili", "swahili ", "sw"])
def test_a_language_may_be_typed_by_its_name(opened, open_page, typed):
    app = open_page("cards", rows="file")
    app.session_state["adapt_language"] = typed  # the test runner cannot type an option of its own
    app.switch_page("../pages/adapt.py").run()
    assert not app.exception and not app.error
    assert "The first row names the columns." in said(app)


def test_two_who_press_at_once_are_told(opened, held, monkeypatch):
    other = opened()
    begun(opened())
    monkeypatch.setattr(jobs, "running", lambda: None)
    other.button(key="adapt_train").click().run()
    assert "Another training runs since" in other.error[0].value
    assert not other.exception


def test_a_result_that_waits_is_found_after_a_reload(opened):
    app = trained(opened())
    again = opened(training=app.query_params["training"])
    assert again.title[0].value.startswith("Swahili: F1 ")
    assert opened().title[0].value == "72 Swahili examples ready for training"


def test_a_result_holds_none_of_the_rows_and_shows_a_sentence_of_our_own(opened):
    app = trained(opened())
    learned = jobs.kept()[0].snapshot.result
    assert not hasattr(learned, "wish")
    rows = adapter_rows.example().rows["text"]
    assert app.text_input(key="adapt_sentence").value not in set(rows)


def test_without_a_model_the_page_says_how_to_make_one(full_home, open_page, monkeypatch, tmp_path):
    monkeypatch.setattr(cards, "SHIPPED", tmp_path / "none")
    app = open_page("adapt")
    assert app.title[0].value == "Which market should the model learn from?"
    assert "python -m models train sentiment" in said(app)


def test_a_damaged_model_is_told(opened, small_models, monkeypatch, tmp_path):
    import shutil

    copied = tmp_path / "damaged"
    shutil.copytree(small_models, copied)
    (copied / "sentiment" / cards.WEIGHTS).write_bytes(b"x")
    monkeypatch.setattr(cards, "SHIPPED", copied)
    st.cache_resource.clear()
    assert "is not the file that its card describes" in said(opened())


def test_the_result_is_told_in_chinese(opened, speak):
    app = opened(lang="zh")
    speak("zh")  # the test runner reads labels back as the reader saw them
    app = trained(app)
    for heading in (*app.title, *app.subheader, *app.caption):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in heading.value), heading.value


def test_the_card_of_a_registered_adapter_is_chinese(opened, open_page, text_of):
    app = trained(opened())
    app.text_input(key="adapt_name").set_value("swahili")
    app.text_input(key="adapt_licence").set_value("Apache-2.0")
    app.button(key="adapt_save").click().run()
    assert cards.card("swahili").title == "Swahili adapter (swahili)"
    app = open_page("cards", model="swahili", lang="zh")
    assert app.title[0].value.startswith("斯瓦希里语适配器（swahili）")
    assert {"Tests.已按一个市场的斯瓦希里语数据适配。", "- 用 45 行学习，用 18 行评判。"} <= set(text_of(app))
