"""The number formats (precisions) a model can run in: one at a time, each made when it is used for the first time."""

from abc import ABC, abstractmethod
from typing import Any


class Precisions(ABC):
    """What models that change their number format share. What a format needs is kept: changing back costs nothing."""

    name: str
    precision: str
    forms: dict[str, Any]
    """By precision, what answers are computed with."""

    @abstractmethod
    def precisions(self) -> tuple[str, ...]:
        """The number formats it can run in at present."""

    @abstractmethod
    def form_in(self, precision: str) -> Any:
        """What answers are computed with in a number format that it offers; called once for each."""

    def make_precisions(self) -> bool:
        """Have those made that take long: whether `precisions` offers more now."""
        return False

    def use(self, precision: str) -> None:
        """Run in another number format. Raises ValueError for one it does not offer, and what making it raises."""
        if precision not in self.forms:
            if precision not in self.precisions():
                raise ValueError(f"{self.name} runs in {', '.join(self.precisions())}, not in {precision!r}.")
            self.forms[precision] = self.form_in(precision)
        self.precision = precision
