"""What is written does not depend on the language, the number format or the time zone of the server's machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WRITTEN = """
from datetime import date, datetime
from data.faults import Fault
from dashboard.i18n import calendar, faults, translation as t

for language in ("en", "zh"):
    with t.spoken(language):
        figures = [t.number(v) for v in (1234567.891, 0.5, -3.25)] + [t.compact(2_345_000_000.0), t.percent("12.5")]
        names = [t.territory_name("DE"), t.language_name("tr"), t.script_name("Arab"), t.currency_name("TRY")]
        days = [t.day(date(2026, 3, 1)), t.day(datetime(2026, 12, 31, 23, 30)), t.weekday("sun")]
        said = faults.told(Fault("{file} has more than {most} rows. Split it.", file="I.csv", most="1,234"))
        print(language, t.share(0.125), *figures, *names, *days, said, calendar.holiday("Christmas Day"), sep=" | ")
"""


def _written(**server: str) -> str:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    done = subprocess.run(
        [sys.executable, "-c", WRITTEN],
        cwd=ROOT,
        env=plain | {"PYTHONIOENCODING": "utf-8"} | server,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("server", ["tr_TR.UTF-8", "de_DE.ISO-8859-1", "ar_EG.UTF-8", "C"])
def test_figures_names_and_days_are_written_alike_on_every_server(server):
    usual = _written(LANG="C.UTF-8", TZ="UTC")
    other = _written(LANG=server, LC_ALL=server, LANGUAGE=server, TZ="Pacific/Auckland")
    assert other == usual
    assert "| 1,230,000 | 0.5 | -3.25 | 2.34 billion |" in usual
    assert usual.count("\n") == 2
