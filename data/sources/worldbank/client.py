"""Requests to the World Bank's API: JSON under a path."""

import json

from data.faults import Fault
from data.sources import client
from data.sources.client import AGAIN, PATIENCE, Address, Answer, FetchError, Patience, report_it

BASE_URL = "https://api.worldbank.org/v2"
URL_VARIABLE = "ATLAS_WORLD_BANK_URL"
MAX_PAGE_BYTES = 64 * 1024**2
ADDRESS = Address(
    publisher="World Bank",
    url=BASE_URL,
    variable=URL_VARIABLE,
    page="https://data.worldbank.org",
    accept="application/json",
)


class Client(client.Client):
    """Requests to the World Bank's API. Raises RefreshRefused when its address is not a web address."""

    def __init__(self, base_url: str | None = None, patience: Patience = PATIENCE) -> None:
        super().__init__(ADDRESS, base_url, patience)

    def get(self, path: str, **parameters: object) -> object:
        """The parsed JSON under a path, asked for several times if need be. Raises FetchError."""
        return self.again(lambda: _parse(self.ask(path, {"format": "json", **parameters}, MAX_PAGE_BYTES)))


def _parse(answer: Answer) -> object:
    if client.is_web_page(answer) or answer.body.lstrip()[:1] == b"<":
        raise client.web_page()
    try:
        return json.loads(answer.body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise FetchError(Fault("the answer is cut short or not JSON"), AGAIN, transient=True) from error


def _refuse_constant(name: str) -> float:
    raise FetchError(Fault("the answer holds {name} for a value", name=name), report_it(ADDRESS.page))
