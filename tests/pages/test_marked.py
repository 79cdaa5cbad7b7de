"""Text of others is text: one marked name goes through pages, exports and refusals, and comes out as it went in."""

import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from analytics import json_documents
from analytics.potential import learners
from analytics.scenario import document as scenarios
from dashboard.plan import toolbar as plan_bar
from data import ingest, shelf

MARK = (
    "![p](http://other.invalid/x.png)[go](http://other.invalid) <a href='http://other.invalid'>a</a> "
    "http://other.invalid www.other.invalid"
)
FILE = "![p](http:&#47;&#47;other.invalid&#47;x.png)[go](http:&#47;&#47;other.invalid).csv"
SHOWN_AS_IT_IS = frozenset(
    {"options", "placeholder", "data", "styler", "set_value", "default", "spec", "element_id", "id", "form_id", "key"}
    | {
        "block_id",
        "url",
        "columns",
        "value",
        "raw_value",
        "raw_values",
        "default_values",
        "file_name",
        "formatted_value",
    }
)
"""Fields of Streamlit's messages that no Markdown is read in: options of select boxes, cells of data frames, texts of
text boxes, figures, addresses of our own downloads."""
READ = {"markdown", "heading", "alert", "button", "metric", "table", "button_group"}
DRAWN = re.compile(r"(?<!\\)\](?!\(data\?)\(|https?://other|(?<!\\)<a |\bwww\.other|!\[")


def texts(message, kind: str = "") -> list[tuple[str, str]]:
    """Every text of a message that is read as Markdown, with where it stands."""
    found = []
    for field, value in message.ListFields():
        if field.name in SHOWN_AS_IT_IS and kind not in READ:
            continue
        parts = value if field.is_repeated else [value]
        for part in parts:
            if isinstance(part, str):
                found.append((f"{kind}.{field.name}", part))
            elif hasattr(part, "ListFields"):
                found += texts(part, field.name if kind in ("", "element") else kind)
    return found


def is_drawn(text: str) -> bool:
    """Whether a text holds a picture or a link; between back quotes nothing is read."""
    return bool(DRAWN.search(re.sub("`[^`\n]*`", "", text)))


def drawn(app) -> list[tuple[str, str]]:
    """What of a page would be drawn as a picture or a link of a stranger's."""
    found = []

    def walk(node) -> None:
        proto = getattr(node, "proto", None)
        kind = getattr(node, "type", "") or ""
        if proto is not None and kind not in ("text", "code", "json", "html", "imgs"):
            found.extend((f"{kind} {where}", text) for where, text in texts(proto, kind) if is_drawn(text))
        if kind == "plotly_chart" and "<a " in proto.spec:
            found.append((kind, "a link in a figure"))
        if kind == "table":
            cells = node.value.astype(str).to_numpy().ravel()
            found.extend((kind, cell) for cell in cells if DRAWN.search(cell))
        for child in getattr(node, "children", {}).values():
            walk(child)

    walk(app._tree.root)
    return found


def test_the_marked_name_would_be_found_where_nobody_minds_it():
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_string(
        f"""
import pandas as pd, streamlit as st
mark = {MARK!r}
st.title(mark); st.markdown(mark); st.caption(mark); st.error(mark); st.button(mark); st.metric(mark, 1)
st.expander(mark); st.table(pd.DataFrame({{"a": [mark]}})); st.segmented_control("a", [mark]); st.checkbox(mark)
st.text(mark); st.code(mark); st.selectbox("b", [mark]); st.dataframe(pd.DataFrame({{"a": [mark]}}))
st.text_input("c", mark)
"""
    ).run()
    kinds = {where.split()[0] for where, _text in drawn(app)}
    assert kinds >= {"title", "markdown", "caption", "error", "button", "metric", "expander", "table", "checkbox"}
    assert not kinds & {"text", "code", "selectbox", "arrow_data_frame", "text_input"}


# ------------------------------------------------------------------ the store


@pytest.fixture
def marked_store(full_home, tmp_path) -> Path:
    """A store with an arrival and an indicator whose names, unit, source and licence are marked."""
    folder = tmp_path / "marked"
    folder.mkdir()
    rows = [{"iso3": iso3, "indicator": "X.MARK", "year": 2023, "value": 5.0} for iso3 in ("DEU", "FRA", "USA")]
    rows.append({"iso3": "DEU", "indicator": "SP.POP.TOTL", "year": 2023, "value": 83_000_000})
    pd.DataFrame(rows).to_csv(folder / FILE, index=False)
    described = {
        "indicator": "X.MARK",
        "name": MARK,
        "unit": MARK,
        "source": MARK,
        "licence": MARK,
        "url": "",
    }
    pd.DataFrame([described]).to_csv(folder / "indicators.csv", index=False)
    report = ingest.import_file(folder / FILE, new_indicators=True)
    assert report.added >= 3
    return full_home


ADDRESSES = (
    ("overview", {}),
    ("shortlist", {}),
    ("market", {"market": "DEU"}),
    ("compare", {"markets": "DEU,FRA"}),
    ("ranking", {}),
    ("decision", {}),
    ("potential", {"recipe": "healthcare"}),
    ("data", {}),
    ("data", {"section": "coverage"}),
    ("data", {"section": "findings"}),
    ("data", {"section": "rows", "market": "DEU", "indicator": "X.MARK"}),
    ("data", {"section": "settings"}),
)


@pytest.mark.parametrize(("page", "address"), ADDRESSES, ids=[f"{p} {a.get('section', '')}" for p, a in ADDRESSES])
def test_a_name_from_an_imported_file_is_text_on_the_page(
    marked_store, open_page, background, monkeypatch, page, address
):
    background()
    monkeypatch.setattr(learners, "NAMES", ("least squares", "ridge"))  # how many compete is nothing to names
    app = open_page(page, **address)
    assert drawn(app) == []


def test_a_refused_upload_is_named_as_text(home, open_page):
    app = open_page("data", section="import")
    for name, content in (
        (FILE, b""),
        (FILE, f"{MARK},b\n1,2\n".encode()),
        (FILE, b"iso3,indicator,year,value\nx,y,z,1\n"),
    ):
        app.file_uploader[0].set_value((name, content, "text/csv")).run()
        assert not app.exception
        assert drawn(app) == []


# ------------------------------------------------------------------ links, scenarios, plans


@pytest.mark.parametrize("asked", ["www.other.invalid", MARK])
def test_a_code_that_is_unknown_is_said_again_as_text(home, open_page, asked):
    assert drawn(open_page("decision", market=asked, recipe=asked)) == []


EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SCENARIO = json.loads((EXAMPLES / "scenario.json").read_text("utf-8"))
PLACES = (
    ("name",),
    ("author",),
    ("note",),
    ("base", "recipe"),
    ("base", "learner"),
    ("base", "snapshot"),
    ("shocks", 0, "target"),
    ("shocks", 0, "markets", 0),
    ("shocks", 0, "kind"),
    ("uncertain", 0, "target"),
)


def marked(where: tuple) -> str:
    """The example as a link, with the mark in one place."""
    document = json.loads(json.dumps(SCENARIO)) | {"name": "Board"}
    part = document
    for step in where[:-1]:
        part = part[step]
    part[where[-1]] = MARK[:80] if where == ("name",) else MARK
    return json_documents.pack(json.dumps(document), "scenario")


@pytest.mark.parametrize("where", PLACES, ids=[".".join(map(str, place)) for place in PLACES])
def test_a_name_from_a_link_is_text_on_the_page(full_home, open_page, where):
    assert drawn(open_page("scenarios", scenario=marked(where))) == []


def test_names_of_saved_scenarios_are_text_where_they_are_saved_opened_and_compared(full_home, open_page, monkeypatch):
    one = scenarios.from_json(json.dumps(SCENARIO | {"name": MARK[:80]}))
    shelf.save("scenarios", MARK[:80], scenarios.to_json(one))
    app = open_page("scenarios", view="compare", scenario=marked(("name",)))
    app.session_state["keep_scenario"] = True
    app.run()
    assert drawn(app) == []
    app.multiselect[-1].set_value([MARK[:80]]).run()
    assert drawn(app) == []


def test_names_of_a_plans_file_are_text(home, open_page, monkeypatch, tmp_path):
    text = (EXAMPLES / "allocation.json").read_text("utf-8")
    named = text.replace('"DEU"', '"XQA"').replace('"Germany"', json.dumps(MARK[:80]))
    (tmp_path / "plan.json").write_text(named, "utf-8")
    monkeypatch.setattr(plan_bar, "EXAMPLE", tmp_path / "plan.json")
    app = open_page("plan", recipe="healthcare")
    app.button(key="plan_example_page").click().run()
    assert not app.exception
    assert app.metric
    assert drawn(app) == []


# ------------------------------------------------------------------ the labs


def test_a_file_of_texts_is_text_whether_it_is_read_or_refused(lab, open_page):
    app = open_page("language", lab="file")
    rows = pd.DataFrame({MARK: ["a positive thing", MARK], "lang": ["en", MARK]})
    for content in (b"", f"{MARK}\n".encode(), rows.to_csv(index=False).encode()):
        app.file_uploader(key="lab_file").set_value((FILE, content, "text/csv")).run()
        assert not app.exception
        assert drawn(app) == []
    app.button(key="lab_start").click().run()
    assert not app.exception
    assert drawn(app) == []


def test_a_picture_and_a_file_of_pictures_are_named_as_text_whether_they_are_read_or_refused(home, open_page):
    picture, drawing = FILE.replace(".csv", ".png"), io.BytesIO()
    Image.new("RGB", (90, 90), (0, 0, 60)).save(drawing, "PNG")
    app = open_page("vision", **{"from": "file"})
    for content in (b"", MARK.encode(), drawing.getvalue()):
        app.file_uploader(key="vision_file").set_value((picture, content, "image/png")).run()
        assert not app.exception
        assert drawn(app) == []
    app = open_page("vision", **{"from": "files"})
    files = [(picture, content, "image/png") for content in (b"", MARK.encode())]
    app.file_uploader(key="vision_files").set_value(files).run()
    assert not app.exception
    assert drawn(app) == []


def test_a_typed_text_is_text(lab, open_page):
    app = open_page("language")
    app.text_area(key="lab_text").set_value(MARK + " positive").run()
    assert not app.exception
    assert drawn(app) == []


def test_a_knowledge_base_is_text_whether_it_is_taken_or_refused(full_home, open_page):
    app = open_page("assistant")
    good = pd.DataFrame([{"id": MARK[:60], "question": MARK, "answer": MARK, "topic": MARK[:60]}])
    for content in (b"", f"a,b\n{MARK},1\n".encode(), good.to_csv(index=False).encode()):
        app.file_uploader(key="knowledge_file").upload(FILE, content, "text/csv").run()
        assert not app.exception
        assert drawn(app) == []
    app.chat_input(key="assistant_question").set_value(MARK).run()
    assert not app.exception
    assert drawn(app) == []


def test_what_a_card_says_is_text_on_every_page_that_quotes_it(lab, open_page):
    from dataclasses import replace

    import torch

    from models import cards, tensors

    card = cards.card("sentiment")
    source = cards.Source(MARK, MARK, MARK, 100)
    told = replace(card, title=MARK, purpose=MARK, family=MARK, data=(source,), limits=(MARK,), tried=())
    tensors.save(told, {"w": torch.zeros(2)})
    for page in ("cards", "language", "adapt"):
        assert drawn(open_page(page, model="sentiment")) == []


def test_a_review_is_text_on_the_cards(lab, open_page):
    from datetime import UTC, datetime

    from data import store

    store.put_review(
        "sentiment",
        version="1",
        weights_sha256="",
        reviewer=MARK,
        reviewed_at=datetime.now(UTC),
        checks=dict.fromkeys(store.CHECKLIST, True),
        decision="approved",
        note=MARK,
    )
    assert drawn(open_page("cards", model="sentiment")) == []
