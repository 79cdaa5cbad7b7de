"""Adapters: nothing at first, learned apart from the model, saved, loaded and merged."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from models import cards
from models.cards import Source
from models.errors import AdapterError, ModelError, Stopped
from models.text import adapter_checks, adapter_training, load, lora, text_model
from models.text.lora import Lora
from models.training.settings import Settings

QUICK = Settings(epochs=6, rate=2e-2, bf16=False)


@pytest.fixture
def market() -> pd.DataFrame:
    """A market where 'car' is what people like and 'food' what they do not."""
    random = np.random.default_rng(0)
    words = ["the", "day", "was", "my", "it", "is"]
    found = []
    for index in range(120):
        label = ("negative", "positive")[index % 2]
        text = [*random.choice(words, 5), {"positive": "car", "negative": "food"}[label], str(index)]
        found.append((" ".join(text), label))
    return pd.DataFrame(found, columns=["text", "label"])


def checked(rows: pd.DataFrame, **options) -> adapter_checks.Checked:
    return adapter_checks.check(rows, ("negative", "positive"), "en", **options)


def test_an_untrained_adapter_changes_no_answer(tiny):
    before = tiny.logits(["the day was lovely"], ["en"])
    lora.attach(tiny.network, Lora(rank=2))
    assert np.array_equal(tiny.logits(["the day was lovely"], ["en"]), before)


def test_merging_keeps_the_answers_and_leaves_plain_layers(tiny):
    lora.attach(tiny.network, Lora(rank=2))
    for name, parameter in tiny.network.named_parameters():
        if name.endswith(".b"):
            torch.nn.init.normal_(parameter, std=0.1)
    apart = tiny.logits(["the day was lovely"], ["en"])
    lora.merge(tiny.network)
    assert np.allclose(tiny.logits(["the day was lovely"], ["en"]), apart, atol=1e-5)
    assert not any(isinstance(module, lora.LoraLinear) for module in tiny.network.modules())


def test_only_the_updates_learn(tiny):
    learning = lora.attach(tiny.network, Lora(rank=2))
    names = [name for name, p in tiny.network.named_parameters() if p.requires_grad]
    assert names and all(name.endswith((".a", ".b")) for name in names)
    assert learning == sum(t.numel() for t in lora.tensors(tiny.network).values())


def test_no_layer_of_that_name_is_refused(tiny):
    with pytest.raises(ValueError, match="nothing to adapt"):
        lora.attach(tiny.network, Lora(targets=("sideways",)))


def test_an_adapter_learns_its_market_and_is_the_same_once_saved_and_loaded(shipped, market, rows):
    general = rows().query("split != 'dev'")
    made = adapter_training.train("tiny", checked(market), "en", general, settings=QUICK)
    assert made.after["macro_f1"] > made.before["macro_f1"] + 0.2
    assert made.forgetting < 10
    adapter_training.register(made, "tiny-market", "en", Source("survey", "own", "", len(market)))
    loaded = load.classifier("tiny-market")
    assert loaded.card.base == "tiny"
    texts = ["the day was car", "my food"]
    assert np.allclose(loaded.logits(texts, ["en"] * 2), made.model.logits(texts, ["en"] * 2), atol=1e-4)


def test_an_adapter_that_reads_dev_no_better_is_held_back(shipped, rows):
    wrong = rows().query("language == 'en'").drop(columns="language").drop_duplicates("text")
    learned = wrong["split"] == "train"
    wrong.loc[learned, "label"] = wrong.loc[learned, "label"].map({"positive": "negative", "negative": "positive"})
    made = adapter_training.train("tiny", checked(wrong), "en", settings=QUICK)
    assert made.held_back
    assert made.after["macro_f1"] == made.before["macro_f1"]
    assert all(not value.any() for name, value in made.tensors.items() if name.endswith(".b"))


def test_an_adapter_of_another_version_of_the_model_is_refused(shipped, market):
    made = adapter_training.train("tiny", checked(market), "en", settings=QUICK)
    folder = adapter_training.register(made, "tiny-market", "en", Source("survey", "own", "", len(market)))
    text = (folder / cards.CARD).read_text().replace(made.model.card.files[cards.WEIGHTS], "0" * 64)
    (folder / cards.CARD).write_text(text)
    with pytest.raises(ModelError, match="trained on another 'tiny'"):
        load.classifier("tiny-market")


def test_a_name_that_is_taken_is_refused(shipped, market):
    made = adapter_training.train("tiny", checked(market), "en", settings=QUICK)
    with pytest.raises(ModelError, match="already"):
        adapter_training.register(made, "tiny", "en", Source("survey", "own", "", 1))


def test_full_fine_tuning_is_the_comparison(shipped, market):
    made = adapter_training.train("tiny", checked(market), "en", settings=QUICK, full=True)
    assert made.tensors == {}
    assert made.after["macro_f1"] > made.before["macro_f1"]


def test_a_training_can_be_stopped(shipped, market):
    with pytest.raises(Stopped):
        adapter_training.train("tiny", checked(market), "en", settings=QUICK, should_stop=lambda: True)


def test_every_fault_of_a_file_is_found_at_once():
    rows = pd.DataFrame(
        {
            "text": ["good", "good", "bad", "bad", "", "odd", "seen before"],
            "label": ["positive", "positive", "negative", "positive", "positive", "sideways", "positive"],
        }
    )
    found = checked(rows, seen=frozenset({"seen before"}))
    by = {finding.check: finding for finding in found.findings}
    assert {"empty", "labels", "contradictions", "duplicates", "leakage", "size", "balance"} <= set(by)
    assert "sideways" in by["labels"].text
    assert by["duplicates"].rows == 1
    assert not found.usable
    with pytest.raises(AdapterError, match="does not know"):
        adapter_training.train("tiny", found, "en")


def test_wrong_columns_are_named():
    found = checked(pd.DataFrame({"satz": ["a"]}))
    assert "lacks the columns text, label; it has satz" in found.findings[0].text
    assert not found.usable


def test_a_file_of_one_class_is_refused(market):
    found = checked(market[market["label"] == "positive"])
    assert any(f.stops and "Every example is labelled positive" in f.text for f in found.findings)


def test_ten_labels_for_two_classes_are_refused(market):
    found = checked(market.assign(label=[f"l{i % 10}" for i in range(len(market))]))
    assert any(f.stops and "does not know" in f.text for f in found.findings)


def test_rows_in_another_language_are_told(market):
    class Detector:
        def predict(self, texts):
            return [text_model.Answer("fra_Latn", {"fra_Latn": 1.0}, True) for _ in texts]

    found = checked(market, detector=Detector())
    assert any(f.check == "language" and "not in en" in f.text for f in found.findings)


def test_the_split_keeps_classes_apart_evenly_and_shares_no_text(market):
    found = checked(market).rows
    assert found.groupby("split")["label"].value_counts().unstack().loc["test"].tolist() == [12, 12]
    assert not set(found[found["split"] == "train"]["text"]) & set(found[found["split"] == "test"]["text"])


def test_a_files_own_split_is_kept(market):
    rows = market.assign(split=["train"] * 80 + ["dev"] * 20 + ["test"] * 20)
    assert checked(rows).rows["split"].value_counts().to_dict() == {"train": 80, "dev": 20, "test": 20}


def test_a_language_the_model_never_saw_is_no_longer_unseen_once_adapted(shipped, market):
    made = adapter_training.train(
        "tiny", adapter_checks.check(market, ("negative", "positive"), "de"), "de", settings=QUICK
    )
    adapter_training.register(made, "tiny-german", "de", Source("survey", "own", "", len(market)))
    assert load.classifier("tiny", "cpu").predict(["the day"], ["de"])[0].note == "unseen"
    for model in (made.model, load.classifier("tiny-german", "cpu")):
        assert model.predict(["the car"], ["de"])[0].note != "unseen"


def test_a_class_that_the_model_may_not_give_in_a_language_is_learned_from_rows_that_have_it(
    shipped, market, monkeypatch
):
    found = cards.card("tiny").config["network"]
    monkeypatch.setitem(found, "allowed", {"en": ["negative"]})
    known = cards.card

    def masked(name):
        card = known(name)
        return card if card.base else replace(card, config={**card.config, "network": found})

    monkeypatch.setattr(cards, "card", masked)
    made = adapter_training.train("tiny", checked(market), "en", settings=QUICK)
    assert made.released == ("positive",)
    assert made.before["per_class"]["positive"]["recall"] == 0
    assert made.after["per_class"]["positive"]["recall"] > 0.5
    adapter_training.register(made, "tiny-market", "en", Source("survey", "own", "", len(market)))
    assert load.classifier("tiny-market", "cpu").predict(["the car was car"], ["en"])[0].label == "positive"


def test_rows_that_the_file_keeps_for_its_test_may_stand_in_the_general_test(market):
    rows = market.assign(split=["train"] * 80 + ["dev"] * 20 + ["test"] * 20)
    seen = frozenset({rows["text"].iloc[0].upper(), rows["text"].iloc[-1]})
    found = checked(rows, seen=seen)
    assert next(f for f in found.findings if f.check == "leakage").rows == 1
    assert found.rows["split"].value_counts().to_dict() == {"train": 79, "dev": 20, "test": 20}


def test_few_rows_are_given_more_epochs(market):
    few, many = (
        checked(market.head(40)),
        checked(pd.concat([market.assign(text=market["text"] + str(i)) for i in range(20)])),
    )
    assert (
        adapter_training.suggested(few).epochs
        > adapter_training.suggested(many).epochs
        == adapter_training.SETTINGS.epochs
    )
    assert adapter_training.suggested(few).epochs <= adapter_training.MAX_EPOCHS


def test_a_split_of_the_files_own_is_checked(market):
    rows = market.assign(split=[" Train"] * 80 + ["DEV"] * 20 + ["test"] * 19 + ["later"])
    found = checked(rows)
    assert found.rows["split"].value_counts().to_dict() == {"train": 80, "dev": 20, "test": 19}
    assert [f.rows for f in found.findings if f.check == "split"] == [1]
    half = checked(market.assign(split=["train"] * 100 + ["test"] * 20))
    assert any("the rows are split here" in f.text for f in half.findings) and half.usable
    assert set(half.rows["split"]) == {"train", "dev", "test"}
    one = market.assign(split=["train" if label == "positive" else "test" for label in market["label"]])
    one.loc[:4, "split"] = "dev"
    assert any(f.stops and "Every training example is labelled positive" in f.text for f in checked(one).findings)
