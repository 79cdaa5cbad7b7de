"""The real thing: the dashboard in a process of its own, in a real browser. No request may leave this machine."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, expect

ROOT = Path(__file__).parents[2]
WIDE = (1400, 900)
expect.set_options(timeout=60_000)
KNOWN = re.compile(r"/_stcore/(health|host-config)|Streamlit server is not responding")
"""On a sub-page Streamlit's front end first asks beside the page; the 404s are normal. On a busy machine its health
check may come late: it then asks again."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(home: Path, **environment: str) -> Iterator[str]:
    """The dashboard on a store of its own; yields its address, and ends the process it started.

    It makes no forms of models: every store would have its own, a minute of a core each.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/asgi.py", "--server.port", str(port)]
    log = home / "server.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"ATLAS_HOME": str(home), "ATLAS_FORMS": "off"} | environment,
            stdout=out,
            stderr=out,
        )
        try:
            _wait_until_healthy(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_healthy(address: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{address} did not come up within 60 s:\n{log.read_text()}")


@pytest.fixture(scope="session")
def serve(tmp_path_factory) -> Callable[..., AbstractContextManager[str]]:
    """serve(folder, VARIABLE=value) serves a copy of the store in a folder; yields the address."""

    def serving(store: Path, **environment: str) -> AbstractContextManager[str]:
        home = tmp_path_factory.mktemp("served")
        shutil.copyfile(store / "atlas.duckdb", home / "atlas.duckdb")
        return served(home, **environment)

    return serving


@pytest.fixture(scope="session")
def full_app(synthetic, serve) -> Iterator[str]:
    """The dashboard on a store in which every industry ranks 80 markets. What one test leaves there, a saved scenario
    or a signature, no other may mind."""
    with serve(synthetic) as address:
        yield address


@pytest.fixture(scope="session")
def own_app(synthetic, serve) -> Iterator[str]:
    """The same, for models that are trained there, and before anybody asked for a potential: most pages have it
    estimated in the background."""
    with serve(synthetic, ATLAS_TEXT_DATA="/nowhere") as address:
        yield address


ESTIMATED = "() => !/Potential is being estimated|正在估算潜力/.test(document.querySelector('h1')?.innerText)"
"""The Potential page has its answer: the first fit takes a while, and the page draws itself again by itself."""


@dataclass
class Visitor:
    """A reader: a browser page, and everything it asked for and complained about."""

    page: Page
    address: str
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        for event, heard in self._ears().items():
            self.page.on(event, heard)

    def hush(self) -> None:
        for event, heard in self._ears().items():
            self.page.remove_listener(event, heard)

    def _ears(self) -> dict[str, Callable]:
        return {"request": self._asks, "pageerror": self._breaks, "console": self._says}

    def _asks(self, request: Request) -> None:
        self.hosts.add(urlsplit(request.url).hostname or "127.0.0.1")

    def _breaks(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _says(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not KNOWN.search(message.location.get("url", "") + message.text):
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run and nothing loads any more."""
        self.page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=180_000)
        self.page.wait_for_selector("h1", timeout=180_000)
        self.page.wait_for_function(ESTIMATED, timeout=180_000)
        self.page.wait_for_timeout(250)
        self.page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=180_000)
        assert self.page.locator('[data-testid="stException"]').count() == 0

    def sees(self, selector: str, least: int = 1) -> None:
        """Wait until there are so many: a chart is drawn after the script has run."""
        expect(self.page.locator(selector).nth(least - 1)).to_be_attached()

    def title(self) -> str:
        return self.page.locator("h1").first.inner_text()

    def open_page(self, section: str, title: str) -> None:
        """Through the navigation across the top, as a reader does."""
        self.page.get_by_text(section, exact=True).first.click()
        self.page.locator('[data-testid="stTopNavDropdownLink"]', has_text=re.compile(f"^.*{title}$")).click()
        self.settle()

    def choose(self, label: str, option: str) -> None:
        """An option of a select box."""
        self.page.get_by_role("combobox", name=re.compile(label)).first.click()
        self.page.get_by_role("option", name=option, exact=True).click()
        self.settle()

    def scrolls_sideways(self) -> bool:
        return self.page.evaluate(
            """() => [document.documentElement, ...document.querySelectorAll('[data-testid="stMain"]')]
                     .some(e => e.scrollWidth > e.clientWidth + 1)"""
        )


@dataclass
class Desks:
    """Browser windows, one for each reader of a test, taken over by the next test with nothing left in them.

    A window that has loaded the front end once loads it again with half the work.
    """

    browser: Browser
    free: list[Page] = field(default_factory=list)

    def sit(self) -> Page:
        return self.free.pop() if self.free else self.browser.new_context(accept_downloads=True).new_page()

    def leave(self, page: Page) -> None:
        """Close what was opened from a window, and clear what the site has stored."""
        for other in page.context.pages:
            if other is not page:
                other.close()
        page.evaluate("() => { localStorage.clear(); sessionStorage.clear() }")
        page.goto("about:blank")
        page.context.clear_cookies()
        self.free.append(page)


@pytest.fixture(scope="session")
def desks(browser) -> Desks:
    return Desks(browser)


@pytest.fixture
def visit(desks) -> Iterator[Callable[..., Visitor]]:
    """visit(address, size, scheme) opens a reader. At the end: no other host was asked, the console had no error."""
    visitors: list[Visitor] = []

    def opened(address: str, size: tuple[int, int] = WIDE, scheme: str = "light") -> Visitor:
        page = desks.sit()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme)
        visitor = Visitor(page, address)
        visitor.listen()
        visitors.append(visitor)
        return visitor

    yield opened
    for visitor in visitors:
        visitor.hush()
        desks.leave(visitor.page)
    for visitor in visitors:
        assert visitor.hosts == {"127.0.0.1"}
        assert visitor.complaints == []
