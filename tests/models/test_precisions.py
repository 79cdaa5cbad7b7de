"""A model changes its number format by name; what a format needs is made once."""

import pytest

from models.precisions import Precisions


class Model(Precisions):
    def __init__(self) -> None:
        self.name, self.precision, self.forms, self.made = "m", "fp32", {"fp32": "plain"}, []

    def precisions(self) -> tuple[str, ...]:
        return ("fp32", "bf16")

    def form_in(self, precision: str) -> str:
        self.made.append(precision)
        return "half"


def test_what_a_format_needs_is_made_when_it_is_first_used_and_kept():
    model = Model()
    for precision in ("bf16", "fp32", "bf16"):
        model.use(precision)
    assert (model.precision, model.made, model.forms) == ("bf16", ["bf16"], {"fp32": "plain", "bf16": "half"})


def test_a_format_that_is_not_offered_is_refused_and_the_old_one_stays():
    model = Model()
    with pytest.raises(ValueError, match="m runs in fp32, bf16, not in 'int8'"):
        model.use("int8")
    assert (model.precision, model.made) == ("fp32", [])


def test_a_model_without_formats_that_take_long_makes_none():
    assert not Model().make_precisions()
