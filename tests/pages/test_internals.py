"""What only engineers ask for - folders, commands, codes, seeds - stands on no page of the labs but folded away."""

import re

import pytest

INTERNAL = {
    "a folder": re.compile(r"(^|\s)(~|\.{1,2})?/[\w.-]+/[\w./-]+"),
    "a command": re.compile(r"python -m |\bmake [a-z]+\b(?! sure| it| up)|pip install|apt-get"),
    "an option": re.compile(r"(^|\s)--[a-z]"),
    "a setting": re.compile(r"\b[A-Z]{3,}_[A-Z_]+\b"),
    "a language's code": re.compile(r"\b[a-z]{3}_[A-Z][a-z]{3}\b"),
    "a seed": re.compile(r"seed \d"),
    "a file of ours": re.compile(r"\.(toml|safetensors|parquet)\b"),
    "a device": re.compile(r"\b(cpu|cuda)\b|\bbatch of \d|\bfp32\b|\bbf16\b|\bint8\b"),
    "a name of code": re.compile(r"`\w+_\w+`"),
}
FOLDED = {"Details for engineers", "给工程师的细节"}
KINDS = ("title", "subheader", "caption", "markdown", "text", "info", "warning", "error", "success")


def visible(node) -> list[str]:
    """What a reader sees of a part of the page, without what is folded away for engineers."""
    found = []
    for child in node.children.values():
        if getattr(child, "label", None) in FOLDED and child.type == "expander":
            continue
        if hasattr(child, "children"):
            found += visible(child)
        elif child.type in KINDS:
            found.append(str(child.value))
        elif child.type == "metric":
            found += [child.label, child.value, child.delta]
        elif child.type in ("button", "toggle", "download_button"):
            found.append(getattr(child, "label", "") or child.proto.label)
    return [text for text in found if text]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("page", ["language", "assistant", "cards"])
def test_no_internals_stand_on_a_page_of_the_labs(lab, open_page, page, lang):
    app = open_page(page, lang=lang)
    said = visible(app.main)
    assert said
    for what, pattern in INTERNAL.items():
        assert [text for text in said if pattern.search(text)] == [], what
