"""The Overview against an empty page with the same widgets: server CPU per rerun, and first paint in a cold browser."""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Browser, sync_playwright
from stores import SHARED, import_in_own_process, row

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
RERUNS, PAINTS = 40, 5


def overview_against_empty() -> list[dict]:
    """CPU milliseconds of the server per rerun (a year chosen), and cold first paint to the title."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        if SHARED.exists():
            import_in_own_process(SHARED, Path(home))
        chromium = shutil.which("chromium") or "/usr/bin/chromium"
        measured = {}
        for name, script in (
            ("empty", ROOT / "tests" / "benchmarks" / "empty_app.py"),
            ("overview", ROOT / "dashboard" / "asgi.py"),
        ):
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            with served(script, Path(home)) as (address, process):
                measured[name] = rerun_cpu(browser, address, process), _cold_paint(browser, address)
            browser.close()
    (empty_cpu, empty_paint), (cpu, paint) = measured["empty"], measured["overview"]
    return [
        row("server CPU per rerun, empty page", empty_cpu, "ms"),
        row("server CPU per rerun, Overview", cpu, "ms"),
        row("Overview / empty, CPU per rerun", cpu / empty_cpu, "x", 3),
        row("cold browser to the title, empty app", empty_paint, "ms"),
        row("cold browser to the title, Overview", paint, "ms"),
        row("Overview / empty, cold first paint", paint / empty_paint, "x", 2),
    ]


@contextmanager
def served(script: Path, home: Path, root: Path = ROOT) -> Iterator[tuple[str, psutil.Process]]:
    """A Streamlit server of its own on a free port of the loopback; ended by its pid. root: of what is imported."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    server = subprocess.Popen(
        command,
        cwd=root,
        env=os.environ | {"ATLAS_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/", psutil.Process(server.pid)
    finally:
        server.kill()
        server.wait()


def rerun_cpu(browser: Browser, address: str, process: psutil.Process) -> float:
    """Median CPU milliseconds of the server while one year is chosen after another."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.goto(address)
    page.get_by_role("heading", level=1).wait_for(timeout=60_000)
    page.wait_for_timeout(2000)
    spent = []
    for turn in range(RERUNS + 4):
        box = page.get_by_role("combobox", name="Year").first
        box.click()
        before = sum(process.cpu_times()[:2])
        page.keyboard.press("ArrowDown" if turn % 2 == 0 else "ArrowUp")
        page.keyboard.press("Enter")
        page.wait_for_timeout(900)
        spent.append((sum(process.cpu_times()[:2]) - before) * 1000)
    page.close()
    return statistics.mean(spent[4:])


def _cold_paint(browser: Browser, address: str) -> float:
    """Median milliseconds from an empty cache to the title on screen."""
    times = []
    for _ in range(PAINTS):
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        page = context.new_page()
        start = time.perf_counter()
        page.goto(address)
        page.get_by_role("heading", level=1).wait_for(timeout=60_000)
        times.append((time.perf_counter() - start) * 1000)
        context.close()
    return statistics.median(times)
