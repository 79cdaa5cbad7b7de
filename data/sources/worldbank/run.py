"""The store brought up to date with the World Bank.

One request says when a series was last updated; only what changed since the last fetch is downloaded. What is fetched
is kept beside the store, and lands together.
"""

import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import UTC, datetime

import pandas as pd

from data import catalog, store
from data.faults import Fault
from data.sources.client import AGAIN, MAX_CONNECTIONS, PATIENCE, FetchError, Patience, RefreshRefused
from data.sources.collected import Collected, Fetched, alone
from data.sources.report import Failure, Landed, Progress, RefreshReport, indicators_of
from data.sources.worldbank.client import Client
from data.sources.worldbank.pages import fetch, income_groups, last_updated

SOURCE = "World Bank API"
LICENCE = "CC BY 4.0"
COUNTRIES = "countries"


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
    with Client(base_url, patience) as client, alone():
        run = _Run(client, indicators, force, on_progress)
        run.read_income_groups()
        run.readindicators_of(min(concurrency, MAX_CONNECTIONS))
        if run.has_news():
            with store.writing(Fault("a refresh")) as connection:
                run.land(connection, now or datetime.now(UTC))
        run.collected.forget([*run.arrived, *run.unchanged])
    return run.report(time.monotonic() - started)


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

    def readindicators_of(self, concurrency: int) -> None:
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
            self.client.give_up(self.server_faults, error)
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
            note=f"failed: {failed}" if failed else f"{indicators_of(len(arrived))} fetched",
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
