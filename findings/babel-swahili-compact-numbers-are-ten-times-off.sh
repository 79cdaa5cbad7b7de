#!/usr/bin/env bash
# Babel 2.18.0, `format_compact_decimal` in Swahili: 4,000 comes out as "elfu 40" (forty thousand, ten times too large), and
# in the long form 4,000,000 as "milioni 40". CLDR writes these patterns with a part for negative numbers ("elfu 0;elfu -0"):
# the zeros of both parts are counted when the number is scaled. Locales whose patterns have no such part are right. In Chinese,
# Japanese and Korean the documented format_type="long" raises KeyError, as CLDR gives them no patterns of their own for it.
# One would expect the number that went in. Fails when that is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check babel==2.18.0
"$work/venv/bin/python" - <<'PY'
import babel
from babel import Locale
from babel.numbers import format_compact_decimal


def said(locale: str, number: int, form: str) -> str:
    return format_compact_decimal(number, locale=locale, format_type=form).replace("\xa0", " ")


print("babel", babel.__version__)
patterns = Locale("sw").compact_decimal_formats
print("CLDR, sw, thousands:", patterns["short"]["other"]["1000"].pattern)
found = {
    (locale, number, form): said(locale, number, form)
    for locale in ("en", "sw")
    for number, form in ((4_000, "short"), (40_000, "short"), (4_000_000, "long"))
}
for key, text in found.items():
    print(*key, "->", text)
assert found["en", 4_000, "short"] == "4K" and found["en", 4_000_000, "long"] == "4 million"
assert found["sw", 4_000, "short"] == "elfu 40"
assert found["sw", 40_000, "short"] == "elfu 4000"
assert found["sw", 4_000_000, "long"] == "milioni 40"
for locale in ("zh", "ja", "ko"):
    try:
        said(locale, 40_000, "long")
    except KeyError as error:
        print(locale, "long -> KeyError", error)
    else:
        raise AssertionError(locale)
PY
