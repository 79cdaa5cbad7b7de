"""The Scenarios page: slider to the server's answer, and server CPU per slider move."""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright
from stores import SHARED, import_in_own_process, row

from pages import FLAGS, ROOT, served

ADDRESS = "scenarios?recipe=healthcare&year=2023&market=IND"
MOVES = 24
ARM = """(selector) => {
  const watched = document.querySelector(selector);
  let from = null;
  window.__redrawn = null;
  document.addEventListener('pointerup', () => { from = performance.now(); }, {once: true, capture: true});
  if (window.__watch) window.__watch.disconnect();
  window.__watch = new MutationObserver(() => { if (from !== null) window.__redrawn = performance.now() - from; });
  window.__watch.observe(watched, {subtree: true, childList: true, attributes: true, characterData: true});
}"""
"""Notes the milliseconds from the release of the mouse to the last change inside an element of the page."""
CHART, ANSWER = "[data-testid=stPlotlyChart]", ".lepton-answer"


def scenarios() -> list[dict]:
    """All figures of the Scenarios page on the shared panel."""
    if not SHARED.exists():
        print("  left out: needs ../shared", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        import_in_own_process(SHARED, Path(home))
        chromium = shutil.which("chromium") or "/usr/bin/chromium"
        measured = {}
        for name, script, path, watched in (
            ("empty", ROOT / "tests" / "benchmarks" / "slider_app.py", "", CHART),
            ("page", ROOT / "dashboard" / "asgi.py", ADDRESS, ANSWER),
        ):
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            with served(script, Path(home)) as (address, process):
                page = browser.new_page(viewport={"width": 1400, "height": 1000})
                page.goto(address + path)
                page.locator(".js-plotly-plot").first.wait_for(timeout=120_000)
                page.wait_for_timeout(3000)
                measured[name] = _moves(page, process, watched)
            browser.close()
    (empty_ms, empty_cpu), (ms, cpu) = measured["empty"], measured["page"]
    return [
        row("slider release to redrawn chart, one slider and one empty chart", empty_ms, "ms"),
        row("slider release to the server's answer, Scenarios", ms, "ms"),
        row("Scenarios' answer / one slider and one empty chart", ms / empty_ms, "x", 3),
        row("server CPU per slider move, one slider and one empty chart", empty_cpu, "ms"),
        row("server CPU per slider move, Scenarios with 217 markets", cpu, "ms", 40),
    ]


def _moves(page: Page, process: psutil.Process, watched: str = CHART) -> tuple[float, float]:
    """Median milliseconds from release to the last change of what is watched, mean CPU milliseconds of the server."""
    times, spent = [], []
    for turn in range(MOVES + 4):
        thumb = page.get_by_role("slider").first
        box = (
            thumb if thumb.evaluate("one => Boolean(one.closest('.lepton-slider'))") else thumb.locator("xpath=../..")
        ).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.evaluate(ARM, watched)
        before = sum(process.cpu_times()[:2])
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + (25 if turn % 2 == 0 else -25), y, steps=3)
        page.mouse.up()
        page.wait_for_timeout(1200)
        times.append(page.evaluate("window.__redrawn"))
        spent.append((sum(process.cpu_times()[:2]) - before) * 1000)
    times = [t for t in times[4:] if t is not None]
    if len(times) < MOVES / 2:
        raise RuntimeError(f"only {len(times)} of {MOVES} moves changed {watched}")
    return statistics.median(times), statistics.mean(spent[4:])
