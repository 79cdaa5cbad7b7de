"""Which markets are most like this one? Nearest by size and income."""

import numpy as np
import pandas as pd

SIZE = ("SP.POP.TOTL", "cldr:population")
INCOME = ("NY.GDP.PCAP.PP.CD",)
TOTAL_INCOME = ("cldr:gdp_ppp",)
CODES = SIZE + INCOME + TOTAL_INCOME


def size_and_income(panel: pd.DataFrame) -> pd.DataFrame:
    """population (persons) and income (international $ per person) by iso3, NaN where unknown.

    panel: iso3, indicator, year, value for CODES (as `store.market_panel` gives); CLDR's figures stand in.
    """
    figures = panel.pivot(index="iso3", columns="indicator", values="value").reindex(columns=CODES)
    population = figures[SIZE[0]].fillna(figures[SIZE[1]])
    income = figures[INCOME[0]].fillna(figures[TOTAL_INCOME[0]] / figures[SIZE[1]])
    return pd.DataFrame({"population": population, "income": income})


def nearest(panel: pd.DataFrame, iso3: str, count: int) -> pd.DataFrame:
    """The structural peers of a market: nearest in log population and log income per person, each standardised.

    panel: as for `size_and_income`. Returns population, income and distance (standard deviations), indexed by iso3, the
    market itself first with distance 0. Empty when the market's own size or income is unknown.
    """
    known = size_and_income(panel).dropna()
    known = known[(known > 0).all(axis=1)]
    if iso3 not in known.index:
        return known.iloc[:0].assign(distance=pd.Series(dtype=float))
    logs = np.log(known)
    distance = np.sqrt((((logs - logs.loc[iso3]) / logs.std()) ** 2).sum(axis=1))
    return known.assign(distance=distance).sort_values("distance", kind="stable").head(count + 1)
