"""What is wrong with the data, where, and what to do: coverage, age, spikes, breaks, peers, sources that differ."""

import pandas as pd

from data import catalog, store
from data.sources import sdmx

WINDOW = 8
"""Years within which a figure counts as recent."""
SPIKE_STEPS, BREAK_STEPS, PEER_DEVIATIONS = 15, 25, 12
MAX_PER_CHECK = 60
COLUMNS = ("severity", "check", "iso3", "indicator", "year", "place", "problem", "remedy", "facts")
SEVERITIES = ("high", "medium", "low")

# problem, remedy: sentences with named figures, so that pages can translate them before filling them in.
SENTENCES = {
    "missing": (
        "No observation at all.",
        "Fetch it from the World Bank (Data page, or make refresh), or import a file that holds it.",
    ),
    "coverage": (
        "Only {markets} of {all_markets} markets have a figure from the last {window} years.",
        "Rankings that use it leave markets out; choose another indicator or lower its weight.",
    ),
    "retired": ("{retired}.", "Use the series that follows it."),
    "stale": (
        "The newest figure is from {last_year}, {age} years before the newest in the store.",
        "Refresh it; if the publisher has nothing newer, say so when you show it.",
    ),
    "spike": (
        "{value} stands alone between neighbours near {expected}: {size:.0f} times the usual yearly step.",
        "Compare with the source; a typing slip or a one-off event.",
    ),
    "break": (
        "The level moves from {expected} to {value} and stays: {size:.0f} times the usual yearly step.",
        "Look for a changed definition or a rebased series before comparing across this year.",
    ),
    "peers": (
        "{value}, where markets of the same income group or region lie around {expected}.",
        "Check unit and source; if it is true, it will dominate an unwinsorised score.",
    ),
    "disagreement": (
        "{source} and {other} differ by more than 5 % in {differing} of {cells} cells; worst: {value}, {expected}.",
        "The one that arrived last counts. Keep one vintage, or import them under one name.",
    ),
}


def findings(connection: store.Connection) -> pd.DataFrame:
    """All findings, the gravest first: COLUMNS; `facts` holds the figures its sentences were filled with.

    iso3 and year are missing where a finding concerns a whole indicator.
    """
    found = [*_of_indicators(connection), *_of_values(connection), *_of_sources(connection)]
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    frame = pd.DataFrame(found, columns=COLUMNS)
    order = frame["severity"].map({severity: rank for rank, severity in enumerate(SEVERITIES)})
    return frame.assign(order=order).sort_values("order", kind="stable").drop(columns="order").reset_index(drop=True)


def _finding(severity: str, check: str, indicator: str, facts: dict, iso3: str | None = None, year=None) -> tuple:
    problem, remedy = (sentence.format(**facts) for sentence in SENTENCES[check])
    known = catalog.load().get(indicator)
    title = f"{known.name} ({indicator})" if known else indicator
    place = " · ".join(str(part) for part in (iso3, title, year) if part is not None)
    return severity, check, iso3, indicator, year, place, problem, remedy, facts


def _of_indicators(connection: store.Connection) -> list[tuple]:
    found = []
    rows = store.findings_of(connection, "coverage", {"window": WINDOW})
    for row in rows.itertuples():
        if row.indicator.startswith("gapminder:"):
            continue  # a historical set on purpose
        if pd.isna(row.last_year):
            if pd.isna(row.retired) and row.indicator not in sdmx.load():  # no recipe waits for those
                found.append(_finding("medium", "missing", row.indicator, {}))
            continue
        age = int(row.newest_year - row.last_year)
        if pd.notna(row.retired):
            found.append(
                _finding("low", "retired", row.indicator, {"retired": row.retired[0].upper() + row.retired[1:]})
            )
        elif age >= WINDOW // 2:
            severity = "high" if age >= WINDOW else "medium"
            found.append(_finding(severity, "stale", row.indicator, {"last_year": int(row.last_year), "age": age}))
        if pd.isna(row.retired) and row.markets < 0.6 * row.all_markets:
            severity = "high" if row.markets < 0.3 * row.all_markets else "medium"
            facts = {"markets": int(row.markets), "all_markets": int(row.all_markets), "window": WINDOW}
            found.append(_finding(severity, "coverage", row.indicator, facts))
    return found


def _of_values(connection: store.Connection) -> list[tuple]:
    checks = {
        "jumps": {"spike_steps": SPIKE_STEPS, "break_steps": BREAK_STEPS},
        "peers": {"deviations": PEER_DEVIATIONS, "window": WINDOW},
    }
    return [
        _finding(
            "medium" if row.size > 40 else "low",
            row.kind,
            row.indicator,
            {"value": f"{row.value:,.4g}", "expected": f"{row.expected:,.4g}", "size": row.size},
            row.iso3,
            int(row.year),
        )
        for check, limits in checks.items()
        for row in store.findings_of(connection, check, {"most": MAX_PER_CHECK} | limits).itertuples()
    ]


def _of_sources(connection: store.Connection) -> list[tuple]:
    found = []
    for row in store.findings_of(connection, "disagreement", {"most": MAX_PER_CHECK}).itertuples():
        facts = {
            "source": row.source,
            "other": row.other,
            "differing": int(row.differing),
            "cells": int(row.cells),
            "value": f"{row.value:,.4g}",
            "expected": f"{row.expected:,.4g}",
        }
        severity = "high" if row.differing > 0.2 * row.cells else "medium"
        found.append(_finding(severity, "disagreement", row.indicator, facts, row.iso3, int(row.year)))
    return found
