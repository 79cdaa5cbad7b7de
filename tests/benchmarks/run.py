"""Measure what we claim: one table on the terminal, bench.json beside it. Ratios come from one run: machines are noisy.

python tests/benchmarks/run.py [name ...] runs some of: import, large, pages, crash, robustness, potential, scenarios,
live, dragging, opening, allocation, board, texts, encoder, pictures, visits, sdmx; by name only: soak (20 minutes),
odd (files that are odd).
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import allocation
import board
import crashes
import dragging
import encoder
import index
import live
import odd_files
import opening
import pictures
import potential
import scenarios
import sdmx_csv
import soak
import stores
import texts
import visits

import pages

ROOT = Path(__file__).parents[2]
SUITES: dict[str, Callable[[], list[dict]]] = {
    "import": stores.shared_panel,
    "large": stores.large_panel,
    "pages": pages.overview_against_empty,
    "crash": crashes.kills,
    "robustness": index.robustness,
    "potential": potential.healthcare,
    "scenarios": scenarios.scenarios,
    "live": live.sliders,
    "dragging": dragging.dragging,
    "opening": opening.opening,
    "allocation": allocation.sixty_markets,
    "board": board.boards,
    "texts": texts.sentiment,
    "encoder": encoder.encoder,
    "pictures": pictures.pictures,
    "visits": visits.all_pages,
    "sdmx": sdmx_csv.million_rows,
    "soak": soak.soak,
    "odd": odd_files.odd_files,
}
BY_NAME_ONLY = {"soak", "odd"}


def main(names: list[str]) -> int:
    """Run the suites, print and write their rows. Returns 1 when a limit is missed, 2 for an unknown name."""
    unknown = set(names) - set(SUITES)
    if unknown:
        print(f"no such benchmark: {', '.join(sorted(unknown))}; known: {', '.join(SUITES)}", file=sys.stderr)
        return 2
    rows = []
    for name in names or [name for name in SUITES if name not in BY_NAME_ONLY]:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        rows += SUITES[name]()
    width = max(len(row["what"]) for row in rows)
    print(f"{'what':{width}}  {'measured':>12}  {'limit':>12}")
    for row in rows:
        limit = "" if row["limit"] is None else f"{row['limit']:.4g} {row['unit']}"
        verdict = "" if row["limit"] is None else ("  ok" if row["measured"] <= row["limit"] else "  MISSED")
        print(f"{row['what']:{width}}  {row['measured']:>8.4g} {row['unit']:<3}  {limit:>12}{verdict}")
    (ROOT / "bench.json").write_text(json.dumps(rows, indent=1) + "\n")
    return int(any(row["limit"] is not None and row["measured"] > row["limit"] for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
