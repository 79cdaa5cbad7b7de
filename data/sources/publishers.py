"""Everybody the store can be refreshed from, under one name each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data import catalog
from data.sources import sdmx, worldbank
from data.sources.report import Progress, RefreshReport

WORLD_BANK = "worldbank"


@dataclass(frozen=True)
class Publisher:
    """Whose figures can be fetched. name: as readers know it. url: where it is asked unless variable says otherwise."""

    key: str
    name: str
    url: str
    variable: str
    codes: tuple[str, ...]


def all_of_them() -> Mapping[str, Publisher]:
    """The publishers by what they are called in commands and links, the World Bank first."""
    bank = Publisher(
        WORLD_BANK,
        "World Bank",
        worldbank.BASE_URL,
        worldbank.URL_VARIABLE,
        tuple(indicator.code for indicator in catalog.refreshable()),
    )
    others = (
        Publisher(
            key,
            service.publisher,
            service.address.url,
            service.address.variable,
            tuple(series.code for series in sdmx.of_service(key)),
        )
        for key, service in sdmx.SERVICES.items()
    )
    return {publisher.key: publisher for publisher in (bank, *others)}


def refresh(
    key: str,
    codes: Sequence[str] | None = None,
    base_url: str | None = None,
    on_progress: Progress | None = None,
    force: bool = False,
) -> RefreshReport:
    """Bring the store up to date with one publisher; see `worldbank.refresh` and `sdmx.refresh`.

    Raises RefreshRefused for an unknown publisher, code or base URL, StoreBusy, StoreError.
    """
    if key == WORLD_BANK:
        return worldbank.refresh(codes=codes, base_url=base_url, on_progress=on_progress, force=force)
    return sdmx.refresh(key, codes=codes, base_url=base_url, on_progress=on_progress, force=force)
