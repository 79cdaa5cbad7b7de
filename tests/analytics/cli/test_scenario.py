"""`python -m analytics scenario` as a user runs it: what it prints follows its schema, what is wrong is said."""

import argparse
import csv
import io
import json
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from referencing import Registry, Resource
from threadpoolctl import threadpool_limits

from analytics import json_documents
from analytics.cli import scenario as scenario_cli
from analytics.cli.commands import main
from analytics.scenario import base as bases
from data import store
from tests.commands import called, started
from tests.learners import two_learners

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
EXAMPLE = DOCS / "examples" / "scenario.json"
PLAIN = {"version": 1, "name": "test", "base": {"recipe": "healthcare", "year": 2024}}
USERS = {"kind": "indicator", "target": "IT.NET.USER.ZS", "how": "set", "value": 75, "markets": ["IND"]}


def schema(name: str) -> dict:
    return json.loads((DOCS / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))


def follows_its_schema(document: dict) -> None:
    inner = Resource.from_contents(schema("scenario"))
    registry = Registry().with_resource("scenario.schema.json", inner)
    jsonschema.Draft202012Validator(schema("outcome"), registry=registry).validate(document)


def written(folder: Path, **changes: object) -> Path:
    file = folder / "scenario.json"
    file.write_text(json.dumps(PLAIN | changes), encoding="utf-8")
    return file


def answer(file: Path, *options: str) -> dict:
    """What the command prints as JSON, in this process: seconds less."""
    parser = argparse.ArgumentParser()
    scenario_cli.add_arguments(parser.add_subparsers(dest="command"))
    connection, printed = store.connect(), io.StringIO()

    def before(snapshot: str) -> str | None:
        return store.snapshot_after(connection, snapshot) if snapshot else None

    with pytest.MonkeyPatch.context() as patch, threadpool_limits(1):  # the threads of small fits get in their own way
        patch.setattr(sys, "stdout", printed)
        done = scenario_cli.run(
            parser.parse_args(["scenario", str(file), "--json", *options]),
            lambda codes, year, window, at: store.market_panel(connection, codes, year, window, before(at)),
            lambda codes, at: store.series(connection, codes, None, before(at)),
            store.markets(connection),
        )
    assert done == 0
    return json.loads(printed.getvalue())


def test_the_schema_is_a_schema_and_the_example_follows_it():
    jsonschema.Draft202012Validator.check_schema(schema("outcome"))
    example = json.loads((DOCS / "examples" / "outcome.json").read_text(encoding="utf-8"))
    follows_its_schema(example)
    assert example["scenario"]["name"] == json.loads(EXAMPLE.read_text(encoding="utf-8"))["name"]


def test_the_published_example_is_answered_in_json_that_follows_the_schema(full_home):
    done = started("analytics", "scenario", EXAMPLE, "--json", "--without-potential")
    assert (done.returncode, "no potential: left out on request" in done.stderr) == (0, True)
    found = json.loads(done.stdout, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    follows_its_schema(found)
    assert len(found["markets"]) == 78  # of 80, without home and one too small
    wanted = {"potential", "low", "high", "rank_before", "rank_after", "extrapolates"}
    assert all(wanted <= market.keys() for market in found["markets"])
    ranks = [market["rank_after"] for market in found["markets"]]
    assert ranks == sorted(ranks)
    india = next(market for market in found["markets"] if market["iso3"] == "IND")
    assert sum(india["contributions"]) == pytest.approx(india["score"] - india["score_before"], abs=1e-3)
    assert india["simulated"]["rank_low"] <= india["simulated"]["rank_median"] <= india["simulated"]["rank_high"]
    moved = {row["indicator"]: row for row in found["moved"] if row["iso3"] == "IND"}
    assert moved["IT.NET.USER.ZS"]["after"] == 75
    assert moved["SH.XPD.CHEX.PC.CD"]["after"] == pytest.approx(moved["SH.XPD.CHEX.PC.CD"]["before"] * 0.9, rel=1e-4)
    assert found["potential"] == {"why_not": "left out on request"}


def test_without_json_there_is_a_row_a_market_and_notes_on_stderr(full_home, tmp_path):
    done = called(main, "scenario", written(tmp_path, shocks=[USERS | {"value": 140}]), "--without-potential")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0]) == ["iso3", *scenario_cli.SUMMARY]
    assert len(rows) == 78
    assert "note: clamped: IT.NET.USER.ZS IND" in done.stderr


def test_the_potential_is_there_with_its_interval_and_says_what_it_is(full_home, tmp_path):
    file = written(tmp_path, base=PLAIN["base"] | {"learner": "ridge"}, shocks=[USERS])
    with two_learners():
        found = answer(file)
    follows_its_schema(found)
    assert found["potential"]["learner"] == "ridge"
    assert found["potential"]["outcome"] == "Current health expenditure per person"
    for market in found["markets"]:
        assert market["low"] <= market["potential"] <= market["high"]
        assert (market["potential"] == market["potential_before"]) or market["iso3"] == "IND"


def test_figures_carried_forward_say_how(full_home, tmp_path):
    found = answer(written(tmp_path, horizon=2, shocks=[USERS]), "--without-potential")
    follows_its_schema(found)
    assert {row["method"] for row in found["carried_forward"]} <= {"damped trend", "last value"}
    assert answer(written(tmp_path), "--without-potential")["carried_forward"] is None


def test_what_cannot_be_estimated_is_said_and_the_ranks_come_all_the_same(full_home, tmp_path):
    found = answer(written(tmp_path, base=PLAIN["base"] | {"learner": "oracle"}))
    follows_its_schema(found)
    assert "no learner 'oracle'" in found["potential"]["why_not"]
    assert all(market["potential"] is None and market["rank_after"] for market in found["markets"])


def test_a_broken_file_names_all_its_faults_without_a_traceback(home, tmp_path):
    file = written(tmp_path, seed=-1, shocks=[USERS | {"how": "wish"}, {"kind": "weight", "how": "set", "value": "x"}])
    done = called(main, "scenario", file)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "scenario: The scenario has 3 fault(s):",
        "seed: -1 is less than the minimum of 0",
        "shocks[0].how: 'wish' is not one of ['set', 'add', 'scale']",
        "shocks[1].value: 'x' is not of type 'number'",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"", "not valid JSON"),
        (b"\x80\x04}q\x00.", "not valid JSON"),
        (json.dumps(PLAIN | {"version": 9}).encode(), "this program reads version 1"),
        (json.dumps(PLAIN | {"base": {"recipe": "astrology", "year": 2023}}).encode(), "no recipe 'astrology'"),
        (json.dumps(PLAIN).encode(), "python -m data import FILE"),  # the embedded facts do not rank healthcare
        (
            json.dumps(PLAIN | {"base": PLAIN["base"] | {"snapshot": "20200101T000000Z-aaaaaaaa"}}).encode(),
            "The snapshot 20200101T000000Z-aaaaaaaa is not in this store",
        ),
        (
            json.dumps(PLAIN | {"base": {"recipe": "general", "year": 1901}, "horizon": 3}).encode(),
            "Nothing is known by 1901",
        ),
    ],
    ids=["missing", "empty", "pickle", "version", "recipe", "indicators", "snapshot", "nothing to carry forward"],
)
def test_what_cannot_be_carried_out_is_one_sentence_and_exit_status_1(home, tmp_path, capsys, content, reason):
    file = tmp_path / "scenario.json"
    if content is not None:
        file.write_bytes(content)
    assert main(["scenario", str(file), "--json", "--without-potential"]) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("scenario: ") and reason in printed.err


def test_a_file_too_large_to_be_a_scenario_is_not_read(tmp_path, monkeypatch):
    file = written(tmp_path)
    monkeypatch.setattr(json_documents, "MAX_BYTES", 10)
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("it was read"))
    with pytest.raises(json_documents.DocumentError, match=r"scenario\.json is larger than a scenario can be"):
        scenario_cli.read(file)


def test_a_target_that_is_not_there_names_what_is(full_home, tmp_path):
    with pytest.raises(bases.ScenarioError, match=r"'XX.NONE' is no figure of the recipe healthcare .* It uses: "):
        answer(written(tmp_path, shocks=[USERS | {"target": "XX.NONE"}]), "--without-potential")


@pytest.mark.parametrize(
    ("value", "plain"), [(np.nan, None), (np.inf, None), (1 / 3, 0.333333), (123456789.0, 123457000.0), (0.0, 0.0)]
)
def test_numbers_are_rounded_to_what_is_known_and_what_is_none_is_null(value, plain):
    assert scenario_cli._plain(value) == plain
