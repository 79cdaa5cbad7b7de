"""How long a click takes until a page is settled: every page on a fresh server and again, and the start page in the
first browser of a fresh server against a start page as Streamlit's are usually written (usual_start_app.py)."""

import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from playwright.sync_api import Browser, Page, sync_playwright
from stores import SHARED, import_in_own_process, row

from dashboard import navigation
from pages import FLAGS, ROOT, served

ROUNDS = 5
WINDOW = {"width": 1400, "height": 1000}
SETTLED = """(name) => {
  const app = document.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]');
  return Boolean(app && document.querySelector('h1')) && location.pathname.endsWith("/" + name) &&
    !document.querySelector('[data-testid="stSpinner"], [data-testid="stSkeleton"]');
}"""
"""A page is settled when its script has ended and nothing on it says that it is still waiting."""
COLD_MS, WARM_MS = 2500, 1000


def opening() -> list[dict]:
    """Cold start against the usual start page, then the table of all pages."""
    if not SHARED.exists():
        print("  left out: needs ../shared", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        import_in_own_process(SHARED, Path(home))
        file = Path(home) / "income.csv"
        table = pd.read_parquet(SHARED, filters=[("indicator", "==", "NY.GDP.MKTP.CD")])
        table[["iso3", "year", "value"]].to_csv(file, index=False)
        os.environ["ATLAS_BENCH_CSV"] = str(file)
        chromium = shutil.which("chromium") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        rows = _cold_start(browser, Path(home))
        for entry in navigation.PAGES[1:]:
            rows += _page(browser, Path(home), entry.name)
        browser.close()
    return rows


def _cold_start(browser: Browser, home: Path) -> list[dict]:
    """Seconds from the first browser's asking a fresh server to the settled start page, and again in a new browser."""
    scripts = {"usual": ROOT / "tests" / "benchmarks" / "usual_start_app.py", "ours": ROOT / "dashboard" / "asgi.py"}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in scripts}
    for turn in range(ROUNDS):
        for name in list(scripts)[:: 1 if turn % 2 else -1]:
            with served(scripts[name], home) as (address, _process):
                found[name].append((_asked(browser, address), _asked(browser, address)))
    cold, warm = ({name: statistics.median(t[at] for t in times) for name, times in found.items()} for at in (0, 1))
    return [
        row("first browser on a fresh server, start page settled", cold["ours"], "ms"),
        row("the same, the usual start page", cold["usual"], "ms"),
        row("first browser on a fresh server, ours / the usual start page", cold["ours"] / cold["usual"], "x", 1),
        row("second browser, ours / the usual start page", warm["ours"] / warm["usual"], "x", 1),
    ]


def _asked(browser: Browser, address: str) -> float:
    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    start = time.perf_counter()
    page.goto(address)
    page.wait_for_function(SETTLED, arg="", timeout=120_000)
    taken = (time.perf_counter() - start) * 1000
    context.close()
    return taken


def _page(browser: Browser, home: Path, name: str) -> list[dict]:
    """From a click in the navigation: the first time on a server that has shown the start page only, then again."""
    with served(ROOT / "dashboard" / "asgi.py", home) as (address, _process):
        page = browser.new_page(viewport=WINDOW)
        page.goto(address)
        page.wait_for_function(SETTLED, arg="", timeout=120_000)
        page.wait_for_timeout(3000)  # what the start page has worked out in the background
        times = []
        for _turn in range(3):
            times.append(_clicked(page, name))
            page.wait_for_timeout(1000)
            _clicked(page, "")
            page.wait_for_timeout(500)
        page.close()
    return [
        row(f"{name}: click to settled, first time", times[0], "ms", COLD_MS),
        row(f"{name}: click to settled, again", statistics.median(times[1:]), "ms", WARM_MS),
    ]


def _clicked(page: Page, name: str) -> float:
    """Milliseconds from asking the navigation for a page to its settled script; "" is the start page."""
    entry = navigation.entry(name)
    page.get_by_text(entry.section, exact=True).first.click()
    link = page.get_by_test_id("stTopNavDropdownLink").filter(has_text=re.compile(f"^.*{entry.title}$"))
    link.wait_for()
    start = time.perf_counter()
    link.click()
    page.wait_for_function(SETTLED, arg=name, timeout=120_000)
    return (time.perf_counter() - start) * 1000
