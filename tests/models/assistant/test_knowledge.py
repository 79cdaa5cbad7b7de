"""Knowledge bases people bring: read as they meant it, or refused with every fault and its line."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.assistant import knowledge
from models.assistant.knowledge import Entry, KnowledgeError, read

LANGUAGES = ("en", "zh", "es", "fr", "sw")


def faults(name: str, content: bytes | str) -> list[tuple[int, str]]:
    with pytest.raises(KnowledgeError) as raised:
        read(name, content.encode() if isinstance(content, str) else content)
    assert all(fault.remedy for fault in raised.value.faults)
    return [(fault.line, fault.problem) for fault in raised.value.faults]


# ------------------------------------------------------------------ the sample


def test_the_sample_has_every_entry_in_five_languages():
    base = knowledge.sample()
    assert base.languages == LANGUAGES
    assert len(base.ids) >= 20
    assert len(base.entries) == len(base.ids) * len(LANGUAGES)
    assert len({(entry.language, entry.question) for entry in base.entries}) == len(base.entries)
    assert all(entry.topic and entry.also for entry in base.entries)


def test_chinese_entries_are_chinese_and_the_others_are_not():
    for entry in knowledge.sample().entries:
        han = any("\u4e00" <= character <= "\u9fff" for character in entry.question + entry.answer)
        assert han == (entry.language == "zh")


def test_an_entry_is_found_in_a_language_or_in_the_first_it_has():
    base = read("a.csv", b"id,language,question,answer\nx,fr,Q,R\nx,sw,S,J\n")
    assert base.entry("x", "sw").question == "S"
    assert base.entry("x", "de").question == "Q"
    with pytest.raises(KeyError):
        base.entry("y")


# ------------------------------------------------------------------ CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_is_read_whatever_separates_its_columns(delimiter):
    text = delimiter.join(["question", "answer"]) + "\n" + delimiter.join(["Why?", "Because."]) + "\n"
    [entry] = read("faq.csv", text.encode()).entries
    assert (entry.question, entry.answer, entry.line) == ("Why?", "Because.", 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read_with_or_without_its_mark(encoding):
    assert read("faq.csv", "question,answer\n多少钱？,免费\n".encode(encoding)).entries[0].question == "多少钱？"


def test_columns_are_known_in_any_order_case_and_by_their_other_names():
    base = read("faq.csv", b"Answer , Title,LANG,Question,price\nA,T,en-US,Q,9\n")
    assert base.entries == (Entry("line-2", "Q", "A", "en", "T", (), 2),)


def test_quoted_line_breaks_keep_the_line_numbers_right():
    base = read("faq.csv", b'question,answer\r\nA,"one\r\ntwo"\r\n\r\nB,three\r\n')
    assert [(entry.answer, entry.line) for entry in base.entries] == [("one\ntwo", 2), ("three", 5)]


def test_other_ways_to_ask_stand_between_bars():
    assert read("faq.csv", b"question,answer,also\nA,B,C | D|\n").entries[0].also == ("C", "D")


def test_every_fault_is_told_at_once_with_its_line():
    text = "id,language,question,answer\na,en,,R\na,nowhere at all,Q,\nb,en,Q,R,S\nc,en,Q,R\nc,en,Q2,R2\n"
    assert faults("faq.csv", text) == [
        (2, "The question is empty."),
        (3, "The answer is empty."),
        (3, "'nowhere at all' is no language code."),
        (4, "5 columns where the header has 4."),
        (6, "The id 'c' stands on line 5 already, in the same language."),
    ]


def test_missing_columns_are_named_with_what_there_is():
    assert faults("faq.csv", "frage,antwort\nA,B\n") == [
        (1, "The column 'question' is missing; the file has: frage, antwort."),
        (1, "The column 'answer' is missing; the file has: frage, antwort."),
    ]


def test_a_column_that_stands_there_twice_is_refused():
    assert faults("faq.csv", "question,answer,answer\nA,B,C\n") == [(1, "The column 'answer' stands there twice.")]


def test_a_quotation_mark_that_never_closes_is_told_with_its_line():
    [(line, problem)] = faults("faq.csv", 'question,answer\nA,B\nC,"never\nclosed\n')
    assert line == 3
    assert problem.startswith("The row cannot be read")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b" \n\n", "The file is empty."),
        (b"question,answer\n", "There is no entry in it."),
        (b"PK\x03\x04 an Excel file", "This is not a text file."),
        (b"%PDF-1.7", "This is not a text file."),
        (b"question,answer\nA\0,B\n", "There is a null byte: this is not a text file."),
        ("question,answer\nprécio,B\n".encode("latin-1"), "Not UTF-8 text."),
        ("question,answer\n价格,B\n".encode("gb18030"), "Not UTF-8 text."),
        (b"x" * (knowledge.MAX_FILE + 1), "The file has 5.0 MB; at most 5 MB are read."),
    ],
)
def test_what_is_no_table_of_text_is_refused_in_a_sentence(content, said):
    assert faults("faq.csv", content)[0][1] == said


def test_bytes_that_are_no_text_are_told_with_their_line():
    assert faults("faq.csv", b"question,answer\nA,B\nC,\xff\n")[0][0] == 3


def test_too_many_and_too_long_entries_are_refused():
    rows = "".join(f"Q{i},A\n" for i in range(knowledge.MAX_ENTRIES + 1))
    assert faults("faq.csv", f"question,answer\n{rows}") == [(5002, "There are 5,001 entries; at most 5,000 are read.")]
    assert faults("faq.csv", f"question,answer\n{'x' * 501},A\n") == [
        (2, "The question has 501 characters; at most 500 fit.")
    ]


# ------------------------------------------------------------------ Markdown


def test_headings_are_questions_and_those_above_them_their_topic():
    text = (
        "# Shop\nWelcome.\n## Delivery\n### How fast? {#speed}\nTwo days.\n\nOr three.\n## Returns ##\nThirty days.\n"
    )
    found = [(e.id, e.topic, e.question, e.answer, e.line) for e in read("faq.md", text.encode()).entries]
    assert found == [
        ("shop", "", "Shop", "Welcome.", 1),
        ("speed", "Shop > Delivery", "How fast?", "Two days.\n\nOr three.", 4),
        ("returns", "Shop", "Returns", "Thirty days.", 8),
    ]


def test_a_hash_in_code_is_no_heading_and_a_front_matter_says_the_language():
    text = "---\ntitle: x\nlanguage: sw\n---\n# A\n```\n# no heading\n```\n"
    [entry] = read("faq.md", text.encode()).entries
    assert (entry.language, entry.answer) == ("sw", "```\n# no heading\n```")


def test_headings_that_are_the_same_get_ids_of_their_own():
    assert read("faq.md", b"# A\nx\n# A\ny\n# A\nz\n").ids == ("a", "a-2", "a-3")


def test_an_id_made_of_a_heading_keeps_its_vowel_signs():
    (entry,) = read("faq.md", "# बाज़ार में क्या है?\nसब कुछ।\n".encode()).entries
    assert entry.id == "बाज़ार-में-क्या-है"


def test_markdown_without_headings_or_answers_is_refused():
    assert faults("faq.md", "Just text.\n") == [(0, "There is no heading in it.")]
    assert faults("faq.md", "# A\n# B\nanswer\n# C\n") == [
        (1, "The heading 'A' has no text below it."),
        (4, "The heading 'C' has no text below it."),
    ]


# ------------------------------------------------------------------ whatever comes


@settings(max_examples=300)
@given(st.binary(max_size=400), st.sampled_from(["a.csv", "a.md"]))
def test_any_bytes_are_read_or_refused_and_nothing_else(content, name):
    try:
        base = read(name, content)
    except KnowledgeError as error:
        assert error.faults
        return
    assert base.entries


@settings(max_examples=200)
@given(st.text(max_size=300), st.sampled_from(["a.csv", "a.md"]))
def test_any_text_below_our_header_is_read_or_refused(text, name):
    content = (f"question,answer\n{text}" if name == "a.csv" else f"# Q\n{text}").encode("utf-8", "ignore")
    try:
        base = read(name, content)
    except KnowledgeError as error:
        assert error.faults
        return
    assert all(entry.question and entry.answer for entry in base.entries)
    assert len({(entry.id, entry.language) for entry in base.entries}) == len(base.entries)


CELL = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=30)


@settings(max_examples=100)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))
def test_what_is_written_as_csv_is_read_back(rows):
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["question", "answer"])
    writer.writerows(rows)
    found = read("a.csv", file.getvalue().encode()).entries
    assert [(e.question, e.answer) for e in found] == [(knowledge._plain(q), knowledge._plain(a)) for q, a in rows]
