"""What moved between two rankings under one recipe."""

import pandas as pd

from analytics.index.composite import Ranking


def movers(before: Ranking, after: Ranking, count: int) -> pd.DataFrame:
    """Markets whose rank changed most: rank_before, rank_after, change (positive is better), by iso3."""
    both = before.scores.join(after.scores, how="inner", suffixes=("_before", "_after"))
    change = both["rank_before"] - both["rank_after"]
    moved = both.assign(change=change)[change != 0][["rank_before", "rank_after", "change"]]
    return moved.reindex(moved["change"].abs().sort_values(ascending=False, kind="stable").index).head(count)
