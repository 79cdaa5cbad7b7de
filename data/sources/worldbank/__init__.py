"""The World Bank: a client, the pages of its API, and a refresh of the store."""

from data.sources.client import FetchError, Patience
from data.sources.report import RefreshReport
from data.sources.worldbank.client import BASE_URL, URL_VARIABLE, Client
from data.sources.worldbank.pages import api_code, fetch, income_groups
from data.sources.worldbank.run import refresh

__all__ = [
    "BASE_URL",
    "URL_VARIABLE",
    "Client",
    "FetchError",
    "Patience",
    "RefreshReport",
    "api_code",
    "fetch",
    "income_groups",
    "refresh",
]
