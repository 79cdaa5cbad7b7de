"""A problem is data: equal ones are one key, and a problem is as good as its file."""

from dataclasses import replace
from pathlib import Path

import pytest

from analytics.allocation import problem as allocation_problem
from analytics.json_documents import DocumentError

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "allocation.json"


@pytest.fixture(scope="module")
def problem() -> allocation_problem.Problem:
    return allocation_problem.read(EXAMPLE.read_text("utf-8"))


def test_equal_problems_are_one_key_and_a_changed_limit_is_another(problem):
    again = allocation_problem.read(EXAMPLE.read_text("utf-8"))
    assert {problem: "kept"}[again] == "kept"
    other = replace(problem, region_limits={"Europe": allocation_problem.RegionLimit(people=1)})
    assert other not in {problem: "kept"}


def test_a_problem_that_was_checked_is_the_one_its_file_gives(problem):
    loose = replace(problem, budget_usd=tuple(map(int, problem.budget_usd)), draws=float(problem.draws))
    assert allocation_problem.checked(loose) == allocation_problem.read(allocation_problem.to_json(loose))
    assert isinstance(allocation_problem.checked(loose).draws, int)


def test_a_problem_that_no_file_could_hold_is_refused(problem):
    with pytest.raises(DocumentError, match="seed"):
        allocation_problem.checked(replace(problem, seed=-1))
