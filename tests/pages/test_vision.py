"""The Vision lab: what is on a picture, how sure that is, and what happens with a picture that cannot be looked at."""

import datetime
import io
import json
import re
import sys
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from scipy import ndimage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from dashboard.inference.batch import running
from dashboard.vision import answers, batch
from dashboard.vision import pictures as vision_lab_pictures
from data import ingest
from models import cards as model_cards
from models import errors, tensors
from models.errors import HubError
from models.hub import CLASSIFIER, DETECTOR
from models.serving import server
from models.vision import hub, images, load
from models.vision.cells.network import Detections
from models.vision.hub import Box, Label
from models.vision.nuclei import network as nuclei_network
from models.vision.nuclei.instances import InstanceRule, Maps
from models.vision.reader import fonts, line_reader, rendering, tags
from models.vision.reader.line_reader import Character, Reading

CJK = re.compile("[\u4e00-\u9fff]")
SENTENCE = re.compile(r"[A-Za-z’']+(?: [A-Za-z’'-]+){3,}")
FOUND_BY = re.compile(r" · [A-Z]{3}$")  # a country to choose is found in both languages
BRIGHT, DIM = 245, 140
NUCLEI = {
    "n": 90, "dice": 0.912, "ap50": 0.8, "count_within": {"nucleus": 0.12},
    "per_kind": {"fluorescence": {"ap50": 0.84, "n": 65}, "bright field": {"ap50": 0.89, "n": 1},
                 "stained tissue": {"ap50": 0.58, "n": 25}},
}  # fmt: skip
CELLS = {kind: {"ap50": 0.9, "n": 40} for kind in ("RBC", "WBC", "Platelets")}
NOISE = np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)


class Counter:
    """A nuclei model that can be foretold: nuclei are what is bright, and the likelier the brighter.

    A picture with colours is unlike those it knows.
    """

    name, device, labels, rule = (
        "nuclei",
        "cpu",
        ("nucleus",),
        InstanceRule(least=0.01, odds=(10.0, *(0.0,) * 11, -6.0)),
    )

    def __init__(self) -> None:
        self.heard: list[tuple[int, ...]] = []
        self.explained: list[tuple[tuple[int, ...], str | None]] = []

    def predict(self, pictures, extra=None):
        self.heard += [picture.shape for picture in pictures]
        return [self._maps(picture) for picture in pictures]

    def _maps(self, picture):
        light = picture.mean(2).astype(np.float32) / 255
        found, _count = ndimage.label(light > 0.5)
        colour = float((picture.max(2).astype(float) - picture.min(2)).mean() > 5)
        numbers = found.astype(np.int32)
        return Maps(
            light, nuclei_network.distances(numbers), nuclei_network.flows(numbers), np.array([colour], np.float32)
        )

    def is_unlike(self, found):
        return found.features[0] > 0.5

    def explain(self, picture, label=None, language=None):
        self.explained.append((picture.shape[:2], label))
        return picture.mean(2) / 255


class Smears(Counter):
    """A blood-cell model that sees the same cells on every picture but a bright one."""

    name, labels = "blood_cells", ("RBC", "WBC", "Platelets")

    def predict(self, pictures, extra=None):
        self.heard += [picture.shape for picture in pictures]
        return [self._found(picture) for picture in pictures]

    def _found(self, picture):
        if picture.mean() > 230:
            return Detections(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0), np.zeros(0), np.zeros(1))
        boxes = np.array([[10, 10, 30, 30], [40, 10, 60, 30], [60, 60, 90, 90], [5, 70, 12, 77], [1, 1, 4, 4]], float)
        sure = np.array([0.98, 0.97, 0.9, 0.8, 0.1])
        return Detections(boxes, np.array([0, 0, 1, 2, 0]), sure, sure, np.zeros(1))

    def kinds(self, picture, boxes):
        """The single cells are what the detector says, but for the platelet."""
        return np.array([[0.9, 0.05, 0.05], [0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.7, 0.1, 0.2], [0.9, 0.1, 0]])

    def is_unlike(self, found):
        return False


class Tags:
    """A reader that reads what the test says, or what is drawn on the tag."""

    name, device, precision = "reader", "cpu", "fp32"

    def __init__(self, card) -> None:
        self.card, self.says, self.heard = card, [], 0

    def precisions(self):
        return ("fp32",)

    def make_precisions(self):
        return False

    def use(self, precision):
        pass

    def predict_tag(self, image):
        self.heard += 1
        return [self._reading(place, *said) for place, said in enumerate(self.says)]

    @staticmethod
    def _reading(place, text, confidence, box=None):
        box = box or (5.0, 30.0 * place, 200.0, 30.0 * place + 25)
        characters = tuple(
            Character(char, confidence, box[0] + 8 * i, box[0] + 8 * i + 7) for i, char in enumerate(text)
        )
        return Reading(text, confidence, characters, confidence >= 0.5, "" if confidence >= 0.5 else "unsure", box)


class Stranger:
    """A model that is not ours and says what the test says."""

    device, labels, batch_largest = "cpu", ("cat", "dog"), 1

    def __init__(self, name) -> None:
        self.name, self.says, self.heard = name, (), 0

    def predict(self, pictures, extra=None):
        self.heard += len(pictures)
        if isinstance(self.says, Exception):
            raise self.says
        return [self.says for _picture in pictures]

    def sample(self):
        return []


def a_card(name, task, labels, metrics):
    return model_cards.Card(
        name=name, task=task, title=name, purpose="Tests.", family="a stub", labels=labels, languages=(), data=(),
        splits={}, metrics=metrics, training={}, config={"counts": dict.fromkeys(labels, (-0.6, 0.6))}, limits=(),
    )  # fmt: skip


@pytest.fixture
def models(home, monkeypatch, tmp_path):
    """A folder with these three models and none that ships; the models by name. None of the hub's is wanted."""
    for variable in (CLASSIFIER, DETECTOR):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(model_cards, "SHIPPED", tmp_path / "none")
    cards = (
        a_card("nuclei", "nuclei", ("nucleus",), NUCLEI),
        a_card("blood_cells", "cells", Smears.labels, {"n": 71, "map50": 0.93, "per_class": CELLS}),
        a_card("reader", "reader", ("latin",), {"n": 1300, "exact_match": 0.951}),
    )  # fmt: skip
    for card in cards:
        tensors.save(card, {"w": torch.zeros(2)})
    made = {"nuclei": Counter(), "blood_cells": Smears(), "reader": Tags(cards[2])}
    monkeypatch.setattr(load, "model", made.__getitem__)
    monkeypatch.setattr(line_reader, "load", made.__getitem__)
    return made


@pytest.fixture
def opened(models, open_page):
    return lambda **address: open_page("vision", **address)


def discs(*places: tuple[int, int, int], size=(100, 140)) -> np.ndarray:
    """Bright discs on a dark ground: centre y, x and brightness; each of radius 8, 197 pixels."""
    y, x = np.mgrid[: size[0], : size[1]]
    light = np.zeros(size, np.uint8)
    for cy, cx, brightness in places:
        light[np.hypot(y - cy, x - cx) <= 8] = brightness
    return np.repeat(light[..., None], 3, axis=2)


THREE = discs((20, 20, BRIGHT), (20, 60, BRIGHT), (70, 40, DIM))
BLUE = np.full((80, 80, 3), (0, 0, 120), np.uint8)


def file_of(pixels: np.ndarray | Image.Image, form: str = "PNG", **options) -> bytes:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def bring(app, content: bytes | np.ndarray, name: str = "mine.png"):
    content = content if isinstance(content, bytes) else file_of(content)
    app.file_uploader(key="vision_file").set_value((name, content, "image/png")).run()
    assert not app.exception, app.exception[0].message
    return app


def figure_of(app, place: int = 0) -> dict:
    return json.loads(app.get("plotly_chart")[place].proto.spec)


def hovers(app) -> list[str]:
    """What pointing at the things drawn tells."""
    return figure_of(app)["data"][-1]["text"]


# ------------------------------------------------------------------ counting


def test_a_sample_is_looked_at_at_once(opened, models, text_of):
    app = opened()
    assert app.title[0].value
    assert models["nuclei"].heard
    foot = app.caption[-1].value
    assert foot.startswith("cpu · ") and "256 x 256 pixels · model `nuclei` v1" in foot
    assert "Fluorescence pictures: average precision 0.84 on 65 test pictures" in text_of(app)
    said = " ".join(text_of(app))
    assert "People counted 56 nuclei in it." in said and "CC0 1.0" in said


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", ["nuclei", "cells"])
def test_no_internals_stand_on_the_page(opened, internals, task, lang):
    assert internals(opened(look=task, lang=lang)) == []


def test_of_a_drawing_it_is_said_what_it_holds(opened, text_of):
    app = opened()
    app.pills(key="vision_sample_nuclei").set_value("drawn").run()
    said = text_of(app)
    assert "A drawing made by this program, not a photograph." in said
    assert any(text.endswith("In truth the drawing holds 28 nuclei.") for text in said)


@pytest.mark.parametrize("task", ["nuclei", "cells"])
def test_that_it_is_no_medical_device_stands_right_under_the_title(opened, task):
    app = opened(look=task)
    assert app.markdown[0].value.startswith("**Not a medical device.**")
    assert "Not a medical device" not in " ".join(one.value for one in opened(look="tags").markdown)


def test_a_kind_of_picture_that_is_not_fit_to_show_carries_a_banner(opened):
    app = bring(opened(**{"from": "file"}), THREE + np.array([0, 0, 5], np.uint8))
    assert app.title[0].value.startswith("Perhaps ")
    assert app.warning[0].value == (
        "Not good enough for stained tissue: average precision 0.58 on 25 test pictures. Do not rely on it."
    )


def test_nuclei_are_counted_by_how_likely_each_is(opened, text_of):
    app = bring(opened(**{"from": "file"}), THREE)
    assert app.title[0].value == "2 nuclei counted; usually right within 12 %"  # two at 97 %, one at 40 %
    assert "Showing 2 of 3, those at least 50 % likely." in text_of(app)
    assert [text.partition("<br>")[0] for text in hovers(app)] == ["nucleus 1: 97 % likely", "nucleus 2: 97 % likely"]
    assert hovers(app)[0].endswith("area 197 pixels")


def test_the_slider_redraws_and_runs_no_network(opened, models, text_of):
    app = bring(opened(**{"from": "file"}), THREE)
    heard, title = len(models["nuclei"].heard), app.title[0].value
    app.slider(key="vision_least_nuclei").set_value(0).run()
    assert len(hovers(app)) == 3
    app.slider(key="vision_least_nuclei").set_value(99).run()
    assert hovers(app) == []
    assert "Showing 0 of 3, those at least 99 % likely." in text_of(app)
    assert len(models["nuclei"].heard) == heard
    assert app.title[0].value == title


def test_the_same_picture_again_runs_no_network(opened, models):
    app = bring(opened(**{"from": "file"}), THREE)
    heard = len(models["nuclei"].heard)
    bring(app, THREE, "the same under another name.png")
    assert len(models["nuclei"].heard) == heard
    bring(app, discs((30, 30, BRIGHT)))
    assert len(models["nuclei"].heard) == heard + 1


def test_a_session_remembers_only_the_last_pictures(opened, monkeypatch):
    monkeypatch.setattr(answers, "KEPT", 2)
    monkeypatch.setattr(vision_lab_pictures, "KEPT", 2)
    app = opened(**{"from": "file"})
    for place in range(4):
        bring(app, discs((30, 20 + 20 * place, BRIGHT)), f"{place}.png")
    assert len(app.session_state[answers.SEEN]) == 2
    assert len(app.session_state[vision_lab_pictures.OPENED]) == 2


def test_a_model_trained_again_looks_again(opened, models):
    app = bring(opened(**{"from": "file"}), THREE)
    heard = len(models["nuclei"].heard)
    tensors.save(model_cards.card("nuclei"), {"w": torch.ones(2)})
    app.run()
    assert len(models["nuclei"].heard) > heard


def test_where_nothing_is_nothing_is_found(opened):
    app = bring(opened(**{"from": "file"}), discs())
    assert app.title[0].value == "No nucleus found"
    assert len(app.get("plotly_chart")) == 1  # the picture, and no chart of nothing
    assert app.slider(key="vision_least_nuclei").disabled


def test_doubtful_candidates_alone_are_not_counted(opened):
    """Many things at 40 % each would sum up to some: noise, not nuclei."""
    app = bring(opened(**{"from": "file"}), discs(*((20, 20 + 25 * i, DIM) for i in range(5))))
    assert app.title[0].value == "No nucleus found"


MADE_FOR = "This model is made for fluorescence images and cannot count in this picture"


def test_a_picture_of_something_else_is_not_counted_in_and_told_once(opened):
    coloured = THREE.copy()
    coloured[..., 2] = np.where(coloured[..., 2] > 0, 255, 120)
    app = bring(opened(**{"from": "file"}), coloured)
    assert app.title[0].value == MADE_FOR
    assert not re.search(r"\d", app.title[0].value)
    assert not app.warning and len(app.get("plotly_chart")) == 1 and hovers(app) == []


def test_of_a_picture_of_something_else_it_is_not_said_that_nothing_is_there(opened):
    app = bring(opened(**{"from": "file"}), BLUE)
    assert app.title[0].value == MADE_FOR


def test_sizes_are_told_in_square_micrometres_where_the_scale_is_known(opened, text_of):
    five = discs(*((20 + 30 * (i // 4), 20 + 30 * (i % 4), BRIGHT) for i in range(5)))
    app = bring(opened(**{"from": "file"}), five)
    assert any("the median, 197 pixels" in text for text in text_of(app))
    app.number_input(key="vision_um").set_value(0.2).run()
    assert any("the median, 7.88 µm²" in text for text in text_of(app))
    assert hovers(app)[0].endswith("area 7.88 µm²")
    assert figure_of(app, 2)["layout"]["xaxis"]["title"]["text"] == "Area, µm²"


def test_where_the_network_looked_is_laid_over_the_picture_once_asked(opened, models):
    app = bring(opened(**{"from": "file"}), THREE)
    before = figure_of(app)["layout"]["images"][0]["source"]
    assert models["nuclei"].explained == []
    app.toggle(key="vision_where_nuclei").set_value(True).run()
    assert figure_of(app)["layout"]["images"][0]["source"] != before
    app.slider(key="vision_least_nuclei").set_value(10).run()
    assert models["nuclei"].explained == [((100, 140), None)]


def test_saliency_of_a_large_picture_is_computed_on_a_smaller_one(opened, models, monkeypatch):
    monkeypatch.setattr(answers, "HEAT_SIDE", 70)
    app = bring(opened(**{"from": "file"}), THREE)
    app.toggle(key="vision_where_nuclei").set_value(True).run()
    assert models["nuclei"].explained == [((50, 70), None)]


def test_a_large_picture_is_shrunk_and_measured_in_its_own_pixels(opened, models, monkeypatch, text_of):
    monkeypatch.setattr(vision_lab_pictures, "MAX_SIDE", 70)
    app = bring(opened(**{"from": "file"}), THREE)
    assert models["nuclei"].heard[-1] == (50, 70, 3)
    assert any("it has 140 x 100 pixels and is looked at in 70 x 50" in text for text in text_of(app))
    area = float(re.search(r"area ([\d.]+) pixels", hovers(app)[0])[1])
    assert area == pytest.approx(197, rel=0.15)


# ------------------------------------------------------------------ blood cells


def test_blood_cells_are_counted_by_kind(opened, text_of):
    app = bring(opened(look="cells", **{"from": "file"}), THREE)
    assert app.title[0].value == "2 red cells, 1 white cell, 1 platelet counted"
    counts = figure_of(app, 1)
    assert counts["layout"]["yaxis"]["ticktext"] == ["Red cells", "White cells", "Platelets"]
    assert counts["data"][0]["x"] == pytest.approx([2.05, 0.9, 0.8])
    said = " ".join(text_of(app))
    assert "Showing 4 of 5" in said
    assert "Dotted (1): the second model disagrees." in said
    assert hovers(app)[3] == "platelet 4: 80 % likely<br>seen alone: red cell, 70 %"


def test_a_count_that_is_usually_far_off_is_said_with_about(opened):
    card = model_cards.card("blood_cells")
    off = {"RBC": 0.34, "WBC": 0.04, "Platelets": 0.45}
    tensors.save(replace(card, metrics=card.metrics | {"count_within": off}), {"w": torch.zeros(2)})
    app = bring(opened(look="cells", **{"from": "file"}), THREE)
    assert app.title[0].value == "About 2 red cells, 1 white cell, about 1 platelet counted"


def test_a_smear_without_cells_says_so(opened):
    app = bring(opened(look="cells", **{"from": "file"}), np.full((80, 80, 3), 240, np.uint8))
    assert app.title[0].value == "No blood cell found"


def test_saliency_of_one_kind_can_be_asked_for(opened, models):
    app = bring(opened(look="cells", **{"from": "file"}), THREE)
    app.toggle(key="vision_where_cells").set_value(True).run()
    app.segmented_control(key="vision_kind").set_value("WBC").run()
    assert [label for _size, label in models["blood_cells"].explained] == [None, "WBC"]


# ------------------------------------------------------------------ pictures that cannot be looked at


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is that large, in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
WRONG = {
    "empty": (b"", "The file is empty"),
    "text": (b"no picture at all", "This is not a PNG, JPEG or TIFF picture"),
    "svg": (SVG, "This is not a PNG, JPEG or TIFF picture"),
    "gif": (file_of(Image.new("P", (40, 40)), "GIF"), "This is not a PNG, JPEG or TIFF picture"),
    "polyglot": (b"%PDF-1.4\n" + file_of(THREE), "This is not a PNG, JPEG or TIFF picture"),
    "truncated": (file_of(NOISE)[:5000], "cut short or damaged"),
    "one pixel": (file_of(THREE[:1, :1]), "1 x 1 pixels: too small"),
    "thread": (file_of(np.zeros((8, 12_345, 3), np.uint8)), "12,345 x 8 pixels: too narrow to be looked at whole"),
    "kind of TIFF": (b"II*\0" + bytes(100), "This TIFF is damaged or of a kind that cannot be read"),
    "bomb": (bomb(20_000, 20_000), "too many pixels; at most 50 megapixels"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_is_refused_with_the_remedy_and_the_next_one_is_looked_at(opened, models, what):
    content, told = WRONG[what]
    app = opened(**{"from": "file"})
    heard = len(models["nuclei"].heard)
    bring(app, content)
    assert app.title[0].value == "This picture cannot be looked at"
    assert told in app.error[0].value
    assert len(models["nuclei"].heard) == heard
    bring(app, THREE)
    assert app.title[0].value == "2 nuclei counted; usually right within 12 %"
    assert not app.error


@pytest.mark.parametrize("reason", images.REASONS)
def test_every_refusal_is_said_on_the_page(speak, reason):
    error = images.PictureError("Refused.", reason=reason, megabytes=70.0, most=64, width=30_000, height=8)
    for language in ("en", "zh"):
        speak(language)
        assert "{" not in vision_lab_pictures.refusal(error)


def test_two_pictures_are_opened_at_once_and_others_wait(monkeypatch):
    opening, together, second = set(), [], threading.Barrier(2, timeout=20)

    def slow(content, page):
        opening.add(threading.get_ident())
        second.wait()
        time.sleep(0.05)
        together.append(len(opening))
        opening.discard(threading.get_ident())
        raise images.PictureError("The picture is damaged.", reason="broken")

    def read(name):
        with pytest.raises(vision_lab_pictures.Unread):
            vision_lab_pictures.read(name, b"content")

    monkeypatch.setattr(images, "opened", slow)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(read, "abcdef"))
    assert (len(together), max(together)) == (6, 2)


def test_a_file_name_is_not_markup(opened):
    app = bring(opened(**{"from": "file"}), b"nothing", "**bold** <b>:red[x].png")
    assert "**bold**" not in app.error[0].value
    assert r"\*\*bold\*\*" in app.error[0].value and "<b>" not in app.error[0].value


GREY = Image.fromarray(THREE[..., 0])
TURNED = Image.Exif()
TURNED[0x0112] = 6
UNUSUAL = {
    "16 bit": (file_of(Image.fromarray(THREE[..., 0].astype(np.uint16) * 200), "TIFF"), "its values, finer than"),
    "float": (file_of(Image.fromarray(THREE[..., 0].astype(np.float32) / 255), "TIFF"), "its values, finer than"),
    "CMYK": (file_of(Image.fromarray(THREE).convert("CMYK"), "JPEG"), "its print colours became screen colours"),
    "alpha": (file_of(np.dstack((THREE, THREE[..., :1] // 2 + 127))), "what is transparent stands on white"),
    "palette": (file_of(GREY.convert("P"), transparency=1), "what is transparent stands on white"),
    "frames": (file_of(GREY, "TIFF", save_all=True, append_images=[GREY]), "it is page 1 of 2"),
    "turned": (file_of(GREY, "JPEG", exif=TURNED), "it was turned upright"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNUSUAL)
def test_what_was_changed_on_opening_is_said(opened, models, text_of, what):
    content, told = UNUSUAL[what]
    app = bring(opened(**{"from": "file"}), content)
    assert any(text.startswith("About this picture: ") and told in text for text in text_of(app))
    assert models["nuclei"].heard[-1] == ((140, 100, 3) if what == "turned" else (100, 140, 3))


def test_without_a_picture_the_page_asks_for_one(opened):
    for way in ("file", "camera"):
        app = opened(**{"from": way})
        assert app.title[0].value == "What would you like looked at?"
        assert "forgotten when you remove it" in app.info[0].value


# ------------------------------------------------------------------ models that cannot answer


def test_a_missing_model_says_how_to_make_it_and_the_others_go_on(opened, text_of):
    model_cards.remove("nuclei")
    app = opened()
    assert app.title[0].value == "No model has looked at this yet"
    assert any("`python -m models train nuclei`" in text for text in text_of(app))
    assert len(app.get("plotly_chart")) == 1  # the picture is shown all the same
    app.segmented_control(key="look").set_value("cells").run()
    assert app.title[0].value.startswith("2 red cells")


def test_a_damaged_model_is_told_and_the_page_stands(opened, text_of):
    (model_cards.own() / "nuclei" / model_cards.CARD).write_text("{")
    app = opened()
    assert app.title[0].value == "No model has looked at this yet"
    assert any("The card is not JSON" in text for text in text_of(app))


def test_a_busy_model_says_so_and_is_asked_again(opened, text_of, monkeypatch):
    asked = server.Server.ask

    def busy(self, items, extra=None, timeout_s=10):
        raise errors.Busy("The model 'nuclei' is busy: 64 requests with 64 items wait for it already. Try again.")

    monkeypatch.setattr(server.Server, "ask", busy)
    app = bring(opened(**{"from": "file"}), THREE)
    assert any("is busy" in text for text in text_of(app))
    monkeypatch.setattr(server.Server, "ask", asked)
    app.run()
    assert app.title[0].value == "2 nuclei counted; usually right within 12 %"


def test_a_picture_that_a_model_fails_on_is_a_problem_and_the_next_one_is_looked_at(opened, models, text_of):
    def fails(picture):
        raise ValueError("A picture of 2048 x 1 pixels holds no line.")

    models["nuclei"]._maps = fails
    app = bring(opened(**{"from": "file"}), THREE)
    assert app.title[0].value == "No model has looked at this yet"
    assert app.info[0].value.startswith("This picture cannot be looked at: something went wrong.")
    del models["nuclei"]._maps
    app.run()
    assert app.title[0].value == "2 nuclei counted; usually right within 12 %"


# ------------------------------------------------------------------ price tags


@pytest.fixture
def read(opened, models):
    """A picture on which the reader reads these lines, seen in a market."""

    def lines_in(market: str, *said: tuple, **address: str):
        models["reader"].says = list(said)
        return bring(opened(look="tags", market=market, **{"from": "file"}, **address), THREE)

    return lines_in


def shown(app) -> pd.DataFrame:
    return app.dataframe[0].value


def test_a_price_is_understood_as_the_market_writes_it(read):
    app = read("DEU", ("45947351", 0.99), ("1.299,00 €", 0.97), ("14.03.24", 0.9))
    assert app.title[0].value == "A price of €1,299.00, 97 % sure"
    assert shown(app)["In this market"].tolist() == [
        "the number 45,947,351",
        "€1,299.00, Euro",
        "the date Mar 14, 2024",
    ]
    assert shown(app)["Confidence"].tolist() == [0.99, 0.97, 0.9]
    app = read("USA", ("$1,299.00", 0.97))
    assert app.title[0].value == r"A price of \$1,299.00, 97 % sure"


def test_the_same_line_means_something_else_in_another_market(read):
    assert shown(read("DEU", ("1.299 €", 0.97)))["In this market"][0] == "€1,299.00, Euro"
    assert shown(read("USA", ("1.299 €", 0.97)))["In this market"][0].startswith("an amount that may be 1.299 or 1,299")


def test_an_ambiguous_date_is_refused_unless_the_market_decides_it(read):
    app = read("CAN", ("03/04/26", 0.96))
    assert app.title[0].value == "Read, but neither a price nor a date"
    assert r"03/04/26" in app.info[0].value.replace("\\", "")
    assert "this market's habits leave open which" in app.info[0].value
    app = read("GBR", ("03/04/26", 0.96))
    assert app.title[0].value == "The date Apr 3, 2026, 96 % sure"
    assert not app.info
    assert read("USA", ("03/04/26", 0.96)).title[0].value == "The date Mar 4, 2026, 96 % sure"


def test_lines_that_are_not_sure_are_no_answer(read):
    app = read("DEU", ("12,50 €", 0.1))
    assert app.title[0].value == "Nothing here can be read for sure"
    assert len(app.dataframe) == 0
    app.slider(key="vision_least_tags").set_value(5).run()
    assert shown(app)["Read"].tolist() == ["12,50 €"]
    assert read("DEU").title[0].value == "No price, number or date found"


def test_what_is_doubtful_is_told_as_doubtful(read):
    app = read("DEU", ("12,50 €", 0.3), ("01.02.2026", 0.3))
    assert app.title[0].value == "Perhaps a price of €12.50, but only 30 % sure"
    assert {trace["line"].get("dash") for trace in figure_of(app)["data"][:-1]} == {None, "dot"}
    assert read("DEU", ("01.02.2026", 0.3)).title[0].value == "Perhaps the date Feb 1, 2026, but only 30 % sure"
    assert read("DEU", ("777", 0.3)).title[0].value == "Perhaps the number 777, but only 30 % sure"


def test_moving_the_slider_reads_nothing_again(read, models):
    app = read("DEU", ("12,50 €", 0.97), ("99", 0.6))
    heard = models["reader"].heard
    app.slider(key="vision_least_tags").set_value(90).run()
    assert shown(app)["Read"].tolist() == ["12,50 €"]
    assert models["reader"].heard == heard


def test_another_market_reads_nothing_again_but_understands_anew(read, models):
    app = read("GBR", ("03/04/26", 0.96))
    heard = models["reader"].heard
    app.selectbox(key="market").set_value("USA").run()
    assert "Mar 4" in app.title[0].value
    assert models["reader"].heard == heard


def test_what_was_read_is_not_markup(read):
    app = read("DEU", ("<b>03/04/26</b> $x$", 0.96), ("1.234 $kr", 0.9))
    annotations = figure_of(app)["layout"]["annotations"]
    assert annotations[0]["text"] == "&lt;b&gt;03/04/26&lt;/b&gt; $x$"
    for info in app.info:
        assert "<b>" not in info.value and "$" not in info.value.replace("\\$", "")


def test_each_character_is_coloured_by_how_sure_it_is(read):
    app = read("DEU", ("12", 0.99), ("3", 0.6))
    app.toggle(key="vision_characters").set_value(True).run()
    assert hovers(app) == ["1 · 99 %", "2 · 99 %", "3 · 60 %"]
    colours = {trace["line"]["color"] for trace in figure_of(app)["data"][:-1]}
    assert {"#0072B2", "#D55E00"} < colours


def test_without_a_rate_nothing_is_converted_and_that_is_said(read, text_of):
    app = read("KEN", ("KES 1,250", 0.97))
    assert "In USD" not in shown(app)
    assert any(text.startswith("There is no exchange rate for KES in the store") for text in text_of(app))


def test_a_price_is_converted_into_the_home_currency_from_the_first_start(read, text_of):
    app = read("DEU", ("9,00 €", 0.97))
    assert shown(app)["In USD"].tolist() == ["about 10.1 USD"]
    note = next(text for text in text_of(app) if text.startswith("Converted at the exchange rate"))
    assert "yearly average of 2025. Source: European Central Bank, reference exchange rates" in note
    assert "In USD" not in shown(read("USA", ("$12.00", 0.97)))


def test_the_world_bank_s_rate_is_used_where_the_store_has_it(read, text_of, home):
    table = pd.DataFrame(
        {
            "iso3": ["DEU", "FRA", "KEN"],
            "indicator": "PA.NUS.FCRF",
            "year": [2025, 2025, 2023],
            "value": [0.9, 0.9, 125.0],
        }
    )
    table.to_csv(home / "rates.csv", index=False)
    assert ingest.import_file(home / "rates.csv").fault_count == 0
    app = read("DEU", ("9,00 €", 0.97))
    assert shown(app)["In USD"].tolist() == ["about 10 USD"]
    assert any("yearly average of 2025. Source: World Bank" in text for text in text_of(app))
    app = read("KEN", ("KES 1,250", 0.97))
    assert shown(app)["In USD"].tolist() == ["about 10 USD"]
    assert any("yearly average of 2023. Source: World Bank" in text for text in text_of(app))


def a_tag(*texts: str) -> rendering.Tag:
    written = tuple(rendering.TagLine(text, "amount", (0, 30 * i, 200, 30 * i + 25)) for i, text in enumerate(texts))
    return rendering.Tag(Image.new("RGB", (220, 30 * len(texts) + 10), "white"), written, Decimal(1), "EUR",
                       datetime.date(2024, 1, 1), "de_DE")  # fmt: skip


@pytest.fixture(autouse=True)
def no_samples():
    """No sample drawn by another test is served to this one."""
    for made in (vision_lab_pictures.drawn_tag, vision_lab_pictures._photograph, vision_lab_pictures._drawn):
        made.cache_clear()


def test_a_drawn_tag_is_judged_line_by_line(opened, models, monkeypatch, text_of):
    monkeypatch.setattr(rendering, "tag", lambda market, **options: a_tag("12,50 €", "14.03.24", "99"))
    models["reader"].says = [("12,50 €", 0.97), ("14.08.24", 0.9)]
    app = opened(look="tags", market="DEU")
    assert shown(app)["Matches the drawing"].tolist() == ["matches", "differs: 14.03.24"]
    assert "1 of 3 drawn lines were read as they were drawn." in text_of(app)


def test_where_the_reader_looked_is_laid_over_the_tag_once_asked(opened, models, monkeypatch):
    seen = []

    def explain(self, pixels, label, language):
        seen.append(pixels.shape)
        return np.linspace(0, 1, pixels[..., 0].size).reshape(pixels.shape[:2])

    monkeypatch.setattr(tags.TagReader, "explain", explain, raising=True)
    monkeypatch.setattr(rendering, "tag", lambda market, **options: a_tag("12,50 €"))
    models["reader"].says = [("12,50 €", 0.97)]
    app = opened(look="tags", market="DEU")
    before = figure_of(app)["layout"]["images"][0]["source"]
    app.toggle(key="vision_where_tags").set_value(True).run()
    assert figure_of(app)["layout"]["images"][0]["source"] != before
    assert seen == [(40, 220, 3)]


def test_a_machine_without_the_fonts_says_what_to_install(opened, monkeypatch):
    def missing(market, **options):
        raise fonts.FontError("No font on this machine writes thai: install one.")

    monkeypatch.setattr(rendering, "tag", missing)
    app = opened(look="tags", market="THA")
    assert app.title[0].value == "This machine cannot write this market's price tags"
    assert "`apt-get install fonts-noto-core`" in app.info[0].value
    app.segmented_control(key="from").set_value("file").run()
    assert app.title[0].value == "What would you like looked at?"


def test_tags_start_with_the_home_market_and_keep_the_chosen_one(opened):
    app = opened(look="tags")
    assert app.selectbox(key="market").value == "USA"
    app.selectbox(key="market").set_value("JPN").run()
    assert app.query_params["market"] == ["JPN"] or app.query_params["market"] == "JPN"


# ------------------------------------------------------------------ models of somebody else's


@pytest.fixture
def strangers(opened, monkeypatch):
    """A classifier and a detector of the hub, wanted by name; by variable."""
    names = {CLASSIFIER: "org/labels_v1", DETECTOR: "org/boxes"}
    made = {variable: Stranger(name) for variable, name in names.items()}
    made[CLASSIFIER].says = (Label("tabby, *cat*", 0.912), Label("dog", 0.05), Label("coin", 0.001))
    made[DETECTOR].says = tuple(
        Box(kind, score, box)
        for kind, score, box in (
            ("<b>cat</b>", 0.96, (10, 10, 30, 40)),
            ("dog", 0.9, (0, 0, 140, 100)),
            ("dog", 0.7, (50, 50, 60, 60)),
            ("dog", 0.2, (1, 1, 5, 5)),
        )
    )
    for variable, name in names.items():
        monkeypatch.setenv(variable, name)
    monkeypatch.setattr(hub, "model", lambda variable, name: made[variable])
    return made


def choices(app) -> list[str]:
    return [option.content for option in app.segmented_control(key="look").proto.options]


def test_models_of_the_hub_are_absent_by_default(opened, text_of):
    app = opened(look="objects")
    assert choices(app) == ["Cell nuclei", "Blood cells", "Price tags"]
    assert app.segmented_control(key="look").value == "nuclei"
    assert not any(word in text for text in text_of(app) for word in ("Hugging", "not ours", "ATLAS_HUB"))


@pytest.mark.parametrize(("variable", "title"), [(CLASSIFIER, "Whole picture"), (DETECTOR, "Objects")])
def test_one_model_of_the_hub_is_one_more_choice(opened, monkeypatch, variable, title):
    monkeypatch.setenv(variable, "org/model")
    assert choices(opened()) == ["Cell nuclei", "Blood cells", "Price tags", title]


def test_a_whole_picture_is_named_by_a_model_that_is_not_ours(opened, strangers, text_of):
    app = bring(opened(look="whole", **{"from": "file"}), THREE)
    assert app.title[0].value == r"Most likely tabby, \*cat\*, 91 %"
    assert "[org/labels_v1](https://huggingface.co/org/labels_v1)" in app.info[0].value
    assert "not ours" in app.info[0].value and "quality was not judged here" in app.info[0].value
    bars = app.get("progress")
    assert [bar.proto.text for bar in bars] == [r"tabby, \*cat\* · 91 %", "dog · 5 %"]
    assert [bar.proto.value for bar in bars] == [91, 5]
    foot = app.caption[-1].value
    assert foot.startswith("cpu · ") and foot.endswith("140 x 100 pixels · model `org/labels_v1`, not ours")
    strangers[CLASSIFIER].says = (Label("dog", 0.3),)
    assert bring(app, discs((30, 30, BRIGHT))).title[0].value == "Perhaps dog, 30 %"


def test_things_are_found_by_a_model_that_is_not_ours_and_the_slider_runs_no_network(opened, strangers, text_of):
    app = bring(opened(look="objects", **{"from": "file"}), THREE)
    assert app.title[0].value == r"Found: dog × 2, \<b\>cat\</b\>"
    assert "[org/boxes](https://huggingface.co/org/boxes)" in app.info[0].value
    assert hovers(app)[0] == "&lt;b&gt;cat&lt;/b&gt; 1: confidence 96 %"
    assert shown(app)["Kind"].tolist() == ["<b>cat</b>", "dog", "dog"]
    assert any(
        text.startswith("3 of 4 boxes are drawn: those with a confidence of at least 50 %") for text in text_of(app)
    )
    heard, colours = strangers[DETECTOR].heard, figure_of(app)["data"][-1]["marker"]["color"]
    app.slider(key="vision_least_objects").set_value(0).run()
    assert shown(app)["Confidence"].tolist() == [0.96, 0.9, 0.7, 0.2]
    assert figure_of(app)["data"][-1]["marker"]["color"][:3] == colours  # a kind keeps its colour
    app.slider(key="vision_least_objects").set_value(99).run()
    assert hovers(app) == [] and len(app.dataframe) == 0
    assert strangers[DETECTOR].heard == heard
    assert app.title[0].value.startswith("Found: dog × 2")


def test_boxes_are_told_in_the_pixels_of_the_picture_brought(opened, strangers, monkeypatch):
    monkeypatch.setattr(vision_lab_pictures, "MAX_SIDE", 70)
    strangers[DETECTOR].says = (Box("cat", 0.9, (10, 5, 20, 25)),)
    app = bring(opened(look="objects", **{"from": "file"}), THREE)
    [seen] = app.session_state[answers.SEEN].values()
    assert (seen.found[0].box, seen.found[0].centre, seen.found[0].area) == ((20, 10, 40, 50), (30, 30), 800)


def test_nothing_found_says_so(opened, strangers):
    strangers[DETECTOR].says = (Box("cat", 0.2, (1, 1, 5, 5)),)
    app = bring(opened(look="objects", **{"from": "file"}), THREE)
    assert app.title[0].value == "No object found"
    strangers[DETECTOR].says = ()
    app = bring(app, discs((30, 30, BRIGHT)))
    assert app.title[0].value == "No object found"
    assert app.slider(key="vision_least_objects").disabled


def test_a_folder_s_model_is_called_by_its_last_part_and_the_path_is_not_shown(
    opened, strangers, monkeypatch, tmp_path, text_of
):
    (tmp_path / "secret" / "tiny").mkdir(parents=True)
    monkeypatch.setenv(CLASSIFIER, str(tmp_path / "secret" / "tiny"))
    app = bring(opened(look="whole", **{"from": "file"}), THREE)
    assert app.info[0].value.startswith("This model is not ours: tiny, from a folder on this machine.")
    assert not any("secret" in text for text in text_of(app))


def test_a_model_out_of_reach_is_said_asked_for_once_and_the_others_go_on(opened, strangers, monkeypatch, text_of):
    asked = []

    def missing(variable, name):
        asked.append(name)
        raise HubError(
            f"The model {name!r} needs packages that are not installed (transformers). Install them with: "
            "pip install -r requirements-hub.txt"
        )

    monkeypatch.setattr(hub, "model", missing)
    app = bring(opened(look="whole", **{"from": "file"}), THREE)
    assert app.title[0].value == "No model has looked at this yet"
    assert any("pip install -r requirements-hub.txt" in text.replace("\\", "") for text in text_of(app))
    assert len(app.get("plotly_chart")) == 1  # the picture is shown all the same
    assert not any("not ours" in text for text in text_of(app))
    app.run()
    assert asked == ["org/labels_v1"]
    app.segmented_control(key="look").set_value("nuclei").run()
    assert app.title[0].value == "2 nuclei counted; usually right within 12 %"


def test_a_picture_the_model_cannot_take_is_said_and_the_next_one_is_looked_at(opened, strangers, text_of):
    says, strangers[DETECTOR].says = strangers[DETECTOR].says, HubError("The model 'x' cannot look at this picture.")
    app = bring(opened(look="objects", **{"from": "file"}), THREE)
    assert app.title[0].value == "No model has looked at this yet"
    assert any("cannot look at this picture" in text for text in text_of(app))
    strangers[DETECTOR].says = says
    app.run()
    assert app.title[0].value.startswith("Found: ")


@pytest.mark.parametrize("look", ["whole", "objects"])
def test_samples_for_models_of_the_hub_are_photographs(opened, strangers, look):
    app = opened(look=look)
    assert app.title[0].value.startswith(("Most likely", "Found"))
    assert next(iter(vision_lab_pictures.samples(look))) == "cat"
    for _title, make in vision_lab_pictures.samples(look).values():
        assert make("").pixels.shape[2] == 3


def test_several_files_are_seen_by_models_of_the_hub(opened, strangers):
    app = bring_many(opened(look="objects", **{"from": "files"}), *FILES)
    assert "not ours" in app.info[0].value
    app.button(key="vision_start").click().run()
    assert app.title[0].value == "2 of 3 pictures looked at"
    table = shown(app)
    assert table["objects"].tolist()[::2] == ["dog × 2, <b>cat</b>"] * 2 and table["count"].tolist()[::2] == [3, 3]
    app = bring_many(opened(look="whole", **{"from": "files"}), *FILES)
    app.button(key="vision_start").click().run()
    table = shown(app)
    assert table["label"][0] == "tabby, *cat*" and table["probability"][0] == 0.912
    assert "This is not a PNG" in table["problem"][1]
    strangers[CLASSIFIER].says = HubError("The model 'a_b-c' cannot look at this picture.")
    app = bring_many(app, FILES[0])
    app.button(key="vision_start").click().run()
    assert shown(app)["problem"].tolist() == ["The model 'a_b-c' cannot look at this picture."]


@pytest.mark.parametrize("name", ["/no/such", "org/model", "FOLDER"])
def test_faults_of_models_of_the_hub_are_chinese_in_chinese(opened, monkeypatch, tmp_path, name):
    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.setenv(DETECTOR, name.replace("FOLDER", str(tmp_path)))
    app = bring(opened(look="objects", lang="zh", **{"from": "file"}), THREE)
    assert CJK.search(app.info[0].value) and not SENTENCE.search(app.info[0].value)


@pytest.mark.parametrize("look", ["whole", "objects"])
def test_models_of_the_hub_are_told_of_in_chinese(opened, strangers, text_of, look):
    app = bring(opened(look=look, lang="zh", **{"from": "file"}), THREE)
    said = [re.sub("`[^`]*`", "", text) for text in text_of(app)]
    assert CJK.search(app.title[0].value)
    assert [text for text in said if SENTENCE.search(text) and not FOUND_BY.search(text)] == []


# ------------------------------------------------------------------ several files


def bring_many(app, *files: tuple[str, bytes]):
    app.file_uploader(key="vision_files").set_value([(name, content, "image/png") for name, content in files]).run()
    assert not app.exception, app.exception[0].message
    return app


FILES = (("a.png", file_of(THREE)), ("=b.png", b"rubbish"), ("c.png", file_of(discs((30, 30, BRIGHT)))))


def test_several_files_become_a_table_and_a_bad_one_is_a_row_with_its_problem(opened, models):
    app = bring_many(opened(**{"from": "files"}), *FILES)
    assert models["nuclei"].heard == []
    app.button(key="vision_start").click().run()
    assert app.title[0].value == "3 nuclei on 2 of 3 pictures"
    table = shown(app)
    assert table["file"].tolist() == ["a.png", "=b.png", "c.png"]
    assert table["nucleus"].tolist()[::2] == [2, 1] and pd.isna(table["nucleus"][1])
    assert "This is not a PNG" in table["problem"][1]
    assert table["problem"].tolist()[::2] == ["", ""]
    assert list(table.columns)[-2:] == ["notice", "problem"]


def test_other_files_start_afresh_and_none_are_forgotten(opened):
    app = bring_many(opened(**{"from": "files"}), *FILES)
    app.button(key="vision_start").click().run()
    bring_many(app, FILES[0])
    assert app.button(key="vision_start").label == "Look at all 1 pictures"
    assert len(app.dataframe) == 0


def test_a_run_broken_off_goes_on_where_it_stopped(opened, models, monkeypatch):
    app = bring_many(opened(**{"from": "files"}), *FILES)
    row = batch.one

    def stopping(sheet, task, iso2):
        import streamlit as st

        if sheet.upload.name == "c.png":
            st.session_state[running(batch.KEY)] = False
            st.rerun()
        return row(sheet, task, iso2)

    monkeypatch.setattr(batch, "one", stopping)
    app.button(key="vision_start").click().run()
    assert shown(app)["file"].tolist() == ["a.png", "=b.png"]
    monkeypatch.setattr(batch, "one", row)
    assert app.button(key="vision_start").label == "Go on"
    app.button(key="vision_start").click().run()
    assert shown(app)["file"].tolist() == ["a.png", "=b.png", "c.png"]
    assert len(models["nuclei"].heard) == 2


def test_pictures_unlike_the_training_ones_get_no_number_in_a_batch(opened):
    coloured = THREE.copy()
    coloured[..., 2] = np.where(coloured[..., 2] > 0, 255, 120)
    app = bring_many(opened(**{"from": "files"}), *FILES, ("d.png", file_of(coloured)))
    app.button(key="vision_start").click().run()
    assert app.title[0].value == "3 nuclei on 2 of 4 pictures"
    assert pd.isna(shown(app)["nucleus"][3])
    assert shown(app)["notice"][0] == "Not a medical device; a person must check every result."
    assert shown(app)["problem"][3] == MADE_FOR


@pytest.mark.parametrize("error", [RuntimeError, MemoryError])
def test_a_file_that_fails_in_an_unforeseen_way_is_a_row_and_the_run_ends(opened, monkeypatch, error):
    row = batch.one

    def failing(sheet, task, iso2):
        if sheet.upload.name == "=b.png":
            raise error("nobody foresaw this")
        return row(sheet, task, iso2)

    monkeypatch.setattr(batch, "one", failing)
    app = bring_many(opened(**{"from": "files"}), *FILES)
    app.button(key="vision_start").click().run()
    assert not app.exception
    assert app.title[0].value == "3 nuclei on 2 of 3 pictures"
    assert shown(app)["problem"][1].startswith("This picture cannot be looked at: something went wrong.")
    assert app.session_state[running(batch.KEY)] is False


@pytest.mark.parametrize("limit", ["MAX_FILES", "MAX_MB_TOGETHER"])
def test_more_than_is_looked_at_is_said_and_not_kept(opened, monkeypatch, limit):
    dropped, real = [], MemoryUploadedFileManager.remove_file
    monkeypatch.setattr(
        MemoryUploadedFileManager, "remove_file", lambda *given: (dropped.append(given[2]), real(*given))[1]
    )
    size = (len(FILES[0][1]) + len(FILES[1][1]) + 10) / 2**20
    monkeypatch.setattr(batch, limit, {"MAX_FILES": 2, "MAX_MB_TOGETHER": size}[limit])
    app = bring_many(opened(**{"from": "files"}), *FILES)
    assert app.warning[0].value.startswith("The first 2 of 3 files are looked at")
    assert app.button(key="vision_start").label == "Look at all 2 pictures"
    assert len(dropped) == 1
    app.run()
    assert app.warning[0].value.startswith("The first 2 of 3 files are looked at")


STACK = file_of(
    Image.fromarray(THREE[..., 0]), "TIFF", save_all=True,
    append_images=[Image.fromarray(discs(*places)[..., 0]) for places in ([(30, 30, BRIGHT)], [])],
)  # fmt: skip
"""Pages with two, one and no nucleus on them."""


def test_every_page_of_a_stack_among_several_files_is_a_row(opened, text_of):
    app = bring_many(opened(**{"from": "files"}), FILES[0], ("s.tif", STACK))
    assert any("what shows on several pages is counted on each" in text for text in text_of(app))
    app.button(key="vision_start").click().run()
    table = shown(app)
    assert table["file"].tolist() == ["a.png", "s.tif", "s.tif", "s.tif"]
    assert table["page"].fillna(0).tolist() == [0, 1, 2, 3]
    assert table["nucleus"].tolist() == [2, 2, 1, 0]


def test_a_page_of_a_stack_is_shown_and_all_of_them_are_counted(opened, text_of):
    app = bring(opened(**{"from": "file"}), STACK, "s.tif")
    assert app.title[0].value.startswith("2 nuclei counted")
    assert "About this picture: it is page 1 of 3." in text_of(app)
    app.number_input[0].set_value(2).run()
    assert app.title[0].value.startswith("1 nucleus counted")
    assert app.button(key="vision_start").label == "Look at all 3 pictures"
    app.button(key="vision_start").click().run()
    assert shown(app)["page"].tolist() == [1, 2, 3]
    assert shown(app)["nucleus"].tolist() == [2, 1, 0]
    assert app.title[0].value.startswith("1 nucleus counted")


def test_a_stack_beyond_the_limits_is_refused_with_the_remedy(opened, monkeypatch):
    monkeypatch.setattr(images, "MAX_PAGES", 2)
    refused = "The file has too many pages; at most 2 are looked at. Save it as several files."
    app = bring(opened(**{"from": "file"}), STACK, "s.tif")
    assert app.error[0].value == f"s.tif: {refused}"
    app = bring_many(opened(**{"from": "files"}), ("s.tif", STACK))
    app.button(key="vision_start").click().run()
    assert shown(app)["problem"].tolist() == [refused]


def test_several_tags_become_texts_amounts_and_questions(opened, models):
    models["reader"].says = [("12,50 €", 0.97), ("03/04/26", 0.9), ("unsure", 0.2)]
    app = bring_many(opened(look="tags", market="CAN", **{"from": "files"}), FILES[0], FILES[1])
    app.button(key="vision_start").click().run()
    assert app.title[0].value == "Prices on 1 of 2 pictures"
    table = shown(app)
    assert table["text"][0] == "12,50 € | 03/04/26"
    assert (table["amount"][0], table["currency"][0]) == ("12.50", "EUR")
    assert table["problem"][0].startswith("03/04/26: a date that may be ")


def test_a_missing_model_is_the_problem_of_every_file(opened):
    model_cards.remove("nuclei")
    app = bring_many(opened(**{"from": "files"}), FILES[0])
    app.button(key="vision_start").click().run()
    assert "python -m models train nuclei" in shown(app)["problem"][0]


# ------------------------------------------------------------------ in Chinese


@pytest.mark.parametrize("look", ["nuclei", "cells", "tags"])
def test_answers_are_chinese_in_chinese(opened, models, text_of, look):
    models["reader"].says = [("12,50 €", 0.97), ("03/04/26", 0.9), ("5%", 0.8)]
    app = opened(look=look, lang="zh", market="CAN")
    assert CJK.search(app.title[0].value)
    said = [re.sub("`[^`]*`", "", text) for text in text_of(app)]
    assert [text for text in said if SENTENCE.search(text) and not FOUND_BY.search(text)] == []
    for way in ("file", "camera", "files"):
        app = opened(look=look, lang="zh", **{"from": way})
        assert CJK.search(app.title[0].value)
        assert [text for text in text_of(app) if SENTENCE.search(text) and not FOUND_BY.search(text)] == []


def test_refusals_are_chinese_in_chinese(opened):
    for content, _told in WRONG.values():
        app = bring(opened(lang="zh", **{"from": "file"}), content)
        assert CJK.search(app.error[0].value) and not SENTENCE.search(app.error[0].value)
