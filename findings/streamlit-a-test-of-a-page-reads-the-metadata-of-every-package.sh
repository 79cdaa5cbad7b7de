#!/usr/bin/env bash
# Streamlit 1.67.0, streamlit.testing.v1.AppTest: every AppTest looks for components in all installed packages at its first
# run, by reading and parsing the METADATA of each one; what was found is kept for that AppTest only, though nothing can be
# installed between two tests of a process. With the 30 or so packages of Streamlit alone that costs little; with 150 it is
# half a second of a processor for every page that a test opens, more than drawing most pages takes. Patching
# `streamlit.components.v2.manifest_scanner.scan_component_manifests` with a cached version for the session mends it.
# Fails when that is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check streamlit==1.67.0
"$work/venv/bin/python" - 2>/dev/null <<'PY'
import importlib.metadata

import streamlit
from streamlit.testing.v1 import AppTest

PAGES = 3
looked, parsed = [], []
distributions, metadata = importlib.metadata.distributions, importlib.metadata.Distribution.metadata.fget


def counted(*arguments, **named):
    looked.append(1)
    return distributions(*arguments, **named)


def read(self):
    parsed.append(self._path.name)
    return metadata(self)


importlib.metadata.distributions = counted
importlib.metadata.Distribution.metadata = property(read)
for _page in range(PAGES):
    page = AppTest.from_string("import streamlit as st\nst.write('hello')")
    page.run()
    page.run()
there = len({path for path in parsed})
print("streamlit", streamlit.__version__)
print(f"{PAGES} pages, two runs each: packages looked through {len(looked)} times, {len(parsed)} times metadata parsed")
print(f"packages: {there}; each parsed {len(parsed) / there:.1f} times")
assert len(looked) == PAGES
assert len(parsed) >= PAGES * there
PY
