"""What a table does not say of itself, and its reader is asked."""

from collections.abc import Sequence

from data.layouts.layout import LayoutError


class NoIndicator(LayoutError):
    """A table of one indicator that it does not name."""

    def __init__(self, template: str, header: Sequence[str] = (), /, **values: object) -> None:
        super().__init__(template, **values)
        self.columns = tuple(header)


def no_indicator(header: Sequence[str]) -> NoIndicator:
    """The refusal of a table that has countries, years and values, and does not say of what."""
    return NoIndicator(
        "The table has countries, years and values, and no column that says which indicator they are. Say its code "
        "(--indicator NY.GDP.PCAP.CD), or which column holds it (--map indicator=COLUMN). Its columns: {columns}.",
        header,
        columns=", ".join(cell.strip() for cell in header if cell.strip())[:300],
    )
