"""A crowded server for some minutes, on the loopback only: sessions on all pages, a writer a second, imports."""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import psutil
from stores import SHARED, import_in_own_process, row
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from dashboard import navigation
from data import store
from pages import ROOT, served

SESSIONS, EVERY_S, IMPORT_EVERY_S = 50, 10.0, 60.0
MINUTES = float(os.environ.get("MINUTES", 20))
MIB = 2**20
ROWS = "iso3,indicator,year,value\nDEU,SP.POP.TOTL,2023,{value}\nFRA,SP.POP.TOTL,2023,{value}\n"


class Session:
    """One reader over the websocket: draws one page after the other, and notes how long it took and what broke."""

    def __init__(self, address: str, number: int) -> None:
        self.address, self.number = address.replace("http", "ws") + "_stcore/stream", number
        self.times: list[float] = []
        self.errors: list[str] = []

    async def live(self, until: float) -> None:
        await asyncio.sleep(self.number * EVERY_S / SESSIONS)
        async with connect(self.address, subprotocols=["streamlit"], max_size=10**8) as socket:
            turn = self.number
            while time.monotonic() < until:
                start = time.monotonic()
                await self._draw(socket, navigation.PAGES[turn % len(navigation.PAGES)].name)
                self.times.append((time.monotonic() - start) * 1000)
                turn += 1
                await asyncio.sleep(max(0.0, EVERY_S - (time.monotonic() - start)))

    async def _draw(self, socket, page: str) -> None:
        message = BackMsg()
        message.rerun_script.query_string = "recipe=healthcare"
        message.rerun_script.page_name = page
        await socket.send(message.SerializeToString())
        while True:
            found = ForwardMsg.FromString(await asyncio.wait_for(socket.recv(), 300))
            kind = found.WhichOneof("type")
            drawn = found.delta.new_element if kind == "delta" and found.delta.HasField("new_element") else None
            if drawn is not None and drawn.HasField("exception"):
                self.errors.append(page)
            if kind == "script_finished":
                return


class Writer:
    """A verdict or a setting a second, in threads beside the server's process; keeps what was acknowledged."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.times: list[float] = []
        self.refused = 0

    async def live(self, until: float) -> None:
        while time.monotonic() < until:
            start = time.monotonic()
            try:
                await asyncio.to_thread(self._write)
                self.times.append((time.monotonic() - start) * 1000)
            except store.StoreError:
                self.refused += 1
            await asyncio.sleep(max(0.0, 1 - (time.monotonic() - start)))

    def _write(self) -> None:
        if len(self.times) % 2:
            store.put_settings({"home_currency": "EUR" if len(self.times) % 4 == 1 else "USD"})
            return
        key = uuid.uuid4().hex
        store.put_feedback(
            key, asked_at=datetime.now(UTC), question="", kind="answer", entries=(), confidence=0.9, verdict="up"
        )
        self.kept.append(key)


async def _imports(home: Path, until: float) -> tuple[int, int]:
    """A small file landed again and again from a process of its own; how many were landed, and how many refused."""
    landed = refused = 0
    while time.monotonic() < until:
        file = home / "soak.csv"
        file.write_text(ROWS.format(value=1_000_000 + landed))
        command = (sys.executable, "-m", "data", "import", str(file))
        done = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        failed = bool(await done.wait())
        landed, refused = landed + (not failed), refused + failed
        await asyncio.sleep(IMPORT_EVERY_S)
    return landed, refused


async def _memory(process: psutil.Process, until: float) -> list[float]:
    found = []
    while time.monotonic() < until:
        await asyncio.sleep(min(60.0, max(0.1, until - time.monotonic())))
        found.append(process.memory_info().rss / MIB)
    return found


async def _crowd(address: str, process: psutil.Process, home: Path, minutes: float) -> list[dict]:
    until = time.monotonic() + minutes * 60
    sessions, writer = [Session(address, number) for number in range(SESSIONS)], Writer()
    (landed, refused), memory, *_rest = await asyncio.gather(
        _imports(home, until), _memory(process, until), writer.live(until), *(one.live(until) for one in sessions)
    )
    times = sorted(time_ms for one in sessions for time_ms in one.times)
    errors = [page for one in sessions for page in one.errors]
    there = set(store.feedback(store.connect())["id"])
    return [
        row(
            f"{SESSIONS} sessions, {len(times)} pages in {minutes:g} min: errors {sorted(set(errors))}",
            len(errors),
            "",
            0,
        ),
        row("95th percentile of a page", times[int(0.95 * len(times))], "ms", 500),
        row("median of a page", statistics.median(times), "ms"),
        row(f"acknowledged verdicts lost, of {len(writer.kept)}", len(set(writer.kept) - there), "", 0),
        row(f"writes refused, of {len(writer.times) + writer.refused}", writer.refused, "", 0),
        row("a write acknowledged, median", statistics.median(writer.times), "ms"),
        row(f"imports refused, of {landed + refused}", refused, "", 0),
        row("memory after / after the first minute", memory[-1] / memory[0], "x", 1.2),
    ]


def soak() -> list[dict]:
    """MINUTES (20, or that environment variable) of it, on the shared panel where it is there."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["ATLAS_HOME"] = home
        store.ensure()
        if SHARED.exists():
            import_in_own_process(SHARED, Path(home))
        with served(ROOT / "dashboard" / "asgi.py", Path(home)) as (address, process):
            return asyncio.run(_crowd(address, process, Path(home), MINUTES))
