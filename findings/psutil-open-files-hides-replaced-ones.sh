#!/usr/bin/env bash
# psutil 7.2.2 on Linux, Process.open_files(): a file that is still open but was replaced by a rename is listed under the
# path of the file that took its place, with no sign that another one is meant; one that was deleted is left out. So a
# server that keeps replaced databases open, and their disk with them, shows one open file that is there. The links under
# /proc/PID/fd say " (deleted)" for both; `num_fds()` counts both. The documentation speaks of "regular files opened by
# process". Fails when that is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check psutil==7.2.2
cd "$work"
"$work/venv/bin/python" - <<'PY'
import os
from pathlib import Path

import psutil

us = psutil.Process()
gone, replaced, new = Path("gone.db"), Path("replaced.db"), Path("new.db")
for file in (gone, replaced, new):
    file.write_bytes(b"1234")
descriptors = us.num_fds()
with gone.open("rb") as first, replaced.open("rb") as second:
    gone.unlink()
    new.replace(replaced)  # as a database is swapped in whole
    listed = [Path(entry.path) for entry in us.open_files()]
    links = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    deleted = sum(link.endswith(".db (deleted)") for link in links)
    same = os.fstat(second.fileno()).st_ino == replaced.stat().st_ino
    print("psutil", psutil.__version__)
    print("open_files:", [path.name for path in listed])
    print("the file listed is the one that is open:", same)
    print("descriptors more than before:", us.num_fds() - descriptors, "- links that say (deleted):", deleted)
    assert [path.name for path in listed] == ["replaced.db"] and not same
    assert us.num_fds() - descriptors == 2 and deleted == 2
PY
