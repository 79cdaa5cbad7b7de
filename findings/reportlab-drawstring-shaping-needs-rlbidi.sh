#!/usr/bin/env bash
# reportlab 5.1.0 (BSD) with uharfbuzz 0.57.0 (Apache-2.0): `canvas.drawString(..., shaping=True)` is HarfBuzz shaping as
# one would guess, and `TTFont.shapable` says True - but where the package rlbidi is not installed the argument is dropped
# without a word, also for scripts that never run to the left: Hindi's क्ष stays three glyphs with a visible virama.
# Expected: shaped text, or an error as uharfbuzz's absence gives. `ttfonts.shapeStr` called by hand does shape.
# Seen on 2026-11-29: see `wanted` below.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check reportlab==5.1.0 uharfbuzz==0.57.0 \
  fontpkg==0.2.2 fontpkg-noto-sans-devanagari==2.7
seen=$("$work/venv/bin/python" -W error - <<'PYTHON'
import fontpkg
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfgen.canvas import Canvas

font = ttfonts.TTFont("Hindi", str(fontpkg.path("Noto Sans Devanagari")))
pdfmetrics.registerFont(font)
print("shapable:", font.shapable)
canvas = Canvas("unused.pdf", pageCompression=0)
canvas.setFont("Hindi", 20)
drawn = []
font.splitString, split = lambda text, doc: drawn.append(len(text)) or split(text, doc), font.splitString
canvas.drawString(72, 700, "क्ष", shaping=True)
print("glyphs drawn with shaping=True:", drawn[0])
print("glyphs of shapeStr:", len(ttfonts.shapeStr("क्ष", "Hindi", 20)))
PYTHON
)
wanted="shapable: True
glyphs drawn with shaping=True: 3
glyphs of shapeStr: 1"
echo "$seen"
[ "$seen" = "$wanted" ] || { echo "changed: wanted"; echo "$wanted"; exit 1; }
