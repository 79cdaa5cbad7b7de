#!/usr/bin/env bash
# Streamlit 1.67.0 with Python's multiprocessing, start method "spawn" (the only one on Windows, the usual one on macOS, and
# what one must take on Linux in a process of many threads such as this server): while a page runs, Streamlit's module of
# it stands at sys.modules["__main__"], and that is what multiprocessing has a new process import first. So a process pool
# that a page, or any module the page calls, starts for a function of the standard library runs the whole page again in the
# child, outside of any session, as "__mp_main__": its queries, its writes, its downloads. Neither the server's own start
# (`python -m streamlit run`, whose main module is left alone) nor the function asked for needs that. A page's own module has
# to hide behind `if __name__ == "__main__"`, which pages do not; or the work is started with `subprocess`.
# Fails when that is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check streamlit==1.67.0
cat > "$work/page.py" <<'PY'
import multiprocessing
import operator
import os
from concurrent.futures import ProcessPoolExecutor

import streamlit as st

with open(os.environ["RUNS"], "a") as runs:
    runs.write(f"{__name__}\n")
if __name__ == "__main__":
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        st.write(f"40 + 2 = {pool.submit(operator.add, 40, 2).result()}")
PY
RUNS="$work/runs" "$work/venv/bin/python" - "$work/page.py" 2>/dev/null <<'PY'
import os
import sys

import streamlit
from streamlit.testing.v1 import AppTest

page = AppTest.from_file(sys.argv[1], default_timeout=120).run()
runs = open(os.environ["RUNS"]).read().split()
print("streamlit", streamlit.__version__, "python", sys.version.split()[0])
print("shown:", [part.value for part in page.markdown])
print("the page was run as", runs)
assert [part.value for part in page.markdown] == ["40 + 2 = 42"]
assert runs == ["__main__", "__mp_main__"]
PY
