"""What is asked of a plan travels in a link, and nothing in it is taken for what it is not."""

import json

import pytest

from analytics import json_documents
from analytics.allocation import request as plan_request
from analytics.allocation.problem import Lock
from analytics.allocation.request import PlanRequest
from analytics.json_documents import DocumentError


def link(**fields: object) -> str:
    return json_documents.pack(json.dumps({"version": 1, **fields}), plan_request.WISH)


def test_whole_numbers_of_a_link_are_whole():
    wish = plan_request.with_link(PlanRequest(2026), link(locks=[{"market": "DEU", "people": 3.0}]))
    assert wish.locks == (Lock("DEU", people=3),) and isinstance(wish.locks[0].people, int)


@pytest.mark.parametrize("setting", [["draws", "many"], ["objective", 3]])
def test_a_setting_of_another_kind_is_refused_by_name(setting):
    with pytest.raises(DocumentError, match=f"settings: {setting[0]}"):
        plan_request.with_link(PlanRequest(2026), link(settings=[setting]))


def test_what_a_link_says_comes_back():
    wish = PlanRequest(
        2026, locks=(Lock("DEU", open=True),), settings=(("objective", "net"), ("draws", 50)), min_markets=2
    )
    assert plan_request.with_link(PlanRequest(2026), plan_request.to_link(wish)) == wish
