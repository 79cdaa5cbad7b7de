"""Every refusal of a model is data: a sentence with places, and what stands in them."""

import ast
import string
from pathlib import Path

import pytest

from data.faults import Fault
from models import errors
from models.assistant.knowledge import KnowledgeError
from models.vision.images import PictureError
from models.vision.reader.fonts import FontError

ROOT = Path(errors.__file__).parent
REFUSALS = [
    *(kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)),
    *(KnowledgeError, PictureError, FontError),
]
NAMES = {kind.__name__ for kind in REFUSALS if issubclass(kind, Fault)}
OF_THE_CLASS = {"of", "faults", "reason"}
"""What a class keeps beside the values of its sentence."""


def raised(file: Path) -> list[ast.Call]:
    """The calls that make a refusal in a file."""
    return [
        node
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) in NAMES
    ]


def places(template: str) -> set[str]:
    return {field for _text, field, _spec, _conversion in string.Formatter().parse(template) if field}


def test_all_but_a_stop_are_faults():
    assert [kind.__name__ for kind in REFUSALS if not issubclass(kind, Fault)] == ["Stopped"]


@pytest.mark.parametrize("file", sorted(ROOT.rglob("*.py")), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_refusal_is_a_literal_sentence_and_a_value_for_each_place(file):
    for call in raised(file):
        assert isinstance(call.args[0], ast.Constant) and len(call.args) == 1, ast.unparse(call)
        given = {word.arg for word in call.keywords if word.arg}
        if all(word.arg for word in call.keywords):
            assert places(call.args[0].value) == given - OF_THE_CLASS, ast.unparse(call)


def test_the_reason_inside_another_refusal_is_kept_as_data():
    inside = errors.HubError("The model {name} is out of reach.", name="x")
    outside = errors.OutOfReach("{cause}", cause=inside)
    assert str(outside) == "The model x is out of reach." and outside.values["cause"] is inside
