"""Requests to a service that speaks SDMX, and what its refusals mean."""

import re
from collections.abc import Mapping

import httpx

from data.faults import Fault
from data.sources import client
from data.sources.client import Answer, AnswerTooLarge, FetchError, Patience
from data.sources.sdmx.services import Service

MAX_ANSWER_BYTES = 64 * 1024**2
MAX_MESSAGE_BYTES = 64 * 1024
PATIENCE = Patience(read=120, pause=1.0)
"""One request at a time, a second apart: OECD closes its door to who asks more often than once a minute for long."""
SERIES_FILE = "data/sources/sdmx/series.toml"


class NoRows(FetchError):
    """The service knows the dataset and has nothing under the key."""


class Client(client.Client):
    """Requests to one SDMX service. Raises RefreshRefused when its address is not a web address."""

    def __init__(self, service: Service, base_url: str | None = None, patience: Patience = PATIENCE) -> None:
        super().__init__(service.address, base_url, patience)

    def get(self, path: str, parameters: Mapping[str, object]) -> Answer:
        """One request for a path, not asked again here. Raises NoRows, AnswerTooLarge, FetchError."""
        return self.ask(path, parameters, MAX_ANSWER_BYTES)

    def _check_status(self, response: httpx.Response) -> None:
        if response.status_code in (413, 510):  # the standard's two for an answer that is too large
            raise AnswerTooLarge(
                Fault("{host} says that the answer is too large ({status})", host=self.host, status="413"),
                client.report_it(self.address.page),
            )
        super()._check_status(response)

    def _refusal(self, response: httpx.Response) -> FetchError:
        status = f"{response.status_code} {response.reason_phrase}"
        if response.status_code in (401, 403, 407):
            return super()._refusal(response)
        message = _message(response)
        remedy = series_changed(self.address.page)
        if response.status_code == 404:
            what = Fault(
                "{host} has no values under this key ({status}: {message})",
                host=self.host,
                status=status,
                message=message,
            )
            return NoRows(what, remedy)
        what = Fault(
            "{host} does not understand the request ({status}: {message})",
            host=self.host,
            status=status,
            message=message,
        )
        return FetchError(what, remedy)


def series_changed(page: str) -> Fault:
    """What to do where a dataset or its dimensions are no longer what the catalog has."""
    return Fault(
        "Its stored values stay. The dataset or its dimensions may have changed: look there ({page}), then correct "
        "{file}, or import a file.",
        page=page,
        file=SERIES_FILE,
    )


def _message(response: httpx.Response) -> str | Fault:
    """What the body of a refusal says in one line: the text of an SDMX error, in XML or JSON, or plain text."""
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_MESSAGE_BYTES:
            break
    text = body[:MAX_MESSAGE_BYTES].decode("utf-8", "replace")
    if text.lstrip()[:1] == "<":
        found = re.search(r"<(?:\w+:)?(?:Text|faultstring|title)\b[^<>]*>([^<>]+)<", text)
        text = found[1] if found else ""
    elif text.lstrip()[:1] in ("{", "["):
        found = re.search(r'"(?:title|message|detail|label)"\s*:\s*"([^"]+)"', text)
        text = found[1] if found else ""
    return " ".join(text.split())[:200].strip().rstrip(".") or Fault("no reason given")
