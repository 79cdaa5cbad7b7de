"""What people said of answers and models: kept through upgrades, builds, imports and new embedded facts."""

from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pandas as pd
import pytest

from data import ingest, store
from data.faults import Fault

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ALL = dict.fromkeys(store.CHECKLIST, True)


def say(key: str = "a", verdict: str = "up", **more) -> None:
    told = {
        "asked_at": NOON,
        "question": "How much?",
        "kind": "answer",
        "entries": ("price",),
        "confidence": 0.9,
        "intent": "pricing",
    }
    store.put_feedback(key, verdict=verdict, **told | more)


def review(model: str = "topic", **more) -> None:
    told = {
        "version": "1",
        "weights_sha256": "ab" * 32,
        "reviewer": "Ada",
        "reviewed_at": NOON,
        "checks": ALL,
        "decision": "approved",
    }
    store.put_review(model, **told | more)


def kept() -> pd.DataFrame:
    return store.feedback(store.connect())


def as_schema_1() -> None:
    """The store as the version before wrote it."""
    with duckdb.connect(str(store.path())) as connection:
        connection.execute("DROP TABLE assistant_feedback; DROP TABLE model_reviews; DROP TABLE flags")
        connection.execute("ALTER TABLE meta DROP COLUMN data_version; UPDATE meta SET schema_version = 1")


def layout() -> list[tuple]:
    with duckdb.connect(str(store.path()), read_only=True) as connection:
        return connection.execute(
            "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() ORDER BY ALL"
        ).fetchall()


def test_a_verdict_is_read_back_as_it_was_said(home):
    say(comment="short and right")
    [row] = kept().to_dict("records")
    assert list(row.pop("entries")) == ["price"]
    assert row == {
        "id": "a",
        "asked_at": pd.Timestamp("2026-12-01 12:00"),
        "question": "How much?",
        "kind": "answer",
        "confidence": 0.9,
        "intent": "pricing",
        "verdict": "up",
        "comment": "short and right",
    }


def test_a_verdict_said_again_replaces_and_others_stay(home):
    say("a", "up")
    say("b", "up", asked_at=NOON + timedelta(minutes=1))
    say("a", "down")
    assert kept()[["id", "verdict"]].to_numpy().tolist() == [["b", "up"], ["a", "down"]]


def test_times_are_kept_in_utc(home):
    say(asked_at=datetime(2026, 12, 1, 20, tzinfo=timezone(timedelta(hours=8))))
    assert kept()["asked_at"][0] == pd.Timestamp("2026-12-01 12:00")


@pytest.mark.parametrize(
    "question", ["'; DROP TABLE assistant_feedback; --", "多少钱？💡", "nul\0l", "lone \ud800", ""]
)
def test_any_text_is_kept_as_text(home, question):
    say(question=question)
    assert kept()["question"][0] == question.replace("\0", "").replace("\ud800", "")


def test_a_long_text_is_cut(home):
    say(question="x" * 10**6, comment="y" * 10**6)
    assert [len(kept()[column][0]) for column in ("question", "comment")] == [store.MAX_TEXT] * 2


def test_a_verdict_is_up_or_down(home):
    before = store.version()
    with pytest.raises(store.StoreError, match="up or down"):
        say(verdict="sideways")
    assert store.version() == before


def test_a_verdict_that_waited_too_long_says_when_to_try_again(home, monkeypatch):
    monkeypatch.setattr(store.writer, "WAIT_S", 0.0)
    with store.writing() as _, pytest.raises(store.StoreBusy, match="try again"):
        say()


def test_what_people_say_and_settings_are_no_change_of_the_data(home):
    before = store.data_version(store.connect())
    file = store.version()
    say()
    review()
    store.put_settings({"home_market": "DEU"})
    assert store.version() != file
    assert store.data_version(store.connect()) == before
    with store.writing(Fault("an import")):
        pass
    assert store.data_version(store.connect()) > before


def test_reviews_of_a_model_are_all_kept_the_newest_first(home):
    review(decision="rejected", checks=ALL | {"fairness": False}, note="No test on dialects.")
    review(reviewed_at=NOON + timedelta(days=1))
    review("vision")
    found = store.reviews(store.connect(), "topic")
    assert found["decision"].tolist() == ["approved", "rejected"]
    assert found["fairness"].tolist() == [True, False]
    assert sorted(store.reviews(store.connect())["model"]) == ["topic", "topic", "vision"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reviewer": " "}, "name of who made it"),
        ({"decision": "maybe"}, "no decision"),
        ({"checks": {"purpose": True}}, "each point"),
        ({"checks": ALL | {"privacy": False, "limits": False}}, "Not in order yet: privacy, limits"),
    ],
)
def test_a_review_that_cannot_be_is_refused(home, wrong, said):
    with pytest.raises(store.StoreError, match=said):
        review(**wrong)
    assert store.reviews(store.connect()).empty


def test_a_store_of_schema_1_is_upgraded_and_loses_nothing(home):
    fresh = layout()
    as_schema_1()
    with pytest.raises(store.StoreError, match="python -m data build"):
        store.connect()
    with duckdb.connect(str(store.path()), read_only=True) as connection:
        before = {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()
            for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            if table != "meta"
        }
    assert store.ensure() == "upgraded"
    with duckdb.connect(str(store.path()), read_only=True) as connection:
        after = {table: connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall() for table in before}
    assert after == before
    assert layout() == fresh
    assert kept().empty
    assert store.reviews(store.connect()).empty


def test_feedback_stays_through_build_import_and_new_embedded_facts(home, tmp_path):
    say()
    review()
    assert store.ensure() == "current"
    file = tmp_path / "own.csv"
    file.write_text("iso3,indicator,year,value\nDEU,NY.GDP.PCAP.CD,2023,52000\n", encoding="utf-8")
    assert ingest.import_file(file).fault_count == 0
    with duckdb.connect(str(store.path())) as connection:
        connection.execute("UPDATE meta SET reference_sha256 = 'older'")
    assert store.ensure() == "updated"
    assert kept()["question"].tolist() == ["How much?"]
    assert store.reviews(store.connect())["reviewer"].tolist() == ["Ada"]


def test_an_export_carries_observations_and_no_persons_words(home, tmp_path):
    say(question="My secret question")
    review(reviewer="Somebody")
    ingest.export(tmp_path / "all.parquet")
    written = (tmp_path / "all.parquet").read_bytes()
    assert b"secret question" not in written
    assert b"Somebody" not in written


def test_verdicts_are_listed_on_the_command_line_with_the_words_that_may_be_kept(home, capsys):
    from data.__main__ import main

    store.put_feedback(
        "one",
        asked_at=datetime(2026, 11, 30, 9, 0, tzinfo=UTC),
        question="How much?",
        kind="answer",
        entries=["price"],
        confidence=0.9,
        verdict="down",
        comment="too short",
    )
    assert main(["verdicts"]) == 0
    assert capsys.readouterr().out == "2026-11-30 09:00 down: answer, price 'How much?' 'too short'\n"
    assert main(["verdicts", "--json"]) == 0
    assert '"question":"How much?"' in capsys.readouterr().out
