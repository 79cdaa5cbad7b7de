"""What a publisher says a figure is, in the reader's words: an estimate, provisional, at a break of its series."""

import pandas as pd

from dashboard.i18n.translation import _


def told(flag: str) -> str:
    """A stored flag in words; "" for a figure without one."""
    words = {"break": _("break in series"), "estimate": _("estimate"), "provisional": _("provisional")}
    return ", ".join(words[kind] for kind in flag.split() if kind in words)


def of_figure(flags: pd.DataFrame, row: pd.Series) -> str:
    """The flag of one figure in words. flags: `store.flags`; row: iso3, indicator, year and source of the figure."""
    same = (flags[["iso3", "indicator", "year", "source"]] == row[["iso3", "indicator", "year", "source"]]).all(axis=1)
    return told(flags.loc[same, "flag"].iloc[0]) if same.any() else ""


def of_series(flags: pd.DataFrame, history: pd.DataFrame) -> str:
    """The flags of a series as one line, each with its years; "" where there are none.

    history: iso3, indicator, year, value, source.
    """
    keys = ["iso3", "indicator", "year", "source"]
    years: dict[str, list[str]] = {}
    for row in history[keys].merge(flags, on=keys).sort_values("year").itertuples():
        years.setdefault(told(row.flag), []).append(str(row.year))
    return " · ".join(
        _("{flag}: {years}").format(flag=flag[:1].upper() + flag[1:], years=", ".join(these))
        for flag, these in years.items()
    )
