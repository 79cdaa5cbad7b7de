"""A file is written whole or not at all, whatever fails on the way."""

import stat
import sys

import pytest

from data import atomic


def test_what_was_there_is_replaced_by_what_was_written(tmp_path):
    file = tmp_path / "a.json"
    atomic.put(file, b"one")
    atomic.put(file, lambda out: out.write(b"two"))
    assert file.read_bytes() == b"two"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_what_was_there_stays_when_writing_fails(tmp_path):
    file = tmp_path / "a.json"
    atomic.put(file, b"one")

    def fail(out) -> None:
        out.write(b"tw")
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        atomic.put(file, fail)
    assert file.read_bytes() == b"one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_a_file_can_be_put_where_none_may_be_yet(tmp_path):
    file = tmp_path / "a.json"
    atomic.put(file, b"one", lambda part, place: place.hardlink_to(part))
    with pytest.raises(FileExistsError):
        atomic.put(file, b"two", lambda part, place: place.hardlink_to(part))
    assert file.read_bytes() == b"one"


@pytest.mark.skipif(sys.platform == "win32", reason="needs rights of files")
def test_other_accounts_may_not_read_it(tmp_path):
    atomic.put(tmp_path / "a.json", b"one")
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o600
