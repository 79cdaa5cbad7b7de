"""python -m analytics allocate: what goes in and comes out is what the schemas say, and nothing else is printed."""

import argparse
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from analytics.cli import allocate
from analytics.json_documents import DocumentError

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
EXAMPLE = DOCS / "examples" / "allocation.json"


def call(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    allocate.add_arguments(parser.add_subparsers(dest="command"))
    return allocate.run(parser.parse_args(["allocate", *arguments]))


def schema(name: str) -> dict:
    return json.loads((DOCS / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["allocation", "plan"])
def test_the_schemas_are_schemas(name):
    jsonschema.Draft202012Validator.check_schema(schema(name))


def test_the_example_is_planned_and_the_answer_follows_its_schema(capsys):
    assert call(str(EXAMPLE), "--json", "--frontier", "2") == 0
    answer = json.loads(capsys.readouterr().out)

    jsonschema.validate(answer, schema("plan"))
    assert answer["gap"] <= answer["gap_asked"]
    assert answer["objective_usd"] <= answer["bound_usd"]
    assert {row["plan"] for row in answer["comparison"]["plans"]} == {"optimised", "proportional", "greedy", "today"}
    assert answer["comparison"]["p_plan_beats_today"] > 0.5
    assert answer["shadow_prices"]
    assert all(row["binding"] for row in answer["shadow_prices"])
    assert [row["risk"] for row in answer["frontier"]] == [0.0, 1.0]


def test_csv_has_a_row_for_each_market_industry_and_year_with_people(capsys):
    assert call(str(EXAMPLE), "--no-comparison") == 0
    printed = capsys.readouterr()
    rows = pd.read_csv(io.StringIO(printed.out))
    assert list(rows.columns[:4]) == ["market", "industry", "year", "people"]
    assert (rows["people"] > 0).all()
    assert "within" in printed.err


def test_options_go_before_the_file(capsys):
    assert call(str(EXAMPLE), "--json", "--no-comparison", "--risk", "1", "--gap", "0.05") == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["risk"], answer["gap_asked"]) == (1.0, 0.05)
    assert "comparison" not in answer


def test_an_option_out_of_range_is_refused_like_a_figure_in_the_file():
    with pytest.raises(DocumentError, match="risk"):
        call(str(EXAMPLE), "--risk", "2")


def test_a_faulty_file_and_one_without_a_plan_raise_what_the_command_line_reports(tmp_path):
    raw = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    (tmp_path / "faulty.json").write_text(json.dumps(raw | {"budget_usd": [1, "x", 3]}), encoding="utf-8")
    with pytest.raises(allocate.FAULTS, match=r"budget_usd\[1\]"):
        call(str(tmp_path / "faulty.json"))
    raw["language_capacity"] = {"de": 2}
    (tmp_path / "conflict.json").write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(allocate.FAULTS, match=r"need 3 people; language capacity de allows 2"):
        call(str(tmp_path / "conflict.json"))


def test_a_file_can_come_from_standard_input(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(EXAMPLE.read_bytes())))
    assert call("-", "--json", "--no-comparison") == 0
    assert json.loads(capsys.readouterr().out)["version"] == 1


def test_what_a_library_prints_from_c_stays_out_of_the_answer():
    program = (
        "import ctypes\n"
        "from analytics.cli import allocate\n"
        "with allocate._quiet():\n"
        "    ctypes.CDLL(None).puts(b'noise')\n"
        "print('answer')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=os.environ.copy(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "answer\n"
    assert "noise" in done.stderr
