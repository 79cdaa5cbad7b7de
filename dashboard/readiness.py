"""How many of a country's people our models are ready for: a dimension of the index that a reader may weigh."""

from dataclasses import replace

import pandas as pd

from analytics.index.recipe import Ingredient, Measure, Recipe
from models import fitness

DIMENSION = "our models"
CODE = "our models ready"
TITLE = "People our sentiment model is ready for"


def spoken(languages: pd.DataFrame) -> pd.Series:
    """Share of people by language, the most spoken first. languages: of one country; language, population_pct."""
    return languages.groupby("language")["population_pct"].max().dropna().sort_values(ascending=False) / 100


def figures(languages: pd.DataFrame, year: int) -> pd.DataFrame:
    """Percent of each country's people whose language the sentiment model is good enough for, as rows of a panel.

    languages: iso3, language, population_pct. Countries without a known language have no row.
    """
    shares = {
        iso3: fitness.ready_share(known.to_dict(), "sentiment")[0] * 100
        for iso3, known in ((iso3, spoken(rows)) for iso3, rows in languages.groupby("iso3"))
        if len(known)
    }
    return pd.DataFrame({"iso3": list(shares), "indicator": CODE, "year": year, "value": list(shares.values())})


def extended(recipe: Recipe) -> Recipe:
    """The recipe with our models' readiness as one more dimension, which counts as much as the reader weighs it.

    Here its weight is always 1, so that no country comes or goes while a reader tries others.
    """
    own = Ingredient(CODE, TITLE, DIMENSION, 1, 1.0, (Measure(CODE),))
    return replace(recipe, dimensions={**recipe.dimensions, DIMENSION: 1.0}, ingredients=(*recipe.ingredients, own))
