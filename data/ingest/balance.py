"""Every cell of a file and what became of it, so that none is dropped without a line."""

from dataclasses import dataclass

from data import store
from data.faults import Fault


@dataclass(frozen=True)
class Cells:
    """values: cells that hold something. empty: cells without. aggregates: of regions and groups. left_out: of others,
    by reason: former, projection, forecast, missing, kept, column.
    """

    values: int
    empty: int
    aggregates: int
    left_out: tuple[tuple[str, int], ...]


def count(connection: store.Connection) -> Cells:
    """The cells of the file that was staged and checked."""
    staged = connection.execute("SELECT count(*) FROM staged").fetchone()[0]
    checked = connection.execute("SELECT count(*) FROM checked").fetchone()[0]
    faulty = connection.execute("SELECT coalesce(sum(cells), 0) FROM set_aside").fetchone()[0]
    rows = connection.execute(
        "SELECT reason, sum(cells)::BIGINT FROM (SELECT reason, cells FROM left_cells UNION ALL "
        "SELECT left_out, count(*) FROM checked WHERE left_out IS NOT NULL GROUP BY 1) GROUP BY 1 ORDER BY 1"
    ).fetchall()
    reasons = {reason: int(cells) for reason, cells in rows if cells}
    blank, aggregates = reasons.pop("blank", 0), reasons.pop("aggregate", 0)
    before = sum(cells for reason, cells in reasons.items() if reason in ("forecast", "missing", "kept", "column"))
    return Cells(
        values=checked + int(faulty) + before,
        empty=staged - checked + blank,
        aggregates=aggregates,
        left_out=tuple(reasons.items()),
    )


def left_out_sentence(reason: str, count: int) -> Fault:
    """Why cells of a kind were left out, with their number."""
    cells = f"{count:,}"
    return {
        "former": Fault("{count} values of states that no longer exist left out", count=cells),
        "projection": Fault("{count} projections for years to come left out", count=cells),
        "forecast": Fault("{count} values that the file calls forecasts left out", count=cells),
        "missing": Fault("{count} values that the file calls missing left out", count=cells),
        "column": Fault("{count} values of columns that were not read left out", count=cells),
        "kept": Fault("{count} values of other rows than those to keep left out", count=cells),
    }[reason]


def remarks(connection: store.Connection) -> tuple[Fault, ...]:
    """What was done with values, and what the file says of them."""
    rows = connection.execute(
        "SELECT kind, detail, sum(cells)::BIGINT FROM remarks GROUP BY kind, detail HAVING sum(cells) > 0 "
        "ORDER BY kind, detail LIMIT 40"
    ).fetchall()
    return tuple(_remark(kind, detail, f"{cells:,}") for kind, detail, cells in rows)


def _remark(kind: str, detail: str, count: str) -> Fault:
    if kind == "multiplied":
        return Fault("Values multiplied by {factor}, as the file says: {count}.", count=count, factor=detail)
    if kind == "decimal comma":
        return Fault("Numbers read with a decimal comma, as the other cells of the file are: {count}.", count=count)
    if kind == "estimate":
        return Fault("Estimates, as the file says: {count}.", count=count)
    if kind == "provisional":
        return Fault("Provisional values, as the file says: {count}.", count=count)
    if kind == "break":
        return Fault("Values at a break in their series, as the file says: {count}.", count=count)
    return Fault("Values with the flag {flag} in the file: {count}.", count=count, flag=repr(detail[:40]))
