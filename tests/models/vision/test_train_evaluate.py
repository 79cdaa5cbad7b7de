"""From labelled files to a model that is saved, loaded, served, judged and asked on the command line."""

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from models import __main__ as command
from models import cards
from models.errors import ModelError
from models.serving import server as serving_server
from models.training.settings import Settings
from models.vision import describe, load, sample_drawings, train_evaluate, unet
from models.vision.cells import network as cells_network
from models.vision.cells import training as cells_training
from models.vision.nuclei import training as nuclei_training

SPLITS = ("train", "train", "train", "train", "val", "val", "val", "val", "test", "test")


def encoded(values: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(values).save(out, "PNG")
    return out.getvalue()


def discs(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Bright discs on a dark ground, and their numbers."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:96, :96]
    numbers = np.zeros((96, 96), np.uint16)
    for number, place in enumerate(random.permutation(9)[:6], start=1):
        centre = 16 + 32 * np.array(divmod(place, 3)) + random.integers(-3, 4, 2)
        numbers[np.hypot(y - centre[0], x - centre[1]) < random.integers(7, 12)] = number
    light = np.where(numbers > 0, 170, 20) + random.normal(0, 5, (96, 96))
    return np.repeat(light.clip(0, 255).astype(np.uint8)[..., None], 3, 2), numbers


def smear(seed: int) -> tuple[np.ndarray, list[str], list[list[float]]]:
    """Red, large blue and small violet discs on a pale ground, and their boxes."""
    random = np.random.default_rng(seed)
    pixels = np.full((128, 160, 3), 225.0) + random.normal(0, 4, (128, 160, 1))
    y, x = np.mgrid[:128, :160]
    labels, boxes = [], []
    looks = {"RBC": (12, (205, 120, 120)), "WBC": (18, (90, 70, 170)), "Platelets": (6, (150, 80, 190))}
    for turn, place in enumerate(random.permutation(12)[:7]):
        name = list(looks)[turn % 3]
        radius, colour = looks[name]
        cy, cx = 20 + 40 * (place // 4), 20 + 40 * (place % 4)
        pixels[np.hypot(y - cy, x - cx) < radius] = colour
        labels.append(name)
        boxes.append([cx - radius, cy - radius, cx + radius, cy + radius])
    return pixels.clip(0, 255).astype(np.uint8), labels, boxes


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data folder with both models, trained for seconds on drawings, and the folder of those."""
    files, home = tmp_path_factory.mktemp("pictures"), tmp_path_factory.mktemp("home")
    pairs = [discs(i) for i in range(len(SPLITS))]
    pd.DataFrame(
        [
            {"image_id": str(i), "split": split, "image": encoded(p), "instances_png": encoded(n)}
            for i, (split, (p, n)) in enumerate(zip(SPLITS, pairs, strict=True))
        ]
    ).to_parquet(files / "nuclei.parquet")
    smears = [smear(i) for i in range(len(SPLITS))]
    pd.DataFrame(
        [
            {"image_id": str(i), "split": split, "image": encoded(p), "labels": labels, "boxes_xyxy": boxes}
            for i, (split, (p, labels, boxes)) in enumerate(zip(SPLITS, smears, strict=True))
        ]
    ).to_parquet(files / "blood_cells.parquet")
    small = unet.Config(widths=(12, 16, 24), outputs=8)
    fast = Settings(epochs=1, rate=5e-3, bf16=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATLAS_HOME", str(home))
        patch.setenv("ATLAS_VISION_DATA", str(files))
        patch.setattr(nuclei_training, "SHAPE", small)
        patch.setattr(
            train_evaluate, "ROUNDS", tuple(nuclei_training.TrainingConfig(fast, batch=4, crops=n) for n in (100, 8))
        )
        patch.setattr(train_evaluate, "AGAIN", nuclei_training.TrainingConfig(fast, batch=4, crops=8))
        patch.setattr(cells_training, "SHAPE", replace(small, stem=4))
        patch.setattr(cells_training, "SIZE", (128, 160))
        patch.setattr(cells_network, "SIZE", (128, 160))
        plan = cells_training.TrainingConfig(
            replace(fast, epochs=2, rate=6e-3), batch=4, views=12, crop_settings=replace(fast, epochs=12, rate=3e-3)
        )
        patch.setattr(cells_training, "TrainingConfig", lambda: plan)
        said: list[str] = []
        for name in ("nuclei", "blood_cells"):
            train_evaluate.train(name, say=said.append)
        yield files, said


def test_a_trained_model_lies_in_the_data_folder_with_its_card(made):
    card = cards.card("nuclei")
    assert cards.folder("nuclei").is_relative_to(cards.own())
    assert card.splits == {"train": 4, "dev": 4, "test": 2}
    assert card.metrics["dice"] > 0.8
    assert card.training["command"] == "python -m models train nuclei"
    assert len(card.training["fit_seconds"]) == 3  # two rounds, then train and val
    assert any("round 2" in line for line in made[1])


@pytest.mark.parametrize("name", ["nuclei", "blood_cells"])
def test_evaluating_on_a_file_gives_the_figures_of_the_card(made, name):
    rows = pd.read_parquet(made[0] / train_evaluate.FILES[name])
    file = made[0] / f"test-{name}.parquet"
    rows[rows["split"] == "test"].drop(columns="split").to_parquet(file)
    found, card = train_evaluate.evaluate(name, file), cards.card(name).metrics
    key = {"nuclei": "ap50", "blood_cells": "map50"}[name]
    assert found[key] == pytest.approx(card[key], abs=1e-6)
    assert found["n"] == 2


def test_the_command_line_prints_the_figures_as_json(made, capsys):
    assert command.main(["evaluate", "blood_cells", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"map50", "ap50", "per_class", "n", "crop_accuracy"} <= set(found)
    assert set(found["ap50"]) <= {"RBC", "WBC", "Platelets"}


def test_the_command_line_looks_at_a_picture(made, tmp_path, capsys):
    picture = discs(77)[0]
    (tmp_path / "a.png").write_bytes(encoded(picture))
    assert command.main(["predict", "nuclei", "--image", str(tmp_path / "a.png"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    model = load.model("nuclei", "cpu")
    assert found["nucleus"]["found"] == len(model.confidences(model.predict([picture])[0])["nucleus"]) > 0
    assert found["nucleus"]["low"] <= found["nucleus"]["expected"] <= found["nucleus"]["high"]


def test_the_command_line_refuses_what_is_no_picture(made, tmp_path, capsys):
    (tmp_path / "a.png").write_text("<svg/>")
    assert command.main(["predict", "nuclei", "--image", str(tmp_path / "a.png")]) == 1
    assert "a.png: This is not a PNG, JPEG or TIFF picture" in capsys.readouterr().err


def test_a_server_answers_pictures_and_explains_them(made):
    with serving_server.Server(load.model("nuclei", "cpu"), largest_batch=2) as server:
        served = server.ask([discs(5)[0], discs(6)[0]])
        heat = server.explain(discs(5)[0]).answers
    assert [maps.inside.shape for maps in served.answers] == [(96, 96)] * 2
    assert heat.shape == (96, 96)
    assert 0 <= heat.min() <= heat.max() <= 1


def test_the_heat_of_a_kind_lies_on_the_picture_s_own_pixels(made):
    model = load.model("blood_cells", "cpu")
    heat = model.explain(smear(3)[0], "WBC")
    assert heat.shape == (128, 160)
    with pytest.raises(ValueError, match="not in"):
        model.explain(smear(3)[0], "Dog")


def test_a_picture_of_something_else_is_unlike_the_training_pictures(made):
    model = load.model("nuclei", "cpu")
    like, other = model.predict([discs(50)[0], sample_drawings.smear(2)])
    assert not model.is_unlike(like)
    assert model.is_unlike(other)


def test_a_tampered_weight_file_is_not_loaded(made):
    file = cards.folder("nuclei") / cards.WEIGHTS
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    try:
        with pytest.raises(ModelError, match="sha256"):
            load.model("nuclei")
    finally:
        file.write_bytes(whole)


def test_a_text_model_s_name_is_refused_with_what_it_is():
    with pytest.raises(ModelError, match="not one that looks at pictures"):
        load.model("language")


def test_a_name_without_a_recipe_is_refused():
    with pytest.raises(ModelError, match="nuclei, blood_cells, reader"):
        train_evaluate.train("dogs")


def test_what_is_found_on_an_empty_picture_is_nothing(made, monkeypatch):
    monkeypatch.setattr(type(load.model("blood_cells")), "is_unlike", lambda model, found: False)  # then none is told
    found = describe.at("blood_cells", encoded(np.full((128, 160, 3), 225, np.uint8)))
    assert [found[kind]["found"] for kind in ("RBC", "WBC", "Platelets")] == [0, 0, 0]
    assert found["RBC"]["expected"] < 0.5
