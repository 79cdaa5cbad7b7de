"""The store from the command line: build, import, export, refresh, remove, status, verdicts, check."""

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from data import ingest, layouts, quality, spreadsheets, store
from data.sources import publishers

SHOWN_FAULTS = 40


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns 0 when done, 1 when refused or partly failed, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (store.StoreError, store.DatabaseError, layouts.LayoutError, OSError) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m data", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    command("build", _build, "Build the store from the embedded facts, or upgrade an older one. Needs no network.")
    importing = command("import", _import, "Check a file of observations whole, then land it.")
    importing.add_argument("file", type=Path, metavar="FILE", help="a table, as docs/layouts.md lists them, zip or gz")
    importing.add_argument("--skip-invalid", action="store_true", help="land the rows without faults, list the others")
    importing.add_argument("--new-indicators", action="store_true", help="codes close to known ones are new, not slips")
    importing.add_argument("--as-stated", action="store_true", help="values a power of ten from the stored are right")
    importing.add_argument("--preview", "--dry-run", action="store_true", help="check only, write nothing")
    importing.add_argument("--name", help="what to call the source (default: the file's name)")
    importing.add_argument("--faults", type=Path, metavar="CSV", help="write every fault to this file")
    importing.add_argument(
        "--map", action="append", default=[], metavar="FIELD=COLUMN", help="market, indicator, year, value or unit"
    )
    importing.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="HEADING=CODE",
        help="the indicator in a column of its own; '-' leaves the column out",
    )
    importing.add_argument("--indicator", metavar="CODE", help="the code of a file that holds one indicator")
    importing.add_argument(
        "--keep", action="append", default=[], metavar="COLUMN=CELL", help="read only the rows with this, e.g. SEX=_T"
    )
    importing.add_argument("--decimal", choices=[".", ","], help="the decimal sign, where the file leaves it open")
    exporting = command("export", _export, "Write all observations to one Parquet file for another machine.")
    exporting.add_argument("file", type=Path, metavar="FILE.parquet")
    refreshing = command("refresh", _refresh, "Fetch what changed from the World Bank or another publisher.")
    sources = tuple(publishers.all_of_them())
    refreshing.add_argument("--from", dest="source", choices=sources, default=sources[0], help="whose figures")
    refreshing.add_argument("--only", nargs="+", metavar="CODE", help="these indicators only")
    refreshing.add_argument("--base-url", help="another server of the same publisher")
    refreshing.add_argument("--force", action="store_true", help="fetch also what did not change")
    status = command("status", _status, "How much the store holds, and where it lies.")
    status.add_argument("--json", action="store_true")
    removing = command("remove", _remove, "Undo an arrival: its values go, what they replaced stands again.")
    removing.add_argument("snapshot", metavar="SNAPSHOT", help="its id, as `status` lists it")
    removing.add_argument("--yes", action="store_true", help="do not ask first")
    judging = command("verdicts", _verdicts, "What readers thought of replies, with words they agreed to.")
    judging.add_argument("--json", action="store_true")
    checking = command(
        "check", _check, "Read the whole store, then say what is wrong with its data and what to do about it."
    )
    checking.add_argument("--json", action="store_true")
    return parser


def _build(_: argparse.Namespace) -> int:
    print(f"{store.path()}: {store.ensure()}")
    return 0


def _import(options: argparse.Namespace) -> int:
    pairs = [pair.partition("=") for pair in options.map]
    wrong = [field for field, sign, _ in pairs if not sign or field not in layouts.FIELDS]
    if wrong:
        raise layouts.LayoutError(
            "--map takes FIELD=COLUMN with a FIELD out of {names}; not {given}",
            names=", ".join(layouts.FIELDS),
            given=", ".join(wrong),
        )
    mapping = {field: column for field, _, column in pairs}
    own = [pair.rpartition("=") for pair in options.column]
    if wrong := [code for heading, _, code in own if not heading]:
        raise layouts.LayoutError(
            "--column takes HEADING=CODE, such as 'Sales=OUR.SALES'; not {given}", given=", ".join(wrong)
        )
    mapping |= {f"{layouts.OWN}{heading}": code for heading, _, code in own}
    if options.indicator:
        mapping["indicator"] = f"={options.indicator}"
    try:
        report = ingest.import_file(
            options.file,
            name=options.name,
            mapping=mapping,
            skip_invalid=options.skip_invalid,
            preview=options.preview,
            new_indicators=options.new_indicators,
            max_faults=ingest.MAX_FAULTS if options.faults else SHOWN_FAULTS,
            choices=_choices(options),
        )
        refused = options.preview and report.fault_count > 0
    except ingest.ImportRefused as error:
        report, refused = error.report, True
    _print_faults(report, options.faults)
    print(report.sentence())
    for remark in report.remarks():
        print(f"  {remark}")
    for code in report.undescribed:
        print(
            f"  {code} is undescribed: put an indicators.csv (indicator, name, unit, source, licence) beside the file."
        )
    if refused:
        rest = "" if report.stopped else ", or import the rest with --skip-invalid"
        print(f"Nothing was written. Correct the file{rest}.", file=sys.stderr)
    return int(refused)


def _choices(options: argparse.Namespace) -> ingest.Choices:
    kept = [pair.partition("=") for pair in options.keep]
    if wrong := [column for column, sign, _ in kept if not sign]:
        raise layouts.LayoutError("--keep takes COLUMN=CELL, such as SEX=_T; not {given}", given=", ".join(wrong))
    return ingest.Choices(
        keep=tuple((column, cell) for column, _, cell in kept),
        decimal=options.decimal or "",
        as_stated=options.as_stated,
    )


def _print_faults(report: ingest.ImportReport, target: Path | None) -> None:
    if target:
        target.write_bytes(spreadsheets.to_csv(report.faults))
    for fault in report.faults.head(SHOWN_FAULTS).itertuples():
        print(f"line {fault.line}, {fault.field}: {fault.value!r}: {fault.problem}. {fault.remedy}", file=sys.stderr)
    hidden = report.fault_count - min(len(report.faults), SHOWN_FAULTS)
    if report.stopped:
        print(f"There are more than {ingest.MAX_FAULTS:,} faults; the check stopped there.", file=sys.stderr)
    if hidden:
        print(f"... and {hidden:,} more; --faults FILE.csv writes all of them.", file=sys.stderr)


def _export(options: argparse.Namespace) -> int:
    store.ensure()
    written = ingest.export(options.file)
    print(f"{options.file}: {written['rows']:,} observations, {written['bytes'] / 1e6:.1f} MB.")
    return 0


def _refresh(options: argparse.Namespace) -> int:
    store.ensure()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(publishers.all_of_them()[options.source].name, total=None)
        report = publishers.refresh(
            options.source,
            codes=options.only,
            base_url=options.base_url,
            force=options.force,
            on_progress=lambda done, total, code, outcome: progress.update(
                task, completed=done, total=total, description=f"{code} {outcome}"
            ),
        )
    print(report.sentence())
    return int(bool(report.failed))


def _status(options: argparse.Namespace) -> int:
    store.ensure()
    connection = store.connect()
    facts = store.status(connection)
    if options.json:
        print(json.dumps(facts))
        return 0
    print(f"{store.path()} ({store.path().stat().st_size / 1e6:.1f} MB)")
    for key, value in facts.items():
        print(f"  {key.replace('_', ' ')}: {value}")
    for row in store.snapshots(connection).itertuples():
        when = f"{row.retrieved_at:%Y-%m-%d %H:%M}"
        print(f"  {when} {row.source}: {row.rows:,} rows, {row.status} {row.note}".rstrip() + f" [{row.id}]")
    return 0


def _remove(options: argparse.Namespace) -> int:
    store.ensure()
    arrivals = store.snapshots(store.connect()).set_index("id")
    if options.snapshot in arrivals.index and not options.yes:
        row = arrivals.loc[options.snapshot]
        question = f"Remove {row['source']} ({row['added']:,} values added, {row['changed']:,} changed)? [y/N] "
        if input(question).strip().lower() not in ("y", "yes"):
            print("Nothing was removed.")
            return 1
    done = store.remove(options.snapshot)
    print(f"{options.snapshot}: {done['removed']:,} values removed, {done['restored']:,} earlier ones restored.")
    return 0


def _verdicts(options: argparse.Namespace) -> int:
    store.ensure()
    found = store.feedback(store.connect())
    if options.json:
        print(found.to_json(orient="records", force_ascii=False, date_format="iso"))
        return 0
    for row in found.itertuples():
        entries = ", ".join(row.entries) or "no entry"
        words = " ".join(repr(text) for text in (row.question, row.comment) if text)
        print(f"{row.asked_at:%Y-%m-%d %H:%M} {row.verdict}: {row.kind}, {entries} {words}".rstrip())
    return 0


def _check(options: argparse.Namespace) -> int:
    store.ensure()
    store.check()
    findings = quality.findings(store.connect())
    if options.json:
        print(findings.to_json(orient="records", force_ascii=False))
        return 0
    for finding in findings.itertuples():
        print(f"{finding.severity}: {finding.place}: {finding.problem} {finding.remedy}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
