"""Sliders answered in the browser: from the hand to the paint, from the release to the intervals, against one slider
and one empty chart of Streamlit's own; what a release costs the server and the wire against the build before them."""

import gzip
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright
from scenarios import _moves as released_to_drawn
from stores import SHARED, import_in_own_process, row

from pages import FLAGS, ROOT, served

PAGES = {
    "Scenarios": "scenarios?recipe=healthcare&year=2023&market=IND",
    "Ranking": "ranking?recipe=healthcare&year=2023",
}
BEFORE = "1959f5b"
"""The last commit in which a slider was answered on the server only, by the whole page."""
DRAGS, DRAG_S, EVERY_MS = 6, 5, 16
FRAME_MS = 1000 / 60
WATCH = """() => {
  const found = window.__found = {paints: [], frames: [], landed: []};
  let last;
  const frame = (now) => { if (last) found.frames.push(now - last); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  document.addEventListener("input", () => {
    const from = performance.now(), channel = new MessageChannel();
    channel.port1.onmessage = () => found.paints.push(performance.now() - from);
    requestAnimationFrame(() => channel.port2.postMessage(0));
  }, {capture: true});
  let released = null;
  document.addEventListener("pointerup", () => { released = performance.now(); }, {capture: true});
  new MutationObserver(() => {
    const answer = document.querySelector(".lepton-answer");
    if (released !== null && answer && !answer.classList.contains("is-moving")) {
      found.landed.push(performance.now() - released);
      released = null;
    }
  }).observe(document.body, {subtree: true, attributes: true, attributeFilter: ["class"]});
}"""
"""Notes milliseconds: from an input event to after the frame that paints it, between frames, and from a release to the
server's answer to it."""


def sliders() -> list[dict]:
    """All figures of sliders on the shared panel, in one run."""
    if not SHARED.exists():
        print("  left out: needs ../shared", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        import_in_own_process(SHARED, Path(home))
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        with served(ROOT / "tests" / "benchmarks" / "slider_app.py", Path(home)) as (address, process):
            page = opened(chromium, address, ".js-plotly-plot")
            plain_ms, _cpu = released_to_drawn(page, process)
            page.close()
        rows = [row("release to drawn, one slider and one empty chart", plain_ms, "ms")]
        with served(ROOT / "dashboard" / "asgi.py", Path(home)) as (address, process):
            rows += [found for name in PAGES for found in _of_page(chromium, address, name, plain_ms)]
            now = {name: _release(chromium, address + path, process) for name, path in PAGES.items()}
        with _build(BEFORE) as root:
            if root:
                with served(root / "dashboard" / "asgi.py", Path(home), root) as (address, process):
                    before = {name: _release(chromium, address + path, process) for name, path in PAGES.items()}
                rows += [found for name in PAGES for found in _against(name, now[name], before[name])]
        chromium.close()
    script = b"".join(
        (ROOT / "dashboard" / "live" / file).read_bytes() for file in ("index.js", "panel.js", "panel.css")
    )
    return [*rows, row("the component, gzip", len(gzip.compress(script)) / 1000, "kB", 40)]


def opened(chromium, address: str, until: str) -> Page:
    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
    page.goto(address)
    page.locator(until).first.wait_for(timeout=120_000)
    page.wait_for_timeout(4000)
    return page


def _of_page(chromium, address: str, name: str, plain_ms: float) -> list[dict]:
    page = opened(chromium, address + PAGES[name], ".lepton-answer li:not([hidden])")
    page.evaluate(WATCH)
    for turn in range(DRAGS):
        _drag(page, turn)
    found = page.evaluate("window.__found")
    paints, landed = sorted(found["paints"]), statistics.median(found["landed"])
    dropped = sum(round(ms / FRAME_MS) - 1 for ms in found["frames"]) / (sum(found["frames"]) / FRAME_MS)
    page.close()
    return [
        row(f"{name}: input to painted answer, median", statistics.median(paints), "ms"),
        row(f"{name}: the same / one slider and one empty chart", statistics.median(paints) / plain_ms, "x", 0.5),
        row(f"{name}: 95 % of the same", paints[int(0.95 * len(paints))] / plain_ms, "x", 1),
        row(f"{name}: frames dropped while dragging", 100 * dropped, "%", 5),
        row(f"{name}: release to the server's answer / one slider and one empty chart", landed / plain_ms, "x", 3),
    ]


def _against(name: str, now: tuple[float, float], before: tuple[float, float]) -> list[dict]:
    return [
        row(f"{name}: server CPU of a release / before ({BEFORE})", now[0] / before[0], "x", 0.6),
        row(f"{name}: bytes to the browser of a release / before", now[1] / before[1], "x", 0.3),
    ]


@contextmanager
def _build(commit: str) -> Iterator[Path | None]:
    """Another commit of this repository in a folder of its own; None where the history does not reach so far."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / commit
        made = subprocess.run(["git", "worktree", "add", "--detach", str(root), commit], cwd=ROOT, capture_output=True)
        if made.returncode:
            print(f"  left out: there is no commit {commit} here", file=sys.stderr)
            yield None
            return
        try:
            yield root
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(root)], cwd=ROOT, check=True)


def _drag(page: Page, turn: int) -> None:
    """Five seconds to and fro, an event a frame."""
    box = page.get_by_role("slider").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    steps = DRAG_S * 1000 // EVERY_MS // DRAGS
    for step in range(steps):
        page.mouse.move(x + (step % 60) * box["width"] / 150 * (1 if turn % 2 else -1), y)
        page.wait_for_timeout(EVERY_MS)
    page.mouse.up()
    page.wait_for_timeout(2500)


def _release(chromium, address: str, process: psutil.Process) -> tuple[float, float]:
    """CPU milliseconds of the server, and bytes to the browser, of a short drag of the first slider, with potential."""
    page, sizes = chromium.new_page(viewport={"width": 1400, "height": 1000}), []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data))))
    page.goto(address)
    page.get_by_role("slider").first.wait_for(timeout=120_000)
    page.locator(".js-plotly-plot").first.wait_for(timeout=120_000)
    if (potential := page.get_by_text("With potential")).count():
        potential.click()
        page.get_by_test_id("stMetric").filter(has_text="Potential").wait_for(timeout=300_000)
    page.wait_for_timeout(4000)
    cpu, sent = [], []
    for turn in range(DRAGS + 2):
        thumb = page.get_by_role("slider").first
        thumb.scroll_into_view_if_needed()
        is_ours = thumb.evaluate("one => Boolean(one.closest('.lepton-slider'))")
        box = (thumb if is_ours else thumb.locator("xpath=../..")).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        before, already = sum(process.cpu_times()[:2]), sum(sizes)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + (30 if turn % 2 else -30), y, steps=3)
        page.mouse.up()
        page.wait_for_timeout(2500)
        cpu.append((sum(process.cpu_times()[:2]) - before) * 1000)
        sent.append(sum(sizes) - already)
    page.close()
    return statistics.mean(cpu[2:]), statistics.mean(sent[2:])
