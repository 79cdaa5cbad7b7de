"""The command line: list, predict, evaluate, card, train, compress, search, adapt; and what it says when it cannot."""

import io
import json
import shutil
from dataclasses import replace
from functools import partial

import pandas as pd
import pytest
import torch
from PIL import Image

from models import __main__ as cli
from models import cards, tensors
from models.text import adapter_training, automl, recipes
from models.vision import describe, images


@pytest.fixture
def file(rows, tmp_path):
    path = tmp_path / "rows.parquet"
    rows().query("split == 'test'")[["language", "text", "label"]].to_parquet(path)
    return path


def test_the_list_shows_every_model_and_a_damaged_one(shipped, capsys, tmp_path):
    broken = cards.own() / "broken"
    broken.mkdir(parents=True)
    (broken / cards.CARD).write_text("{")
    assert cli.main(["list"]) == 0
    shown = capsys.readouterr().out
    assert "tiny" in shown
    assert "broken: The card is not JSON" in shown


def test_a_file_is_judged_per_language(shipped, file, capsys):
    assert cli.main(["evaluate", "tiny", "--data", str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n"] == 48
    assert set(found["per_language"]) == {"en", "fr"}
    assert {"n", "macro_f1"} <= set(found["per_language"]["en"])
    assert found["macro_f1"] == pytest.approx(sum(e["macro_f1"] for e in found["per_language"].values()) / 2)
    assert 0 <= found["ece"] <= 1
    assert found == {"model": "tiny", **json.loads(json.dumps(cards.card("tiny").metrics))}


def test_labels_that_the_model_cannot_give_are_counted_and_named(shipped, rows, tmp_path, capsys):
    table = rows(40)
    table.loc[:5, "label"] = "mixed"
    table.to_parquet(tmp_path / "rows.parquet")
    assert cli.main(["evaluate", "tiny", "--data", str(tmp_path / "rows.parquet")]) == 0
    assert "6 of 40 rows have labels that tiny cannot give and count as wrong: mixed (6)" in capsys.readouterr().err


def test_a_text_is_classified_with_reasons(shipped, capsys):
    assert cli.main(["predict", "tiny", "--text", "the day was lovely", "--language", "en", "--explain", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["label"] == "positive"
    assert [reason["word"] for reason in found["reasons"]] == ["the", "day", "was", "lovely"]


def test_bytes_that_are_no_text_and_empty_and_long_texts_are_answered(shipped, capsys):
    texts = ("caf\udce9", "", "lovely " * 100)
    words = [word for text in texts for word in ("--text", text)]
    assert cli.main(["predict", "tiny", *words, "--language", "en", "--explain"]) == 0
    said = capsys.readouterr().out.splitlines()
    answers = [line for line in said if not line.startswith("  ")]
    assert answers[0].endswith("caf?") and answers[1].startswith("not sure, empty, en")
    assert answers[2].endswith(" ...") and len(answers[2]) < 300


def test_the_card_is_printed_as_json(shipped, capsys):
    assert cli.main(["card", "tiny"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "tiny"


def test_training_by_name_saves_where_it_is_told(shipped, recipe, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(recipes.RECIPES, "other", recipe("other"))
    assert cli.main(["train", "other", "--to", str(tmp_path / "made")]) == 0
    assert (tmp_path / "made" / "other" / cards.WEIGHTS).exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "nothing", "--data", "x"], "There is no model 'nothing'"),
        (["predict", "nothing", "--text", "a"], "python -m models train nothing"),
        (["train", "nothing"], "There is no recipe 'nothing'"),
        (["evaluate", "tiny"], "give a file with --data"),
    ],
)
def test_what_cannot_be_is_said_with_its_remedy(shipped, file, capsys, arguments, message):
    arguments = [str(file) if argument == "x" else argument for argument in arguments]
    assert cli.main(arguments) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"a": [1]}), "needs a column text and one of label, intent, topic; it has a"),
        (pd.DataFrame({"text": [], "label": []}), "has no rows"),
        (pd.DataFrame({"text": ["a", None], "label": ["x", "y"]}), "1 rows lack text or label, the first is row 1"),
    ],
)
def test_a_file_with_faults_is_refused(shipped, tmp_path, capsys, frame, message):
    path = tmp_path / "wrong.parquet"
    frame.to_parquet(path)
    assert cli.main(["evaluate", "tiny", "--data", str(path)]) == 1
    assert message in capsys.readouterr().err


def test_a_file_that_is_no_parquet_is_refused(shipped, tmp_path, capsys):
    path = tmp_path / "wrong.parquet"
    path.write_bytes(b"text,label\na,b\n")
    assert cli.main(["evaluate", "tiny", "--data", str(path)]) == 1
    assert "cannot be read as parquet" in capsys.readouterr().err


def test_what_the_page_tells_of_a_text_is_told_here(shipped, capsys, monkeypatch):
    card = cards.card("tiny")
    network = card.config["network"] | {"allowed": {"en": [card.labels[0]]}}
    notes = cli._notes(replace(card, config=card.config | {"network": network}), "a" * 3_000, "en", "cut")
    assert notes[0] == "the text has 3000 characters; the first 2000 are read"
    assert notes[1] == f"{' and '.join(card.labels[1:])} is not offered in en: its training texts had none"
    monkeypatch.setattr(cli, "_notes", lambda *_: ["neutral is not offered in de: its training texts had none"])
    assert cli.main(["predict", "tiny", "--text", "the day was lovely", "--language", "en"]) == 0
    assert "  note: neutral is not offered in de" in capsys.readouterr().out
    assert cli.main(["predict", "tiny", "--text", "the day was lovely", "--language", "en", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"]


# ------------------------------------------------------------------ pictures


@pytest.fixture
def counter(shipped, monkeypatch):
    """A model called nuclei that tells a picture's height, and cannot be loaded."""
    tensors.save(replace(cards.card("tiny"), name="nuclei", task="nuclei", files={}), {"w": torch.zeros(2)})

    def height(name, content, market, page):
        return {"height": len(images.opened(content, page).pixels), "notes": list(images.opened(content, page).notes)}

    monkeypatch.setattr(describe, "at", height)


@pytest.fixture
def pictures(tmp_path):
    """A picture, a file that is none under a picture's name, and another picture."""
    for name, height in (("a.png", 20), ("c.png", 30)):
        out = io.BytesIO()
        Image.new("RGB", (40, height)).save(out, "PNG")
        (tmp_path / name).write_bytes(out.getvalue())
    (tmp_path / "b.svg").write_text("<svg/>")
    return [str(tmp_path / name) for name in ("a.png", "b.svg", "c.png")]


def test_a_file_that_is_no_picture_is_named_and_the_others_are_looked_at(counter, pictures, capsys):
    assert cli.main(["predict", "nuclei", "--json", *(word for path in pictures for word in ("--image", path))]) == 1
    said = capsys.readouterr()
    assert [json.loads(line)["height"] for line in said.out.splitlines()] == [20, 30]
    assert said.err == f"predict: {pictures[1]}: This is not a PNG, JPEG or TIFF picture, whatever its name says.\n"


def test_a_file_that_is_not_there_is_named_once(counter, pictures, capsys):
    assert cli.main(["predict", "nuclei", "--image", "no.png", "--image", pictures[0]]) == 1
    said = capsys.readouterr()
    assert said.err == "predict: no.png: No such file or directory\n"
    assert said.out.startswith(pictures[0])


def stack(*heights: int) -> bytes:
    """A TIFF of pages 40 wide and so high."""
    out, pages = io.BytesIO(), [Image.new("L", (40, height)) for height in heights]
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    return out.getvalue()


def test_every_page_of_a_stack_is_looked_at(counter, pictures, tmp_path, capsys):
    (tmp_path / "s.tif").write_bytes(stack(20, 30, 25))
    path = str(tmp_path / "s.tif")
    assert cli.main(["predict", "nuclei", "--json", "--image", path, "--image", pictures[0]]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["height"], one.get("page"), one.get("pages")) for one in told] == [
        (20, 1, 3), (30, 2, 3), (25, 3, 3), (20, None, None),
    ]  # fmt: skip
    assert not any(one["notes"] for one in told)
    assert cli.main(["predict", "nuclei", "--image", path]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith(f"{path}, page 2 of 3: ")


def test_a_damaged_page_is_named_and_the_others_are_looked_at(counter, tmp_path, capsys):
    path, content = tmp_path / "s.tif", stack(20, 30, 25)
    path.write_bytes(content[:-60])
    assert cli.main(["predict", "nuclei", "--json", "--image", str(path)]) == 1
    said = capsys.readouterr()
    assert [json.loads(line)["page"] for line in said.out.splitlines()] == [1, 2]
    assert said.err == f"predict: {path}, page 3 of 3: The picture is cut short or damaged.\n"


def test_notes_on_a_picture_are_printed_a_line_each(counter, pictures, capsys, monkeypatch):
    told = {"unlike": True, "notes": ["only its first frame is read", "it is unlike what the model knows"]}
    monkeypatch.setattr(describe, "at", lambda *_: dict(told))
    assert cli.main(["predict", "nuclei", "--image", pictures[0]]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [f"  note: {note}" for note in told["notes"]]
    assert cli.main(["predict", "nuclei", "--json", "--image", pictures[0]]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == told["notes"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nuclei", "--text", "hello"], "nuclei reads pictures: give --image."),
        (["nuclei"], "nuclei reads pictures: give --image."),
        (["tiny", "--image", "a.png"], "tiny reads texts: give --text."),
        (["tiny"], "tiny reads texts: give --text."),
    ],
)
def test_a_model_that_reads_the_other_kind_says_which_it_reads(counter, capsys, arguments, message):
    assert cli.main(["predict", *arguments]) == 1
    assert capsys.readouterr().err == f"predict: {message}\n"


# ------------------------------------------------------------------ compress, search, adapt


@pytest.fixture
def owned(shipped, recipe, monkeypatch):
    """The tiny model where its card may be written to, with the recipe that made it."""
    shutil.copytree(shipped / "tiny", cards.own() / "tiny")
    monkeypatch.setitem(recipes.RECIPES, "tiny", recipe())


def test_the_smaller_forms_are_measured_and_written_where_it_is_told(owned, tmp_path, capsys):
    to = tmp_path / "edge"
    assert cli.main(["compress", "tiny", "--rows", "20", "--to", str(to)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said[:4]] == ["fp32", "bf16", "onnx", "int8"]
    sizes = {f"tiny-{entry['name']}.onnx": entry["bytes"] for entry in cards.card("tiny").variants[2:]}
    assert {file.name: file.stat().st_size for file in to.iterdir()} == sizes
    assert said[4:] == [f"wrote {to / name}, {size / 1e6:.1f} MB" for name, size in sizes.items()]


def test_forms_that_are_there_already_are_not_written_over(owned, tmp_path, capsys):
    (tmp_path / "tiny-int8.onnx").write_bytes(b"mine")
    assert cli.main(["compress", "tiny", "--to", str(tmp_path)]) == 1
    said = capsys.readouterr()
    there = tmp_path / "tiny-int8.onnx"
    assert said.err.startswith(f"compress: {there} would be written over. Move what is there, or name another folder")
    assert said.out == ""
    assert there.read_bytes() == b"mine"
    assert not (tmp_path / "tiny-onnx.onnx").exists()


def test_a_search_says_what_was_best(shipped, recipe, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(automl, "RECIPES", {"tiny": recipe()})
    monkeypatch.setattr(automl, "FAMILIES", ("linear",))
    monkeypatch.setattr(automl, "run", partial(automl.run, trials=1))
    assert cli.main(["search", "tiny", "--minutes", "5", "--study", str(tmp_path / "study.sqlite3")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].endswith("1 trials (1 of them now), 1 whole")
    assert "family linear" in said[1]


def test_an_adapter_stands_beside_full_fine_tuning(shipped, rows, tmp_path, monkeypatch, capsys):
    rows(600).assign(source="made up").to_parquet(tmp_path / "sentiment.parquet")
    monkeypatch.setenv("ATLAS_TEXT_DATA", str(tmp_path))
    monkeypatch.setattr(adapter_training, "MAX_EPOCHS", 1)
    assert cli.main(["adapt", "tiny", "fr"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in said] == ["fr adapter", "fr full fine-tuning"]
    assert all("points" in line and "% of the parameters" in line for line in said)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compress", "nothing"], "'nothing' has no recipe and so no test split to judge its forms on."),
        (["search", "nothing"], "There is no recipe 'nothing' to search."),
        (["adapt", "nothing", "fr"], "There is no model 'nothing'."),
    ],
)
def test_a_name_that_is_none_is_refused_with_what_is_missing(shipped, capsys, arguments, message):
    assert cli.main(arguments) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"{arguments[0]}: {message}")
    assert said.out == ""
