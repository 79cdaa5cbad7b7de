"""Work in a process of its own, which gives way to everybody else's.

In the server it would hold up the threads that draw pages, as one of them runs Python at a time, and what memory it
took would stay. The process is a fresh interpreter, on half of the cores and with a low claim to them; it ends with its
work, and before that when whoever asked for it has gone. What goes over is pickled: between these two alone.
"""

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from data.faults import Fault

GIVES_WAY = 10
"""Of 19, as `nice` counts."""
LOOKS_EVERY_S = 0.2
_STOP = b"s"


class BrokenOff(Fault, RuntimeError):
    """The process ended without an answer."""


class TookTooLong(RuntimeError):
    """The answer was not there in time."""


def run(
    function: Callable[..., Any],
    *arguments: Any,
    on_message: Callable[[Any], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    seconds: float | None = None,
) -> Any:
    """What a function of a module returns, or raises, for these arguments, all of which can be pickled.

    on_message, should_stop: the function gets two more arguments, `tell` (what it tells comes to on_message) and
    `asked_to_stop`. seconds: how long it may take. Raises BrokenOff when the process is killed, by the machine when
    memory is short, and TookTooLong.
    """
    with subprocess.Popen(
        [sys.executable, "-P", "-c", "from data import apart; apart.answer()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_surroundings(),
    ) as child:
        over, late = threading.Event(), threading.Event()
        ends = None if seconds is None else time.monotonic() + seconds
        watch = threading.Thread(target=_watch, args=(child, over, late, should_stop, ends), daemon=True)
        try:
            with suppress(BrokenPipeError):
                pickle.dump((function, arguments, on_message is not None), child.stdin)
                child.stdin.flush()
            watch.start()
            return _answer_of(child, on_message)
        except EOFError:
            if late.is_set():
                raise TookTooLong from None
            raise BrokenOff(
                "The work was broken off (code {code}). The machine may be short of memory: try again later.",
                code=child.wait(),
            ) from None
        finally:
            over.set()
            child.kill()


def _surroundings() -> dict[str, str]:
    root, cores = str(Path(__file__).parents[1]), str(max(1, (os.cpu_count() or 2) // 2))
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": cores, "OPENBLAS_NUM_THREADS": cores}


def _watch(
    child: subprocess.Popen,
    over: threading.Event,
    late: threading.Event,
    should_stop: Callable[[], bool] | None,
    ends: float | None,
) -> None:
    while not over.wait(LOOKS_EVERY_S):
        if should_stop and should_stop():
            should_stop = None
            with suppress(OSError, ValueError):  # it has come to its end meanwhile
                child.stdin.write(_STOP)
                child.stdin.flush()
        if ends is not None and time.monotonic() > ends:
            late.set()
            child.kill()
            return


def _answer_of(child: subprocess.Popen, on_message: Callable[[Any], None] | None) -> Any:
    while True:
        kind, content = pickle.load(child.stdout)  # noqa: S301 our own process
        if kind == "raised":
            raise content
        if kind == "returned":
            return content
        on_message(content)


def answer() -> None:
    """What the process does: its work comes in on the standard input, what it tells and returns goes out."""
    if hasattr(os, "nice"):  # Windows has none
        os.nice(GIVES_WAY)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print
    work, stop = sys.stdin.buffer, threading.Event()
    try:
        function, arguments, talks = pickle.load(work)  # noqa: S301 our own process
        threading.Thread(target=_listen, args=(work, stop), daemon=True).start()
        extra = ((lambda content: _send(out, "told", content)), stop.is_set) if talks else ()
        _send(out, "returned", function(*arguments, *extra))
    except Exception as error:  # told to whoever asked
        try:
            _send(out, "raised", error)
        except Exception:  # one that cannot be pickled
            _send(out, "raised", RuntimeError(f"{type(error).__name__}: {error}"))


def _listen(work: IO[bytes], stop: threading.Event) -> None:
    while work.read(1) == _STOP:
        stop.set()
    os._exit(1)  # nobody waits for the answer any more


def _send(out: IO[bytes], kind: str, content: Any) -> None:
    out.write(pickle.dumps((kind, content), protocol=pickle.HIGHEST_PROTOCOL))
    out.flush()
