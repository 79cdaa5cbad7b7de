"""Training and judging on very few lines, and what the shipped card promises."""

import io

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from models import cards, tensors
from models.prices import formats
from models.training.settings import Settings
from models.vision.reader import calibration, evaluation, fonts, line_detection, line_reader, rendering, synthetic_lines
from models.vision.reader import training as reader_training

torch.set_num_threads(1)


@pytest.fixture
def only_latin(monkeypatch):
    """Lines in Latin script alone, so that a bare machine can draw them."""
    monkeypatch.setattr(synthetic_lines, "SHARES", {"latin": 1.0})


def small(*epochs):
    rounds = tuple(
        synthetic_lines.Round(Settings(epochs=count, rate=2e-3, seed=seed), shards=1, batch=8)
        for seed, count in enumerate(epochs)
    )
    return reader_training.TrainingConfig(rounds, {"first": 8, "second": 8, "wide": 16, "layers": 1})


def png(image):
    held = io.BytesIO()
    Image.fromarray(image).save(held, "PNG")
    return held.getvalue()


def test_scripts_have_their_shares_and_some_pictures_show_nothing(monkeypatch):
    monkeypatch.setattr(synthetic_lines, "SHARES", {"latin": 30, "greek": 10})
    drawn = synthetic_lines.draw(7, 400).scripts
    assert drawn.count("latin") / drawn.count("greek") == pytest.approx(3, rel=0.3)
    assert 2 <= drawn.count("") <= 30


def test_lines_are_worn_as_a_round_says(only_latin, monkeypatch):
    plain, worn = rendering.line, []

    def line(text, script, random, wear, *rest, **named):
        worn.append(wear)
        return plain(text, script, random, wear, *rest, **named)

    monkeypatch.setattr(rendering, "line", line)
    synthetic_lines.draw(3, 100, mild=0.3, hard=0.5)
    assert worn.count(rendering.USUAL) / len(worn) == pytest.approx(0.3, abs=0.15)
    assert worn.count(rendering.HARD) / len(worn) == pytest.approx(0.5, abs=0.15)
    assert set(worn) == {rendering.USUAL, rendering.HARD, rendering.LEARNT}


def test_lines_of_a_seed_are_the_same(only_latin):
    one, two = synthetic_lines.draw(3, 20), synthetic_lines.draw(3, 20)
    assert one.drawn == two.drawn and np.array_equal(one.pixels, two.pixels)
    assert one.pixels.shape == (32, one.widths.sum())


def test_drawn_lines_are_taken_over_from_a_folder(only_latin, monkeypatch, tmp_path):
    monkeypatch.setattr(synthetic_lines, "SHARD", 10)
    part = synthetic_lines.Round(Settings(), shards=2, mild=0.5)
    first = synthetic_lines.rendered(tmp_path, part, 4, processes=1, say=lambda line: None)
    said = []
    again = synthetic_lines.rendered(tmp_path, part, 4, processes=1, say=said.append)
    assert not said and first.drawn == again.drawn and len(first) == 20


def test_spoiling_keeps_the_shape_and_is_the_same_for_a_seed():
    x = torch.rand(4, 1, 32, 64)
    widths = torch.full((4,), 64)
    (one, wide), (two, _) = (reader_training.augmented(x, widths, torch.Generator().manual_seed(1)) for _ in range(2))
    assert one.shape[:3] == x.shape[:3] and torch.equal(one, two) and one.min() >= 0 and one.max() <= 1
    assert wide.min() >= 64 * 0.93 and wide.max() <= one.shape[3] <= 64 / 0.93 + 4


def test_spoiling_keeps_the_end_of_every_line():
    x = torch.full((64, 1, 32, 128), line_detection.GROUND / 255)
    x[..., 116:120] = 1.0  # a stroke close to the end
    made, widths = reader_training.augmented(x, torch.full((64,), 128), torch.Generator().manual_seed(3))
    stroke = made[:, 0, 16].argmax(1)
    assert stroke.max() > 122 and widths.max() > 134  # some are stretched by more than 5 %
    assert ((stroke / widths - 118 / 128).abs() < 0.03).float().mean() > 0.9  # but for those turned inside out


def test_a_training_lowers_the_loss_and_is_resumed(only_latin, tmp_path):
    held = synthetic_lines.draw(1, 160)
    losses = []
    plan = small(6)
    (part,) = plan.rounds
    result = reader_training.fit(
        reader_training.new_network(plan), held, part, checkpoint=tmp_path, on_progress=lambda p: losses.append(p.loss)
    )
    assert losses[-1] < losses[0] and (tmp_path / "state.safetensors").exists()
    again = reader_training.fit(reader_training.new_network(plan), held, part, checkpoint=tmp_path)
    assert again.curve == result.curve


def test_a_training_from_start_to_end_saves_a_reader_with_its_card(only_latin, monkeypatch, tmp_path):
    monkeypatch.setattr(synthetic_lines, "SHARD", 60)
    monkeypatch.setattr(reader_training, "MIN_DEV", 4)
    monkeypatch.setattr(calibration, "WEIGHTS", (0.0, 0.5))
    monkeypatch.setattr(
        evaluation, "evaluate_held_out", lambda made: {"cer": 1.0, "exact_match": 0.0, "ece": 0.0, "amounts_right": 0.0}
    )
    folder = reader_training.train(
        working=tmp_path / "w", root=tmp_path / "models", say=lambda line: None, plan=small(1, 1), name="tiny"
    )
    card = cards.Card.from_json((folder / "card.json").read_text())
    assert card.task == "reader" and card.training["command"] == "python -m models train tiny"
    assert card.config["network"]["alphabet"] == formats.characters()


# ------------------------------------------------------------------ judging


@pytest.mark.parametrize(
    ("one", "other", "count"), [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "abc", 0), ("flaw", "lawn", 2)]
)
def test_edits_are_those_of_levenshtein(one, other, count):
    assert evaluation.edits(one, other) == evaluation.edits(other, one) == count


def test_given_rows_are_judged_script_by_script():
    random = np.random.default_rng(0)
    texts = ["$12.50", "2026-11-21", "12,50 €", "12,50 €"]
    scripts = ["latin", "latin", "euro", "euro"]
    images = [png(rendering.line(t, "latin", random, rendering.CLEAN, held_out=None, colour=True)) for t in texts]
    found = evaluation.evaluate("reader", pd.DataFrame({"image": images, "text": texts, "script": scripts}))
    assert found["n"] == 4 and set(found["per_script"]) == {"latin", "euro"}
    assert {"cer", "exact_match", "n"} <= set(found["per_script"]["euro"])
    assert found["cer"] <= 0.05 and found["exact_match"] >= 0.75 and 0 <= found["ece"] <= 1


def test_without_a_script_the_text_tells_it():
    random = np.random.default_rng(0)
    texts = ["12 руб.", "5 ευρώ"]
    images = [
        png(rendering.line(t, s, random, rendering.CLEAN, None, True))
        for t, s in zip(texts, ("cyrillic", "greek"), strict=True)
    ]
    found = evaluation.evaluate("reader", pd.DataFrame({"image": images, "text": texts}))
    assert set(found["per_script"]) == {"cyrillic", "greek"}


@pytest.mark.parametrize("columns", [["image"], ["text"], ["other"]])
def test_missing_columns_are_named(columns):
    with pytest.raises(ValueError, match=" and ".join(c for c in ("image", "text") if c not in columns)):
        evaluation.evaluate("reader", pd.DataFrame({name: ["x"] for name in columns}))


def test_rows_that_are_no_picture_are_all_named():
    good = png(np.zeros((20, 40, 3), dtype=np.uint8))
    rows = pd.DataFrame({"image": [good, b"not a picture", None, good], "text": ["1", "2", "3", None]})
    with pytest.raises(ValueError, match=r"row 1.*row 2.*row 3"):
        evaluation.evaluate("reader", rows)


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="no row"):
        evaluation.evaluate("reader", pd.DataFrame({"image": [], "text": []}))


def test_a_machine_without_held_out_fonts_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(fonts, "split", lambda held_out, script: ())
    monkeypatch.setattr(rendering, "_CACHE", {})
    with pytest.raises(ValueError, match="fonts-noto-core"):
        evaluation.evaluate_held_out(line_reader.load("reader"), 1, 0)


# ------------------------------------------------------------------ the shipped card


def test_the_shipped_reader_keeps_the_level_that_its_card_shows():
    metrics = cards.card("reader").metrics
    assert metrics["cer"] <= 0.015 and metrics["exact_match"] >= 0.93 and metrics["amounts_right"] >= 0.95
    assert metrics["per_condition"]["usual"]["exact_match"] >= 0.95
    assert metrics["ece"] <= 0.05
    assert len(metrics["amounts"]) >= 30 and set(metrics["per_script"]) == set(synthetic_lines.SHARES)
    assert set(metrics["per_condition"]) == set(synthetic_lines.CONDITIONS) and not metrics["missing"]


def test_the_shipped_reader_is_small():
    assert tensors.size("reader")["bytes"] < 9 * 2**20


def test_the_card_says_which_designs_were_learnt_and_which_held_out():
    told = cards.card("reader").training["fonts"]
    for script in synthetic_lines.SHARES:
        assert told["held_out"][script] and not set(told["learnt"][script]) & set(told["held_out"][script])
