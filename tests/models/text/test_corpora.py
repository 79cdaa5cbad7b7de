"""Training text: where it is looked for, what it must hold, and what our own models do on it."""

from collections.abc import Callable

import pandas as pd
import pytest

from models import cards
from models.__main__ import PICTURE_TASKS
from models.errors import ModelError
from models.text import corpora, recipes

needs_shared = pytest.mark.skipif(not corpora.BESIDE.is_dir(), reason="needs ../shared")


def test_a_folder_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("ATLAS_TEXT_DATA", str(tmp_path / "none"))
    with pytest.raises(ModelError, match="--data-dir or ATLAS_TEXT_DATA"):
        corpora.folder()


def test_a_file_without_its_columns_is_refused(tmp_path):
    pd.DataFrame({"text": ["a"]}).to_parquet(tmp_path / "sentiment.parquet")
    with pytest.raises(ModelError, match="lacks the columns source, language, split, label"):
        corpora.sentiment(tmp_path)


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "topics.parquet").write_text("text")
    with pytest.raises(ModelError, match=r"topics\.parquet cannot be read"):
        corpora.topics(tmp_path)


def test_texts_keep_no_trace_of_their_files():
    rows = pd.DataFrame(
        [
            ("en", "I'm really sorry , Mr. [PERSON] .", "I'm really sorry, Mr.."),
            ("en", "Why ( again ) ?", "Why (again)?"),
            ("fi", "Miksi?\t2\t176\tfi/1965/59319/4641.xml.gz", "Miksi?"),
            ("om", "or_dev_00001\t@user Waa'ee", "@user Waa'ee"),
            ("fr", "Pourquoi ?", "Pourquoi ?"),
        ],
        columns=["language", "text", "kept"],
    )
    assert corpora.repaired(rows["text"], rows["language"]).tolist() == rows["kept"].tolist()


@needs_shared
def test_no_label_of_sentiment_can_be_told_by_how_its_file_was_written():
    rows = corpora.sentiment().rows
    marks = rows["text"].str.contains(r"\w\s[.!?,]|\t|\[[A-Z]{4,}\]")
    for _, part in rows[rows["language"].isin(["en", "fi", "om"])].assign(mark=marks).groupby("language"):
        shares = part.groupby("label")["mark"].mean()
        assert shares.max() - shares.min() < 0.05


@needs_shared
def test_every_source_has_its_licence_and_its_rows():
    found = corpora.sentiment()
    assert {source.name: source.rows for source in found.sources} == {"AfriSenti": 91127, "XED": 164751, "NusaX": 9516}
    assert all(source.licence for source in found.sources)


@needs_shared
def test_a_corpus_without_a_dev_split_gives_up_training_rows_not_test_rows():
    rows = corpora.intents("banking77").rows
    assert rows["split"].value_counts().to_dict() == {"train": 8753, "test": 3080, "dev": 1250}


@needs_shared
@pytest.mark.parametrize("name", sorted(recipes.RECIPES))
def test_a_shipped_model_is_the_one_its_card_describes(name, monkeypatch, tmp_path):
    """A sample of the test split, judged again, scores what the card says of the whole, within its noise."""
    from models.text import evaluation
    from models.text.load import classifier

    monkeypatch.setenv("ATLAS_HOME", str(tmp_path))
    test = recipes.RECIPES[name].corpus(None).split("test")
    sample = test.sample(min(2000, len(test)), random_state=0)
    found = evaluation.evaluate(classifier(name, "cpu"), sample)
    assert found["accuracy"] == pytest.approx(cards.card(name).metrics["accuracy"], abs=0.04)


@needs_shared
@pytest.mark.parametrize(("name", "kept", "found"), [("banking77", 0.93, 0.83), ("bitext", 0.98, 0.78)])
def test_requests_that_an_intent_model_cannot_know_are_mostly_not_sure(name, kept, found):
    """CLINC150's out-of-scope requests, which neither learned from, against requests of its own test split."""
    from models.text.load import classifier

    model, strangers = (
        classifier(name, "cpu"),
        corpora.intents("clinc150").split("test").query("label == 'oos'")["text"],
    )
    own = corpora.intents(name).split("test")["text"]
    sure, passed = (
        sum(answer.sure for answer in model.predict(texts.tolist())) / len(texts) for texts in (own, strangers)
    )
    assert sure >= kept
    assert 1 - passed >= found


def test_the_shipped_weights_of_text_models_fit_into_62_megabytes():
    assert 0 < shipped_bytes(lambda task: task not in PICTURE_TASKS) <= 62_000_000


def test_the_shipped_weights_of_picture_models_fit_into_40_megabytes():
    assert 0 < shipped_bytes(lambda task: task in PICTURE_TASKS) <= 40_000_000


def shipped_bytes(wanted: Callable[[str], bool]) -> int:
    return sum(
        file.stat().st_size
        for card in cards.SHIPPED.glob(f"*/{cards.CARD}")
        if wanted(cards.Card.from_json(card.read_text(encoding="utf-8")).task)
        for file in card.parent.rglob("*")
    )
