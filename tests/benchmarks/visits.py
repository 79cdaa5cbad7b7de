"""A server that has been used for a while: every page visited again and again. Does a click get dearer?"""

import shutil
import sys
import tempfile
from pathlib import Path

import psutil
from playwright.sync_api import Browser, sync_playwright
from stores import SHARED, import_in_own_process, row

from dashboard import navigation
from pages import FLAGS, ROOT, rerun_cpu, served

FEW, MANY = 30, 300
MIB = 2**20


def all_pages() -> list[dict]:
    """CPU per rerun on the Overview before and after all pages were visited; memory after FEW and MANY visits."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        if SHARED.exists():
            import_in_own_process(SHARED, Path(home))
        chromium = shutil.which("chromium") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        with served(ROOT / "dashboard" / "asgi.py", Path(home)) as (address, process):
            fresh = rerun_cpu(browser, address, process)
            _visit(browser, address, range(FEW))
            used, few = rerun_cpu(browser, address, process), _memory(process)
            _visit(browser, address, range(FEW, MANY))
            many = _memory(process)
        browser.close()
    return [
        row("server CPU per rerun, fresh server", fresh, "ms"),
        row("server CPU per rerun, all pages visited", used, "ms"),
        row("all pages visited / fresh, CPU per rerun", used / fresh, "x", 1.2),
        row(f"memory after {FEW} visits", few, "MiB"),
        row(f"memory after {MANY} visits", many, "MiB"),
        row(f"memory, {MANY} visits / {FEW}", many / few, "x", 1.15),
    ]


def _visit(browser: Browser, address: str, numbers: range) -> None:
    """Open one page after the other, each as a new visitor, and wait until its script has run."""
    for number in numbers:
        entry = navigation.PAGES[number % len(navigation.PAGES)]
        page = browser.new_page()
        page.goto(f"{address}{entry.name}?recipe=healthcare")
        page.get_by_role("heading", level=1).wait_for(timeout=600_000)
        page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=600_000)
        page.close()
        print(f"\r{number + 1} visits", end="", file=sys.stderr, flush=True)


def _memory(process: psutil.Process) -> float:
    return process.memory_info().rss / MIB
