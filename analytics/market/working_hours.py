"""When can two markets talk? Working hours and days they share."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

START, END = time(9), time(17)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def shared_hours(home: str, away: str, on: date) -> float:
    """Hours of the working day (9-17 local time) that two IANA time zones share on a date, 0-8."""
    here = [datetime.combine(on, edge, ZoneInfo(home)) for edge in (START, END)]
    best = 0.0
    for shift in (-1, 0, 1):
        there = [datetime.combine(on + timedelta(days=shift), edge, ZoneInfo(away)) for edge in (START, END)]
        overlap = min(here[1], there[1]) - max(here[0], there[0])
        best = max(best, overlap.total_seconds() / 3600)
    return best


def difference_hours(home: str, away: str, on: date) -> float:
    """Hours the away zone is ahead of home at noon of a date."""
    noon = datetime.combine(on, time(12))
    return (
        noon.replace(tzinfo=ZoneInfo(away)).utcoffset() - noon.replace(tzinfo=ZoneInfo(home)).utcoffset()
    ).total_seconds() / 3600


def shared_days(home_weekend: str, away_weekend: str) -> int:
    """Working days of the week on which neither market has its weekend ("sat,sun")."""
    off = set(home_weekend.split(",")) | set(away_weekend.split(","))
    return sum(day not in off for day in DAYS)
