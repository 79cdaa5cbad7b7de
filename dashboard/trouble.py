"""What nobody foresaw, told in a sentence: the class of its cause, what is safe, what to do, and a reference number.

The page keeps its frame and navigation; what happened in full stands in the server's log under the same number.
"""

import errno
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.errors import FragmentHandledException

from dashboard import components
from dashboard.i18n.translation import _
from data import store

log = logging.getLogger("lepton_atlas")
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextmanager
def caught() -> Iterator[None]:
    """Whatever goes wrong inside is told where it happened, and goes no further."""
    try:
        yield
    except FragmentHandledException:
        raise  # was told inside the fragment
    except Exception as error:
        told(error)


def told(error: Exception) -> bool:
    """Tell the reader of a fault, and log it under the number that stands in the message. True: nothing else need be
    shown (what Streamlit asks of a handler of faults)."""
    if isinstance(error, store.StoreError):
        components.store_error(error)
        return True
    number = secrets.token_hex(3).upper()
    log.exception("Reference %s: %s", number, type(error).__name__, exc_info=error)
    st.error(cause(error), icon=":material/error:")
    st.caption(
        _(
            "What was stored before is safe. Reference {number}: whoever runs the program finds the details in its log."
        ).format(number=number)
    )
    return True


def cause(error: BaseException) -> str:
    """What kind of thing went wrong and what to do, in the reader's language; nothing of the fault's own words."""
    if isinstance(error, OSError) and error.errno in FULL:
        return _("The disk is full. Make some room, then try again.")
    if isinstance(error, OSError) and error.errno in FORBIDDEN:
        return _("The program may not write to its data folder. Correct the folder's permissions, then try again.")
    if isinstance(error, OSError):
        return _(
            "A file or a connection could not be used. Try again; if that does not help, check the disk and the "
            "network."
        )
    if isinstance(error, MemoryError):
        return _("This needs more memory than the machine has. Try a smaller file or a smaller question.")
    if isinstance(error, RecursionError):
        return _("The file is nested too deeply to be read. Save it again in a simpler form.")
    if isinstance(error, UnicodeError):
        return _("A text holds characters that cannot be read. Save it as UTF-8 and try again.")
    if isinstance(error, ArithmeticError):
        return _("A number is too large or too small to compute with. Check the figures you entered or uploaded.")
    if isinstance(error, (ValueError, TypeError, LookupError)):
        return _("Something here has a form that the page did not expect. Check what you entered or uploaded last.")
    return _("The page could not be finished. Reload it; if it happens again, pass on the reference number.")
