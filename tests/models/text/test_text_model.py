"""A trained text model answers, hesitates, explains itself, and refuses what it cannot read."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import cards
from models import tensors as model_tensors
from models.errors import ModelError, TextError
from models.text import attribution, load, text_model
from models.text.classifier import MAX_CHARACTERS
from models.text.network import Config, Network, Reading


def test_it_says_what_the_words_say_in_both_languages(tiny):
    answers = tiny.predict(["the day was lovely", "le jour était affreux"], ["en", "fr"])
    assert [answer.label for answer in answers] == ["positive", "negative"]
    assert all(answer.sure for answer in answers)


def test_probabilities_add_up_and_stand_in_order(tiny):
    answer = tiny.predict(["the day was lovely"], ["en"])[0]
    shares = list(answer.probabilities.values())
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert shares == sorted(shares, reverse=True)
    assert answer.confidence == shares[0]


@pytest.mark.parametrize(
    ("text", "note"), [("", "empty"), (" \n", "empty"), ("😀😀", "no words"), ("123 !", "no words")]
)
def test_nothing_to_read_is_said(tiny, text, note):
    answer = tiny.predict([text])[0]
    assert (answer.note, answer.sure) == (note, False)


def test_a_language_never_seen_is_said(tiny):
    answer = tiny.predict(["the day was lovely"], ["sw"])[0]
    assert (answer.note, answer.sure) == ("unseen", False)


@pytest.mark.parametrize("text", ["ᎣᏏᏲ ᏙᎯᏧ", "это было чудесно"])
def test_a_script_never_seen_is_said(tiny, text):
    answer = tiny.predict([text])[0]
    assert (answer.note, answer.sure) == ("unseen", False)
    assert tiny.predict([f"lovely {text}"])[0].note != "unseen"


def test_a_variant_of_a_known_language_is_that_language(tiny):
    assert tiny.predict(["the day was lovely"], ["en-GB"]) == tiny.predict(["the day was lovely"], ["en"])


def test_flores_and_bcp_47_codes_stand_for_each_other(tiny):
    assert tiny.predict(["the day was lovely"], ["eng_Latn"]) == tiny.predict(["the day was lovely"], ["en"])
    bag = tiny.network.config.members[0]
    network = Network(Config(("a", "b"), ("eng_Latn", "zho_Hans", "zho_Hant"), (bag,)))
    assert network.numbers(["en", "en-GB", "eng_Latn", "zh", "zh-Hant", "sw", None]).tolist() == [0, 0, 0, 1, 2, -1, -1]


def test_a_megabyte_of_text_is_cut_and_said(tiny):
    answer = tiny.predict(["lovely " * 150_000], ["en"])[0]
    assert answer.note == "cut"
    assert answer.probabilities == tiny.predict([("lovely " * 150_000)[:MAX_CHARACTERS]], ["en"])[0].probabilities


def test_a_text_is_answered_the_same_alone_and_in_a_batch(tiny):
    texts = ["the day was lovely", "awful", "la voiture", "it is food and my car was happy"]
    together = tiny.logits(texts, ["en"] * 4)
    for text, row in zip(texts, together, strict=True):
        assert np.allclose(tiny.logits([text], ["en"])[0], row, atol=1e-4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(text=st.text(max_size=80))
def test_any_text_gets_an_answer_and_reasons_within_it(tiny, text):
    answer = tiny.predict([text])[0]
    assert np.isfinite(list(answer.probabilities.values())).all()
    if text.strip():
        assert all(0 <= reason.start < reason.end <= len(text) for reason in tiny.explain(text))


def test_the_word_that_decides_has_the_largest_weight(tiny):
    text = "the day was lovely and my car"
    found = tiny.explain(text, "positive", "en")
    best = max(found, key=lambda reason: reason.weight)
    assert text[best.start : best.end] == "lovely"
    assert [text[r.start : r.end] for r in found] == text.split()


def test_the_weights_add_up_to_what_the_text_does_to_the_logit(tiny, monkeypatch):
    """Completeness (Sundararajan et al. 2017, proposition 1)."""
    monkeypatch.setattr(attribution, "STEPS", 300)
    text, label = "the day was lovely", tiny.labels.index("positive")
    total = sum(reason.weight for reason in tiny.explain(text, "positive", "en"))
    shut = _logit_with_all_words_shut(tiny, text, label)
    assert total == pytest.approx(tiny.logits([text], ["en"])[0, label] - shut, abs=0.02)


def _logit_with_all_words_shut(model, text: str, label: int) -> float:
    """Every n-gram at weight zero, every token but the first at the zero vector."""
    network = model.network
    inputs = network.prepare([text], ["en"])
    total = 0.0
    with torch.inference_mode():
        for index, member in enumerate(network.members):
            if hasattr(member, "encoder"):
                embedded = (
                    member.encoder.tokens(inputs.ids) * torch.tensor([1.0, *[0.0] * (inputs.ids.shape[1] - 1)])[:, None]
                )
                found = member(inputs.ids, inputs.mask, inputs.language, embedded)
            else:
                found = member.finished(torch.zeros(1, member.table.embedding_dim), inputs.language)
            total += float(network.mix[index] * found[0, label])
    return total / float(network.temperature)


def test_scripts_without_spaces_are_explained_by_character():
    assert attribution.words("我爱你 ok") == [(0, 1), (1, 2), (2, 3), (4, 6)]


@pytest.mark.parametrize(("text", "parts"), [("ดีมาก", 4), ("กู้ ok", 2), ("ខ្មែរ", 2), ("བོད་སྐད", 5), ("बाज़ार में", 2)])
def test_a_mark_is_explained_with_the_letter_it_stands_on(text, parts):
    spans = attribution.words(text)
    assert len(spans) == parts
    assert "".join(text[start:end] for start, end in spans) == text.replace(" ", "")


def test_a_very_long_text_is_explained_in_at_most_400_pieces(tiny):
    assert len(attribution.words("a " * 1000)) == attribution.MAX_SPANS


def test_an_empty_text_or_an_unknown_class_cannot_be_explained(tiny):
    with pytest.raises(TextError, match="empty"):
        tiny.explain("  ")
    with pytest.raises(TextError, match="no class 'sideways'"):
        tiny.explain("good", "sideways")


def test_vectors_have_unit_length_and_a_bag_alone_has_none(tiny):
    found = tiny.embed(["the day", "le jour"])
    assert found.shape == (2, 16)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_a_config_that_is_none_is_refused(tiny):
    with pytest.raises(ValueError, match="no configuration"):
        Config.from_dict({"labels": ["a"]})
    with pytest.raises(ValueError, match="no member of the kind"):
        Config.from_dict({"labels": [], "languages": [], "allowed": {}, "members": [{"kind": "oracle"}]})


def test_a_config_survives_its_card(tiny):
    assert Config.from_dict(cards.card("tiny").config["network"]) == tiny.network.config


def test_weights_of_another_network_are_refused(shipped, tmp_path):
    card = cards.card("tiny")
    tensors = model_tensors.weights("tiny")
    tensors.pop("mix")
    model_tensors.save(card, tensors, {load.TOKENIZER: cards.read("tiny", load.TOKENIZER)})
    with pytest.raises(ModelError, match="cannot be built from its card"):
        load.classifier("tiny")


def test_it_runs_in_the_number_formats_it_names(with_bf16, tiny):
    plain = tiny.probabilities(["the day was lovely"], ["en"])
    tiny.use("bf16")
    assert np.allclose(tiny.probabilities(["the day was lovely"], ["en"]), plain, atol=0.05)
    assert tiny.network.members[2].head.weight.dtype == torch.float32
    with pytest.raises(ValueError, match="not in 'fp7'"):
        tiny.use("fp7")
    tiny.use("fp32")
    assert (tiny.probabilities(["the day was lovely"], ["en"]) == plain).all()


def test_a_number_format_is_made_once_and_changing_back_to_it_makes_nothing(with_bf16, tiny, monkeypatch):
    made, copied = [], Reading.in_bf16
    monkeypatch.setattr(Reading, "in_bf16", lambda reading: made.append("bf16") or copied(reading))
    found = []
    for precision in ("bf16", "fp32", "bf16", "fp32", "bf16"):
        tiny.use(precision)
        assert tiny.precision == precision
        found.append(tiny.probabilities(["the day was lovely"], ["en"]))
    assert made == ["bf16"]
    assert (found[0] == found[2]).all() and (found[2] == found[4]).all()
    assert (found[1] == found[3]).all() and (found[0] != found[1]).any()


def test_reasons_are_the_same_in_every_number_format(with_bf16, tiny):
    plain = tiny.explain("the day was lovely", "positive", "en")
    tiny.use("bf16")
    assert tiny.explain("the day was lovely", "positive", "en") == plain


def test_vectors_in_bf16_are_close(with_bf16, tiny):
    plain = tiny.embed(["the day", "le jour"])
    tiny.use("bf16")
    assert np.allclose(tiny.embed(["the day", "le jour"]), plain, atol=0.05)


# ------------------------------------------------------------------ compiled, for a GPU


def test_a_compiled_reading_says_the_same_and_compiles_nothing_while_serving(tiny):
    compiled = []

    def backend(graph, example):
        compiled.append(example)
        return graph.forward

    run = text_model.compiled(Reading(tiny.network), tiny.network.longest, backend=backend)
    beforehand = len(compiled)
    texts = ["lovely", "the day was lovely and my car is food " * 3, "awful", ""] * 5
    for count in (1, 3, 20):
        inputs = tiny.network.prepare(texts[:count], [None] * count)
        with torch.inference_mode():
            plain = tiny.network(inputs)
            found = tiny.network(inputs, run)
        assert found.shape == plain.shape
        assert torch.allclose(found, plain, atol=1e-4)
    assert beforehand == len(compiled) > 0


def test_without_a_compiler_it_runs_in_plain_bf16_and_says_why(with_bf16, tiny, monkeypatch, caplog):
    def failing(*given, **options):
        raise RuntimeError("no compiler\nlong story")

    monkeypatch.setattr(torch, "compile", failing)
    tiny.device = "cuda"
    tiny.use("bf16")
    tiny.device = "cpu"
    assert tiny.remark == "not compiled: RuntimeError: no compiler"
    assert "without CUDA graphs" in caplog.text
    assert tiny.predict(["the day was lovely"], ["en"])[0].label == "positive"
    tiny.use("fp32")
    assert tiny.remark == ""
    tiny.use("bf16")
    assert tiny.remark == "not compiled: RuntimeError: no compiler"


@pytest.mark.parametrize(
    ("text", "script"), [("医生讲解得很耐心，我非常满意。", "Hans"), ("醫生講解得很耐心，我非常滿意。", "Hant")]
)
def test_chinese_is_never_taken_for_the_other_script(text, script):
    answer = load.classifier("language", "cpu").predict([text])[0]
    assert answer.label.endswith(script)
    other = {"Hans": "Hant", "Hant": "Hans"}[script]
    assert all(share == 0 for label, share in answer.probabilities.items() if label.endswith(other))
    assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "code"), [("Thank you", "eng_Latn"), ("I hate you.", "eng_Latn"), ("Gracias", "spa_Latn")]
)
def test_a_short_text_is_taken_for_a_language_that_many_speak(text, code):
    assert load.classifier("language", "cpu").predict([text])[0].label == code


@pytest.mark.parametrize("text", ["ok", "hi", "da", "sim", "sí", "danke"])
def test_of_a_lone_word_the_language_is_not_sure(text):
    assert not load.classifier("language", "cpu").predict([text])[0].sure
