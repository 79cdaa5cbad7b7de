"""The decision sheet: one page, escaped, the same content as HTML and PDF."""

import re

import pytest

from dashboard.board import one_pager

LONG = one_pager.Sheet(
    title="Kenya <script>alert(1)</script>",
    verdict="Pilot; enter by export",
    sentences=("Costs & benefits, in one sentence. " * 12,) * 8,
    tables=(("Modes", (("Mode", "Score"), *((f"mode {n}", str(n)) for n in range(30)))),) * 3,
    foot="Source: World Bank (CC BY 4.0).",
    language="en",
)


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


def test_even_a_long_sheet_prints_on_one_page():
    pdf = one_pager.as_pdf(LONG)
    assert pdf.startswith(b"%PDF-")
    assert pages(pdf) == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_sheet_prints_in_both_languages(language):
    words = {"en": "Go; enter by export", "zh": "进入；进入模式：出口"}
    small = one_pager.Sheet(words[language], words[language], ("一句话。",), (), "来源", language)
    assert pages(one_pager.as_pdf(small)) == 1


def test_html_escapes_what_is_not_its_own_and_loads_nothing():
    text = one_pager.as_html(LONG)
    assert "<script" not in text and "&lt;script&gt;" in text
    assert not re.search(r"(src|href)=|url\(|https?://", text)
    assert text.count("<table>") == 3


def test_html_names_its_language():
    assert '<html lang="en">' in one_pager.as_html(LONG)
