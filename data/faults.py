"""A refusal is data: a sentence with places, and what stands in them, so that it can be told in any language."""

import copyreg
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, Self


class Fault(Exception):
    """A refusal that a person reads.

    template: English, with a {place} for each value; always a literal in the code, so that it can be gathered for the
    translators. values: what stands in the places; one that is a Fault itself is told first. `str()` is the English.
    """

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template)
        self.template, self.values = template, values

    @classmethod
    def of(cls, other: "Fault") -> Self:
        """The same sentence as a fault of this kind."""
        return cls(other.template, **other.values)

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Self:
        """One that was written down with `facts`, by another process."""
        return cls(facts["template"], **facts["values"])

    def facts(self) -> dict[str, Any]:
        """The fault as JSON can hold it; values that are no text or number become text."""
        plain = {k: v if isinstance(v, str | int | float) else str(v) for k, v in self.values.items()}
        return {"template": self.template, "values": plain}

    def __str__(self) -> str:
        return self.template.format(**self.values)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), str(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process and back: exceptions keep positional arguments alone."""
        return copyreg.__newobj__, (type(self),), vars(self)


def in_turn(faults: Iterable[Fault]) -> Fault:
    """Sentences one after the other, as one fault; there must be one at least."""
    return reduce(lambda said, next_one: Fault("{said} {next}", said=said, next=next_one), faults)


def listed(faults: Iterable[Fault]) -> Fault:
    """Several faults as one, so that each of them is told in the reader's language; there must be one at least."""
    return reduce(lambda before, after: Fault("{before}; {after}", before=before, after=after), faults)
