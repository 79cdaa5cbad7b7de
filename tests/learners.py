"""A potential fitted in a tenth of the time: for tests of what is made of one, not of how the learners compare."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def two_learners() -> Iterator[None]:
    """Only least squares and ridge are compared; all six are in tests/analytics/potential/test_fit.py."""
    from analytics.potential import learners

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learners, "NAMES", ("least squares", "ridge"))
        yield
