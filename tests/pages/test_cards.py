"""Model cards: how good each model is and for whom, what is behind it, and who signed for its release."""

import json
from dataclasses import replace

import pytest

from data import store
from models import cards, tensors


@pytest.fixture
def opened(lab, open_page):
    def shown(**address: str):
        return open_page("cards", **address)

    return shown


def specs(app) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_what_answers_beside_other_models_has_no_score_of_its_own(open_page, text_of, home):
    app = open_page("cards", model="base")
    assert app.title[0].value == "Encoder under the text models"
    assert [metric.label for metric in app.metric] == ["Size on disk"]
    told = next(text for text in text_of(app) if "is judged with them" in text)
    assert "Sentiment in 64 languages" in told
    assert "Banking questions, 77 intents" in told


def test_the_title_says_how_good_and_for_whom_least(opened, text_of):
    app = opened()
    assert app.title[0].value == "Sentiment: F1 0.80; weakest for Amharic, 0.50"
    assert {metric.label: metric.value for metric in app.metric} == {
        "F1": "0.80",
        "Accuracy": "85 %",
        "Fairness gap": "0.40",
        "Calibration error": "0.02",
        "Test texts": "1,000",
        "Size on disk": app.metric[5].value,
    }
    assert "Reads texts." in text_of(app)


def test_languages_are_sorted_the_weakest_first_with_their_intervals(opened):
    dots, speakers, calibration, confusion, forms = specs(opened())
    assert dots["layout"]["yaxis"]["ticktext"] == ["Amharic", "Finnish", "Hausa", "Swahili", "English"]
    assert dots["data"][0]["x"] == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9])
    assert len(dots["layout"]["shapes"]) == 6
    assert speakers["layout"]["xaxis"]["type"] == "log"
    assert calibration["data"][1]["x"] == [0.5, 0.9]
    assert forms["data"][0]["x"] == [3.0, 8.0]  # onnx is slower than fp32 and no better
    assert confusion["data"][0]["z"][0][0] == pytest.approx(0.8)


def test_the_fairness_gap_is_told_with_what_is_certain(opened, text_of):
    said = text_of(opened())
    told = "Scores range from 0.50 (Amharic) to 0.90 (English). A gap of at least 0.34 is more than chance."
    assert told in said
    assert any("rank correlation" in text and "5 languages" in text for text in said)
    assert any("associated with" in text for text in said)


def test_data_licence_limits_and_other_models_are_there(opened, text_of):
    app = opened()
    frames = [frame.value for frame in app.dataframe]
    assert any("licence" in frame and frame["licence"].tolist() == ["CC0-1.0"] for frame in frames)
    assert any("seconds" in frame and frame["name"].tolist() == ["n-grams"] for frame in frames)
    assert "- Knows nothing." in text_of(app)


def test_a_model_without_languages_is_judged_by_class(opened, text_of):
    app = opened(model="banking77")
    assert "How good is it for each class?" in text_of(app)
    assert app.title[0].value == "Banking77: F1 0.80"  # of ten texts a class, none makes a headline


def few(**scores: tuple[float, int]):
    """The sentiment card with scores and test texts by language."""
    import torch

    card = cards.card("sentiment")
    by_language = {code: {"macro_f1": score, "n": n} for code, (score, n) in scores.items()}
    changed = replace(card, metrics=card.metrics | {"per_language": by_language}, languages=(*by_language, "om"))
    tensors.save(changed, {"w": torch.zeros(2)})


def test_a_title_never_names_a_language_with_fewer_than_fifty_texts(opened, text_of):
    few(ms=(0.25, 3), ml=(1.0, 3), sw=(0.4, 357), es=(0.71, 481))
    app = opened()
    assert app.title[0].value == "Sentiment: F1 0.80; weakest for Swahili, 0.40"
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Fairness gap"] == "0.31"
    said = text_of(app)
    assert any("from 0.40 (Swahili) to 0.71 (Spanish)" in text for text in said)
    assert any(text.endswith("Too few test cases to judge: Malay 3, Malayalam 3.") for text in said)
    table = app.dataframe[-1].value.set_index("name")
    assert table.at["sentiment", "weakest"] == "Swahili"


def test_groups_too_few_to_judge_stand_last_and_in_grey(opened):
    from dashboard import theme

    few(ms=(0.25, 3), sw=(0.4, 357), es=(0.71, 481))
    dots = specs(opened())[0]
    assert dots["layout"]["yaxis"]["ticktext"] == ["Swahili", "Spanish", "Malay"]
    accent, grey = theme.LIGHT.accent, theme.LIGHT.grey
    assert dots["data"][0]["marker"]["color"] == [accent, accent, grey]


def test_a_card_says_first_what_to_use_it_for_and_what_not(opened, text_of):
    few(ms=(0.25, 3), sw=(0.4, 357), es=(0.71, 481))
    said = " ".join(text_of(opened()))
    assert "**Use it for** Spanish." in said
    assert "**Not for** Swahili (0.40)." in said
    assert "Learned from, but never tested: Oromo." in said


def test_varieties_of_a_language_are_told_apart(opened):
    few(zh=(0.70, 87), pt=(0.67, 285), **{"zh-TW": (0.85, 60), "pt-BR": (0.74, 523), "pt-MZ": (0.57, 1783)})
    names = specs(opened())[0]["layout"]["yaxis"]["ticktext"]
    assert names == [
        "Portuguese (Mozambique)", "European Portuguese", "Simplified Chinese", "Brazilian Portuguese",
        "Traditional Chinese",
    ]  # fmt: skip


def test_no_score_is_shown_as_one_or_none(opened, text_of):
    few(ms=(0.25, 3), es=(0.999, 481), sw=(0.4, 357))
    app = opened()
    assert any("to 0.99 (Spanish)" in text for text in text_of(app))
    assert not any(metric.value in ("1", "1.0", "None", "nan") for metric in app.metric)
    assert app.dataframe[-1].proto.placeholder == "–"


def test_a_card_with_little_in_it_still_opens(opened, text_of):
    import torch

    card = cards.card("topic")
    bare = cards.Card(
        **{field: getattr(card, field) for field in card.__dataclass_fields__}
        | {"metrics": {"accuracy": 0.7}, "variants": (), "tried": (), "data": (), "limits": (), "splits": {}}
    )
    tensors.save(bare, {"w": torch.zeros(2)})
    app = opened(model="topic")
    assert app.title[0].value == "Topic: Accuracy 0.70"
    assert "The card has no calibration." in text_of(app)


@pytest.mark.parametrize(
    ("lang", "title", "told"),
    [
        ("en", "Amharic adapter (region)", {"Reads texts. Adapted to one market's rows in Amharic.",
                                            "- Learned from 50 rows; judged on 18."}),
        ("zh", "阿姆哈拉语适配器（region）", {"Reads texts.已按一个市场的阿姆哈拉语数据适配。",
                                              "- 用 50 行学习，用 18 行评判。"}),
    ],
)  # fmt: skip
def test_an_adapter_s_own_sentences_are_in_the_reader_s_language(opened, text_of, lang, title, told):
    import torch

    own = replace(
        cards.card("sentiment"), name="region", base="sentiment", config={"language": "am"},
        title="Amharic adapter (region)", purpose="Reads texts. Adapted to one market's rows in Amharic.",
        limits=("Knows nothing.", "Learned from 50 rows; judged on 18."),
    )  # fmt: skip
    tensors.save(own, {"w": torch.zeros(2)})
    app = opened(model="region", **({"lang": lang} if lang != "en" else {}))
    assert app.title[0].value.startswith(title)
    assert {*told, "- Knows nothing."} <= set(text_of(app))
    table = app.dataframe[-1].value.set_index("name")["title"]
    assert table["region"] == title


PICTURE_METRICS = {
    "nuclei": {
        "n": 71, "dice": 0.92, "dice_low": 0.9, "dice_high": 0.94, "ap50": 0.81, "ap50_95": 0.6, "ece": 0.03,
        "count_error": 0.1,
        "per_kind": {
            "fluorescence": {"n": 65, "dice": 0.93, "ap50": 0.83, "low": 0.79, "high": 0.86},
            "bright field": {"n": 1, "dice": 0.93, "ap50": 0.89, "low": 0.89, "high": 0.89},
            "stained tissue": {"n": 6, "dice": 0.85, "ap50": 0.5, "low": 0.3, "high": 0.7},
        },
        "per_condition": {
            "pure blue": {"n": 65, "ap50": 0.83, "low": 0.79, "high": 0.86},
            "half size": {"n": 69, "ap50": 0.78, "low": 0.74, "high": 0.82},
        },
    },
    "cells": {
        "n": 36, "map50": 0.93, "map50_95": 0.6, "ece": 0.02, "crop_accuracy": 0.99,
        "ap50": {"RBC": 0.87, "WBC": 1.0}, "confusion": [[400, 6, 0], [0, 36, 0], [0, 1, 30]],
        "per_class": {"RBC": {"ap50": 0.87, "low": 0.8, "high": 0.9, "n": 406}, "WBC": {"ap50": 1.0, "n": 36}},
        "per_crowding": {"no neighbour": {"recall": 0.81, "proposed": 1.0, "n": 177},
                         "3 or more neighbours": {"recall": 0.5, "proposed": 0.8, "n": 32}},
    },
    "reader": {
        "n": 900, "cer": 0.01, "exact_match": 0.95, "amounts_right": 0.97, "ece": 0.02,
        "per_script": {"latin": {"exact_match": 0.97, "cer": 0.01, "n": 500},
                       "thai": {"exact_match": 0.9, "cer": 0.02, "n": 400}},
        "per_condition": {"usual": {"exact_match": 0.97, "cer": 0.01, "n": 300},
                          "blurred": {"exact_match": 0.92, "cer": 0.03, "n": 300},
                          "turned": {"exact_match": 0.96, "cer": 0.01, "n": 300}},
        "amounts": {"DE": {"n": 25, "right": 25}, "JP": {"n": 25, "right": 23}, "XZ": {"n": 2, "right": 1}},
    },
}  # fmt: skip


@pytest.fixture
def opened_on_pictures(opened):
    """The page of a picture model whose card has the figures of its task, changed ones in their place."""
    import torch

    def shown(task: str, **changed):
        card = cards.card("topic")
        metrics = PICTURE_METRICS[task] | changed
        changes = {"name": "pictures", "task": task, "title": "Pictures", "languages": (), "metrics": metrics,
                   "labels": ("RBC", "WBC", "Platelets"), "tried": (),
                   "variants": ({"name": "fp32", "latency_ms": 20.0, "bytes": 10, "per_s": 60.0, "ap50": 0.81,
                                 "map50": 0.9, "exact_match": 0.9},)}  # fmt: skip
        fields = {field: getattr(card, field) for field in card.__dataclass_fields__}
        tensors.save(cards.Card(**fields | changes), {"w": torch.zeros(2)})
        return opened(model="pictures")

    return shown


@pytest.mark.parametrize(
    ("task", "title", "figures", "groups"),
    [
        ("nuclei", "Pictures: average precision 0.81",
         {"Dice of the outlines": "0.92", "Miscounted nuclei, share": "0.10", "Test pictures": "71"},
         ["fluorescence", "stained tissue", "bright field"]),
        ("cells", "Pictures: average precision 0.93; weakest for red cells, 0.87",
         {"Kind of a single cell": "0.99", "Test pictures": "36"}, ["red cells", "white cells"]),
        ("reader", "Pictures: lines without an error 0.95; weakest for Thai, 0.90",
         {"Character errors": "0.01", "Prices understood": "0.97", "Test lines": "900"}, ["Thai", "Latin"]),
    ],
)  # fmt: skip
def test_a_picture_model_is_judged_by_kind_class_or_script(opened_on_pictures, task, title, figures, groups):
    app = opened_on_pictures(task)
    assert app.title[0].value == title
    shown = {metric.label: metric.value for metric in app.metric}
    assert figures.items() <= shown.items()
    assert "Accuracy" not in shown
    dots = specs(app)[0]
    assert dots["layout"]["yaxis"]["ticktext"] == groups
    whiskers = [shape for shape in dots["layout"]["shapes"] if shape["x0"] != shape["x1"]]
    told = [entry for entry in _entries(task) if entry["n"] >= 5]
    assert len(whiskers) == sum("low" in entry or "exact_match" in entry for entry in told)


def _entries(task: str) -> list[dict]:
    return [
        entry for by in ("per_kind", "per_class", "per_script") for entry in PICTURE_METRICS[task].get(by, {}).values()
    ]


def test_a_group_of_few_pictures_has_no_interval_and_makes_no_gap(opened_on_pictures, text_of):
    app = opened_on_pictures("nuclei")
    said = text_of(app)
    assert "Fewer than two groups have enough test cases to be compared." in said
    assert any(text.endswith("Too few test cases to judge: bright field 1, stained tissue 6.") for text in said)
    assert "Fairness gap" not in {metric.label for metric in app.metric}
    low_high = [(shape["x0"], shape["x1"]) for shape in specs(app)[0]["layout"]["shapes"]]
    assert (0.89, 0.89) not in low_high


@pytest.mark.parametrize("task", ["nuclei", "cells"])
def test_a_card_of_medical_pictures_says_first_that_it_is_no_medical_device(opened_on_pictures, text_of, task):
    assert any(text.startswith("**Not a medical device.**") for text in text_of(opened_on_pictures(task)))


def test_a_reader_is_judged_by_wear_and_by_the_prices_of_each_market(opened_on_pictures, text_of):
    app = opened_on_pictures("reader")
    _scripts, wear, prices, *_others = specs(app)
    assert wear["layout"]["yaxis"]["ticktext"] == ["blurred", "turned", "usual wear"]
    assert prices["layout"]["yaxis"]["ticktext"] == ["XZ", "Japan", "Germany"]
    assert prices["data"][0]["x"] == [0.5, 0.92, 1.0]
    whiskers = [shape for shape in prices["layout"]["shapes"] if shape["x0"] != shape["x1"]]
    assert [shape["x0"] for shape in whiskers] == pytest.approx([0.750, 0.867], abs=5e-4)  # Wilson 1927
    assert {"How good is it on blurred and turned lines?", "In which markets are prices misread?"} <= set(text_of(app))


def test_nuclei_are_judged_in_pictures_as_they_may_come_instead(opened_on_pictures, text_of):
    app = opened_on_pictures("nuclei")
    conditions = specs(app)[1]
    assert conditions["layout"]["yaxis"]["ticktext"] == ["half size", "pure blue"]
    assert conditions["data"][0]["x"] == [0.78, 0.83]
    assert "How good is it on pictures in blue, smaller or larger?" in text_of(app)


def test_red_cells_are_judged_by_how_crowded_they_lie(opened_on_pictures, text_of):
    app = opened_on_pictures("cells")
    crowds = specs(app)[1]
    assert crowds["layout"]["yaxis"]["ticktext"] == ["3 or more neighbours", "no neighbour"]
    assert crowds["data"][0]["x"] == [0.5, 0.81]
    assert len([shape for shape in crowds["layout"]["shapes"] if shape["x0"] != shape["x1"]]) == 2  # Wilson
    assert "How many red cells are found in crowds?" in text_of(app)


def test_of_many_markets_the_weakest_stand_first_and_the_others_are_asked_for(opened_on_pictures):
    codes = ["DE", "FR", "IT", "ES", "PT", "NL", "BE", "AT", "GB", "US", "JP", "CN", "IN", "BR", "MX"]
    many = {market: {"n": 25, "right": 10 + place} for place, market in enumerate(codes)}
    app = opened_on_pictures("reader", amounts=many)
    assert len(specs(app)[2]["data"][0]["x"]) == 12
    app.toggle(key="cards_prices_all").set_value(True).run()
    assert len(specs(app)[2]["data"][0]["x"]) == 15


def test_the_confusion_of_single_cells_is_not_taken_for_the_detector_s(opened_on_pictures, text_of):
    said = text_of(opened_on_pictures("cells"))
    assert "Confusion matrix of single cells" in said and "Confusion matrix" not in said
    assert any(
        text.startswith("Cells cut out where they are labelled, not as the detector finds them") for text in said
    )


def test_lines_without_an_error_get_the_interval_of_a_share(lab):
    from dashboard import model_figures

    card = replace(cards.card("topic"), task="reader", languages=(), metrics=PICTURE_METRICS["reader"])
    found = model_figures.groups(card, "per_script").loc["thai"]
    assert (found["low"], found["high"]) == pytest.approx((0.867, 0.926), abs=5e-4)  # Wilson 1927, 360 of 400


def test_every_model_is_in_the_table_with_its_review(opened):
    table = opened().dataframe[-1].value
    assert table["name"].tolist() == list(cards.names())
    assert set(table["review"]) == {"not reviewed"}


@pytest.mark.parametrize("damage", ["card.json", "weights.safetensors"])
def test_a_damaged_model_shows_its_fault_and_the_others_stay(opened, text_of, damage):
    (cards.own() / "topic" / damage).write_bytes(b"{")
    app = opened(model="topic")
    assert app.title[0].value == "topic cannot be used"
    assert app.error[0].value == "Its files are missing or damaged, so it is not loaded."
    assert "sentiment" in app.dataframe[-1].value["name"].tolist()
    app.selectbox(key="model").set_value("sentiment").run()
    assert app.title[0].value.startswith("Sentiment")
    assert any(error.value == "topic cannot be used" for error in app.error)


def test_without_models_the_page_says_how_to_make_one(full_home, open_page, monkeypatch, tmp_path):
    monkeypatch.setattr(cards, "SHIPPED", tmp_path / "none")
    app = open_page("cards")
    assert app.title[0].value == "No model is trained yet"
    assert "python -m" not in app.info[0].value
    assert "python -m models train" in app.expander[0].caption[0].value


# ------------------------------------------------------------------ sign-off


def sign(app, name: str = "sentiment", *, by: str = "Ada", decision: str = "approved", ticked: int = 5):
    for item in store.CHECKLIST[:ticked]:
        app.checkbox(key=f"review_{name}_0_{item}").set_value(True)
    app.segmented_control(key=f"review_{name}_0_decision").set_value(decision)
    app.text_input(key=f"review_{name}_0_by").set_value(by)
    app.text_area(key=f"review_{name}_0_note").set_value("**Looked** at Hausa")
    app.button(key=f"review_{name}_0_sign").click().run()
    assert not app.exception
    return app


def test_a_sign_off_is_kept_with_the_weights_it_was_about(opened):
    app = sign(opened())
    row = store.reviews(store.connect(), "sentiment").iloc[0]
    assert (row["reviewer"], row["decision"], row["version"]) == ("Ada", "approved", "1")
    assert row["weights_sha256"] == cards.card("sentiment").files[cards.WEIGHTS]
    assert any(text.value.startswith("Approved by Ada on ") for text in app.text)
    assert "**Looked** at Hausa" in [text.value for text in app.text]
    table = app.dataframe[-1].value.set_index("name")["review"]
    assert (table["sentiment"], table["topic"]) == ("Approved", "not reviewed")


def test_no_release_with_an_open_point_or_without_a_name(opened):
    app = sign(opened(), ticked=4)
    assert "Points still open: 1." in app.error[0].value
    assert app.text_input(key="review_sentiment_0_by").value == "Ada"
    assert "reviewer's name" in sign(opened(), by="  ").error[0].value
    assert store.reviews(store.connect()).empty


def test_a_rejection_may_leave_points_open(opened):
    app = sign(opened(), decision="rejected", ticked=1)
    assert any("1 of 5 points ticked" in text.value for text in app.text)


def test_a_model_trained_again_has_to_be_reviewed_again(opened, text_of):
    import torch

    sign(opened())
    tensors.save(cards.card("sentiment"), {"w": torch.ones(2)})
    app = opened()
    assert app.dataframe[-1].value.set_index("name").at["sentiment", "review"] == "changed since its review"
    assert any(text.startswith("This review is of an earlier version") for text in text_of(app))
