"""What only those who run the program ask for - folders, commands, devices, codes - folded away on every page."""

import re

import streamlit as st

from dashboard.i18n.translation import _

INTERNAL = re.compile(
    r"`[^`]+`|python -m |pip install |--[a-z]|\bmake [a-z]|/\w+/|[A-Z]+_[A-Z]+|\.toml|[a-z]{3}_[A-Z][a-z]{3}"
)
"""What a business reader has no use for: commands, folders, settings, codes."""


def details(*lines: str) -> None:
    """An expander with a line each; nothing without one."""
    if told := [line for line in lines if line]:
        with st.expander(_("Details for engineers"), icon=":material/build:"):
            for line in told:
                st.caption(line)


def problem(fault: str, plainly: str, stops: bool = False) -> None:
    """A fault as it is, or plainly, with what it holds for engineers folded away.

    plainly: what is said instead. stops: whether it is an error rather than a remark.
    """
    internal = bool(INTERNAL.search(fault))
    if stops:
        st.error(plainly if internal else fault, icon=":material/error:")
    else:
        st.info(plainly if internal else fault, icon=":material/info:")
    if internal:
        details(fault)
