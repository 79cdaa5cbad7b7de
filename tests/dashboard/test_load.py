"""What is kept of computations: until the data change, and no longer."""

from datetime import UTC, datetime

from dashboard import load
from data import store


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


def test_another_store_is_another_version(home, tmp_path, monkeypatch):
    here = load.version()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "atlas.duckdb").write_bytes(store.path().read_bytes())
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "other"))
    assert load.version() != here
