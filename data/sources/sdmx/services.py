"""The services that speak SDMX: where each answers, and how it is asked for SDMX-CSV."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from data.sources.client import Address

ACCEPT = "application/vnd.sdmx.data+csv, text/csv;q=0.9, */*;q=0.1"
"""OECD answers 500 and Eurostat 406 where text/csv alone is accepted."""


@dataclass(frozen=True)
class Service:
    """One publisher's service. key: what it is called in commands and links. parameters: what makes it answer CSV."""

    key: str
    address: Address
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def publisher(self) -> str:
        return self.address.publisher

    @property
    def source(self) -> str:
        """What its arrivals are called."""
        return f"{self.publisher} API"


SERVICES: Mapping[str, Service] = {
    service.key: service
    for service in (
        Service(
            "oecd",
            Address(
                "OECD",
                "https://sdmx.oecd.org/public/rest",
                "ATLAS_OECD_URL",
                "https://data-explorer.oecd.org",
                ACCEPT,
            ),
            {"format": "csvfile", "dimensionAtObservation": "AllDimensions"},
        ),
        Service(
            "eurostat",
            Address(
                "Eurostat",
                "https://ec.europa.eu/eurostat/api/dissemination/sdmx/2.1",
                "ATLAS_EUROSTAT_URL",
                "https://ec.europa.eu/eurostat/databrowser",
                ACCEPT,
            ),
            {"format": "SDMX-CSV"},
        ),
        Service(
            "imf",
            Address(
                "IMF",
                "https://api.imf.org/external/sdmx/2.1",
                "ATLAS_IMF_URL",
                "https://data.imf.org",
                "application/vnd.sdmx.data+csv;version=1.0.0",
            ),
        ),
        Service(
            "ilo",
            Address("ILO", "https://sdmx.ilo.org/rest", "ATLAS_ILO_URL", "https://ilostat.ilo.org/data", ACCEPT),
            {"format": "csv"},
        ),
        Service(
            "ecb",
            Address(
                "ECB", "https://data-api.ecb.europa.eu/service", "ATLAS_ECB_URL", "https://data.ecb.europa.eu", ACCEPT
            ),
            {"format": "csvdata"},
        ),
        Service(
            "unicef",
            Address(
                "UNICEF",
                "https://sdmx.data.unicef.org/ws/public/sdmxapi/rest",
                "ATLAS_UNICEF_URL",
                "https://data.unicef.org/dv_index",
                ACCEPT,
            ),
            {"format": "csv", "labels": "id"},
        ),
    )
}
