#!/usr/bin/env bash
# reportlab 5.1.0 (BSD): two TTFont objects with names of their own, made from two instances of one variable font
# (regular and bold), are registered without a word, but the second name gives the first font: `registerFont` keys
# embedded faces by the PostScript name in the file, which all instances share. Bold text comes out regular.
# Expected: two fonts, or an error. Seen on 2026-11-29: see `wanted` below. Way out: set `font.face.name` before.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check reportlab==5.1.0 uharfbuzz==0.57.0 \
  fontpkg==0.2.2 fontpkg-arimo==1.341
seen=$("$work/venv/bin/python" -W error - <<'PYTHON'
import io

import fontpkg
import uharfbuzz as harfbuzz
from reportlab.pdfbase import pdfmetrics, ttfonts


def instance(name: str, weight: int) -> ttfonts.TTFont:
    face = harfbuzz.Face(fontpkg.path("Arimo", weight=weight).read_bytes())
    wanted = harfbuzz.SubsetInput()
    wanted.keep_everything()
    wanted.pin_axis_location(face, "wght", weight)
    return ttfonts.TTFont(name, io.BytesIO(harfbuzz.subset(face, wanted).blob.data))


regular, bold = instance("Ours", 400), instance("Ours Bold", 700)
for font in (regular, bold):
    pdfmetrics.registerFont(font)
print("widths of the two files differ:", regular.stringWidth("mmm", 10) != bold.stringWidth("mmm", 10))
print("'Ours Bold' is the bold font:", pdfmetrics.getFont("Ours Bold") is bold)
print("'Ours Bold' is the regular font:", pdfmetrics.getFont("Ours Bold") is regular)
PYTHON
)
wanted="widths of the two files differ: True
'Ours Bold' is the bold font: False
'Ours Bold' is the regular font: True"
echo "$seen"
[ "$seen" = "$wanted" ] || { echo "changed: wanted"; echo "$wanted"; exit 1; }
