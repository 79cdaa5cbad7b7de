"""When an answer may be called sure: the one rule."""

import pytest

from models.text.classifier import clearly_ahead


@pytest.mark.parametrize(
    ("shares", "sure"),
    [
        ((0.52, 0.48), False),
        ((0.66, 0.34), False),
        ((0.67, 0.33), True),
        ((0.5, 0.26, 0.24), False),
        ((0.55, 0.25, 0.2), True),
        ((0.81, 0.19), True),
        ((1.0,), True),
        ((), False),
    ],
)
def test_an_answer_is_sure_at_four_fifths_or_twice_as_likely_as_the_next(shares, sure):
    assert clearly_ahead(shares) is sure
