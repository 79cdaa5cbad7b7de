"""Requests to a publisher's service: an address, patience, turns, and what went wrong."""

import os
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple, Self

import httpx
import tenacity

from data import store
from data.faults import Fault

MAX_CONNECTIONS = 4
AGAIN = Fault("Refresh again later.")


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


@dataclass(frozen=True)
class Address:
    """Where a publisher's service answers: its usual address, the variable that names another, and where people find
    the same data. accept: the kinds of answers that are understood.
    """

    publisher: str
    url: str
    variable: str
    page: str
    accept: str


class Answer(NamedTuple):
    """What came back: the body, its content type, and whether its end is known to have arrived."""

    body: bytes
    kind: str
    is_whole: bool


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


class AnswerTooLarge(FetchError):
    """The answer is larger than is read, or than the service gives at once."""


class Client:
    """Requests to one service: paced over all threads, retried, capped in size; never follows a redirect.

    Raises RefreshRefused when the base URL is not a web address, or the proxy's is not.
    """

    def __init__(self, address: Address, base_url: str | None = None, patience: Patience = PATIENCE) -> None:
        self.address = address
        self.base_url = (base_url or os.environ.get(address.variable) or address.url).rstrip("/")
        try:
            url = httpx.URL(self.base_url)
        except (httpx.InvalidURL, ValueError):
            url = httpx.URL("")
        if url.scheme not in ("http", "https") or not url.host:  # not quoted: it may hold a password
            raise RefreshRefused(
                "The address to refresh from is not a web address. Set {variable} to one that begins with https:// or "
                "http://, or unset it for {url}.",
                variable=address.variable,
                url=address.url,
            )
        self.shown_url = f"{url.scheme}://{url.host}"
        self.host, self.patience = url.host, patience
        self._stopped, self._why_stopped = threading.Event(), (AGAIN, AGAIN)
        self._sleep = patience.sleep or self._stopped.wait
        self._lock, self._next_turn = threading.Lock(), 0.0
        try:
            self._http = httpx.Client(
                headers={
                    "User-Agent": f"lepton-atlas/0.1 ({address.publisher} refresh)",
                    "Accept": address.accept,
                },
                timeout=httpx.Timeout(patience.read, connect=patience.connect),
                limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
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

    def give_up(self, failures: int, last: "FetchError") -> None:
        """Stop after so many failures in a row, if they are too many."""
        if failures >= self.patience.give_up_after:
            self.stop(
                Fault(
                    "not asked for, after {count} failures in a row (the last: {what})",
                    count=failures,
                    what=last.what,
                ),
                AGAIN,
            )

    def again(self, once: Callable[[], object]) -> object:
        """What `once` returns, tried several times while it raises a transient FetchError. Raises FetchError."""
        backoff = tenacity.wait_exponential_jitter(initial=1, max=self.patience.longest_wait)
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.patience.attempts),
            wait=lambda state: _asked_to_wait(state) or backoff(state),
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, FetchError) and error.transient),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(once)
        except FetchError as error:
            if not error.transient:
                raise
            raise FetchError(
                Fault("{what}, {attempts} times over", what=error.what, attempts=self.patience.attempts),
                error.remedy,
                transient=True,
                unreachable=error.unreachable,
            ) from error

    def ask(self, path: str, parameters: Mapping[str, object], most: int) -> Answer:
        """One request for what lies under a path, once: at most `most` bytes. Raises FetchError."""
        self._take_turn()
        if self._stopped.is_set():
            raise FetchError(*self._why_stopped)
        try:
            with self._http.stream("GET", f"{self.base_url}/{path}", params=dict(parameters)) as response:
                self._check_status(response)
                body = self._read(response, most)
                headers = response.headers
        except httpx.RequestError as error:
            raise self._no_answer(error) from error
        ends_by_itself = "content-length" in headers or "chunked" in headers.get("transfer-encoding", "")
        return Answer(body, headers.get("content-type", ""), ends_by_itself)

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
                Fault(
                    "If that is an address of the publisher ({publisher}), set {variable} to it.",
                    publisher=self.address.publisher,
                    variable=self.address.variable,
                ),
            )
        wait = seconds_of(response.headers.get("retry-after"), self.patience.longest_wait)
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
        raise self._refusal(response)

    def _refusal(self, response: httpx.Response) -> FetchError:
        """What a status from 400 to 499 means; a service that says more of them says it here."""
        return FetchError(
            Fault(
                "{host} refused the request ({status})",
                host=self.host,
                status=f"{response.status_code} {response.reason_phrase}",
            ),
            Fault(
                "See whether {url} is the right address ({variable}), and whether a proxy needs a sign-in.",
                url=self.shown_url,
                variable=self.address.variable,
            ),
        )

    def _read(self, response: httpx.Response, most: int) -> bytes:
        body, deadline = bytearray(), time.monotonic() + self.patience.page
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > most:
                raise AnswerTooLarge(
                    Fault("a page of the answer is larger than {mb} MB", mb=f"{most / 1024**2:.3g}"),
                    report_it(self.address.page),
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
        if (refused := _certificate_fault(error)) is not None:
            return FetchError(
                Fault("the certificate of {host} is not trusted here ({detail})", host=self.host, detail=refused),
                Fault(
                    "If your company inspects its network traffic, set SSL_CERT_FILE to its certificate file (.pem). "
                    "If not, somebody may be intercepting the connection."
                ),
                unreachable=True,
            )
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
            detail = re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or Fault(
                "no connection within {seconds} s", seconds=f"{self.patience.connect:g}"
            )
            return FetchError(
                Fault("{host} cannot be reached ({detail})", host=self.host, detail=detail),
                Fault(
                    "Check the internet connection, the proxy settings and {variable}, then refresh again.",
                    variable=self.address.variable,
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


def is_web_page(answer: Answer) -> bool:
    """Whether a page for people came, as a proxy or a sign-in sends it."""
    start = answer.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:400].lower()
    return "html" in answer.kind or start.startswith((b"<!doctype html", b"<html"))


def web_page() -> FetchError:
    """The refusal of a page for people."""
    return FetchError(
        Fault("the answer is a web page, not data"),
        Fault(
            "A proxy or a sign-in page may stand between: open the indicator's page in a browser, then refresh again."
        ),
        transient=True,
    )


def report_it(url: str) -> Fault:
    """What to do about an answer that is not as it should be."""
    return Fault(
        "Refresh again; if that does not help, update Lepton Atlas, or import a file downloaded from {url}", url=url
    )


def seconds_of(retry_after: str | None, longest: float) -> float | None:
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


def _certificate_fault(error: BaseException | None) -> str | None:
    """What is wrong with the other side's certificate, where that is why there was no connection."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__
    return None


def _shown(address: str) -> str:
    """Scheme and host of an address: the rest may hold what is nobody's business."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        return "an address that is none"
    return f"{url.scheme}://{url.host}" if url.host else "another address"


def _asked_to_wait(state: tenacity.RetryCallState) -> float | None:
    return getattr(state.outcome.exception(), "retry_after", None)
