"""Every message is translated, whole and up to date; nothing a reader sees escapes translation."""

import ast
import contextlib
import re
import string
import threading
import time

import pytest
from markdown_it import MarkdownIt

from dashboard.i18n import extract, faults, translation
from data import row_faults, store
from data.faults import Fault
from models import errors
from models.serving import server as serving_server

CJK = re.compile("[\u4e00-\u9fff]")
SAME_IN_CHINESE = {
    "CPTPP",
    "RCEP",
    "GDP",
    "GeoNames",
    "Gapminder",
    "Unicode CLDR 48",
    "CC BY 3.0 IGO",
    "CC BY 4.0",
    "Unicode-3.0",
    "Excel",
}
SAID_BY = {
    *("title", "header", "subheader", "write", "markdown", "caption", "text", "info", "success", "warning", "error"),
    *("button", "download_button", "form_submit_button", "link_button", "page_link", "metric", "expander", "popover"),
    *("selectbox", "multiselect", "segmented_control", "checkbox", "toggle", "radio", "slider", "number_input"),
    *("text_input", "text_area", "file_uploader", "progress", "spinner", "status", "toast", "tabs", "segmented"),
    *("NumberColumn", "TextColumn", "LineChartColumn", "ProgressColumn", "DatetimeColumn", "LinkColumn"),
}
"""Functions whose first argument is read by people: Streamlit's, and our own widgets in dashboard/widgets.py."""
SAID_IN = {"label", "help", "placeholder", "alt", "body", "text", "display_text"}
MARKUP = {"- ", " · ", " %", "** **", r"#(.*)$"}


def catalogues() -> list:
    return [extract.read(file) for file in sorted(translation.CATALOGS.glob("*.po"))]


def fields(text: str) -> set[str]:
    return {field for _literal, field, _spec, _conversion in string.Formatter().parse(text) if field}


def test_there_is_a_catalogue_for_every_language_but_english():
    assert {file.stem for file in translation.CATALOGS.glob("*.po")} == set(translation.LANGUAGES) - {"en"}


@pytest.mark.parametrize("catalogue", catalogues())
def test_every_message_of_the_program_is_in_the_catalogue_and_no_other(catalogue):
    known = {message.id for message in catalogue if message.id}
    today = set(extract.gather())
    assert (today - known, known - today) == (set(), set()), "run: python -m dashboard.i18n.extract"


@pytest.mark.parametrize("catalogue", catalogues())
def test_every_message_is_translated_and_none_is_fuzzy(catalogue):
    assert [message.id for message in catalogue if message.id and (not message.string or message.fuzzy)] == []


@pytest.mark.parametrize("catalogue", catalogues())
def test_a_translation_has_the_places_of_its_message(catalogue):
    wrong = [m.id for m in catalogue if m.id and fields(m.id) != fields(m.string)]
    assert wrong == []


@pytest.mark.parametrize("catalogue", catalogues())
def test_a_translation_keeps_bold_links_code_and_line_breaks(catalogue):
    kept = ("**", "`", "<br>", "](")
    wrong = [m.id for m in catalogue if m.id and any(m.id.count(k) != m.string.count(k) for k in kept)]
    assert wrong == []


def test_chinese_is_chinese():
    chinese = extract.read(translation.CATALOGS / "zh.po")
    words = {m.id: re.sub(r"\{\w+\}", "", m.string) for m in chinese if m.id}
    latin = {message for message, text in words.items() if not CJK.search(text) and re.search("[A-Za-z]{2}", text)}
    assert latin - SAME_IN_CHINESE == set()


def test_chinese_sentences_end_and_pause_in_chinese():
    """No ASCII full stop, comma or semicolon beside a Chinese character."""
    chinese = extract.read(translation.CATALOGS / "zh.po")
    beside = re.compile("[\u4e00-\u9fff）”] ?[.,;:?!](?![A-Za-z0-9/_])|[\u4e00-\u9fff]\\(")
    assert [m.string for m in chinese if m.id and beside.search(m.string)] == []


def test_what_a_translation_sets_in_bold_is_bold():
    """CommonMark 0.31.2, 6.2: two stars after punctuation end nothing when a letter follows, and Han is letters."""
    markdown = MarkdownIt()
    chinese = [message.string for message in catalogues()[0] if message.id and "**" in str(message.string)]
    left = [text for text in chinese if "**" in re.sub("<[^>]*>", "", markdown.render(re.sub(r"\{\w+\}", "甲", text)))]
    assert chinese and left == []


def test_chinese_writes_a_percentage_in_one_way():
    texts = [message.string for message in extract.read(translation.CATALOGS / "zh.po") if message.id]
    assert not [text for text in texts if re.search(r"[\d}…] %", text)]


def test_an_update_keeps_translations_and_changes_nothing_else():
    file = translation.CATALOGS / "zh.po"
    old = extract.read(file)
    new = extract.updated(old)
    assert {m.id: m.string for m in new} == {m.id: m.string for m in old}
    first = extract.written(new)
    assert first == extract.written(extract.updated(new))


def test_an_update_adds_new_messages_empty_and_drops_dead_ones(monkeypatch):
    old = extract.read(translation.CATALOGS / "zh.po")
    monkeypatch.setattr(extract, "gather", lambda: {"Overview": ["a.py"], "Never said before": ["b.py"]})
    new = extract.updated(old)
    assert {m.id: m.string for m in new if m.id} == {"Overview": "总览", "Never said before": ""}
    assert b"#: b.py\n" in extract.written(new)


# ------------------------------------------------------------------ sentences of data/


def literal(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)


def test_every_refusal_has_a_literal_sentence_that_is_in_the_catalogue():
    """But for data/row_faults.py, whose table of sentences is gathered whole."""
    calls = list(extract.fault_calls())
    assert len(calls) > 300
    assert {place for place, call in calls if not literal(call)} == {"data/row_faults.py"}
    known = set(extract.gather())
    assert {call.args[0].value for _place, call in calls if literal(call)} <= known


def test_every_refusal_names_what_stands_in_its_places():
    wrong = []
    for place, call in extract.fault_calls():
        given = {keyword.arg for keyword in call.keywords}
        if literal(call) and None not in given and not fields(call.args[0].value) <= given:
            wrong.append((place, call.lineno, call.args[0].value))
    assert wrong == []


def test_no_refusal_of_the_lower_rooms_is_put_together_from_pieces():
    """An exception that a person may read has a template; f-strings and sums of texts are for programming errors."""
    own = {"ScenarioError", "DesignError", "PotentialError", "DocumentError", "StoreError", "LayoutError", "ModelError"}
    files = [file for package in extract.PACKAGES for file in (extract.ROOT / package).rglob("*.py")]
    raised = [
        node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)
    ]
    pieced = [
        ast.unparse(call)
        for call in raised
        if extract.called(call) in own and call.args and isinstance(call.args[0], ast.JoinedStr | ast.BinOp)
    ]
    assert pieced == []


@pytest.mark.parametrize(
    ("fault", "chinese"),
    [
        (
            Fault(
                "Did you mean {market}? {remedy}",
                market="Germany (DEU)",
                remedy=Fault(row_faults.SENTENCES["unknown country"][1]),
            ),
            "是否应为 Germany (DEU)？请使用 ISO 3166 代码（DEU）或通用名称（Germany）。",
        ),
        (
            Fault(
                row_faults.SENTENCES["above"][0],
                name="Internet users",
                indicator="IT.NET.USER.ZS",
                unit="% of population",
                bound="100",
            ),
            "单位不符：互联网用户（IT.NET.USER.ZS）的单位是 %（占人口），不可能高于 100",
        ),
        (
            Fault(
                "{what}, {attempts} times over",
                attempts=4,
                what=Fault("{host} had an error of its own ({status})", host="127.0.0.1", status=503),
            ),
            "127.0.0.1 自身出错（503）（共尝试 4 次）",
        ),
        (Fault("The file is empty."), "文件是空的。"),
        ("file rows.csv", "文件 rows.csv"),
        ("A sentence nobody listed.", "A sentence nobody listed."),
    ],
)
def test_what_the_lower_rooms_say_is_told_in_chinese(speak, fault, chinese):
    speak("zh")
    assert faults.told(fault) == chinese


def test_what_fills_a_refusal_is_text_wherever_it_comes_from(speak):
    for language_of_reader in ("en", "zh"):
        speak(language_of_reader)
        told = faults.spelt(Fault("{name} is empty.", name="![p](http://other.invalid/x.png)"))
        assert "![p](" not in told


class Slow:
    """A model that answers late, wrongly, or has no memory left."""

    name, labels, device = "topic", ("a",), "cpu"

    def __init__(self, answer):
        self.answer = answer

    def predict(self, items, extra=None):
        return self.answer(items)


def _late(items):
    time.sleep(0.3)
    return list(items)


def _starved(items):
    raise MemoryError


@pytest.mark.parametrize(
    ("answer", "chinese"),
    [
        (_late, "模型 'topic' 未在 0.05 秒内作答（已完成 0/1 项）"),
        (lambda items: [], "模型 'topic' 对 1 项内容给出了 0 个答案"),
        (_starved, "内存不足，模型 'topic' 连一项内容也无法处理"),
    ],
)
def test_what_a_model_s_server_says_is_said_in_chinese(speak, answer, chinese):
    speak("zh")
    with serving_server.Server(Slow(answer)) as server, pytest.raises(errors.ServingError) as raised:
        server.ask(["x"], timeout_s=0.05 if answer is _late else 10)
    assert faults.told(raised.value).startswith(chinese)


def test_a_setting_that_cannot_be_is_refused_in_chinese(speak, home):
    speak("zh")
    with pytest.raises(store.StoreError) as raised:
        store.put_settings({"product": "<b>"})
    assert faults.told(raised.value).startswith("产品：'<b>' 不是最多 60 个字符的名称")


def test_a_busy_model_says_so_in_chinese(speak):
    speak("zh")
    go = threading.Event()
    with serving_server.Server(Slow(lambda items: go.wait(60) and list(items)), most_waiting=1) as server:
        first = threading.Thread(target=lambda: server.ask(["x"]))  # it warms up until it may go, so who asks waits
        first.start()
        with pytest.raises(errors.Busy) as raised:
            for _try in range(2_000):  # until the first has come to wait
                with contextlib.suppress(errors.TimedOut):
                    server.ask(["x"], timeout_s=0.01)
        go.set()
        first.join()
    assert faults.told(raised.value).startswith("模型 'topic' 正忙：已有 1 个请求、共 1 项内容在等待")


def test_a_refusal_stays_as_it_is_in_english(speak):
    speak("en")
    assert faults.told(Fault("{file} has no rows.", file="a.csv")) == "a.csv has no rows."


# ------------------------------------------------------------------ nothing escapes


def literals(node: ast.expr) -> list[str]:
    """The texts of a literal or f-string, but for what stands inside `_(...)` and other calls."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return [text for part in node.values for text in literals(part)]
    if isinstance(node, ast.BinOp):
        return literals(node.left) + literals(node.right)
    if isinstance(node, ast.IfExp):
        return literals(node.body) + literals(node.orelse)
    if isinstance(node, ast.List | ast.Tuple):
        return [text for part in node.elts for text in literals(part)]
    return []


def untranslated(source: str) -> list[str]:
    found = []
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        said = [keyword.value for keyword in call.keywords if keyword.arg in SAID_IN]
        if name in SAID_BY:
            said += call.args[: 3 if name == "metric" else 1]
        texts = [text for node in said for text in literals(node)]
        found += [f"line {call.lineno}: {t!r}" for t in texts if t not in MARKUP and re.search("[A-Za-z]{2}", t)]
    return found


@pytest.mark.parametrize("folder", extract.FOLDERS)
def test_no_text_reaches_a_reader_untranslated(folder):
    files = sorted((extract.ROOT / folder).rglob("*.py"))
    wrong = {file.name: untranslated(file.read_text("utf-8")) for file in files}
    assert {name: lines for name, lines in wrong.items() if lines} == {}


def test_an_untranslated_text_would_be_found():
    assert untranslated('st.button("Save it")') == ["line 1: 'Save it'"]
    assert untranslated('st.metric(_("Known"), f"{value} of all", help="why")') == [
        "line 1: 'why'",
        "line 1: ' of all'",
    ]
    assert untranslated('st.button(_("Save it"), key="save")') == []
