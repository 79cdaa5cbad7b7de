"""The Scenarios page: slider to the server's answer, server CPU per slider move, and fifty people at once."""

import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright
from stores import SHARED, import_in_own_process, row
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from pages import FLAGS, ROOT, served

ADDRESS = "scenarios?recipe=healthcare&year=2023&market=IND"
MOVES = 24
SESSIONS, EVERY_S, ROUNDS = 50, 4.0, 12
WARM_ROUNDS = 2
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
                if name == "page":
                    page.close()
                    with ThreadPoolExecutor(1) as aside:  # Playwright has an event loop of its own in this thread
                        crowd = aside.submit(asyncio.run, _crowd(address, process)).result()
            browser.close()
    (empty_ms, empty_cpu), (ms, cpu) = measured["empty"], measured["page"]
    return [
        row("slider release to redrawn chart, one slider and one empty chart", empty_ms, "ms"),
        row("slider release to the server's answer, Scenarios", ms, "ms"),
        row("Scenarios' answer / one slider and one empty chart", ms / empty_ms, "x", 3),
        row("server CPU per slider move, one slider and one empty chart", empty_cpu, "ms"),
        row("server CPU per slider move, Scenarios with 217 markets", cpu, "ms", 40),
        *crowd,
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


# ------------------------------------------------------------------ many people


class Visitor:
    """One session over the websocket: opens the page, then moves the first slider."""

    def __init__(self, address: str, number: int) -> None:
        self.address, self.number = address, number
        self.slider, self.sliders, self.moves, self.errors, self.times = "", {}, 0, 0, []
        self.sequence, self.page = 0.0, ""

    async def open(self) -> None:
        address = self.address.replace("http", "ws") + "_stcore/stream"
        self.socket = await connect(address, subprotocols=["streamlit"], max_size=10**8)
        await self._run(None)
        await self._run(None)  # the expander's sliders are there once its state is known

    async def move(self, value: float) -> float:
        """Milliseconds from sending a slider's value to the end of the run it caused."""
        start = time.perf_counter()
        await self._run(value)
        return (time.perf_counter() - start) * 1000

    async def _run(self, value: float | None) -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string = ADDRESS.partition("?")[2]
        state.page_name = "scenarios"
        if self.page:
            state.page_script_hash = self.page
        if value is not None:
            widget = state.widget_states.widgets.add()
            widget.id, self.moves = self.slider, self.moves + 1
            told = {name: self.sliders[name] for name in ("turn", "session")}
            values = {self.sliders["controls"][0]["key"]: value}
            told |= {"seq": self.moves, "gesture": self.moves, "values": values}
            widget.json_value = json.dumps({"moved": told})
        await self.socket.send(message.SerializeToString())
        while True:
            data = await asyncio.wait_for(self.socket.recv(), 120)
            found = ForwardMsg.FromString(data)
            kind = found.WhichOneof("type")
            if kind == "new_session":
                self.page = found.new_session.page_script_hash or self.page
            if kind == "delta" and found.delta.WhichOneof("type") == "new_element":
                element = found.delta.new_element
                if element.bidi_component.component_name == "lepton_sliders" and not self.slider:
                    self.slider, self.sliders = element.bidi_component.id, json.loads(element.bidi_component.json)
                if element.WhichOneof("type") == "exception":
                    self.errors += 1
            if kind == "script_finished":
                return


async def _crowd(address: str, process: psutil.Process) -> list[dict]:
    """Fifty sessions, each moving a slider every four seconds: 95th percentile, errors, memory a session."""
    first = Visitor(address, 0)
    await first.open()
    before = process.memory_info().rss
    visitors = [Visitor(address, number) for number in range(SESSIONS)]
    for visitor in visitors:
        await visitor.open()
    grown = (process.memory_info().rss - before) / SESSIONS / 2**20

    async def live(visitor: Visitor) -> list[float]:
        await asyncio.sleep(visitor.number * EVERY_S / SESSIONS)
        times = []
        for turn in range(ROUNDS):
            start = time.perf_counter()
            times.append(await visitor.move(-40 + (visitor.number * 7 + turn * 11) % 120))
            await asyncio.sleep(max(0.0, EVERY_S - (time.perf_counter() - start)))
        return times[WARM_ROUNDS:]

    times = sorted(t for some in await asyncio.gather(*map(live, visitors)) for t in some)
    after = (process.memory_info().rss - before) / SESSIONS / 2**20
    errors = sum(visitor.errors for visitor in visitors)
    for visitor in (first, *visitors):
        await visitor.socket.close()
    return [
        row(
            f"{SESSIONS} sessions, a slider every {EVERY_S:g} s: 95th percentile",
            times[int(0.95 * len(times))],
            "ms",
            300,
        ),
        row(f"{SESSIONS} sessions: errors in {len(times)} moves", errors, "", 0),
        row("memory a session, opened", grown, "MB", 3),
        row("memory a session, after the moves", after, "MB", 3),
    ]
