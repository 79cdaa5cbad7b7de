"""What is kept of computations: until the data change, and no longer."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from threading import Thread

import pytest
import torch

from dashboard import load
from data import apart, store
from models import cards, errors, tensors
from models.text import hub


def judge(verdict: str) -> None:
    store.put_feedback(
        "one",
        asked_at=datetime.now(UTC),
        question="How much?",
        kind="answer",
        entries=["price"],
        confidence=0.9,
        verdict=verdict,
    )


def test_a_verdict_is_seen_at_once_and_throws_nothing_away(home):
    markets = load.markets()
    for verdict in ("up", "down"):
        judge(verdict)
        assert load.feedback()["verdict"].tolist() == [verdict]
        assert load.markets() is markets


def test_a_change_of_the_data_is_seen_at_once(home):
    before = load.settings()["home_market"]
    store.put_settings({"home_market": "DEU"})
    assert (before, load.settings()["home_market"]) == ("USA", "DEU")


def test_a_change_of_currency_throws_no_ranking_away_and_one_of_who_is_ranked_throws_no_potential_away(home):
    figures, ranked = load.panel("general", 2022), load.candidacy()
    store.put_settings({"home_currency": "EUR"})
    assert (load.settings()["home_currency"], load.candidacy()) == ("EUR", ranked)
    assert load.candidacy() is ranked
    store.put_settings({"present_markets": "FRA"})
    assert load.candidacy().present == ("FRA",)
    assert load.panel("general", 2022) is figures


def test_settings_that_change_while_rankings_are_kept_are_read_without_waiting_for_themselves(home):
    load.candidacy()
    store.put_settings({"home_market": "DEU"})
    reader = Thread(target=load.settings, daemon=True)
    reader.start()
    reader.join(30)
    assert not reader.is_alive()


def test_another_store_is_another_version(home, tmp_path, monkeypatch):
    here = load.version()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "atlas.duckdb").write_bytes(store.path().read_bytes())
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "other"))
    assert load.version() != here


# ------------------------------------------------------------------ which model says what a text is about


@pytest.fixture
def partner(home, tmp_path, monkeypatch):
    """A partner of "shop" over org/model; partner(config) makes it over something else."""
    monkeypatch.setattr(cards, "SHIPPED", tmp_path / "none")
    monkeypatch.setattr(hub, "embedder", lambda name: list)
    load.knowledge._embedder.clear()

    def save(**config: object) -> None:
        card = cards.Card(
            name="shop-hub", task="intent", title="", purpose="", family="", labels=("a",), languages=(), data=(),
            splits={}, metrics={}, training={}, config=config, limits=(),
        )  # fmt: skip
        tensors.save(card, {"w": torch.zeros(2)})

    save(hub={"model": "org/model", "base": "shop"})
    yield save
    load.knowledge._embedder.clear()


@pytest.mark.parametrize(
    ("named", "answers"), [("", "shop"), ("org/other", "shop"), ("org/model", "shop-hub"), (" org/model ", "shop-hub")]
)
def test_a_partner_answers_where_its_hub_model_is_named(partner, monkeypatch, named, answers):
    monkeypatch.setenv(hub.VARIABLE, named)
    assert load.intent_model("shop") == answers
    assert load.intent_model("bank") == "bank"


def test_a_partner_that_cannot_answer_leaves_it_to_our_own_model(partner, monkeypatch):
    monkeypatch.setenv(hub.VARIABLE, "org/model")
    (cards.folder("shop-hub") / cards.WEIGHTS).write_bytes(b"altered")
    assert load.intent_model("shop") == "shop"
    partner()
    assert load.intent_model("shop") == "shop"


def test_a_hub_model_out_of_reach_leaves_it_to_our_own_model(partner, monkeypatch):
    monkeypatch.setenv(hub.VARIABLE, "org/model")

    def missing(name):
        raise errors.HubError("Out of reach.")

    monkeypatch.setattr(hub, "embedder", missing)
    assert load.intent_model("shop") == "shop"


def test_a_partner_is_served_anew_when_the_model_under_it_was_trained_again(partner, monkeypatch):
    asked = []
    monkeypatch.setattr(load.models, "_text_server", lambda name, files, beside, fast: asked.append(files))
    for weights in (torch.zeros(2), torch.ones(2)):
        tensors.save(replace(cards.card("shop-hub"), name="shop", config={}), {"w": weights})
        load.text_server("shop-hub")
    assert asked[0] != asked[1]


def test_an_estimate_that_was_broken_off_is_told_and_tried_again(full_home, monkeypatch):
    broken = [True]

    def run(function, *arguments):
        if broken:
            broken.clear()
            raise apart.BrokenOff(
                "The work was broken off (code {code}). The machine may be short of memory: try again later.", code=-9
            )
        return "an estimate"

    monkeypatch.setattr(apart, "run", run)
    monkeypatch.setattr(load.potentials, "_estimates", {})
    assert "broken off (code -9)" in str(_awaited("healthcare"))
    assert _awaited("healthcare") == "an estimate"


def _awaited(industry: str) -> object:
    """What the background made of a potential, once it is there."""
    for _ in range(600):
        if (found := load.potential_if_ready(industry, 2023)) is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("nothing came of it")
