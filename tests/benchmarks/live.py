"""Sliders answered in the browser: from the hand to the paint, from the release to the intervals, against one slider
and one empty chart of Streamlit's own, and what a release costs the server and the wire beside Streamlit's sliders."""

import gzip
import shutil
import statistics
import sys
import tempfile
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
            for name, path in PAGES.items():
                rows += _of_page(chromium, address + path, name, process, plain_ms)
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


def _of_page(chromium, address: str, name: str, process: psutil.Process, plain_ms: float) -> list[dict]:
    page = opened(chromium, address, ".lepton-answer li:not([hidden])")
    page.evaluate(WATCH)
    for turn in range(DRAGS):
        _drag(page, turn)
    found = page.evaluate("window.__found")
    paints, landed = sorted(found["paints"]), statistics.median(found["landed"])
    dropped = sum(round(ms / FRAME_MS) - 1 for ms in found["frames"]) / (sum(found["frames"]) / FRAME_MS)
    page.close()
    ours, theirs = (_release(chromium, address, process, is_live) for is_live in (True, False))
    return [
        row(f"{name}: input to painted answer, median", statistics.median(paints), "ms"),
        row(f"{name}: the same / one slider and one empty chart", statistics.median(paints) / plain_ms, "x", 0.5),
        row(f"{name}: 95 % of the same", paints[int(0.95 * len(paints))] / plain_ms, "x", 1),
        row(f"{name}: frames dropped while dragging", 100 * dropped, "%", 5),
        row(f"{name}: release to the server's answer / one slider and one empty chart", landed / plain_ms, "x", 3),
        row(f"{name}: server CPU of a release / with Streamlit's sliders", ours[0] / theirs[0], "x", 0.6),
        row(f"{name}: bytes to the browser of a release / with Streamlit's sliders", ours[1] / theirs[1], "x", 0.3),
    ]


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


def _release(chromium, address: str, process: psutil.Process, is_live: bool) -> tuple[float, float]:
    """CPU milliseconds of the server, and bytes to the browser, of a short drag."""
    page, sizes = chromium.new_page(viewport={"width": 1400, "height": 1000}), []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data))))
    page.goto(address)
    page.locator(".lepton-answer li:not([hidden])").first.wait_for(timeout=120_000)
    if not is_live:
        page.get_by_text("Answer while a slider moves").click()
        page.locator('[data-testid="stSlider"]').first.wait_for(timeout=120_000)
    page.wait_for_timeout(4000)
    cpu, sent = [], []
    for turn in range(DRAGS + 2):
        thumb = page.get_by_role("slider").first
        thumb.scroll_into_view_if_needed()
        box = (thumb if is_live else thumb.locator("xpath=../..")).bounding_box()
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
