"""What a refresh did, whoever the publisher is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from data.faults import Fault

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
    publisher: str = "World Bank"

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
                f"{indicators_of(len(self.landed))} landed "
                f"({added:,} values added, {changed:,} changed, {withdrawn:,} withdrawn)"
            )
        if self.resumed:
            parts.append(f"{indicators_of(len(self.resumed))} taken over from an interrupted refresh")
        if self.unchanged:
            parts.append(f"{indicators_of(len(self.unchanged))} unchanged since the last fetch")
        if self.regrouped:
            parts.append(f"{self.regrouped:,} markets with a new income group or region")
        if self.failed:
            parts.append(f"{len(self.failed)} failed (what was stored stays)")
        return f"{self.publisher}, {self.seconds:,.0f} s: " + ", ".join(parts) + ("." if not self.failed else ":")


def indicators_of(count: int) -> str:
    """How many indicators, in words."""
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
