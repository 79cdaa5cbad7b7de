"""The Language lab: what a text says and why, a file of texts, and which languages reach whom."""

import io
import json
from dataclasses import replace

import pandas as pd
import pytest
import torch

from dashboard.inference import text as lab_answers
from dashboard.language import file
from models import cards, errors, tensors
from models.serving import server
from models.text import hub


@pytest.fixture
def opened(lab, open_page):
    """The page with a text typed."""

    def typed(text: str | None = None, **address: str):
        app = open_page("language", **address)
        if text is not None:
            app.text_area(key="lab_text").set_value(text).run()
        assert not app.exception
        return app

    return typed


def details_of(app):
    """What stands folded away for engineers."""
    return [line for fold in app.expander if fold.label == "Details for engineers" for line in fold.caption]


def more(app, *wanted: str):
    app.pills(key="lab_more").set_value(list(wanted)).run()
    assert not app.exception
    return app


def html_of(app) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def test_a_sample_is_read_at_once(opened, text_of):
    app = opened()
    assert app.title[0].value
    assert any(line.value.startswith("cpu, batch of 1 · Language v1 ") for line in details_of(app))


def test_the_answer_stands_in_large_type_with_its_bars_and_its_quality(opened, text_of, lab):
    app = opened("a positive word on travel")
    assert app.title[0].value == "Positive · English"
    bars = [bar.proto.text for bar in app.get("progress")]
    assert bars[:3] == ["positive · 90 %", "negative · 5 %", "neutral · 5 %"]
    assert "English: F1 0.90 on 200 test texts" in text_of(app)
    assert not app.warning
    assert lab["sentiment"].heard[-1] == ("a positive word on travel", "en")
    assert lab["language"].heard[-1] == ("a positive word on travel", None)


def test_who_is_not_sure_says_so(opened, text_of):
    app = opened("nothing in particular")
    assert app.title[0].value == "Mixed or unclear · English"
    assert "Unclear: no label is clearly ahead." in text_of(app)


def test_a_language_that_is_not_fit_to_show_carries_a_banner_and_is_never_sure(opened):
    app = opened("ሰላም positive")
    assert app.title[0].value == "Perhaps positive · Amharic"
    assert app.warning[0].value == ("Not good enough for Amharic: F1 0.50 on 200 test texts. Do not rely on it.")


MIXED = "a negative wait of two hours, but a positive doctor"


def test_clauses_of_opposite_signs_make_a_text_mixed_and_are_listed(opened, text_of):
    app = opened(MIXED)
    assert app.title[0].value == "Mixed: positive and negative · English"
    lines = [element.value for element in app.markdown]
    assert ":orange-badge[negative 90 %] a negative wait of two hours," in lines
    assert ":blue-badge[positive 90 %] but a positive doctor" in lines


def test_where_clauses_are_unsure_nothing_is_said_of_them(opened, text_of):
    app = opened("a negative wait of two hours, but a doctor in particular")
    assert app.title[0].value == "Negative · English"
    assert "Clause by clause" not in text_of(app)


def test_mixed_is_only_perhaps_said_in_a_language_that_is_not_fit(opened):
    assert opened("ሰላም negative ነው፣ ግን positive ሰላም").title[0].value == "Perhaps mixed: positive and negative · Amharic"


def test_what_is_typed_into_a_clause_stays_text(opened):
    app = opened("a negative **bold** [x](http://y.z), but a positive :red[doctor]")
    shown = [element.value for element in app.markdown if "badge" in element.value]
    assert any("\\*\\*bold" in line for line in shown) and any("\\:red" in line for line in shown)


def test_a_class_that_is_not_offered_in_a_language_is_named(opened, monkeypatch):
    monkeypatch.setattr(lab_answers, "not_offered", lambda model, code: ("neutral",))
    [told] = [info.value for info in opened("a positive word on travel").info]
    assert told.startswith("“neutral” is not offered in English: the training texts there had none")


def test_a_language_nobody_tested_says_so(opened):
    assert opened("医生很好 positive").warning[0].value == ("Never tested on Chinese (Simplified). Do not rely on it.")


def test_a_text_in_two_languages_is_read_in_two_parts(opened, lab):
    app = opened("what a positive and lovely day 医生说话真的是 negative")
    assert app.title[0].value == "English: positive · Chinese (Simplified): perhaps negative"
    assert {text for text, _code in lab["sentiment"].heard[-2:]} >= {"what a positive and lovely day"}
    assert "This text is in 2 languages. Each part is read by itself." in [note.value for note in app.info]


def test_topics_and_intents_are_shown_when_asked_for_only(opened, lab):
    app = opened("a positive word on travel")
    assert "topic" not in lab and "banking77" not in lab
    assert not any("travel" in bar.proto.text for bar in app.get("progress"))
    more(app, "topic")
    assert any(bar.proto.text == "travel · 90 %" for bar in app.get("progress"))


def test_intents_are_those_of_the_industry_and_read_as_words(opened, lab):
    app = opened("about lost_card", recipe="finance")
    more(app, "intent")
    assert "banking77" in lab
    assert any(bar.proto.text == "lost card · 90 %" for bar in app.get("progress"))


def test_orange_is_bad_news_and_blue_is_good_news_whatever_was_answered(opened):
    """The longest word speaks for the class: here for "negative"."""
    html = html_of(opened("a thoroughly negative word"))
    assert "solid #E69F00" in html and "dotted #0072B2" in html
    assert "speaks for “negative”" in html and "counts against “negative”" in html


def test_no_two_buttons_are_called_english(opened):
    app = opened()
    labels = [button.label for button in app.button]
    assert "English example" in labels and "English" not in labels


def test_single_characters_are_not_offered_as_reasons_below_the_quality(opened):
    app = opened("医生很好 positive")
    assert "Words behind the result" not in [heading.value for heading in app.subheader]


def test_a_language_that_is_not_certain_is_told_to_nobody_and_said(opened, lab):
    app = opened("positive mumble")
    assert lab["sentiment"].heard[-1] == ("positive mumble", None)
    assert any("is not certain" in note.value for note in app.info)
    assert not any("is not certain" in note.value for note in opened("a positive word").info)


def test_words_are_coloured_and_nothing_typed_becomes_markup(opened):
    app = opened('positive <script>alert(1)</script> **bold** & "quoted"\nnext :red[line]')
    html = html_of(app)
    assert "<script>" not in html and "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert '<p dir="auto"' in html and "<br>" in html and "&quot;quoted&quot;" in html
    assert "solid #0072B2" in html and "dotted #E69F00" in html
    for element in (*app.title, *app.markdown, *app.caption):
        assert "alert(1)" not in element.value


def test_arabic_runs_from_the_right_and_is_read_whole(opened):
    app = opened("كان الطبيب لطيفا جدا")
    assert "Arabic" in app.title[0].value
    assert "لطيفا" in html_of(app)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", "What would you like to analyse?"),
        ("   \n ", "What would you like to analyse?"),
        ("😀😀 123 !!", "There is no word in this text"),
        ("\x00\x00", "There is no word in this text"),
    ],
)
def test_a_text_without_words_is_not_asked_about(opened, lab, text, title):
    app = opened()
    before = len(lab["sentiment"].heard)
    app.text_area(key="lab_text").set_value(text).run()
    assert app.title[0].value == title
    assert app.info[0].value
    assert len(lab["sentiment"].heard) == before


def test_a_megabyte_is_cut_and_said(opened, text_of, lab):
    app = opened("positive " * 120_000)
    assert "The text has 1,079,999 characters; the first 2,000 are read." in text_of(app)
    assert len(lab["sentiment"].heard[-1][0]) <= 2000


def test_null_bytes_inside_a_text_are_dropped(opened, lab):
    opened("posi\x00tive")
    assert lab["sentiment"].heard[-1][0] == "positive"


def test_samples_are_a_click_away_and_a_second_click_gives_another(opened):
    app = opened()
    app.button(key="sample_hau_Latn").click().run()
    first = app.text_area(key="lab_text").value
    app.button(key="sample_hau_Latn").click().run()
    assert {first, app.text_area(key="lab_text").value} == {
        "Likitan ya yi min kirki sosai, na gode kwarai.",
        "Wannan mugun asibiti ne, ba su da tausayi.",
    }


def test_the_languages_of_the_chosen_market_come_first(opened):
    keys = [button.key for button in opened(where="FIN").button if button.key.startswith("sample_")]
    assert keys[0] == "sample_fin_Latn"


def test_models_stand_side_by_side(opened, text_of):
    app = opened("positive")
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert spec["data"][0]["y"] == ["Baseline: character n-grams", "Multilingual model", "Nigeria"]
    assert [trace["name"] for trace in spec["data"]] == ["negative", "neutral", "positive"]
    assert "All 2 other models agree." in text_of(app)


def test_another_answer_is_explained_on_request(opened):
    app = opened("a positive word on travel")
    more(app, "topic")
    app.segmented_control(key="lab_explain_2").set_value(1).run()
    assert "speaks for “travel”" in html_of(app)


@pytest.mark.parametrize("named", ["org/model", ""])
def test_a_partner_over_the_hub_model_names_itself_and_its_way_to_reasons(opened, text_of, lab, monkeypatch, named):
    own = cards.card("banking77")
    over = {"model": "org/model", "base": "banking77"}
    tensors.save(replace(own, name="banking77-hub", config={"hub": over}), {"w": torch.zeros(2)})
    monkeypatch.setattr(hub, "embedder", lambda name: list)
    monkeypatch.setenv(hub.VARIABLE, named)
    app = more(opened("about lost_card", recipe="finance"), "intent")
    app.segmented_control(key="lab_explain_2").set_value(1).run()
    assert not app.exception
    assert any("Bank (Banking77) with org/model v1 " in line.value for line in details_of(app)) == bool(named)
    way = "Each word left out in turn" if named else "Integrated gradients"
    assert any(text.startswith(way) and "lost card" in text for text in text_of(app))
    assert ("banking77-hub" in lab, "banking77" in lab) == (bool(named), not named)


def test_a_missing_model_says_how_to_make_it_and_the_others_go_on(opened, text_of):
    cards.remove("topic")
    app = more(opened("positive"), "topic")
    assert app.title[0].value == "Positive · English"
    assert "Topic: this model cannot answer at present." in text_of(app)
    assert any("python -m models train topic" in line.value for line in details_of(app))


def test_without_any_model_the_page_stands(full_home, open_page, monkeypatch, tmp_path, text_of):
    monkeypatch.setattr(cards, "SHIPPED", tmp_path / "none")
    app = open_page("language")
    assert app.title[0].value == "No model has read this yet"
    assert sum("python -m models train" in line.value for line in details_of(app)) >= 3


BAD_CARDS = {
    "metrics": {"macro_f1": "good"},
    "files": {"weights.safetensors": ["a"]},
    "config": {"language": "ha"},
    "title": 7,
}


@pytest.mark.parametrize("field", BAD_CARDS)
def test_one_bad_adapter_takes_no_page_down(opened, open_page, lab, field, monkeypatch):
    folder = cards.folder("sentiment-nigeria")
    card = json.loads((folder / cards.CARD).read_text("utf-8"))
    (folder / cards.CARD).write_text(json.dumps(card | {field: BAD_CARDS[field]}), "utf-8")
    assert opened("positive").title[0].value.startswith("Positive")
    app = open_page("cards")
    assert not app.exception and app.title[0].value


def test_a_damaged_model_is_told_and_not_loaded(opened, text_of, lab):
    (cards.own() / "topic" / cards.CARD).write_text("{")
    app = more(opened("positive"), "topic")
    assert any("The card is not JSON" in text for text in text_of(app))
    assert "topic" not in lab


def test_a_busy_model_says_so(opened, text_of, monkeypatch):
    def busy(self, texts, languages=None, timeout_s=10):
        raise errors.Busy("The model 'topic' is busy: 64 requests with 64 items wait for it already. Try again.")

    monkeypatch.setattr(server.Server, "ask", busy)
    app = opened("positive")
    assert app.title[0].value == "No model has read this yet"
    assert any("is busy" in text for text in text_of(app))


def test_a_model_trained_again_is_taken_up(opened, lab):
    import torch

    opened("positive")
    before = lab["sentiment"]
    card = cards.card("sentiment")
    tensors.save(card, {"w": torch.ones(2)})
    opened("positive again")
    assert lab["sentiment"] is not before
    assert before.heard[-1][0] != "positive again"


# ------------------------------------------------------------------ a file


def upload(app, table: pd.DataFrame | bytes, name: str = "texts.csv"):
    content = table if isinstance(table, bytes) else table.to_csv(index=False).encode()
    app.file_uploader(key="lab_file").set_value((name, content, "text/csv")).run()
    assert not app.exception
    return app


ROWS = pd.DataFrame(
    {
        "id": ["1", "2", "3", "4", "5"],
        "comment": ["a positive thing", "=negative()", "", "😀", "这家酒店 positive"],
        "lang": ["en", "", "", "", "nonsense!"],
    }
)


def test_a_file_is_read_counted_previewed_and_taken_away(opened, lab, text_of):
    app = upload(opened(lab="file"), ROWS)
    assert app.selectbox(key="lab_column").value == "comment"
    assert app.selectbox(key="lab_language_column").value == "lang"
    app.button(key="lab_start").click().run()
    assert app.title[0].value == "Perhaps 1 of 3 texts are negative, 2 positive and 0 unclear"
    assert any("1 of 3 rows are in languages for which" in text for text in text_of(app))
    assert "Never tested on Chinese (Simplified). Do not rely on it." in text_of(app)
    shown = app.dataframe[0].value
    assert shown["sentiment"].tolist() == ["positive", "negative", "", "", "positive"]
    assert shown["sentiment_fit"].tolist() == [True, True, False, False, False]
    assert shown["language"].tolist() == ["eng_Latn", "eng_Latn", "", "", "zho_Hans"]
    assert set(lab["sentiment"].heard[-3:]) == {
        ("a positive thing", "en"),
        ("=negative()", "en"),
        ("这家酒店 positive", "zh"),
    }
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert spec["data"][0]["y"] == ["English", "Chinese (Simplified)"]


def test_mixed_rows_of_a_file_are_counted_and_their_clauses_taken_away(opened, text_of):
    app = upload(opened(lab="file"), pd.DataFrame({"text": [MIXED, "a positive thing", "😀"], "lang": ["en"] * 3}))
    app.button(key="lab_start").click().run()
    assert "1 of 2 rows are mixed, positive and negative: the column `sentiment_clauses` has their clauses." in text_of(
        app
    )
    assert app.dataframe[0].value["sentiment_clauses"].tolist() == [
        "negative: a negative wait of two hours, | positive: but a positive doctor",
        "",
        "",
    ]


def test_other_columns_start_afresh(opened):
    app = upload(opened(lab="file"), ROWS)
    app.button(key="lab_start").click().run()
    app.selectbox(key="lab_column").set_value("lang").run()
    assert app.title[0].value == "What do all these texts say?"
    assert app.button(key="lab_start").label == "Read all 5 rows"


def test_a_fault_in_mid_file_keeps_what_is_done(opened, monkeypatch):
    monkeypatch.setattr(file, "CHUNK", 2)
    app = upload(opened(lab="file"), pd.DataFrame({"text": [f"positive {i}" for i in range(6)]}))
    asked = server.Server.ask

    def failing(self, texts, languages=None, timeout_s=10):
        if "positive 4" in texts:
            raise errors.TimedOut("The model 'language' did not answer within 120 s.")
        return asked(self, texts, languages, timeout_s)

    monkeypatch.setattr(server.Server, "ask", failing)
    app.button(key="lab_start").click().run()
    assert "did not answer" in app.error[0].value
    assert len(app.dataframe[0].value) == 4
    monkeypatch.setattr(server.Server, "ask", asked)
    assert app.button(key="lab_start").label == "Go on"
    app.button(key="lab_start").click().run()
    assert not app.error
    assert len(app.dataframe[0].value) == 6


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"text\n", "no rows below it"),
        (b"\x89PNG\x00\x00", "neither CSV, XLSX nor Parquet"),
        ("text\né".encode("latin-1"), "not UTF-8"),
        (b"PK\x03\x04rubbish", "cannot be read as an Excel file"),
        (b"<!doctype html><html>", "web page or XML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_remedy(opened, content, said):
    app = upload(opened(lab="file"), content)
    assert said in app.error[0].value


def test_an_excel_file_is_read(opened):
    book = io.BytesIO()
    ROWS.to_excel(book, index=False)
    app = upload(opened(lab="file"), book.getvalue(), "texts.xlsx")
    assert app.button(key="lab_start").label == "Read all 5 rows"


# ------------------------------------------------------------------ reach


def test_the_reach_curve_answers_for_all_markets_and_for_some(opened, text_of):
    app = opened(lab="reach")
    assert " of people (" in app.title[0].value and app.title[0].value.startswith("English, Chinese and ")
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert spec["layout"]["yaxis"]["ticktext"][0] == "1  English"
    assert any("how many is not recorded" in text for text in text_of(app))

    app = opened(lab="reach", where="NGA")
    assert "Nigerian Pidgin" in app.title[0].value
    assert "yo" in app.multiselect(key="lab_languages").value
    app.multiselect(key="lab_languages").set_value(["ha"]).run()
    assert app.title[0].value.startswith("Hausa reach")


def test_gdp_orders_otherwise(opened):
    people, gdp = (opened(lab="reach", by=by).title[0].value for by in ("people", "gdp"))
    assert people != gdp
