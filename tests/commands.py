"""A command line called as a user calls it: in this process, which saves seconds of imports, or in one of its own."""

import io
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

ROOT = Path(__file__).parents[1]


def called(main: Callable[[list[str]], int], *arguments: object) -> subprocess.CompletedProcess:
    """What a command's `main` returns and prints."""
    words, out, err = [str(word) for word in arguments], io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as end:
            code = end.code
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def started(package: str, *arguments: object) -> subprocess.CompletedProcess:
    """The same of `python -m package` in a process of its own."""
    command = [sys.executable, "-m", package, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
