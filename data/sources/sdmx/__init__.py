"""Services that speak SDMX - OECD, Eurostat, IMF, ILO, ECB, UNICEF: their addresses, our series, and a refresh."""

from data.sources.client import Patience
from data.sources.sdmx.client import Client
from data.sources.sdmx.run import refresh
from data.sources.sdmx.series import Series, load, of_service
from data.sources.sdmx.services import SERVICES, Service

__all__ = ["SERVICES", "Client", "Patience", "Series", "Service", "load", "of_service", "refresh"]
