"""Fifty people who drag a slider two seconds in every four, over the websocket as browsers do: our Scenarios page
against the same page as Streamlit's are usually written (usual_scenarios_app.py). While a hand moves, neither asks the
server; let go, ours asks for the answer, then for the sections in sight."""

import asyncio
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from stores import SHARED, import_in_own_process, row
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from pages import ROOT, served

SESSIONS, EVERY_S, ROUNDS, WARM_ROUNDS = 50, 4.0, 12, 2
QUERY = "recipe=healthcare&year=2023&market=IND"
IN_SIGHT = ("live_later_scenarios_toolbar", "live_later_scenarios_figures")
USUAL = ROOT / "tests" / "benchmarks" / "usual_scenarios_app.py"
OURS = ROOT / "dashboard" / "asgi.py"


@dataclass
class Session:
    """One browser. widgets: what it was sent, by a part of its id: the element and the fragment it stands in."""

    address: str
    page: str
    widgets: dict[str, tuple[Element, str]] = field(default_factory=dict)
    sent: int = 0
    errors: int = 0
    bytes: int = 0
    script: str = ""

    async def open(self) -> None:
        address = self.address.replace("http", "ws") + "_stcore/stream"
        self.socket = await connect(address, subprotocols=["streamlit"], max_size=10**8)
        await self._run()
        await self._run()  # an expander's sliders are there once its state is known

    async def release(self, value: float) -> float:
        """Milliseconds from a slider's value to the end of the run that answers it; sections in sight follow."""
        start, self.sent = time.perf_counter(), self.sent + 1
        if "lepton_answer" not in self.widgets:
            slider = next(element.slider for element, _ in self.widgets.values() if element.HasField("slider"))
            await self._run(slider.id, value)
            return (time.perf_counter() - start) * 1000
        answer, fragment = self.widgets["lepton_answer"]
        told = json.loads(self.widgets["lepton_sliders"][0].bidi_component.json)
        moved = {name: told[name] for name in ("turn", "session")}
        moved |= {"seq": self.sent, "gesture": self.sent, "values": {told["controls"][0]["key"]: value}}
        await self._run(answer.bidi_component.id, {"moved": moved}, fragment)
        taken = (time.perf_counter() - start) * 1000
        for name in IN_SIGHT:
            section, fragment = self.widgets[name]
            await self._run(section.bidi_component.id, {"wanted": self.sent}, fragment)
        return taken

    async def _run(self, widget: str = "", value: float | dict | None = None, fragment: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_name, state.fragment_id = QUERY, self.page, fragment
        if self.script:
            state.page_script_hash = self.script
        if widget:
            told = state.widget_states.widgets.add()
            told.id = widget
            if isinstance(value, dict):
                told.json_value = json.dumps(value)
            else:
                told.double_array_value.data.append(value)
        await self.socket.send(message.SerializeToString())
        while True:
            data = await asyncio.wait_for(self.socket.recv(), 120)
            self.bytes += len(data)
            found = ForwardMsg.FromString(data)
            kind = found.WhichOneof("type")
            if kind == "navigation":
                self.script = found.navigation.page_script_hash
            elif kind == "delta" and found.delta.HasField("new_element"):
                self._drawn(found.delta.new_element, found.delta.fragment_id)
            elif kind == "script_finished":
                return

    def _drawn(self, element: Element, fragment: str) -> None:
        self.errors += element.HasField("exception")
        if element.HasField("slider"):
            self.widgets[element.slider.id] = element, fragment
        if element.HasField("bidi_component"):
            made = element.bidi_component
            for name in ("lepton_answer", "lepton_sliders", *IN_SIGHT):
                if name == made.component_name or name in made.id:
                    self.widgets[name] = element, fragment


async def _crowd(address: str, page: str, process: psutil.Process) -> dict[str, float]:
    """Of SESSIONS at once: 95th percentile (ms), errors, CPU (ms) and bytes a release, memory (MiB) a session."""
    await (first := Session(address, page)).open()
    empty = process.memory_info().rss
    sessions = [Session(address, page) for _ in range(SESSIONS)]
    for session in sessions:
        await session.open()

    async def live(number: int) -> list[float]:
        await asyncio.sleep(number * EVERY_S / SESSIONS)
        times = []
        for turn in range(ROUNDS):
            start = time.perf_counter()
            times.append(await sessions[number].release(-40 + (number * 7 + turn * 11) % 120))
            await asyncio.sleep(max(0.0, EVERY_S - (time.perf_counter() - start)))
        return times[WARM_ROUNDS:]

    before, already = sum(process.cpu_times()[:2]), sum(session.bytes for session in sessions)
    times = sorted(t for some in await asyncio.gather(*map(live, range(SESSIONS))) for t in some)
    releases = SESSIONS * ROUNDS
    found = {
        "95 %": times[int(0.95 * len(times))],
        "errors": sum(session.errors for session in sessions),
        "cpu": (sum(process.cpu_times()[:2]) - before) * 1000 / releases,
        "bytes": (sum(session.bytes for session in sessions) - already) / releases,
        "memory": (process.memory_info().rss - empty) / SESSIONS / 2**20,
    }
    for session in (first, *sessions):
        await session.socket.close()
    return found


def dragging() -> list[dict]:
    """Both pages on the shared panel, one after the other."""
    if not SHARED.exists():
        print("  left out: needs ../shared", file=sys.stderr)
        return []
    found = {}
    with tempfile.TemporaryDirectory() as home:
        import_in_own_process(SHARED, Path(home))
        for name, script, page in (("usual", USUAL, ""), ("ours", OURS, "scenarios")):
            with served(script, Path(home)) as (address, process):
                found[name] = asyncio.run(_crowd(address, page, process))
    ours, usual = found["ours"], found["usual"]
    return [
        row(f"{SESSIONS} people dragging: 95 % of releases, ours", ours["95 %"], "ms", 300),
        row(f"{SESSIONS} people dragging: 95 % of releases, the usual form", usual["95 %"], "ms"),
        row(f"{SESSIONS} people dragging: errors, ours", ours["errors"], "", 0),
        row("server CPU a release, ours, sections in sight included", ours["cpu"], "ms"),
        row("server CPU a release, the usual form", usual["cpu"], "ms"),
        row("server CPU a release, ours / the usual form", ours["cpu"] / usual["cpu"], "x", 1 / 8),
        row("bytes a release, ours / the usual form", ours["bytes"] / usual["bytes"], "x", 0.3),
        row("memory a session, ours, after the moves", ours["memory"], "MiB", 3),
    ]
