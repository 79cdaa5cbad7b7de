"""How fast a scenario of 217 markets becomes PowerPoint, HTML and PDF, the first time in a process and after."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from stores import row

ROOT = Path(__file__).parents[2]
MARKETS, YEARS = 217, range(2012, 2025)
MEASURED = """
import sys
sys.path[:0] = sys.argv[1:3]
import board
board.measure()
"""


def boards() -> list[dict]:
    """Seconds of the content and of each file; all three together, from the click, in a process that made none yet."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, str(ROOT), str(Path(__file__).parent)],
            env=os.environ | {"ATLAS_HOME": home},
            capture_output=True,
            text=True,
            check=True,
        )
    found = json.loads(done.stdout.splitlines()[-1])
    return [
        row(f"board of a scenario, {found['markets']} markets: content", found["content"], "s"),
        *(row(f"  as {form}", found[form], "s") for form in ("pptx", "html", "pdf")),
        row("  content and all three files, first time in the process", found["first"], "s", 5),
        row("  content and all three files, again", found["again"], "s", 5),
    ]


def measure() -> None:
    """Run in a process of its own: a store of made-up figures, a scenario, and its files; prints seconds as JSON."""
    from analytics.scenario import outcome as outcomes
    from analytics.scenario.document import Base, BaseKey, Scenario, Shock
    from dashboard import load
    from dashboard.i18n import translation
    from data import ingest, store

    store.ensure()
    made_up().to_csv(store.home() / "made-up.csv", index=False)
    ingest.import_file(store.home() / "made-up.csv")
    translation.settle("en")
    ground, names = load.ground(BaseKey("healthcare", YEARS[-1], learner="ridge")), load.markets()["name"]
    shocks = (
        Shock("indicator", "IT.NET.USER.ZS", "add", 12.0),
        Shock("indicator", "SH.XPD.CHEX.PC.CD", "scale", 1.4, ("IND",)),
        Shock("weight", "digital", "set", 1.4),
    )
    scenario = Scenario("A push", Base("healthcare", YEARS[-1]), shocks)
    outcome = outcomes.run(ground, scenario)
    seconds: dict[str, float] = {"markets": len(ground.figures)}

    def all_three() -> float:
        start = time.perf_counter()
        from dashboard.board import to_html, to_pdf, to_pptx
        from dashboard.scenarios import board as scenario_board

        made = scenario_board.scenario_board(outcome, ground, scenario, "IND", names)
        seconds["content"] = time.perf_counter() - start
        writers = {"pptx": to_pptx.as_pptx, "html": to_html.as_html, "pdf": to_pdf.as_pdf}
        for form, write in writers.items():
            begun = time.perf_counter()
            write(made)
            seconds[form] = time.perf_counter() - begun
        return time.perf_counter() - start

    seconds["first"] = all_three()
    seconds["again"] = all_three()
    print(json.dumps(seconds))


def made_up(seed: int = 0) -> pd.DataFrame:
    """Figures of every indicator of healthcare for 217 markets; a market's level grows by 2 % a year, give or take."""
    from analytics.index import recipe
    from analytics.potential import fit as potential
    from data import catalog, store

    random, chosen = np.random.default_rng(seed), recipe.load("healthcare")
    known = pd.read_csv(store.REFERENCE / "markets.csv", keep_default_na=False)["iso3"].tolist()
    markets = ["IND", *(iso3 for iso3 in known if iso3 != "IND")][:MARKETS]
    codes = dict.fromkeys((*chosen.codes, *potential.history_codes(chosen)))
    rows = []
    for code in [code for code in codes if ":" not in code]:
        entry = catalog.load()[code]
        low, high = entry.minimum, entry.maximum
        bounded = low is not None and high is not None
        size = {"persons": 1e7, "current US$": 1e4}.get(entry.unit, 1e3)
        for iso3 in markets:
            share = random.uniform(0.2, 0.6)
            level = low + share * (high - low) if bounded else size * np.exp(random.normal())
            noise = np.exp(random.normal(0, 0.03, len(YEARS)))
            values = np.round(level * 1.02 ** (np.array(YEARS) - YEARS[-1]) * noise, 4)
            rows += [(iso3, code, year, value) for year, value in zip(YEARS, values, strict=True)]
    return pd.DataFrame(rows, columns=["iso3", "indicator", "year", "value"])
