"""The World Bank's API, version 2: indicators by code, country by country, and the Bank's income groups.

One request says when a series was last updated; only what changed since the last fetch is downloaded. Pages are
checked as strictly as a file somebody sends us. What is fetched is kept beside the store, and lands together.
"""

import hashlib
import json
import math
import os
import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple, Self

import filelock
import httpx
import pandas as pd
import tenacity

from data import catalog, private, store
from data.faults import Fault
from data.sources.collected import Collected, Fetched, digest

BASE_URL = "https://api.worldbank.org/v2"
URL_VARIABLE = "ATLAS_WORLD_BANK_URL"
SOURCE = "World Bank API"
LICENCE = "CC BY 4.0"
USER_AGENT = "lepton-atlas/0.1 (World Bank refresh)"
PER_PAGE = 10_000
MAX_PAGES = 200
MAX_PAGE_BYTES = 64 * 1024**2
MOST_CONNECTIONS = 4
COUNTRIES = "countries"
DEFAULT_API_SOURCE = 2
# In its 2025 revision the Bank renamed the governance series (source 3); the old codes answer "deleted or archived".
CODE_PREFIX = {3: "GOV_WGI_"}
AGAIN = Fault("Refresh again later.")

Progress = Callable[[int, int, str, str], None]


@dataclass(frozen=True)
class Patience:
    """How long to wait, and how often to ask again. Seconds, but for attempts and give_up_after.

    page bounds a whole answer, however slowly it drips. pause lies between any two requests. A server that asks to
    wait is obeyed up to longest_wait. give_up_after indicators failing in a row for the server's fault end the refresh.
    """

    connect: float = 10
    read: float = 60
    page: float = 300
    attempts: int = 4
    pause: float = 0.2
    longest_wait: float = 60
    give_up_after: int = 5
    sleep: Callable[[float], object] | None = None


PATIENCE = Patience()


class RefreshRefused(store.StoreError, ValueError):
    """A refresh was asked for that cannot be: an address that is none, a code that is not served."""


class FetchError(Fault, RuntimeError):
    """A request or its answer is no good: `what` is wrong, and the `remedy`.

    transient: the server's trouble, worth asking again. unreachable: there was no connection at all.
    retry_after: seconds the server asked to wait.
    """

    def __init__(
        self,
        what: Fault,
        remedy: Fault,
        *,
        transient: bool = False,
        unreachable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__("{what}. {remedy}", what=what, remedy=remedy)
        self.what, self.remedy = what, remedy
        self.transient, self.unreachable, self.retry_after = transient, unreachable, retry_after


class Landed(NamedTuple):
    """What an indicator's arrival changed: values stated, new, different, no longer stated, left out."""

    code: str
    rows: int
    added: int
    changed: int
    withdrawn: int
    left_out: int


@dataclass(frozen=True)
class Failure:
    """What could not be refreshed, why, and what to do. Stored values stay."""

    code: str
    name: str
    what: Fault
    remedy: Fault


@dataclass(frozen=True)
class RefreshReport:
    """What a refresh did. resumed: indicators an interrupted refresh had landed already.

    regrouped: markets whose income group or region changed. snapshot: None when no value changed.
    """

    landed: tuple[Landed, ...]
    unchanged: tuple[str, ...]
    failed: tuple[Failure, ...]
    resumed: tuple[str, ...]
    regrouped: int
    snapshot: str | None
    seconds: float

    def sentence(self) -> str:
        """What happened, for the terminal and the page: a line, and one more for each kind of failure."""
        faults = {(failure.what, failure.remedy) for failure in self.failed}
        if not (self.landed or self.unchanged or self.resumed) and len(faults) == 1:
            return "Nothing was refreshed, nothing was changed: {}. {}".format(*faults.pop())
        return "\n".join([self._summary()] + [f"- {line}" for line in _failure_lines(self.failed)])

    def _summary(self) -> str:
        if self.failed and not (self.landed or self.unchanged or self.resumed):
            return "Nothing was refreshed, nothing was changed:"
        parts = []
        if self.landed:
            added, changed, withdrawn = (sum(row[i] for row in self.landed) for i in (2, 3, 4))
            parts.append(
                f"{_indicators(len(self.landed))} landed "
                f"({added:,} values added, {changed:,} changed, {withdrawn:,} withdrawn)"
            )
        if self.resumed:
            parts.append(f"{_indicators(len(self.resumed))} taken over from an interrupted refresh")
        if self.unchanged:
            parts.append(f"{_indicators(len(self.unchanged))} unchanged since the last fetch")
        if self.regrouped:
            parts.append(f"{self.regrouped:,} markets with a new income group or region")
        if self.failed:
            parts.append(f"{len(self.failed)} failed (what was stored stays)")
        return f"World Bank, {self.seconds:,.0f} s: " + ", ".join(parts) + ("." if not self.failed else ":")


def _indicators(count: int) -> str:
    return f"{count:,} indicator" + ("" if count == 1 else "s")


def _failure_lines(failures: Iterable[Failure]) -> list[str]:
    """A line for each fault; indicators with the same fault share one."""
    groups: dict[tuple[Fault, Fault], list[Failure]] = {}
    for failure in failures:
        groups.setdefault((failure.what, failure.remedy), []).append(failure)
    lines = []
    for (what, remedy), members in groups.items():
        if len(members) > 3:
            shown = ", ".join(member.code for member in members[:3])
            who = f"{shown} and {len(members) - 3} more"
        else:
            who = ", ".join(f"{member.code} ({member.name})" for member in members)
        lines.append(f"{who}: {what}. {remedy}")
    return lines


# ------------------------------------------------------------------ requests


class Client:
    """Requests to one API: paced over all threads, retried, capped in size; never follows a redirect.

    Raises RefreshRefused when the base URL is not a web address, or the proxy's is not.
    """

    def __init__(self, base_url: str | None = None, patience: Patience = PATIENCE) -> None:
        self.base_url = (base_url or os.environ.get(URL_VARIABLE) or BASE_URL).rstrip("/")
        try:
            url = httpx.URL(self.base_url)
        except (httpx.InvalidURL, ValueError):
            url = httpx.URL("")
        if url.scheme not in ("http", "https") or not url.host:  # not quoted: it may hold a password
            raise RefreshRefused(
                "The address to refresh from is not a web address. Set {variable} to one that begins with https:// or "
                "http://, or unset it for {url}.",
                variable=URL_VARIABLE,
                url=BASE_URL,
            )
        self.shown_url = f"{url.scheme}://{url.host}"
        self.host, self.patience = url.host, patience
        self._stopped, self._why_stopped = threading.Event(), ("", "")
        self._sleep = patience.sleep or self._stopped.wait
        self._lock, self._next_turn = threading.Lock(), 0.0
        try:
            self._http = httpx.Client(
                headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
                timeout=httpx.Timeout(patience.read, connect=patience.connect),
                limits=httpx.Limits(max_connections=MOST_CONNECTIONS),
                follow_redirects=False,
            )
        except (ValueError, httpx.InvalidURL, ImportError):  # from HTTPS_PROXY and its like; quoted by none of ours
            raise RefreshRefused(
                "The proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names is not an address that can be used. Set it "
                "to one that begins with http://, or unset it."
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(Fault("the refresh has ended"), AGAIN)
        self._http.close()

    def stop(self, what: Fault, remedy: Fault) -> None:
        """Ask for nothing any more, in no thread: every request fails with this instead, and waits end at once."""
        if not self._stopped.is_set():
            self._why_stopped = (what, remedy)
            self._stopped.set()

    def get(self, path: str, **parameters: object) -> object:
        """The parsed JSON under a path, asked for several times if need be. Raises FetchError."""
        backoff = tenacity.wait_exponential_jitter(initial=1, max=self.patience.longest_wait)
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.patience.attempts),
            wait=lambda state: _asked_to_wait(state) or backoff(state),
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, FetchError) and error.transient),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._get_once, path, parameters)
        except FetchError as error:
            if not error.transient:
                raise
            raise FetchError(
                Fault("{what}, {attempts} times over", what=error.what, attempts=self.patience.attempts),
                error.remedy,
                transient=True,
                unreachable=error.unreachable,
            ) from error

    def _get_once(self, path: str, parameters: Mapping[str, object]) -> object:
        self._take_turn()
        if self._stopped.is_set():
            raise FetchError(*self._why_stopped)
        try:
            with self._http.stream(
                "GET", f"{self.base_url}/{path}", params={"format": "json", **parameters}
            ) as response:
                self._check_status(response)
                body = self._read(response)
                kind = response.headers.get("content-type", "")
        except httpx.RequestError as error:
            raise self._no_answer(error) from error
        return _parse(body, kind)

    def _take_turn(self) -> None:
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next_turn)
            self._next_turn = turn + self.patience.pause
        if turn > now:
            self._sleep(turn - now)

    def _check_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == 200:
            return
        if response.is_redirect:
            raise FetchError(
                Fault(
                    "{host} sends the request on to {other}, which is not followed",
                    host=self.host,
                    other=_shown(response.headers["location"]),
                ),
                Fault("If that address is the World Bank's, set {variable} to it.", variable=URL_VARIABLE),
            )
        wait = _seconds(response.headers.get("retry-after"), self.patience.longest_wait)
        if status == 429:
            with self._lock:  # the other threads wait as well
                self._next_turn = max(self._next_turn, time.monotonic() + (wait or 0))
            raise FetchError(
                Fault("{host} refused it as too many requests (429)", host=self.host),
                Fault("Wait some minutes, then refresh again."),
                transient=True,
                retry_after=wait,
            )
        if status >= 500 or status == 408:
            raise FetchError(
                Fault("{host} had an error of its own ({status})", host=self.host, status=status),
                AGAIN,
                transient=True,
                retry_after=wait,
            )
        raise FetchError(
            Fault("{host} refused the request ({status})", host=self.host, status=f"{status} {response.reason_phrase}"),
            Fault(
                "See whether {url} is the right address ({variable}), and whether a proxy needs a sign-in.",
                url=self.shown_url,
                variable=URL_VARIABLE,
            ),
        )

    def _read(self, response: httpx.Response) -> bytes:
        body, deadline = bytearray(), time.monotonic() + self.patience.page
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_PAGE_BYTES:
                raise FetchError(
                    Fault("a page of the answer is larger than {mb} MB", mb=f"{MAX_PAGE_BYTES / 1024**2:.3g}"),
                    _report_it("https://data.worldbank.org"),
                )
            if time.monotonic() > deadline:
                raise FetchError(
                    Fault(
                        "{host} took longer than {seconds} s for a page",
                        host=self.host,
                        seconds=f"{self.patience.page:g}",
                    ),
                    AGAIN,
                    transient=True,
                )
        return bytes(body)

    def _no_answer(self, error: httpx.RequestError) -> FetchError:
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
            detail = re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or Fault(
                "no connection within {seconds} s", seconds=f"{self.patience.connect:g}"
            )
            return FetchError(
                Fault("{host} cannot be reached ({detail})", host=self.host, detail=detail),
                Fault(
                    "Check the internet connection, the proxy settings and {variable}, then refresh again.",
                    variable=URL_VARIABLE,
                ),
                transient=True,
                unreachable=True,
            )
        if isinstance(error, httpx.TimeoutException):
            seconds = f"{self.patience.read:g}"
            what = Fault("{host} did not answer within {seconds} s", host=self.host, seconds=seconds)
        else:
            what = Fault("{host} broke the answer off", host=self.host)
        return FetchError(what, AGAIN, transient=True)


def _shown(address: str) -> str:
    """Scheme and host of an address: the rest may hold what is nobody's business."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        return "an address that is none"
    return f"{url.scheme}://{url.host}" if url.host else "another address"


def _asked_to_wait(state: tenacity.RetryCallState) -> float | None:
    return getattr(state.outcome.exception(), "retry_after", None)


def _seconds(retry_after: str | None, longest: float) -> float | None:
    """A Retry-After header, seconds or a date, as seconds from now; None when there is none to understand."""
    if retry_after is None:
        return None
    if re.fullmatch(r"\d{1,9}", retry_after.strip()):
        seconds = float(retry_after)
    else:
        try:
            moment = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), longest)


def _parse(body: bytes, kind: str) -> object:
    if "html" in kind or body.lstrip()[:1] == b"<":
        raise FetchError(
            Fault("the answer is a web page, not data"),
            Fault(
                "A proxy or a sign-in page may stand between: open the indicator's page in a browser, then refresh "
                "again."
            ),
            transient=True,
        )
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise FetchError(Fault("the answer is cut short or not JSON"), AGAIN, transient=True) from error


def _refuse_constant(name: str) -> float:
    raise FetchError(Fault("the answer holds {name} for a value", name=name), _report_it("https://data.worldbank.org"))


# ------------------------------------------------------------------ pages


@dataclass(frozen=True)
class _Header:
    pages: int
    total: int
    last_updated: str


def api_code(indicator: catalog.Indicator) -> str:
    """What the API calls an indicator today."""
    return CODE_PREFIX.get(indicator.api_source, "") + indicator.code


def last_updated(client: Client, indicator: catalog.Indicator) -> str:
    """When the Bank last updated the indicator, as it writes it. One request of one row. Raises FetchError."""
    header, _ = _page(client, indicator, 1, per_page=1)
    return header.last_updated


def fetch(client: Client, indicator: catalog.Indicator, markets: Collection[str]) -> Fetched:
    """Every value the API states for the markets (ISO3 codes), all pages, checked. Raises FetchError."""
    remedy = _report_it(indicator.url)
    first, rows = _page(client, indicator, 1)
    if first.pages > MAX_PAGES:
        raise FetchError(
            Fault("the answer has {pages} pages; at most {most} are read", pages=f"{first.pages:,}", most=MAX_PAGES),
            remedy,
        )
    for number in range(2, first.pages + 1):
        header, more = _page(client, indicator, number)
        if header != first:
            raise FetchError(
                Fault(
                    "page {number} contradicts page 1 ({states} against {first}): the data changed while it was read",
                    number=number,
                    states=_states(header),
                    first=_states(first),
                ),
                Fault("Refresh again."),
            )
        rows += more
    if len(rows) != first.total:
        raise FetchError(
            Fault("{count} rows arrived, {total} were announced", count=f"{len(rows):,}", total=f"{first.total:,}"),
            remedy,
        )
    cells, left_out = _cells(rows, indicator, markets, remedy)
    if not cells:
        raise _without_values(indicator)
    _check_bounds(cells, indicator)
    ordered = sorted(cells.items())
    frame = pd.DataFrame(
        [(iso3, indicator.code, year, value) for (iso3, year), value in ordered],
        columns=[catalog.ISO3, catalog.INDICATOR, catalog.YEAR, catalog.VALUE],
    )
    return Fetched(indicator.code, frame, first.last_updated, digest(frame), left_out)


def _page(client: Client, indicator: catalog.Indicator, number: int, per_page: int = PER_PAGE) -> tuple[_Header, list]:
    parameters: dict[str, object] = {"per_page": per_page, "page": number}
    if indicator.api_source != DEFAULT_API_SOURCE:
        parameters["source"] = indicator.api_source
    answer = client.get(f"country/all/indicator/{api_code(indicator)}", **parameters)
    head, rows = _envelope(answer, indicator.url)
    where = Fault("page {number}", number=number)
    pages, total = (_integer(head, key, where, indicator.url) for key in ("pages", "total"))
    if total == 0:  # such an answer has page 0, and no date
        raise _without_values(indicator)
    if _integer(head, "page", where, indicator.url) != number:
        raise _changed(
            Fault("page {page} arrived, {where} was asked for", page=repr(head["page"]), where=where), indicator.url
        )
    stamp = head.get("lastupdated")
    if not isinstance(stamp, str) or not stamp:
        raise _changed(Fault("{where} has no 'lastupdated'", where=where), indicator.url)
    return _Header(pages, total, stamp), rows


def _without_values(indicator: catalog.Indicator) -> FetchError:
    return FetchError(
        Fault("the API has no value for any market"),
        Fault("Its stored values stay. See whether the indicator has moved: {url}", url=indicator.url),
    )


def _envelope(answer: object, url: str) -> tuple[dict, list]:
    """Header and rows of an answer; an error message, which comes with status 200, is raised."""
    match answer:
        case [{"message": [{"id": "175", "value": message}, *_]}]:
            raise FetchError(
                Fault("the World Bank has retired it ({reason})", reason=str(message).rstrip(".")),
                Fault("See {url} for what follows it, and mark it `retired` in data/catalog.toml.", url=url),
            )
        case [{"message": [{"id": number, "value": message}, *_]}]:
            raise FetchError(
                Fault(
                    "the API refused the request (message {number}: {reason})",
                    number=number,
                    reason=str(message).rstrip("."),
                ),
                _report_it(url),
            )
        case [dict(head), list(rows)]:
            return head, rows
        case [dict(head), None]:
            return head, []
    raise _changed(Fault("it is not a header and a list of rows"), url)


def _changed(how: Fault, url: str) -> FetchError:
    return FetchError(Fault("the answer's layout has changed: {how}", how=how), _report_it(url))


def _report_it(url: str) -> Fault:
    return Fault("Refresh again; if it stays so, update Lepton Atlas, or import a file downloaded from {url}", url=url)


def _states(header: _Header) -> Fault:
    return Fault(
        "{rows} rows on {pages} pages of {date}",
        rows=f"{header.total:,}",
        pages=f"{header.pages:,}",
        date=header.last_updated,
    )


def _integer(head: Mapping, key: str, where: Fault, url: str) -> int:
    value = head.get(key)
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,9}", str(value)):
        raise _changed(Fault("{where} states {value} as its {key}", where=where, value=repr(value), key=repr(key)), url)
    return int(value)


def _cells(
    rows: Sequence[object], indicator: catalog.Indicator, markets: Collection[str], remedy: Fault
) -> tuple[dict[tuple[str, int], float], int]:
    """Values by (iso3, year), and how many values belong to no market."""
    cells: dict[tuple[str, int], float] = {}
    seen: set[tuple[str, int]] = set()
    left_out = 0
    for number, row in enumerate(rows, start=1):
        iso3, place, date, value = _row(row, number, indicator)
        if not re.fullmatch(r"[12]\d{3}", date):
            raise FetchError(
                Fault("the value of {place} is for {date}, not for a year", place=place, date=repr(date)), remedy
            )
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300 or math.isnan(value)
        ):
            raise FetchError(
                Fault(
                    "the value of {place} in {date} is {value}, not a number",
                    place=place,
                    date=date,
                    value=repr(str(value)[:40]),
                ),
                remedy,
            )
        if iso3 not in markets:
            left_out += value is not None
            continue
        cell = (iso3, int(date))
        if cell in seen:
            raise FetchError(Fault("{place} has two rows for {date}", place=place, date=date), remedy)
        seen.add(cell)
        if value is not None:
            cells[cell] = float(value)
    return cells, left_out


def _row(row: object, number: int, indicator: catalog.Indicator) -> tuple[str, str, str, object]:
    """ISO3 code (may be empty), the place as a reader knows it, date and value of a row."""
    match row:
        case {
            "indicator": {"id": str(code)},
            "country": {"value": str(name)},
            "countryiso3code": str(iso3),
            "date": str(date),
            "value": value,
        }:
            if code != api_code(indicator):
                raise _changed(Fault("row {number} is about {code}", number=number, code=repr(code)), indicator.url)
            return iso3, iso3 or name, date, value
        case dict():
            needed = ("indicator", "country", "countryiso3code", "date", "value")
            missing = [key for key in needed if key not in row]
            if missing:
                names = ", ".join(map(repr, missing))
                raise _changed(Fault("row {number} has no {names}", number=number, names=names), indicator.url)
            raise _changed(Fault("row {number} has other types", number=number), indicator.url)
    raise _changed(Fault("row {number} is not an object", number=number), indicator.url)


def _check_bounds(cells: Mapping[tuple[str, int], float], indicator: catalog.Indicator) -> None:
    """Raises FetchError naming the value furthest outside what the unit allows."""
    for bound, beyond in ((indicator.minimum, -1), (indicator.maximum, 1)):
        if bound is None:
            continue
        (iso3, year), worst = max(cells.items(), key=lambda cell: beyond * cell[1])
        if beyond * (worst - bound) > 0:
            side = Fault("below the least") if beyond < 0 else Fault("above the most")
            raise FetchError(
                Fault(
                    "the value of {iso3} in {year} is {worst}, {side} its unit ({unit}) allows, {bound}",
                    iso3=iso3,
                    year=year,
                    worst=f"{worst:,g}",
                    side=side,
                    unit=indicator.unit,
                    bound=f"{bound:,g}",
                ),
                Fault(
                    "None of it was taken. See {url}: if the unit has changed, data/catalog.toml needs it too.",
                    url=indicator.url,
                ),
            )


def income_groups(client: Client) -> pd.DataFrame:
    """The Bank's income group and region of each country: iso3, income_group (None: not classified), wb_region.

    Raises FetchError.
    """
    url = "https://api.worldbank.org/v2/country"
    head, rows = _envelope(client.get("country", per_page=400), url)
    where = Fault("the country list")
    if _integer(head, "pages", where, url) != 1 or _integer(head, "total", where, url) != len(rows):
        raise _changed(
            Fault("{count} countries arrived, {total} were announced", count=f"{len(rows):,}", total=head["total"]), url
        )
    groups = []
    for number, row in enumerate(rows, start=1):
        match row:
            case {"id": str(iso3), "region": {"value": str(region)}, "incomeLevel": {"value": str(group)}}:
                if region.strip() != "Aggregates":
                    classified = group.strip() not in ("", "Not classified")
                    groups.append((iso3, group.strip() if classified else None, region.strip()))
            case _:
                raise _changed(Fault("country {number} lacks its code, region or income level", number=number), url)
    if not groups:
        raise _changed(Fault("the country list is empty"), url)
    return pd.DataFrame(groups, columns=["iso3", "income_group", "wb_region"], dtype=object)


# ------------------------------------------------------------------ refresh


def refresh(
    codes: Sequence[str] | None = None,
    base_url: str | None = None,
    now: datetime | None = None,
    on_progress: Progress | None = None,
    concurrency: int = MOST_CONNECTIONS,
    force: bool = False,
    patience: Patience = PATIENCE,
) -> RefreshReport:
    """Bring the store up to date with the World Bank's API: collect first, an indicator at a time, then land.

    codes: which indicators, all refreshable ones by default. base_url: the API's, or ATLAS_WORLD_BANK_URL's. force
    downloads what did not change as well. on_progress(done, total, code, outcome) with outcome fetched, unchanged,
    resumed or failed. A failed indicator keeps its stored values and is named in the report; a killed refresh is
    taken up by the next one. When nothing changed, the store's file is left alone. Others write meanwhile.

    Raises RefreshRefused for an unknown code or base URL, StoreBusy when somebody refreshes already, StoreError; never
    for a fault of the API.
    """
    started = time.monotonic()
    indicators = _chosen(codes)
    with Client(base_url, patience) as client, _alone():
        run = _Run(client, indicators, force, on_progress)
        run.read_income_groups()
        run.read_indicators(min(concurrency, MOST_CONNECTIONS))
        if run.has_news():
            with store.writing(Fault("a refresh")) as connection:
                run.land(connection, now or datetime.now(UTC))
        run.collected.forget([*run.arrived, *run.unchanged])
    return run.report(time.monotonic() - started)


@contextmanager
def _alone() -> Iterator[None]:
    """One refresh at a time on a data folder; what else is written does not wait for it."""
    lock = filelock.FileLock(store.home() / "refresh.lock", timeout=0, mode=private.FILE)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise store.StoreBusy(
            "A refresh is under way already. Nothing was changed; wait for it to end, then look at what arrived."
        ) from None
    except OSError as error:
        raise store.unwritten(error) from error
    try:
        yield
    finally:
        lock.release()


def _chosen(codes: Sequence[str] | None) -> tuple[catalog.Indicator, ...]:
    known = {indicator.code: indicator for indicator in catalog.refreshable()}
    if codes is None:
        return tuple(known.values())
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise RefreshRefused(
            "The World Bank's API does not serve {names}. What it serves has an api_source in data/catalog.toml, and "
            "is not retired.",
            names=", ".join(unknown),
        )
    return tuple(known[code] for code in dict.fromkeys(codes))


class _Run:
    """One refresh under way: what is known, and what has come of it so far."""

    def __init__(
        self,
        client: Client,
        indicators: tuple[catalog.Indicator, ...],
        force: bool,
        on_progress: Progress | None,
    ) -> None:
        self.client, self.indicators = client, indicators
        self.force, self.on_progress = force, on_progress
        published = store.connect()
        try:
            fetches, self.countries = store.fetches(published), store.markets(published)
        finally:
            published.close()
        self.known = dict(zip(fetches["indicator"], fetches["last_updated"], strict=True))
        self.markets = frozenset(self.countries["iso3"])
        self.collected = Collected(client.base_url, self.markets)
        kept = (self.collected.get(indicator.code) for indicator in indicators)
        self.earlier = {fetched.code: fetched for fetched in kept if fetched is not None}
        self.arrived: dict[str, Fetched] = {}
        self.landed: list[Landed] = []
        self.unchanged: list[str] = []
        self.resumed: list[str] = []
        self.failed: list[Failure] = []
        self.groups: pd.DataFrame | None = None
        self.regrouped, self.done, self.server_faults = 0, 0, 0
        self.snapshot: str | None = None

    # ---- the steps

    def read_income_groups(self) -> None:
        """The list of countries, first: when even that cannot be reached, nothing else is asked for."""
        try:
            self.groups = income_groups(self.client)
        except FetchError as error:
            if error.unreachable:
                self.client.stop(error.what, error.remedy)
            else:
                self.failed.append(Failure(COUNTRIES, "income groups and regions", error.what, error.remedy))

    def read_indicators(self, concurrency: int) -> None:
        """Fetch in threads, keep here. After several faults of the server in a row the rest is not asked for."""
        pool = ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="worldbank")
        try:
            asked = {pool.submit(self._ask, indicator): indicator for indicator in self.indicators}
            for future in as_completed(asked):
                indicator = asked[future]
                outcome = self._take(indicator, future)
                self.done += 1
                if self.on_progress:
                    self.on_progress(self.done, len(self.indicators), indicator.code, outcome)
        except BaseException:
            self.client.stop(Fault("the refresh was interrupted"), AGAIN)
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _ask(self, indicator: catalog.Indicator) -> Fetched | None:
        """In a thread: the indicator, or None when the API has nothing newer."""
        code = indicator.code
        earlier, known = self.earlier.get(code), self.known.get(code)
        if not self.force and (earlier is not None or known is not None):
            stamp = last_updated(self.client, indicator)
            if known == stamp:
                return None
            if earlier is not None and earlier.last_updated == stamp:
                return earlier
        return fetch(self.client, indicator, self.markets)

    def _take(self, indicator: catalog.Indicator, future: Future[Fetched | None]) -> str:
        code = indicator.code
        try:
            fetched = future.result()
        except FetchError as error:
            self.failed.append(Failure(code, indicator.name, error.what, error.remedy))
            self.server_faults = self.server_faults + 1 if error.transient else 0
            if self.server_faults >= self.client.patience.give_up_after:
                self.client.stop(
                    Fault(
                        "not asked for, after {count} failures in a row (the last: {what})",
                        count=self.server_faults,
                        what=error.what,
                    ),
                    AGAIN,
                )
            return "failed"
        self.server_faults = 0
        if fetched is None:
            self.unchanged.append(code)
            return "unchanged"
        self.arrived[code] = fetched
        if fetched is self.earlier.get(code):
            self.resumed.append(code)
            return "resumed"
        self.collected.put(fetched)
        return "fetched"

    def has_news(self) -> bool:
        """Whether there is anything to land."""
        return bool(self.arrived) or self._regroups()

    def _regroups(self) -> bool:
        """Whether the Bank's list says anything of our markets that the store does not."""
        if self.groups is None:
            return False
        both = self.countries.merge(self.groups, on="iso3", suffixes=("", "_now"))
        region = both["wb_region_now"].fillna(both["wb_region"])
        pairs = ((both["income_group"], both["income_group_now"]), (both["wb_region"], region))
        return any((now.fillna("") != before.fillna("")).any() for before, now in pairs)

    def land(self, connection: store.Connection, now: datetime) -> None:
        """Everything that was collected, in one transaction: values, notes of the fetches, income groups, arrival."""
        arrived = sorted(self.arrived.values(), key=lambda fetched: fetched.code)
        contents = "".join(f"{fetched.code} {fetched.sha256}\n" for fetched in arrived)
        failed = ", ".join(failure.code for failure in self.failed)
        snapshot = store.Snapshot(
            source=SOURCE,
            retrieved_at=store.next_arrival(connection, now),  # later than any before, even when the clock is not
            sha256=hashlib.sha256(contents.encode()).hexdigest(),
            licence=LICENCE,
            status="partial" if failed else "complete",
            note=f"failed: {failed}" if failed else f"{_indicators(len(arrived))} fetched",
        )
        connection.execute("BEGIN")
        if arrived:
            self._merge(connection, snapshot, arrived)
        if self.groups is not None:
            self.regrouped = store.put_income_groups(connection, self.groups)
        connection.execute("COMMIT")

    def _merge(self, connection: store.Connection, snapshot: store.Snapshot, arrived: list[Fetched]) -> None:
        connection.register("fetched", pd.concat([fetched.frame for fetched in arrived], ignore_index=True))
        connection.execute(
            "CREATE TEMP TABLE incoming AS SELECT iso3, indicator, year::INTEGER AS year, value, "
            "$source AS source, $snapshot AS snapshot FROM fetched",
            {"source": SOURCE, "snapshot": snapshot.id},
        )
        connection.unregister("fetched")
        counts = store.merge_each(connection, snapshot, withdraw=True)
        for fetched in arrived:
            store.put_fetch(
                connection, fetched.code, fetched.last_updated, snapshot, fetched.sha256, len(fetched.frame)
            )
            if fetched.code not in self.resumed:
                rows, added, changed, withdrawn = (
                    int(counts.at[fetched.code, name]) for name in ("rows", "added", "changed", "withdrawn")
                )
                self.landed.append(Landed(fetched.code, rows, added, changed, withdrawn, fetched.left_out))
        if counts[["added", "changed", "withdrawn"]].to_numpy().any():
            self.snapshot = snapshot.id

    # ---- what has come of it

    def report(self, seconds: float) -> RefreshReport:
        order = {indicator.code: i for i, indicator in enumerate(self.indicators)}
        return RefreshReport(
            landed=tuple(sorted(self.landed, key=lambda row: order[row.code])),
            unchanged=tuple(sorted(self.unchanged, key=order.get)),
            failed=tuple(sorted(self.failed, key=lambda failure: order.get(failure.code, -1))),
            resumed=tuple(sorted(self.resumed, key=order.get)),
            regrouped=self.regrouped,
            snapshot=self.snapshot,
            seconds=seconds,
        )
