#!/usr/bin/env bash
# holidays 0.108 (MIT): a language that a country does not have is not refused and does not fall back to the country's
# own language, as one would guess: the names come in whatever language the environment (LANG) asks for, where the
# package has it. The same program prints German, English or Ukrainian names of German holidays on three servers.
# Expected: ValueError, or always "Neujahr". Seen on 2026-11-29: see `wanted` below.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check holidays==0.108
ask='import holidays; print(holidays.country_holidays("DE", years=2026, language="zh_CN")["2026-01-01"])'
seen=$(for lang in C de_DE.UTF-8 en_US.UTF-8 uk_UA.UTF-8; do
  env -u LANGUAGE -u LC_ALL -u LC_MESSAGES LANG="$lang" PYTHONUTF8=1 "$work/venv/bin/python" -c "$ask"
done)
wanted="Neujahr
Neujahr
New Year's Day
Новий рік"
echo "$seen"
[ "$seen" = "$wanted" ] || { echo "changed: wanted"; echo "$wanted"; exit 1; }
