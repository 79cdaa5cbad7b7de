"""A refresh from a service that speaks SDMX: fetch a series, check it as a file is checked, land it; then the next.

An answer is kept as it came until its values have landed. Nothing is read otherwise than by an import.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from data import ingest, private
from data.faults import Fault
from data.layouts import LayoutError
from data.sources.client import Answer, AnswerTooLarge, FetchError, Patience, RefreshRefused
from data.sources.collected import alone
from data.sources.report import Failure, Landed, Progress, RefreshReport
from data.sources.sdmx import answers
from data.sources.sdmx.client import PATIENCE, Client, NoRows, series_changed
from data.sources.sdmx.kept import Kept
from data.sources.sdmx.series import Series, of_service
from data.sources.sdmx.services import SERVICES, Service

FIRST_YEAR = 1990
"""What lies before is not asked for: no recipe looks that far back."""
ELSEWHERE = "unknown country"
"""The one kind of fault that does not keep a series out: places which are no market of ours."""


def refresh(
    service: str,
    codes: Sequence[str] | None = None,
    base_url: str | None = None,
    now: datetime | None = None,
    on_progress: Progress | None = None,
    force: bool = False,
    patience: Patience = PATIENCE,
) -> RefreshReport:
    """Bring the store up to date with one of SERVICES, a series at a time.

    codes: which indicators, all of the service's by default. base_url: the service's, or that of its variable. force
    asks anew for what an interrupted refresh had fetched already. on_progress(done, total, code, outcome) with outcome
    fetched, unchanged, resumed or failed. A failed indicator keeps its stored values and is named in the report.

    Raises RefreshRefused for an unknown service, code or base URL, StoreBusy when somebody refreshes already,
    StoreError; never for a fault of the service.
    """
    started = time.monotonic()
    chosen = _chosen(service, codes)
    moment = now or datetime.now(UTC)
    with Client(SERVICES[service], base_url, patience) as client, alone():
        run = _Run(client, SERVICES[service], moment, force)
        for done, series in enumerate(chosen, start=1):
            outcome = run.take(series)
            if on_progress:
                on_progress(done, len(chosen), series.code, outcome)
    return run.report(time.monotonic() - started)


def _chosen(service: str, codes: Sequence[str] | None) -> tuple[Series, ...]:
    if service not in SERVICES:
        raise RefreshRefused(
            "{name} is no source to refresh from. Choose from: worldbank, {names}.",
            name=service,
            names=", ".join(SERVICES),
        )
    offered = {series.code: series for series in of_service(service)}
    if codes is None:
        return tuple(offered.values())
    if unknown := [code for code in codes if code not in offered]:
        raise RefreshRefused(
            "{publisher} is not asked for {names}. What it is asked for stands in {file}: {known}.",
            publisher=SERVICES[service].publisher,
            names=", ".join(unknown),
            file="data/sources/sdmx/series.toml",
            known=", ".join(offered),
        )
    return tuple(offered[code] for code in dict.fromkeys(codes))


class _Run:
    """One refresh under way, and what has come of it so far."""

    def __init__(self, client: Client, service: Service, now: datetime, force: bool) -> None:
        self.client, self.service, self.now, self.force = client, service, now, force
        self.kept = Kept(client.base_url, now)
        self.page = service.address.page
        self.landed: list[Landed] = []
        self.unchanged: list[str] = []
        self.resumed: list[str] = []
        self.failed: list[Failure] = []
        self.snapshot: str | None = None
        self.server_faults = 0
        self.queries: list[str] = []
        self.was_kept = False

    def take(self, series: Series) -> str:
        """Fetch, check and land one series; returns what came of it."""
        self.queries, self.was_kept = [], False
        try:
            table = answers.of_series(self._fetched(series), series, self.page)
            outcome = self._land(series, table)
            self.server_faults = 0
        except (FetchError, LayoutError, ingest.ImportRefused) as error:
            self._fail(series, error)
            outcome = "failed"
        self.kept.forget(*self.queries)
        return outcome

    # ---- fetching

    def _fetched(self, series: Series) -> answers.Table:
        whole = self._pieces(series, FIRST_YEAR, self.now.year, None)
        if not whole:
            raise NoRows(Fault("the service has no values under this key"), series_changed(self.page))
        return answers.joined(whole)

    def _pieces(self, series: Series, first: int, last: int, until: int | None) -> list[answers.Table]:
        """The answer for these years, in halves where the whole is too large; nothing where a half has no values."""
        try:
            return [self._answer(series, first, until)]
        except NoRows:
            if until is None:
                raise
            return []
        except AnswerTooLarge:
            if first == last:
                raise
        middle = (first + last) // 2
        return [
            *self._pieces(series, first, middle, middle),
            *self._pieces(series, middle + 1, last, last),
        ]

    def _answer(self, series: Series, first: int, last: int | None) -> answers.Table:
        parameters = {"startPeriod": first} | ({} if last is None else {"endPeriod": last})
        query = f"{series.path} {first}-{last or ''}"
        self.queries.append(query)
        if not self.force and (body := self.kept.get(query)) is not None:
            with suppress(FetchError):
                table = answers.read(Answer(body, "", True), self.page)
                self.was_kept = True
                return table

        def once() -> tuple[bytes, answers.Table]:
            answer = self.client.get(series.path, {**self.service.parameters, **parameters})
            return answer.body, answers.read(answer, self.page)

        body, table = self.client.again(once)
        self.kept.put(query, body)
        return table

    # ---- landing

    def _land(self, series: Series, table: answers.Table) -> str:
        with private.scratch("refresh") as folder:
            file = folder / "answer.csv"
            answers.write(table, file)
            report = self._checked(series, file)
            report = self._import(series, file, skip_invalid=report.fault_count > 0)
        left_out = report.aggregates + report.skipped + sum(count for _, count in report.left_out)
        if report.added or report.changed or report.withdrawn:
            self.snapshot = report.snapshot
            if self.was_kept:
                self.resumed.append(series.code)
                return "resumed"
            rows = report.added + report.changed + report.unchanged
            self.landed.append(Landed(series.code, rows, report.added, report.changed, report.withdrawn, left_out))
            return "fetched"
        self.unchanged.append(series.code)
        return "unchanged"

    def _checked(self, series: Series, file: Path) -> ingest.ImportReport:
        """The check of a series' file. Raises FetchError for what would keep a file out, too."""
        report = self._import(series, file, preview=True)
        grave = [fault for fault in report.row_faults if fault.kind != ELSEWHERE]
        if grave or report.stopped:
            raise FetchError(
                Fault(
                    "{problem}: {value} ({count} problems in its answer)",
                    problem=grave[0].problem,
                    value=grave[0].value,
                    count=f"{report.fault_count:,}",
                ),
                Fault(
                    "None of it was taken. See {url}: if the dataset has changed, data/sources/sdmx/series.toml or "
                    "data/catalog.toml needs it too.",
                    url=series.indicator.url,
                ),
            )
        if report.values == report.fault_count + report.aggregates:
            raise NoRows(Fault("the answer has no value for any market"), series_changed(self.page))
        return report

    def _import(
        self, series: Series, file: Path, *, preview: bool = False, skip_invalid: bool = False
    ) -> ingest.ImportReport:
        return ingest.import_file(
            file,
            name=f"{self.service.publisher} {series.code}",
            mapping={"indicator": f"={series.code}"},
            preview=preview,
            skip_invalid=skip_invalid,
            max_faults=ingest.MAX_FAULTS,
            now=self.now,
            origin=ingest.Origin(self.service.source, series.indicator.licence),
        )

    # ---- what has come of it

    def _fail(self, series: Series, error: FetchError | LayoutError | ingest.ImportRefused) -> None:
        if isinstance(error, FetchError):
            what, remedy = error.what, error.remedy
            self.server_faults = self.server_faults + 1 if error.transient else 0
            self._give_up(error)
        else:
            what, remedy = Fault.of(error), series_changed(self.page)
        self.failed.append(Failure(series.code, series.indicator.name, what, remedy))

    def _give_up(self, error: FetchError) -> None:
        """Ask for nothing more of a service that is out of reach, or that failed several times in a row."""
        if error.unreachable:
            self.client.stop(error.what, error.remedy)
        else:
            self.client.give_up(self.server_faults, error)

    def report(self, seconds: float) -> RefreshReport:
        return RefreshReport(
            landed=tuple(self.landed),
            unchanged=tuple(self.unchanged),
            failed=tuple(self.failed),
            resumed=tuple(self.resumed),
            regrouped=0,
            snapshot=self.snapshot,
            seconds=seconds,
            publisher=self.service.publisher,
        )
