"""python -m analytics allocate FILE.json --json: where money and people go, and how near to the best that is."""

import argparse
import contextlib
import ctypes
import dataclasses
import json
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from analytics import json_documents
from analytics.allocation import hubs
from analytics.allocation import problem as allocation_problem
from analytics.allocation import solve as allocation
from analytics.allocation.baselines import Comparison
from analytics.allocation.problem import Problem

FAULTS = (json_documents.DocumentError, allocation.Infeasible, TimeoutError)
"""What run raises for a file or a problem that cannot be planned; the messages are for the reader."""


def add_arguments(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "allocate",
        help="budget and headcount over markets, industries and years",
        description="The plan that wins most within the limits of FILE, its gap, shadow prices and rivals. "
        "FILE follows docs/schemas/allocation.schema.json; docs/examples/allocation.json is one.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the allocation's JSON; - reads it from standard input")
    parser.add_argument("--risk", type=float, help="0 looks at the mean, 1 at the bad cases (default: the file's)")
    parser.add_argument(
        "--gap", type=float, help="from the best plan at which the search may end (default: the file's)"
    )
    parser.add_argument("--time-limit", type=float, metavar="S", help="seconds for the search (default: the file's)")
    parser.add_argument("--frontier", type=int, default=0, metavar="N", help="also solve N positions of the risk dial")
    parser.add_argument("--no-comparison", action="store_true", help="without proportional, greedy and today's plan")
    parser.add_argument("--json", action="store_true", help="JSON after docs/schemas/plan.schema.json instead of CSV")


def run(options: argparse.Namespace) -> int:
    """Prints the plan. Returns 0 when it is as near to the best as asked for, 1 when the time limit came first.

    Raises DocumentError for a file with faults, Infeasible naming the limits that conflict, OSError for no file.
    """
    problem = _problem(options)
    with _quiet():
        plan = allocation.solve(problem)
        comparison = None if options.no_comparison else allocation.compare(problem, plan)
        curve = None
        if options.frontier:
            steps = max(options.frontier, 2)
            curve = allocation.frontier(problem, [n / (steps - 1) for n in range(steps)])
    if options.json:
        print(json.dumps(summary(plan, comparison, curve), ensure_ascii=False, allow_nan=False))
    else:
        print(plan.rows.map(_round).to_csv(index=False, lineterminator="\n"), end="")
    print(
        f"{plan.choice.opened[:, -1].sum()} markets, expected gain {plan.mean_usd:,.0f} USD, in the worst "
        f"{problem.cvar_tail:.0%} of cases {plan.cvar_usd:,.0f} USD; {plan.status}; {plan.seconds:.1f} s",
        file=sys.stderr,
    )
    return 0 if plan.reached else 1


def summary(
    plan: allocation.Plan, comparison: Comparison | None = None, frontier: pd.DataFrame | None = None
) -> dict[str, Any]:
    """The plan as plain JSON values after docs/schemas/plan.schema.json; what could not be measured is null."""
    problem = plan.problem
    placed = hubs.lay_out(problem, plan)
    told = {
        "version": 1,
        "name": problem.name,
        "risk": problem.risk,
        "cvar_tail": problem.cvar_tail,
        "objective_kind": problem.objective,
        "objective_usd": _round(plan.objective),
        "bound_usd": _round(plan.bound),
        "gap": _round(plan.gap),
        "gap_asked": problem.gap,
        "reached": plan.reached,
        "status": plan.status,
        "seconds": _round(plan.seconds),
        "mean_usd": _round(plan.mean_usd),
        "cvar_usd": _round(plan.cvar_usd),
        "curve_error": _round(plan.curve_error),
        "plan": _rows(plan.rows),
        "opened": _rows(plan.opened),
        "years": _rows(plan.years),
        "hubs": _rows(placed.hubs),
        "served_by": _rows(plan.served_by),
        "limits": _rows(plan.limits),
        "shadow_prices": [row for row in _rows(plan.limits) if row["binding"] and row["shadow_price"] is not None],
        "layout": {
            "year": placed.year,
            "clocks_on": placed.clocks_on,
            "links": _rows(placed.links),
            "unserved": _rows(placed.unserved),
            "candidates": _rows(placed.candidates),
            "weights": dict(placed.weights),
        },
    }
    if comparison is not None:
        told["comparison"] = {
            "draws": comparison.draws,
            "seed": comparison.seed,
            "p_plan_beats_today": _round(comparison.p_beats_today),
            "plans": _rows(comparison.table.reset_index(names="plan")),
        }
    if frontier is not None:
        told["frontier"] = _rows(frontier)
    return told


def _problem(options: argparse.Namespace) -> Problem:
    if str(options.file) == "-":
        text = sys.stdin.buffer.read(json_documents.MAX_BYTES + 1)
    else:
        with options.file.open("rb") as file:
            text = file.read(json_documents.MAX_BYTES + 1)
    problem = allocation_problem.read(text)
    document = allocation_problem.to_document(problem)
    for name, given in (("risk", options.risk), ("gap", options.gap), ("time_limit_s", options.time_limit)):
        if given is not None:
            document[name] = given
    return allocation_problem.from_document(document)


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): _round(value) for key, value in row.items()} for row in table.to_dict("records")]


def _round(value: Any, digits: int = 10) -> Any:
    """Plain values; data as sentences; None for what is no finite number. Ten digits: a sum of money to the cent."""
    if isinstance(value, tuple | list):
        return list(value)
    if value is None or isinstance(value, str):
        return value
    if dataclasses.is_dataclass(value):  # a limit, a note, a reason: data with a sentence
        return str(value)
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool | int):
        return value
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Send what HiGHS writes to the process's standard output to standard error, where it spoils no JSON.

    HiGHS 1.12 prints a line from C whenever it repairs a solution, whatever its options say.
    """
    sys.stdout.flush()
    try:
        kept = os.dup(1)
        os.dup2(2, 1)
    except OSError:  # no such descriptors: then nothing reaches them either
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(OSError, AttributeError, TypeError):
            ctypes.CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)
