"""A fault that nobody foresaw: its cause in words, a number to ask with, and the page's frame around it."""

import errno
import logging

import pytest

from dashboard import trouble


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OSError(errno.ENOSPC, "x"), "disk is full"),
        (OSError(errno.EFBIG, "x"), "disk is full"),
        (PermissionError(errno.EACCES, "x"), "may not write"),
        (OSError(errno.EROFS, "x"), "may not write"),
        (OSError(errno.ENAMETOOLONG, "x"), "file or a connection"),
        (MemoryError(), "more memory"),
        (RecursionError(), "nested too deeply"),
        (UnicodeEncodeError("utf-8", "x", 0, 1, "x"), "cannot be read"),
        (OverflowError(), "too large"),
        (ZeroDivisionError(), "too large or too small"),
        (ValueError("x"), "did not expect"),
        (KeyError("x"), "did not expect"),
        (AssertionError("x"), "could not be finished"),
    ],
)
def test_the_class_of_a_cause_is_named_and_what_to_do(fault, said):
    assert said in trouble.cause(fault)


def test_a_fault_is_never_told_in_its_own_words():
    assert "secret" not in trouble.cause(ValueError("secret"))


def test_the_number_on_the_page_stands_in_the_log_with_the_fault(monkeypatch, caplog):
    shown = []
    monkeypatch.setattr(trouble.st, "error", lambda text, **more: shown.append(text))
    monkeypatch.setattr(trouble.st, "caption", shown.append)
    with caplog.at_level(logging.ERROR, "lepton_atlas"), trouble.caught():
        raise ValueError("what happened")
    number = shown[1].split("Reference ")[1].split(":")[0]
    assert number in caplog.text
    assert "what happened" in caplog.text
    assert "what happened" not in "".join(shown)
