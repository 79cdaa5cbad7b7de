"""A crowded server, on the loopback only: readers on all pages, a writer a second, an import, a refresh, a training and
uploads at the limits. A reader looks at a page for half a minute; the server is warm, as it is in the morning's second
hour: one reader has been on every page.
"""

import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright
from stores import SHARED, import_in_own_process, row
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from dashboard import navigation
from data import store
from pages import ROOT, served

SESSIONS, EVERY_S, UPLOAD_EVERY_S = 50, 30.0, 120.0
UPLOAD_MB = (10, 50, 190)
"""The page takes 200."""
WARM_S, ANSWER_S, SLOW_MS = 600, 60, 500
MINUTES = float(os.environ.get("MINUTES", 20))
MIB = 2**20
VISITORS, DEAF = 300, 10
HEADER = "iso3,indicator,year,value\n"
BANK = ROOT / "tests" / "data" / "worldbank_server.py"
PAGES = ["", *(entry.name for entry in navigation.PAGES[1:])]  # the first one has no name in the address


class Session:
    """One reader over the websocket: draws one page after the other, and notes how long it took and what broke."""

    def __init__(self, address: str, number: int) -> None:
        self.address, self.number = address.replace("http", "ws") + "_stcore/stream", number
        self.times: list[tuple[str, float]] = []
        self.slow_at: list[float] = []
        self.errors: list[str] = []

    async def live(self, until: float) -> None:
        await asyncio.sleep(self.number * EVERY_S / SESSIONS)
        turn = self.number
        while time.monotonic() < until:
            async with connect(self.address, subprotocols=["streamlit"], max_size=10**8) as socket:
                while time.monotonic() < until:
                    start, page = time.monotonic(), PAGES[turn % len(PAGES)]
                    turn += 1
                    try:
                        await asyncio.wait_for(self.draw(socket, page), ANSWER_S)
                    except TimeoutError:
                        self.errors.append(f"{page or 'shortlist'}: no answer")
                        break
                    self.times.append((page, (time.monotonic() - start) * 1000))
                    if self.times[-1][1] > SLOW_MS:
                        self.slow_at.append(start)
                    await asyncio.sleep(max(0.0, EVERY_S - (time.monotonic() - start)))

    async def draw(self, socket, page: str) -> None:
        message = BackMsg()
        message.rerun_script.query_string = "recipe=healthcare"
        message.rerun_script.page_name = page
        await socket.send(message.SerializeToString())
        while True:
            found = ForwardMsg.FromString(await socket.recv())
            kind = found.WhichOneof("type")
            drawn = found.delta.new_element if kind == "delta" and found.delta.HasField("new_element") else None
            if drawn is not None and drawn.HasField("exception"):
                self.errors.append(f"{page or 'shortlist'}: {drawn.exception.type}")
            if kind == "script_finished":
                return


async def _warm(address: str) -> None:
    """One reader on every page, twice: what is worked out in the background is there the second time."""
    first = Session(address, 0)
    for _turn in range(2):
        for page in PAGES:
            async with connect(first.address, subprotocols=["streamlit"], max_size=10**8) as socket:
                await asyncio.wait_for(first.draw(socket, page), WARM_S)
        await asyncio.sleep(60)  # the potential, and the forms of models, are made beside the pages
    assert not first.errors, first.errors


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


class Browser(threading.Thread):
    """A reader in Chromium who trains an adapter once, and brings files of the sizes of UPLOAD_MB again and again."""

    def __init__(self, address: str, home: Path, until: float) -> None:
        super().__init__()
        self.address, self.home, self.until = address, home, until
        self.trained = self.brought = 0
        self.errors: list[str] = []

    def run(self) -> None:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            try:
                self._train(chromium.new_page())
                while time.monotonic() < self.until:
                    start = time.monotonic()
                    self._bring(chromium, UPLOAD_MB[self.brought % len(UPLOAD_MB)])
                    time.sleep(max(0.0, min(UPLOAD_EVERY_S, self.until - time.monotonic()) - time.monotonic() + start))
            except Exception as error:
                self.errors.append(f"{type(error).__name__}: {str(error).splitlines()[0]}")
            finally:
                chromium.close()

    def _train(self, page) -> None:
        page.goto(f"{self.address}adapt", timeout=120_000)
        page.get_by_role("button", name="Train the adapter").click(timeout=120_000)
        page.get_by_role("heading", name="Save?").wait_for(timeout=600_000)
        self.trained += 1
        page.close()

    def _bring(self, chromium, size_mb: int) -> None:
        """A file of made-up values is checked; nobody presses Import."""
        page = chromium.new_page()
        file = self.home / f"of_{size_mb}_mb.csv"
        if not file.exists():
            _write_large(file, size_mb)
        page.goto(f"{self.address}data?section=import", timeout=120_000)
        page.locator('[data-testid="stFileUploaderDropzoneInput"]').first.set_input_files(file, timeout=120_000)
        page.get_by_text(re.compile(re.escape(file.name) + " · tidy")).wait_for(timeout=240_000)
        self.brought += 1
        page.close()


def _write_large(file: Path, size_mb: int) -> None:
    codes = [f"SOAK.{number}" for number in range(100)]
    with file.open("w") as text:
        text.write(HEADER)
        number = 0
        while text.tell() < size_mb * MIB:
            year, code = 1960 + number // 100 % 60, codes[number % 100]
            text.writelines(f"{iso3},{code},{year},{number}.5\n" for iso3 in ("DEU", "FRA", "JPN", "KEN", "PER"))
            number += 1


async def _landed(home: Path, start: float, minutes: float) -> list[str]:
    """An import after a quarter of the time and a refresh after half of it, by commands; what failed."""
    bank = subprocess.Popen([sys.executable, str(BANK), "--port", "0"], stdout=subprocess.PIPE, text=True)
    file = home / "soak.csv"
    file.write_text(f"{HEADER}DEU,SP.POP.TOTL,2023,84000000\nFRA,SP.POP.TOTL,2023,68000000\n")
    failed = []
    try:
        address = bank.stdout.readline().split()[-1]
        for share, command in ((0.25, ("import", str(file))), (0.5, ("refresh",))):
            await asyncio.sleep(max(0.0, start + share * minutes * 60 - time.monotonic()))
            done = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "data", *command),
                cwd=ROOT,
                env=os.environ | {"ATLAS_WORLD_BANK_URL": address},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if await done.wait():
                failed.append(command[0])
    finally:
        bank.kill()
        bank.wait()
    return failed


async def _memory(process: psutil.Process, until: float) -> list[float]:
    found = []
    while time.monotonic() < until:
        await asyncio.sleep(min(60.0, max(0.1, until - time.monotonic())))
        found.append(_held(process))
    return found


def _held(process: psutil.Process) -> float:
    """MiB of the server and of the processes that work for it."""
    found = 0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            found += one.memory_info().rss
    return found / MIB


async def _come_and_go(address: str, process: psutil.Process) -> float:
    """MiB that the server has grown by after VISITORS readers have opened the Overview and left."""
    before = _held(process)
    for number in range(VISITORS):
        visitor = Session(address, number)
        async with connect(visitor.address, subprotocols=["streamlit"], max_size=10**8) as socket:
            await asyncio.wait_for(visitor.draw(socket, "overview"), ANSWER_S)
    return _held(process) - before


async def _beside_the_deaf(address: str) -> float:
    """Milliseconds that a reader's page takes while DEAF clients ask for pages and never read the answers."""
    clients = [await connect(Session(address, 0).address, subprotocols=["streamlit"], max_queue=1) for _ in range(DEAF)]
    message = BackMsg()
    message.rerun_script.page_name = "overview"
    for client in clients:
        client.transport.pause_reading()
        await client.send(message.SerializeToString())
    await asyncio.sleep(5)
    reader = Session(address, 1)
    async with connect(reader.address, subprotocols=["streamlit"], max_size=10**8) as socket:
        start = time.monotonic()
        await asyncio.wait_for(reader.draw(socket, "overview"), ANSWER_S)
    for client in clients:
        client.transport.abort()
    return (time.monotonic() - start) * 1000


async def _crowd(address: str, process: psutil.Process, home: Path, minutes: float) -> list[dict]:
    await _warm(address)
    start = time.monotonic()
    until = start + minutes * 60
    sessions, writer = [Session(address, number) for number in range(SESSIONS)], Writer()
    browser = Browser(address, home, until)
    browser.start()
    failed, memory, *_rest = await asyncio.gather(
        _landed(home, start, minutes),
        _memory(process, until),
        writer.live(until),
        *(one.live(until) for one in sessions),
    )
    await asyncio.to_thread(browser.join)
    grown = await _come_and_go(address, process)
    after = _held(process)  # a page that was closed is kept for two minutes by Streamlit, and its upload with it
    times = sorted(time_ms for one in sessions for _page, time_ms in one.times)
    slow = Counter(page or "shortlist" for one in sessions for page, time_ms in one.times if time_ms > SLOW_MS)
    minutes_of = Counter(int((at - start) // 60) for one in sessions for at in one.slow_at)
    errors = [error for one in sessions for error in one.errors] + browser.errors + failed
    print("errors:", Counter(errors), f"over {SLOW_MS} ms:", slow, file=sys.stderr)
    print("by minute:", sorted(minutes_of.items()), "memory:", [f"{mib:.0f}" for mib in memory], file=sys.stderr)
    there = set(store.feedback(store.connect())["id"])
    links = [str(number.readlink()) for number in Path(f"/proc/{process.pid}/fd").iterdir() if number.is_symlink()]
    replaced = sum("atlas.duckdb" in link and link.endswith("(deleted)") for link in links)
    return [
        row(f"errors, {SESSIONS} sessions, {len(times)} pages in {minutes:g} min", len(errors), "", 0),
        row("95th percentile of a page", times[int(0.95 * len(times))], "ms", SLOW_MS),
        row("median of a page", statistics.median(times), "ms"),
        row(f"acknowledged verdicts lost, of {len(writer.kept)}", len(set(writer.kept) - there), "", 0),
        row(f"writes refused, of {len(writer.times) + writer.refused}", writer.refused, "", 0),
        row("a write acknowledged, median", statistics.median(writer.times), "ms"),
        row(
            f"trainings done, of 1; files of up to {max(UPLOAD_MB)} MB checked: {browser.brought}", browser.trained, ""
        ),
        row("memory after it and the visitors / after the first minute", after / memory[0], "x", 1.2),
        row("memory at its most / after the first minute", max(memory) / memory[0], "x"),
        row("replaced stores still open", replaced, "", 2),
        row(f"memory after {VISITORS} visitors of the Overview, more by", grown, "MiB", 50),
        row(f"a page beside {DEAF} clients that never read", await _beside_the_deaf(address), "ms", 1000),
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
