"""One picture whose lines are read: what they say, what that means in a market, and how sure each character is."""

from dataclasses import asdict

import pandas as pd
import streamlit as st

from dashboard import components, fitness_words, load, model_figures
from dashboard.charts import pictures
from dashboard.i18n.translation import _, number, share
from dashboard.inference import text as language_lab_answers
from dashboard.markup import literal
from dashboard.vision import answers, counts, prices
from dashboard.vision import pictures as vision_lab_pictures
from dashboard.vision.answers import Seen
from dashboard.vision.pictures import Chosen
from dashboard.vision.prices import Line
from models import fitness
from models.prices import formats

SURE, DOUBTED, UNSURE = "#0072B2", "#E69F00", "#D55E00"
CHARACTER_SURE, CHARACTER_DOUBTED = 0.95, 0.8
MAX_ASKED = 3


def tag(chosen: Chosen, iso2: str) -> None:
    """Answer, picture, lines with their meaning, cost. iso2: the market whose rules decide."""
    seen = answers.ask("tags", chosen)
    read = prices.lines(seen, chosen, iso2)
    st.title(prices.headline(seen, read))
    counts.about(seen, chosen)
    _banner(iso2)
    open_questions = [line for line in read if line.reading.sure and line.meant.refused in prices.ASKED_ABOUT]
    for line in open_questions[:MAX_ASKED]:
        st.info(f"**{literal(line.reading.text)}** – {literal(prices.told(line))}", icon=":material/help:")
    _drawn(chosen, seen, read)
    counts.foot("tags", seen, chosen)


def _banner(iso2: str) -> None:
    """That the reader is not good enough for a market's script, where it is not."""
    card = language_lab_answers.card_of(answers.MODELS["tags"])
    script = formats.script_of(formats.locale_of(iso2))
    if card is not None and script is not None:
        fitness_words.banner(fitness.of_script(card.metrics, script), model_figures.picture_group(script))


@st.fragment  # the slider draws this part again, and runs no network
def _drawn(chosen: Chosen, seen: Seen, read: list[Line]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="vision_controls"):
        least = counts.least_confidence("tags", bool(read), prices.DOUBTFUL)
        where = st.toggle(
            _("Heat map"), key="vision_where_tags", disabled=not read,
            help=_("Which strokes speak most for what was read."),
        )  # fmt: skip
        characters = st.toggle(
            _("How sure of each character"), key="vision_characters", disabled=not read,
            help=_("Each character in a box of its own, coloured by its calibrated probability."),
        )  # fmt: skip
    shown = [line for line in read if line.reading.confidence >= least]
    address = counts.looked_at("tags", chosen) if where and read else chosen.address
    left, right = st.columns([1, 1.25], gap="medium")
    with left:
        _picture(chosen, address, shown, characters)
    if read:
        with right:
            _lines(chosen, shown, read)


def _picture(chosen: Chosen, address: str, shown: list[Line], characters: bool) -> None:
    shapes = [shape for line in shown for shape in (_characters(line) if characters else (_outline(line),))]
    components.chart(
        pictures.overlay(address, chosen.pixels.shape[:2], shapes, components.look(), kept=chosen.digest),
        lambda: table(shown),
        "vision_lines",
        _("The picture with what was read drawn over it"),
        vision_lab_pictures.source(chosen),
        pictures.CONFIG,
    )
    if characters:
        st.caption(
            _("Blue: at least {sure} likely; orange: at least {doubted}; dotted red: less.").format(
                sure=share(CHARACTER_SURE), doubted=share(CHARACTER_DOUBTED)
            )
        )
    counts.png(chosen, shapes)


def _outline(line: Line) -> pictures.Shape:
    reading = line.reading
    told = (reading.text, _("{share} sure").format(share=share(reading.confidence)))
    return pictures.Shape(
        pictures.box(*reading.box), SURE if reading.sure else DOUBTED, told, reading.text, dashed=not reading.sure
    )


def _characters(line: Line) -> list[pictures.Shape]:
    _left, top, _right, bottom = line.reading.box
    made = []
    for one in line.reading.characters:
        if not one.text.strip():
            continue
        colour = (
            SURE if one.confidence >= CHARACTER_SURE else DOUBTED if one.confidence >= CHARACTER_DOUBTED else UNSURE
        )
        made.append(
            pictures.Shape(
                pictures.box(one.left, top, one.right, bottom), colour, (f"{one.text} · {share(one.confidence)}",),
                one.text, dashed=colour == UNSURE,
            )
        )  # fmt: skip
    return made


def _lines(chosen: Chosen, shown: list[Line], read: list[Line]) -> None:
    st.subheader(_("What does each line say?"))
    home = load.settings()["home_currency"]
    converted = _("In {currency}").format(currency=home)
    known = prices.rates()
    rows = []
    for line in shown:
        row = {
            _("Read"): line.reading.text, _("Confidence"): line.reading.confidence,
            _("In this market"): prices.told(line),
            converted: prices.at_home(line.meant, home, known),
        }  # fmt: skip
        if line.drawn:
            row[_("Matches the drawing")] = (
                _("matches") if line.right else _("differs: {text}").format(text=line.drawn.text)
            )
        rows.append(row)
    if rows:
        shown_rows = pd.DataFrame(rows)
        if not shown_rows[converted].any():
            shown_rows = shown_rows.drop(columns=converted)
        st.dataframe(
            shown_rows,
            hide_index=True,
            column_config={
                _("Confidence"): st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, width=90),
                _("In this market"): st.column_config.TextColumn(width="medium"),
            },
        )
    st.caption(_("{shown} of {all} lines are shown.").format(shown=number(len(shown), 9), all=number(len(read), 9)))
    if chosen.lines:
        right = {line.drawn for line in read if line.right}
        told = _("{right} of {all} drawn lines were read as they were drawn.")
        st.markdown(told.format(right=len(right), all=len(chosen.lines)))
    if note := prices.rate_note(shown, home, known):
        st.caption(note)


def table(shown: list[Line]) -> pd.DataFrame:
    """A row a line: text, confidence, what it means in the market, box in pixels."""
    rows = []
    for line in shown:
        meant = asdict(line.meant)
        rows.append(
            {
                "text": line.reading.text, "confidence": round(line.reading.confidence, 4), "sure": line.reading.sure,
                "number": None if meant["number"] is None else str(meant["number"]), "currency": meant["currency"],
                "date": meant["date"], "refused": meant["refused"],
                **dict(zip(("left", "top", "right", "bottom"), (round(v, 1) for v in line.reading.box), strict=True)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else ["text", "confidence"])
