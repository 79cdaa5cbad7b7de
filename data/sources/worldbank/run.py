"""The store brought up to date with the World Bank.

One request says when a series was last updated; only what changed since the last fetch is downloaded. What is fetched
is kept beside the store, and lands together.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import filelock
import pandas as pd

from data import catalog, private, store
from data.faults import Fault
from data.sources.collected import Collected, Fetched
from data.sources.worldbank.client import (
    AGAIN,
    MAX_CONNECTIONS,
    PATIENCE,
    Client,
    FetchError,
    Patience,
    RefreshRefused,
)
from data.sources.worldbank.pages import fetch, income_groups, last_updated

SOURCE = "World Bank API"
LICENCE = "CC BY 4.0"
COUNTRIES = "countries"
Progress = Callable[[int, int, str, str], None]


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


def refresh(
    codes: Sequence[str] | None = None,
    base_url: str | None = None,
    now: datetime | None = None,
    on_progress: Progress | None = None,
    concurrency: int = MAX_CONNECTIONS,
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
        run.read_indicators(min(concurrency, MAX_CONNECTIONS))
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
