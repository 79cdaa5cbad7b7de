#!/usr/bin/env bash
# nepali-datetime 1.0.8.5, nepali 1.2.0 and bsad-converter 1.1.0 convert dates to Nepal's civil calendar (Bikram Sambat) by tables of
# month lengths, and take years to come for as settled as past ones. They name different days for the same Gregorian day: on
# many days of every year from 2084 (first on 15 June 2027) nepali is a day away from nepali-datetime, and from 2087 on
# bsad-converter is too; in 2062 (2005), a year long past, nepali-datetime is a day away from the two others for a month. None of them
# says that lengths are only published from year to year. One would expect libraries of a civil calendar to agree, or to end
# where the published calendar ends. Fails when that is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nepali-datetime==1.0.8.5 nepali==1.2.0 bsad-converter==1.1.0
"$work/venv/bin/python" - <<'PY'
from collections import Counter
from datetime import date, timedelta

import bsad_converter
import nepali_datetime
from nepali.datetime import nepalidate


def all_three(day: date) -> dict[str, tuple[int, int, int]]:
    one, two = nepali_datetime.date.from_datetime_date(day), nepalidate.from_date(day)
    three = bsad_converter.ad_to_bs(day)
    return {
        "nepali-datetime": (one.year, one.month, one.day),
        "nepali": (two.year, two.month, two.day),
        "bsad-converter": (three["year"], three["month"], three["day"]),
    }


day, apart = date(2000, 1, 1), {"nepali": Counter(), "bsad-converter": Counter()}
first = {}
while day < date(2033, 1, 1):
    said = all_three(day)
    for name, years in apart.items():
        if said[name] != said["nepali-datetime"]:
            years[said["nepali-datetime"][0]] += 1
            first.setdefault((name, said["nepali-datetime"][0]), (day.isoformat(), said))
    day += timedelta(days=1)
for name, years in apart.items():
    print(f"days of a year on which {name} is not nepali-datetime:", dict(sorted(years.items())))
for (name, year), (when, said) in first.items():
    if year in (2062, 2084, 2087):
        print(when, said)
assert apart["nepali"][2083] == 0 and apart["nepali"][2084] > 100
assert apart["nepali"][2062] > 20 and apart["bsad-converter"][2062] > 20
assert apart["bsad-converter"][2086] == 0 and apart["bsad-converter"][2087] > 20
PY
