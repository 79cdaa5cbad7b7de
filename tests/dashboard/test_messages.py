"""Every message is translated, whole and up to date; nothing a reader sees escapes translation."""

import ast
import contextlib
import re
import string
import threading
import time

import pytest
from markdown_it import MarkdownIt

from dashboard import language, messages, sentences
from data import store
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
"""Functions whose first argument is read by people: Streamlit's, and our own widgets in dashboard/links.py."""
SAID_IN = {"label", "help", "placeholder", "alt", "body", "text", "display_text"}
MARKUP = {"- ", " · ", " %", "** **", r"#(.*)$"}


def catalogues() -> list:
    return [messages.read(file) for file in sorted(language.CATALOGS.glob("*.po"))]


def fields(text: str) -> set[str]:
    return {field for _literal, field, _spec, _conversion in string.Formatter().parse(text) if field}


def test_there_is_a_catalogue_for_every_language_but_english():
    assert {file.stem for file in language.CATALOGS.glob("*.po")} == set(language.LANGUAGES) - {"en"}


@pytest.mark.parametrize("catalogue", catalogues())
def test_every_message_of_the_program_is_in_the_catalogue_and_no_other(catalogue):
    known = {message.id for message in catalogue if message.id}
    today = set(messages.gather())
    assert (today - known, known - today) == (set(), set()), "run: python -m dashboard.messages"


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
    chinese = messages.read(language.CATALOGS / "zh.po")
    words = {m.id: re.sub(r"\{\w+\}", "", m.string) for m in chinese if m.id}
    latin = {message for message, text in words.items() if not CJK.search(text) and re.search("[A-Za-z]{2}", text)}
    assert latin - SAME_IN_CHINESE == set()


def test_chinese_sentences_end_and_pause_in_chinese():
    """No ASCII full stop, comma or semicolon beside a Chinese character."""
    chinese = messages.read(language.CATALOGS / "zh.po")
    beside = re.compile("[\u4e00-\u9fff）”] ?[.,;:?!](?![A-Za-z0-9/_])|[\u4e00-\u9fff]\\(")
    assert [m.string for m in chinese if m.id and beside.search(m.string)] == []


def test_what_a_translation_sets_in_bold_is_bold():
    """CommonMark 0.31.2, 6.2: two stars after punctuation end nothing when a letter follows, and Han is letters."""
    markdown = MarkdownIt()
    chinese = [message.string for message in catalogues()[0] if message.id and "**" in str(message.string)]
    left = [text for text in chinese if "**" in re.sub("<[^>]*>", "", markdown.render(re.sub(r"\{\w+\}", "甲", text)))]
    assert chinese and left == []


def test_chinese_writes_a_percentage_in_one_way():
    texts = [message.string for message in messages.read(language.CATALOGS / "zh.po") if message.id]
    assert not [text for text in texts if re.search(r"[\d}…] %", text)]


def test_an_update_keeps_translations_and_changes_nothing_else():
    file = language.CATALOGS / "zh.po"
    old = messages.read(file)
    new = messages.updated(old)
    assert {m.id: m.string for m in new} == {m.id: m.string for m in old}
    first = messages.written(new)
    assert first == messages.written(messages.updated(new))


def test_an_update_adds_new_messages_empty_and_drops_dead_ones(monkeypatch):
    old = messages.read(language.CATALOGS / "zh.po")
    monkeypatch.setattr(messages, "gather", lambda: {"Overview": ["a.py"], "Never said before": ["b.py"]})
    new = messages.updated(old)
    assert {m.id: m.string for m in new if m.id} == {"Overview": "总览", "Never said before": ""}
    assert b"#: b.py\n" in messages.written(new)


# ------------------------------------------------------------------ sentences of data/


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("unknown country", "未知的国家或地区"),
        (
            "Did you mean Germany (DEU)? Use the ISO 3166 code (DEU) or the usual name (Germany).",
            "是否应为 Germany (DEU)？请使用 ISO 3166 代码（DEU）或通用名称（Germany）。",
        ),
        (
            "unit mismatch: Internet users (IT.NET.USER.ZS) is in % of population, and nothing lies above 100",
            "单位不符：互联网用户（IT.NET.USER.ZS）的单位是 %（占人口），不可能高于 100",
        ),
        (
            "127.0.0.1 had an error of its own (503), 4 times over",
            "127.0.0.1 自身出错（503）（共尝试 4 次）",
        ),
        (
            "'/no/such' is neither a model id nor a folder. Set ATLAS_HUB_DETECTOR to one such as hustvl/yolos-tiny.",
            "'/no/such' 既不是模型 id，也不是文件夹。请把 ATLAS_HUB_DETECTOR 设为例如 hustvl/yolos-tiny 的名称。",
        ),
        (
            "The model in the folder '/m' cannot be loaded (no such file). Save it there again with save_pretrained, "
            "or unset ATLAS_HUB_DETECTOR.",
            "无法加载文件夹 '/m' 中的模型（no such file）。请用 save_pretrained 重新保存到该文件夹，或取消设置 "
            "ATLAS_HUB_DETECTOR。",
        ),
        ("file rows.csv", "文件 rows.csv"),
        ("A sentence nobody listed.", "A sentence nobody listed."),
    ],
)
def test_a_sentence_of_the_data_rooms_is_said_in_chinese(speak, english, chinese):
    speak("zh")
    assert sentences.said(english) == chinese


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
    assert sentences.said(str(raised.value)).startswith(chinese)


def test_a_setting_that_cannot_be_is_refused_in_chinese(speak, home):
    speak("zh")
    with pytest.raises(store.StoreError) as raised:
        store.put_settings({"product": "<b>"})
    assert sentences.said(str(raised.value)).startswith("产品：'<b>' 不是最多 60 个字符的名称")


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
    assert sentences.said(str(raised.value)).startswith("模型 'topic' 正忙：已有 1 个请求、共 1 项内容在等待")


def test_a_sentence_of_the_data_rooms_stays_as_it_is_in_english(speak):
    speak("en")
    assert sentences.said("unknown country") == "unknown country"


def test_what_every_write_to_the_store_calls_itself_can_be_said_to_who_waits_for_it():
    """`store.writing("a review")`: others are told what they wait for, in their language."""
    files = (messages.ROOT / "data").rglob("*.py")
    named = {name for file in files for name in re.findall(r'writing\(\s*"([^"]+)"', file.read_text("utf-8"))}
    assert "a change of settings" in named
    assert named <= set(sentences.STORE)


def test_the_faults_of_the_import_are_all_listed():
    """Every literal problem and remedy in the SQL that finds faults opens some listed sentence."""
    sql = (messages.ROOT / "data" / "sql" / "ingest" / "faults.sql").read_text("utf-8")
    listed = " ".join(re.sub(r"\{\w+\}", " ", sentence) for sentence in sentences.FAULTS)
    said = [text for text in re.findall(r"'([^'\n]*)'", sql) if len(text) > 12 and " " in text and "\\" not in text]
    said = [text for text in said if not text.startswith("market, indicator")]
    assert said
    assert [text for text in said if re.sub(r"\s+", " ", text).strip(" (),") not in re.sub(r"\s+", " ", listed)] == []


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


@pytest.mark.parametrize("folder", messages.FOLDERS)
def test_no_text_reaches_a_reader_untranslated(folder):
    files = sorted((messages.ROOT / folder).rglob("*.py"))
    wrong = {file.name: untranslated(file.read_text("utf-8")) for file in files}
    assert {name: lines for name, lines in wrong.items() if lines} == {}


def test_an_untranslated_text_would_be_found():
    assert untranslated('st.button("Save it")') == ["line 1: 'Save it'"]
    assert untranslated('st.metric(_("Known"), f"{value} of all", help="why")') == [
        "line 1: 'why'",
        "line 1: ' of all'",
    ]
    assert untranslated('st.button(_("Save it"), key="save")') == []
