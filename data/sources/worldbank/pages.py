"""The World Bank's API, version 2, as it answers: indicators by code, page by page, and the Bank's income groups.

Pages are checked as strictly as a file somebody sends us.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from data import catalog
from data.faults import Fault
from data.sources.client import FetchError, report_it
from data.sources.collected import Fetched, digest
from data.sources.worldbank.client import Client

PER_PAGE = 10_000
MAX_PAGES = 200
DEFAULT_API_SOURCE = 2
# In its 2025 revision the Bank renamed the governance series (source 3); the old codes answer "deleted or archived".
CODE_PREFIX = {3: "GOV_WGI_"}


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
    remedy = report_it(indicator.url)
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
                report_it(url),
            )
        case [dict(head), list(rows)]:
            return head, rows
        case [dict(head), None]:
            return head, []
    raise _changed(Fault("it is not a header and a list of rows"), url)


def _changed(how: Fault, url: str) -> FetchError:
    return FetchError(Fault("the answer's layout has changed: {how}", how=how), report_it(url))


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
