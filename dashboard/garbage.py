"""When Python's garbage is collected: now and then, not after every run of a script as Streamlit would."""

import gc
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
    finally:
        _collecting.release()
    return True
