"""The Potential page: an estimate with its interval, how far to trust it, and one's own outcome."""

import json
import re

import pytest

from analytics.potential.panel import PotentialError
from dashboard import load

SLOW = 240
"""Seconds the first fit may take on a busy machine before the test runner gives up; not a claim about speed."""


@pytest.fixture
def opened(full_home, open_page, background, monkeypatch):
    """The page with least squares and ridge only: what the page shows does not depend on how many learners compete."""
    from analytics.potential import learners

    monkeypatch.setattr(learners, "NAMES", ("least squares", "ridge"))
    background()

    def page(**address: str):
        return open_page("potential", recipe="healthcare", **address)

    return page


def test_the_page_answers_and_says_how_far_to_trust_it(opened):
    app = opened()
    fit = load.potential("healthcare", load.default_year("healthcare"))
    clear = fit.clear_gaps(load.ranking("healthcare", load.default_year("healthcare")).scores.index)
    if not fit.explained >= 0.5:
        assert "No country can be named" in app.title[0].value or "cannot be said" in app.title[0].value
    elif clear.empty:
        assert app.title[0].value.startswith("No country is clearly below what is usual for it")
    else:
        assert "have clearly less than countries like them" in app.title[0].value
    assert any("checks pass" in text.value for text in app.markdown)
    assert any("R² leaving a region out" in text.value for text in app.markdown)
    drawn = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert drawn["layout"]["xaxis"]["type"] == "log"
    assert re.match(r"90 %: .+ to .+", app.metric[0].delta)


def test_too_short_a_history_for_elasticities_is_said_in_their_place(opened):
    app = opened()
    with pytest.raises(PotentialError) as reason:
        load.elasticities("healthcare", load.potential("healthcare", load.default_year("healthcare")).year)
    assert str(reason.value) in [text.value for text in app.markdown]


def test_another_market_changes_the_reasons(opened):
    app = opened()
    app.selectbox(key="market").set_value("JPN").run(timeout=SLOW)
    assert not app.exception
    assert any(text.value.startswith("Japan ") for text in app.markdown)


def test_the_words_are_of_association_never_of_cause(opened, text_of):
    said = " ".join(text_of(opened())).lower()
    assert "associated with" in said
    assert not re.search(r"(?<!not )\bcauses?\b", said)


def test_a_page_that_is_opened_while_the_estimate_is_made_says_so_and_does_not_wait(full_home, open_page):
    app = open_page("potential", recipe="healthcare")
    assert app.title[0].value == "Potential is being estimated"
    assert app.caption[-1].value == "Potential is being estimated; about half a minute, once."
    assert not app.metric


def test_an_industry_without_its_outcome_says_what_is_missing(home, open_page, background):
    background()
    app = open_page("potential", recipe="healthcare")
    assert app.title[0].value == "No potential can be estimated yet"
    assert app.info[0].value
