"""How many people speak each language, by CLDR's territory information in data/reference."""

from functools import cache

import pandas as pd

from data import store
from models.text import languages

FEWEST = 200_000
"""Speakers that a language without a figure, or with fewer, counts as."""


@cache
def speakers() -> dict[str, float]:
    """FLORES code -> people, at least FEWEST: sums over territories of population times share of speakers."""
    spoken = pd.read_csv(store.REFERENCE / "languages.csv", keep_default_na=False)
    people = pd.read_csv(store.REFERENCE / "observations.csv", keep_default_na=False)
    people = people[people["indicator"] == "cldr:population"].set_index("iso3")["value"].astype(float)
    count = pd.to_numeric(spoken["population_pct"]) / 100 * spoken["iso3"].map(people)
    by = count.groupby([spoken["language"], spoken["script"].replace("Kore", "Hang")]).sum()
    keys = {code: (languages.bcp47(code).partition("-")[0], code.partition("_")[2]) for code in languages.FLORES}
    return {code: max(FEWEST, float(by.get(key, 0.0))) for code, key in keys.items()}
