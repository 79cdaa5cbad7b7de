"""Pieces of the Vision lab: pictures with shapes over them, counts, sizes, amounts in words and at home."""

import base64
import datetime
import io
import json
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from PIL import Image

from dashboard import theme
from dashboard.charts import pictures
from dashboard.vision import answers as vision_lab_answers
from dashboard.vision import batch as vision_lab_batch
from dashboard.vision import counts as vision_lab_parts
from dashboard.vision import pictures as lab
from dashboard.vision import prices as vision_lab_meaning
from dashboard.vision.answers import Seen, Thing
from dashboard.vision.prices import Line, Rate
from data import ingest
from models.prices.look_alikes import parse_seen
from models.prices.parsed import Parsed
from models.serving.server import Served
from models.vision import images
from models.vision.nuclei.instances import InstanceRule, Maps
from models.vision.nuclei.network import distances, flows
from models.vision.reader.line_reader import Reading
from models.vision.reader.rendering import TagLine

LOOKS = (theme.LIGHT, theme.DARK)
SQUARE = pictures.box(10, 20, 30, 40)


def thing(number: int = 1, kind: str = "nucleus", confidence: float = 0.9, **more) -> Thing:
    given = {"outline": SQUARE, "centre": (20.0, 30.0), "box": (10.0, 20.0, 30.0, 40.0), "area": 400.0}
    return Thing(number, kind, confidence, **(given | more))


def decoded(address: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))))


# ------------------------------------------------------------------ charts


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_figures_are_whole_and_without_numpy(look):
    shape = pictures.Shape(tuple(map(np.array, SQUARE)), "#0072B2", ("a",), "label", dashed=True)
    for figure in (
        pictures.overlay("data:,", (50, 80), [shape], look),
        pictures.overlay("data:,", (50, 80), [], look),
        pictures.sizes([1.0, 2.0, 9.0], ("Area", "Drawn"), look),
        pictures.counts([("Nuclei", 3.0, 1.0, 5.0)], ["#0072B2"], "Expected number", look),
    ):
        go.Figure(figure)
        json.dumps(figure)


def test_the_picture_stands_upright_under_its_shapes_in_its_own_pixels():
    figure = pictures.overlay(
        "data:,", (50, 80), [pictures.Shape(SQUARE, "#0072B2", ("cell 1", "area 3"))], theme.LIGHT
    )
    layout = figure["layout"]
    assert (layout["xaxis"]["range"], layout["yaxis"]["range"]) == ([0, 80], [50, 0])
    (image,) = layout["images"]
    assert (image["x"], image["y"], image["sizex"], image["sizey"]) == (0, 0, 80, 50)
    halo, edge, pointed = figure["data"]
    assert edge["x"] == [10, 30, 30, 10, 10, None] and halo["x"] == edge["x"]
    assert (pointed["x"], pointed["y"], pointed["text"]) == ([20], [30], ["cell 1<br>area 3"])


def test_what_is_written_over_a_picture_is_no_markup():
    shape = pictures.Shape(SQUARE, "#0072B2", ("<a href='x'>1</a>",), "<b>2</b>")
    figure = pictures.overlay("data:,", (50, 80), [shape], theme.LIGHT)
    assert figure["data"][-1]["text"] == ["&lt;a href=&#x27;x&#x27;&gt;1&lt;/a&gt;"]
    assert figure["layout"]["annotations"][0]["text"] == "&lt;b&gt;2&lt;/b&gt;"


def test_a_label_stands_above_its_shape_and_inside_it_at_the_upper_edge():
    shapes = [pictures.Shape(pictures.box(5, top, 30, 45), "#0072B2", label=str(top)) for top in (0, 20)]
    labels = pictures.overlay("data:,", (50, 80), shapes, theme.LIGHT)["layout"]["annotations"]
    assert [(label["y"], label["yanchor"]) for label in labels] == [(0, "top"), (20, "bottom")]


def test_doubtful_things_are_dotted_and_zoom_is_kept_while_the_picture_stays():
    shapes = [pictures.Shape(SQUARE, "#0072B2"), pictures.Shape(SQUARE, "#0072B2", dashed=True)]
    figure = pictures.overlay("data:,", (50, 80), shapes, theme.LIGHT, kept="digest")
    assert [trace["line"].get("dash") for trace in figure["data"][:-1]] == [None, "solid", None, "dot"]
    assert figure["layout"]["uirevision"] == "digest"


def test_a_large_picture_is_sent_smaller():
    assert decoded(pictures.encoded(np.zeros((300, 2800, 3), np.uint8))).shape == (150, 1400, 3)
    assert images.shrunk(np.zeros((10, 20, 3), np.uint8), 20).shape == (10, 20, 3)


def test_heat_colours_where_the_network_looked_and_nothing_else():
    picture = np.full((40, 60, 3), 100, np.uint8)
    values = np.zeros((20, 30), np.uint8)
    values[:, :10] = 255
    warm = pictures.heated(picture, values)
    assert (warm[:, 30:] == 100).all()
    assert (np.abs(warm[:, :15].astype(int) - 100).max(2) > 50).all()
    assert (picture == 100).all()


def test_the_picture_to_take_away_has_its_own_size_and_the_outlines():
    picture = np.zeros((60, 90, 3), np.uint8)
    taken = np.asarray(Image.open(io.BytesIO(pictures.drawn_over(picture, [pictures.Shape(SQUARE, "#D55E00")]))))
    assert taken.shape == (60, 90, 3)
    assert taken[20, 20].tolist() == [0xD5, 0x5E, 0x00]
    assert not taken[30, 20].any() and not picture.any()


def test_a_picture_of_cells_is_taken_away_with_the_notice_on_it():
    picture = np.zeros((60, 90, 3), np.uint8)
    taken = np.asarray(Image.open(io.BytesIO(pictures.drawn_over(picture, [], pictures.NOTICE))))
    assert taken.shape[0] > 60 and taken.shape[1:] == (90, 3)
    strip = taken[60:]
    assert strip.max() == 255 and (strip < 100).any()
    assert not taken[:60].any()


def test_every_size_is_in_a_bar_and_the_median_is_marked():
    figure = pictures.sizes([1.0, 2.0, 3.0, 100.0], ("Area", "Drawn"), theme.LIGHT)
    assert sum(figure["data"][0]["y"]) == 4
    assert figure["layout"]["shapes"][0]["x0"] == 2.5


def test_each_kind_has_its_whisker():
    figure = pictures.counts([("A", 3.0, 1.0, 5.0), ("B", 0.0, 0.0, 0.0)], ["#0072B2", "#E69F00"], "n", theme.LIGHT)
    assert [(s["x0"], s["x1"], s["y0"]) for s in figure["layout"]["shapes"]] == [(1, 5, 0), (0, 0, 1)]
    assert figure["data"][0]["text"] == ["3", "0"]
    low, high = figure["layout"]["xaxis"]["range"]
    assert low < 0 and high > 5


# ------------------------------------------------------------------ counting


def test_candidates_count_as_much_as_they_are_likely():
    told = vision_lab_answers.expected("cells", [thing(kind="RBC", confidence=c) for c in (0.9, 0.8, 0.3)])
    assert told["RBC"][0] == pytest.approx(2.0)
    assert told["RBC"][1] < 2 < told["RBC"][2]
    assert told["WBC"] == told["Platelets"] == (0.0, 0.0, 0.0)


def test_no_kind_is_counted_of_which_nothing_is_likely():
    many = [thing(confidence=0.3) for _place in range(20)]
    assert vision_lab_answers.expected("nuclei", many)["nucleus"] == (0.0, 0.0, 0.0)
    assert vision_lab_answers.headline("nuclei", Seen("nuclei", tuple(many))) == "No nucleus found"


@pytest.mark.parametrize(
    ("kind", "count", "said"),
    [("RBC", 17, "17 red cells"), ("WBC", 1, "1 white cell"), ("nucleus", 1200, "1,200 nuclei")],
)
def test_one_is_told_from_many(kind, count, said):
    assert vision_lab_answers.counted(kind, count) == said


def test_an_outline_is_closed_and_keeps_the_area():
    y, x = np.mgrid[:60, :60]
    inside = np.hypot(y - 30, x - 30) < 20
    outline = vision_lab_answers._outline(inside)
    assert (outline[0] == outline[-1]).all()
    rows, columns = outline.T
    area = 0.5 * abs(np.dot(rows[:-1], columns[1:]) - np.dot(columns[:-1], rows[1:]))
    assert area == pytest.approx(inside.sum(), rel=0.02)
    assert len(outline) < 60


def test_the_table_has_a_row_a_thing_and_square_micrometres_where_the_scale_is_known():
    table = vision_lab_parts.table([thing(3, second=("RBC", 0.75))], um=0.5)
    assert table.to_dict("records") == [
        {
            "number": 3, "kind": "nucleus", "confidence": 0.9, "x": 20.0, "y": 30.0, "area_px": 400.0,
            "area_um2": 100.0, "left": 10.0, "top": 20.0, "right": 30.0, "bottom": 40.0, "second_kind": "RBC",
            "second_confidence": 0.75, "notice": "Not a medical device; a person must check every result.",
        }
    ]  # fmt: skip
    assert vision_lab_parts.table([]).empty


# ------------------------------------------------------------------ pictures


@pytest.mark.parametrize("task", ["nuclei", "cells"])
def test_the_first_sample_is_a_real_picture_of_a_kind_the_model_reads_well(home, task):
    known = lab.samples(task)
    first = next(iter(known.values()))[1]("DE")
    assert not first.drawn and first.truth and first.origin
    kind = vision_lab_answers.kind_of(first.pixels) if task == "nuclei" else ""
    assert vision_lab_answers.fit_for(task, kind).ready


def test_pictures_that_ship_are_small_and_say_whose_they_are():
    shipped = list(lab.SAMPLES.glob("*.png")) + list(lab.SAMPLES.glob("*.jpg"))
    assert {file.name for file in shipped} == {sample["file"] for sample in lab.test_pictures()}
    assert sum(file.stat().st_size for file in shipped) < 300_000
    assert {sample["licence"] for sample in lab.test_pictures()} == {"CC0 1.0", "MIT"}
    assert all(word in (lab.SAMPLES / "SOURCES.md").read_text("utf-8") for word in ("CC0 1.0", "MIT"))


@pytest.mark.parametrize("task", ["nuclei", "cells"])
def test_every_sample_is_a_picture_and_drawings_are_called_so(task):
    for key, (title, make) in lab.samples(task).items():
        chosen = make("DE")
        assert chosen.pixels.dtype == np.uint8 and chosen.pixels.shape[2] == 3, key
        assert title
        drawn = "A drawing made by this program, not a photograph."
        assert (lab.source(chosen) == drawn) == chosen.drawn
        assert chosen.drawn != bool(chosen.origin)


def test_a_picture_keeps_its_size_when_it_is_shrunk(monkeypatch):
    monkeypatch.setattr(lab, "MAX_SIDE", 100)
    chosen = lab.made("x", np.zeros((200, 400, 3), np.uint8))
    assert chosen.pixels.shape == (50, 100, 3)
    assert (chosen.scale, chosen.size) == (0.25, (400, 200))
    assert lab.made("x", np.zeros((50, 100, 3), np.uint8)).scale == 1


def test_pictures_of_the_same_bytes_and_another_shape_are_not_the_same():
    one, other = (lab.made("x", np.zeros(shape, np.uint8)) for shape in ((10, 20, 3), (20, 10, 3)))
    assert one.digest != other.digest


# ------------------------------------------------------------------ what a line means


def line(text: str, market: str, confidence: float = 0.9, drawn: TagLine | None = None) -> Line:
    today = datetime.date(2026, 1, 1)
    return Line(Reading(text, confidence, sure=confidence > 0.5), parse_seen(text, market, today=today), drawn)


PARTED = "the comma or point could separate thousands or decimals"


@pytest.mark.parametrize(
    ("text", "market", "said"),
    [
        ("1.299,00 €", "DE", "€1,299.00, Euro"),
        ("¥980", "JP", "¥980, Japanese Yen"),
        ("12345678", "DE", "the number 12,345,678"),
        ("31.12.2026", "DE", "the date Dec 31, 2026"),
        ("03/04/2026", "CA", "a date that may be Mar 4, 2026 or Apr 3, 2026: this market's habits leave open which"),
        ("32.13.2026", "DE", "no day of the calendar"),
        ("-20 %", "DE", "a percentage, not a price"),
        ("1.234", "US", f"an amount that may be 1.234 or 1,234: {PARTED}"),
        ("€.99", "DE", f"an amount that may be 0.99 or 99: {PARTED}"),
        ("1448/06/01", "SA", "the year could belong to more than one calendar"),
        ("1.2345.6", "DE", "digits and separators that make no number"),
        ("12 34 €", "DE", "more than one number"),
        ("Angebot", "DE", "neither a price nor a date"),
        ("99 元", "DE", "99 in a currency that may be Chinese Yuan or New Taiwan Dollar or Hong Kong Dollar"),
        ("99 ☂", "DE", "99 beside “☂”, which is no currency here and may change the amount"),
        ("7 m", "US", "an amount that may be 7 or 7,000,000: the word beside it could multiply it, or be a unit"),
        ("Rs.6501", "IN", "an amount that may be 6,501 or 650: “/-”, “k”, “L”, “Cr” or “rb” at its end can look like a "
         "digit or a sign"),
        ("07.2027", "DE", "a month without a day or without a year, not a price"),
        ("27/01/2018", "ET", "a date that may be Jan 27, 2018 or Oct 7, 2025: the year could belong to more than one "
         "calendar"),
        ("", "DE", "no text"),
    ],
)  # fmt: skip
def test_every_meaning_and_every_refusal_is_said(text, market, said):
    assert vision_lab_meaning.told(line(text, market)) == said


def test_a_line_is_right_when_it_reads_as_it_was_drawn():
    drawn = TagLine("12,50\u00a0€", "amount", (0, 0, 9, 9))
    assert line("12,50 €", "DE", drawn=drawn).right is True
    assert line("12,60 €", "DE", drawn=drawn).right is False
    assert line("12,50 €", "DE").right is None


def test_the_headline_takes_the_first_sure_price_then_date_then_number():
    lines = [line("777", "DE"), line("01.02.2026", "DE"), line("9 €", "DE", 0.3), line("8 €", "DE")]
    seen = Seen("reader", tuple(one.reading for one in lines))
    assert vision_lab_meaning.headline(seen, lines) == "A price of €8.00, 90 % sure"
    assert vision_lab_meaning.headline(seen, lines[:3]) == "The date Feb 1, 2026, 90 % sure"
    assert vision_lab_meaning.headline(seen, lines[:1]) == "The number 777, 90 % sure"
    assert vision_lab_meaning.headline(seen, [line("Tee", "DE")]) == "Read, but neither a price nor a date"


WORLD_BANK, ECB = vision_lab_meaning.RATES
RATES = {"USD": Rate(1.0), "EUR": Rate(0.8, 2024, ECB), "JPY": Rate(160.0, 2023, ECB)}


@pytest.mark.parametrize(
    ("number", "currency", "home", "said"),
    [
        (Decimal("8"), "EUR", "USD", "about 10 USD"),
        (Decimal("10"), "USD", "EUR", "about 8 EUR"),
        (Decimal("1600"), "JPY", "EUR", "about 8 EUR"),
        (Decimal("123456"), "EUR", "USD", "about 154,300 USD"),
        (Decimal("8"), "EUR", "EUR", ""),
        (Decimal("8"), "THB", "USD", ""),
        (Decimal("8"), "EUR", "THB", ""),
        (None, "EUR", "USD", ""),
        (Decimal("8"), None, "USD", ""),
    ],
)
def test_amounts_go_through_the_dollar_into_the_home_currency(number, currency, home, said):
    assert vision_lab_meaning.at_home(Parsed("", "DE", "amount", number, currency), home, RATES) == said


def official_rates(home, **values: tuple[int, float]) -> None:
    """Write the World Bank's rate of a year into this test's store, by market."""
    rows = [{"iso3": iso3, "indicator": WORLD_BANK, "year": year, "value": value}
            for iso3, (year, value) in values.items()]  # fmt: skip
    pd.DataFrame(rows).to_csv(home / "rates.csv", index=False)
    assert ingest.import_file(home / "rates.csv").fault_count == 0


def test_the_first_start_knows_the_ecb_s_rates(home):
    known = vision_lab_meaning.rates()
    assert known["USD"] == Rate(1.0)
    assert known["EUR"] == Rate(0.886705, 2025, ECB)
    assert known["RUB"].year == 2021
    assert {"JPY", "GBP", "CNY", "INR", "BRL", "ZAR"} < set(known)
    assert not {"EGP", "VND", "KES"} & set(known)


def test_the_newest_year_counts_and_the_world_bank_s_rate_where_it_has_that_year(home):
    official_rates(home, DEU=(2025, 0.9), FRA=(2025, 0.8), ITA=(2024, 5.0), JPN=(2024, 140.0), EGY=(2023, 30.0))
    known = vision_lab_meaning.rates()
    assert known["EUR"] == Rate(pytest.approx(0.85), 2025, WORLD_BANK)
    assert known["JPY"] == Rate(149.655, 2025, ECB)
    assert known["EGP"] == Rate(30.0, 2023, WORLD_BANK)


def test_the_note_names_every_year_and_source_of_the_rates_that_were_used(home):
    official_rates(home, EGY=(2023, 30.0), DEU=(2023, 0.9))
    known = vision_lab_meaning.rates()
    pounds, euros = line("EGP 30", "EG"), line("8 €", "DE")
    assert (pounds.meant.currency, euros.meant.currency) == ("EGP", "EUR")
    both = vision_lab_meaning.rate_note([pounds], "EUR", known)
    assert both.startswith("Converted at the exchange rate, yearly average of 2023, 2025. Source: ")
    assert "European Central Bank" in both and "World Bank" in both
    one = vision_lab_meaning.rate_note([euros], "USD", known)
    assert "yearly average of 2025. Source: European Central Bank" in one and "World Bank" not in one
    assert "World Bank" in vision_lab_meaning.rate_note([pounds], "USD", known)
    assert vision_lab_meaning.rate_note([euros], "EUR", known) == ""
    assert "no exchange rate for VND" in vision_lab_meaning.rate_note([euros], "VND", known)


def test_markets_without_a_language_or_currency_have_no_tags(home):
    known = vision_lab_meaning.markets()
    assert {"DEU", "JPN", "EGY", "IND"} <= set(known)
    assert "ATA" not in known


@pytest.mark.parametrize(
    ("precision", "english", "chinese"),
    [
        ("", "cpu · ", "cpu · "),
        ("fp32", "cpu (fp32) · ", "cpu (fp32) · "),
        ("onnx", "cpu (fp32 in ONNX Runtime) · ", "cpu (ONNX Runtime 的 fp32) · "),
        ("bf16, onnx", "cpu (bf16, fp32 in ONNX Runtime) · ", "cpu (bf16, ONNX Runtime 的 fp32) · "),
    ],
)
def test_the_line_at_the_foot_names_the_number_format(speak, precision, english, chinese):
    chosen = lab.Chosen("a", np.zeros((20, 40, 3), np.uint8), 1.0, (), "digest", "data:,")
    seen = Seen("reader", served=Served((), "cpu", 12.3, 1, precision), ours=False)
    for language, words in (("en", english), ("zh", chinese)):
        speak(language)
        assert vision_lab_answers.cost(seen, chosen).startswith(words)


# ------------------------------------------------------------------ several files


def test_the_batch_s_table_ends_with_the_problems_and_counts_only_pictures_that_were_read():
    batch = vision_lab_batch.Batch(
        ("nuclei",), 2, ({"file": "a", "problem": "bad"}, {"file": "b", "notes": "", "nucleus": 4, "problem": ""})
    )
    assert list(batch.table().columns) == ["file", "nucleus", "notes", "problem"]
    assert vision_lab_batch._headline("nuclei", batch) == "4 nuclei on 1 of 2 pictures"
    assert batch.count == batch.total


def test_what_was_found_in_another_size_stands_where_it_is_in_the_picture():
    numbers = np.zeros((80, 120), np.int32)
    numbers[20:40, 60:100] = 1
    maps = Maps((numbers > 0) * np.float32(0.9), distances(numbers), flows(numbers), np.ones(1), zoom=2.0)
    model = SimpleNamespace(rule=InstanceRule(odds=(10.0, *(0.0,) * 11, -6.0)))
    seen = lab.made("a.png", np.zeros((40, 60, 3), np.uint8))
    [one] = vision_lab_answers._nuclei(model, maps, seen)
    assert (one.box, one.area) == ((30, 10, 50, 20), 200)
    assert one.centre == pytest.approx((39.75, 14.75))
    assert (one.outline[0].min(), one.outline[0].max()) == pytest.approx((29.75, 49.75))
    assert (one.outline[1].min(), one.outline[1].max()) == pytest.approx((9.75, 19.75))
