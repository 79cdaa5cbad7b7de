"""When Python's garbage is collected: now and then, not after every run of a script as Streamlit would."""

import ctypes
import gc
import sys
import time
from threading import Lock

EVERY_S = 60.0
"""Python's own collector goes on as usual; this bounds how long large cycles (closed sessions, frames) stay."""
_collecting = Lock()
_last = time.monotonic()


def keep_imports() -> None:
    """Leave what is imported by now out of later collections: it stays for as long as the server runs."""
    gc.collect()
    gc.freeze()


def give_back() -> bool:
    """Return freed memory to the machine, and say whether the C library can.

    glibc keeps what threads freed for the same threads to come: a server of many threads would hold the peak of each of
    them, 400 MB after a training and some large files.
    """
    if sys.platform != "linux":
        return False
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    return trim is not None and bool(trim(0))


def collect_when_due(now: float) -> bool:
    """Collect if EVERY_S seconds have passed since the last time, and say whether it did. now: time.monotonic().

    Sessions are threads: one of them collects, the others go on.
    """
    global _last
    if now - _last < EVERY_S or not _collecting.acquire(blocking=False):
        return False
    try:
        _last = now
        gc.collect()
        give_back()
    finally:
        _collecting.release()
    return True
