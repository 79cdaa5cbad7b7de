"""JSON that people hand us: read within bounds, every fault named with its place."""

import json

import pytest

from analytics import json_documents
from analytics.json_documents import DocumentError

SCHEMA = "scenario.schema.json"
GOOD = {"version": 1, "name": "More internet", "base": {"recipe": "general", "year": 2023}}


def read(document: object, what: str = "scenario") -> dict:
    text = document if isinstance(document, str | bytes) else json.dumps(document)
    return json_documents.read(text, SCHEMA, what)


def refused(document: object) -> str:
    with pytest.raises(DocumentError) as fault:
        read(document)
    return str(fault.value)


def test_what_follows_the_schema_comes_back_as_it_is():
    assert read(GOOD) == GOOD
    assert read(json.dumps(GOOD).encode()) == GOOD


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_a_byte_order_mark_of_an_editor_does_no_harm(mark):
    assert read(mark + json.dumps(GOOD).encode()) == GOOD


def test_what_is_too_large_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(json_documents, "MAX_BYTES", 60)
    monkeypatch.setattr(json, "loads", lambda *a, **k: pytest.fail("it was read"))
    assert refused("{" + " " * 60) == "The scenario is 61 bytes long; at most 60 are read."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ('{"version": 1,}', "property name"),
        ('{"version": NaN}', "NaN is not a number JSON knows"),
        ('{"version": -Infinity}', "-Infinity is not a number JSON knows"),
        ('{"version": 1, "name": "a", "name": "b"}', "'name' is given twice in one place"),
        ('{"base": {"year": 1, "year": 2}}', "'year' is given twice in one place"),
        ('{"year": 1' + "0" * 400 + "}", "has more than 18 digits"),
        (b"\xff\xfe\x00", "codec can't decode"),
        ("[" * 100_000, "maximum recursion depth exceeded"),
        ('{"version": 1, "name": "\\ud800"}', "surrogates not allowed"),
    ],
)
def test_what_is_no_json_is_said_with_its_reason_and_a_remedy(text, reason):
    said = refused(text)
    assert said.startswith("The scenario is not valid JSON: ") and said.endswith(". Export it again.")
    assert reason in said


@pytest.mark.parametrize("depth", range(900, 1000, 9))
def test_nesting_of_any_depth_is_refused_and_never_overflows(depth):
    assert refused('{"version": 1, "name": "x", "shocks": ' + "[" * depth + "]" * depth + "}")


@pytest.mark.parametrize("version", [0, 2, "1", None, "9" * 99])
def test_another_version_is_named_with_the_one_that_is_read(version):
    said = refused(GOOD | {"version": version})
    assert f"has version '{str(version)[:20]}'; this program reads version 1" in said
    assert len(said) < 300


def test_a_document_without_a_version_says_so():
    assert "has version 'none'" in refused({"name": "x"})


@pytest.mark.parametrize("document", [[GOOD], "text", 7, None, True])
def test_what_is_no_object_is_refused(document):
    assert "the document: " in refused(json.dumps(document))


def test_every_fault_is_named_with_its_place():
    wrong = GOOD | {
        "seed": -1,
        "colour": "red",
        "shocks": [{"kind": "wish", "target": "A", "how": "set", "value": 1}, {"kind": "weight", "how": "add"}],
    }
    assert refused(wrong).splitlines() == [
        "The scenario has 4 fault(s):",
        "the document: Additional properties are not allowed ('colour' was unexpected)",
        "seed: -1 is less than the minimum of 0",
        "shocks[0].kind: 'wish' is not one of ['indicator', 'weight', 'exchange rate']",
        "shocks[1]: 'value' is a required property",
    ]


def test_only_the_first_ten_faults_are_listed_and_the_rest_counted():
    said = refused(GOOD | {"shocks": [7] * 25}).splitlines()
    assert len(said) == 12
    assert (said[0], said[-1]) == ("The scenario has 25 fault(s):", "… and 15 more")


def test_a_fault_that_quotes_a_long_value_stays_short():
    assert len(refused(GOOD | {"note": "x" * 4000})) < 300


def test_messages_use_the_name_the_caller_gives():
    with pytest.raises(DocumentError, match="The plan is not valid JSON"):
        read("{", "plan")
