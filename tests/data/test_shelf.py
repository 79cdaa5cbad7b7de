"""What people saved: whole or not at all, under any name, nothing ever lost by replacing or removing it."""

import dataclasses
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data import shelf
from data.shelf import ShelfError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """Where scenarios are kept, not there yet."""
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "scenarios"


def names(kind: str = "scenarios") -> list[str]:
    return [entry.name for entry in shelf.saved(kind)]


def aside(folder: Path, where: str) -> list[str]:
    """The texts that were put aside, the oldest first."""
    return [file.read_text("utf-8") for file in sorted((folder / where).glob("*.json"))]


def replace(name: str, text: str, kind: str = "scenarios") -> None:
    """Save over what is there now."""
    shelf.save(kind, name, text, over=shelf.find(kind, name))


def test_what_is_saved_is_read_back_and_listed_with_its_time():
    assert shelf.saved("scenarios") == ()
    shelf.save("scenarios", "More internet", '{"a": "é 中"}')
    assert shelf.read("scenarios", "More internet") == '{"a": "é 中"}'
    (entry,) = shelf.saved("scenarios")
    assert entry.name == "More internet" and entry.saved_at.utcoffset().total_seconds() == 0


def test_the_newest_comes_first(folder):
    for age, name in ((30, "b"), (10, "a"), (20, "c")):
        shelf.save("scenarios", name, "{}")
        os.utime(folder / f"{name}.json", (1_700_000_000 - age,) * 2)
    assert names() == ["a", "c", "b"]


def test_scenarios_and_plans_are_kept_apart():
    shelf.save("scenarios", "one", "scenario")
    shelf.save("plans", "one", "plan")
    shelf.remove("scenarios", "one")
    assert (names("scenarios"), names("plans")) == ([], ["one"])
    assert shelf.read("plans", "one") == "plan"


def test_a_name_that_is_taken_is_refused_unless_it_is_to_be_replaced(folder):
    shelf.save("scenarios", "one", "first")
    with pytest.raises(ShelfError, match=r"There is one called 'one' already. Choose another name, or replace it"):
        shelf.save("scenarios", "one", "second")
    assert shelf.read("scenarios", "one") == "first"
    replace("one", "second")
    replace("one", "third")
    assert shelf.read("scenarios", "one") == "third" and names() == ["one"]
    assert aside(folder, "replaced") == ["first", "second"]


def test_what_is_removed_is_kept_aside_and_its_name_is_free(folder):
    shelf.save("scenarios", "one", "first")
    shelf.remove("scenarios", "one")
    assert names() == [] and aside(folder, "removed") == ["first"]
    shelf.save("scenarios", "one", "again")
    shelf.remove("scenarios", "one")
    assert aside(folder, "removed") == ["first", "again"]


def test_what_is_not_there_is_said_with_its_name():
    with pytest.raises(ShelfError, match="There is none called 'one'"):
        shelf.remove("scenarios", "one")
    with pytest.raises(ShelfError, match=r"'one' cannot be read: .*save it again"):
        shelf.read("scenarios", "one")


def test_a_file_that_is_no_text_cannot_be_read(folder):
    shelf.save("scenarios", "one", "{}")
    (folder / "one.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ShelfError, match="cannot be read"):
        shelf.read("scenarios", "one")


# ------------------------------------------------------------------ names

NAMES = [
    "More / less", "../../escape", "/etc/passwd", ".", "..", ".hidden", "a.json", "100 %", "%41;", "C:\\x", "a\tb\nc",
    "印度上网更快", "Übergröße – Ænd", "🚀 growth", "e\u0301", "CON", "x" * 80, "中" * 70, "'; DROP TABLE", "replaced",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_a_file_in_the_folder_and_comes_back_as_it_was(folder, name):
    shelf.save("scenarios", name, "text")
    assert names() == [name] and shelf.read("scenarios", name) == "text"
    replace(name, "more")
    shelf.remove("scenarios", name)
    assert names() == []
    assert {file.parent for file in folder.parent.rglob("*.json")} == {folder / "replaced", folder / "removed"}
    assert not list(folder.parent.parent.glob("*escape*"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(min_size=1, max_size=20).map(str.strip).filter(bool), unique=True, min_size=1, max_size=4))
def test_different_names_never_meet(folder, wanted):
    for name in wanted:
        shelf.save("scenarios", name, f"text of {name!r}")
    assert set(names()) == set(wanted)
    for name in wanted:
        assert shelf.read("scenarios", name) == f"text of {name!r}"
        shelf.remove("scenarios", name)


def test_blanks_around_a_name_do_not_make_another():
    shelf.save("scenarios", " one ", "text")
    assert names() == ["one"] and shelf.read("scenarios", "one") == "text"


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "/" * 80, "中" * 80])
def test_an_empty_or_too_long_name_is_refused(folder, name):
    for call in (shelf.read, shelf.remove, lambda kind, called: shelf.save(kind, called, "text")):
        with pytest.raises(ShelfError, match=r"1 to 80 characters|too long for a file"):
            call("scenarios", name)
    assert not folder.exists()


def test_only_the_two_shelves_are_known():
    with pytest.raises(ShelfError, match=r"no shelf '\.\.'. Known: scenarios, plans"):
        shelf.saved("..")


def test_a_full_shelf_says_so_and_still_lets_replace(monkeypatch):
    monkeypatch.setattr(shelf, "MAX_SAVED", 2)
    shelf.save("scenarios", "a", "1")
    shelf.save("scenarios", "b", "1")
    with pytest.raises(ShelfError, match=r"2 are saved already. Remove some"):
        shelf.save("scenarios", "c", "1")
    replace("b", "2")
    assert shelf.read("scenarios", "b") == "2"


# ------------------------------------------------------------------ failing and at once


def test_a_save_that_fails_leaves_the_old_one_and_no_litter(folder, monkeypatch):
    shelf.save("scenarios", "one", "old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ShelfError, match=r"'one' cannot be saved: .*No space left on device.*Free some space"):
        replace("one", "new")
    assert shelf.read("scenarios", "one") == "old"
    assert [file.name for file in folder.rglob("*") if file.is_file()] == ["one.json"]


def test_a_folder_that_is_no_folder_is_said(folder):
    folder.parent.mkdir()
    folder.write_text("in the way")
    with pytest.raises(ShelfError, match="cannot be saved"):
        shelf.save("scenarios", "one", "text")


def at_once(*calls) -> list[Exception]:
    """Run them side by side; what they raised."""
    raised: list[Exception] = []
    gate = threading.Barrier(len(calls))

    def guarded(call) -> None:
        gate.wait()
        try:
            call()
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_of_many_who_save_the_same_new_name_one_wins_and_the_others_are_told():
    raised = at_once(*(lambda n=n: shelf.save("scenarios", "one", f"{n}" * 20_000) for n in range(8)))
    assert len(raised) == 7 and all("called 'one' already" in str(error) for error in raised)
    text = shelf.read("scenarios", "one")
    assert len(text) == 20_000 and len(set(text)) == 1


def test_of_many_who_replace_what_they_were_all_shown_one_does_and_the_others_are_told(folder):
    shelf.save("scenarios", "one", "x" * 20_000)
    shown = shelf.find("scenarios", "one")
    raised = at_once(*(lambda n=n: shelf.save("scenarios", "one", f"{n}" * 20_000, over=shown) for n in range(8)))
    kept = [*aside(folder, "replaced"), shelf.read("scenarios", "one")]
    assert len(raised) == 7 and all("by somebody else meanwhile" in str(error) for error in raised)
    assert len(kept) == 2 and kept[0] == "x" * 20_000
    assert len(kept[1]) == 20_000 and len(set(kept[1])) == 1


def test_what_somebody_else_saved_meanwhile_is_not_replaced():
    shelf.save("scenarios", "one", "first")
    shown = shelf.find("scenarios", "one")
    replace("one", "by somebody else")
    with pytest.raises(ShelfError, match=r"'one' was saved by somebody else meanwhile, at .* Nothing was changed"):
        shelf.save("scenarios", "one", "mine", over=shown)
    assert shelf.read("scenarios", "one") == "by somebody else"


def test_what_was_removed_meanwhile_is_saved_anew():
    shelf.save("scenarios", "one", "first")
    shown = shelf.find("scenarios", "one")
    shelf.remove("scenarios", "one")
    shelf.save("scenarios", "one", "mine", over=shown)
    assert shelf.read("scenarios", "one") == "mine"


SAVER = """
import sys
from data import shelf
for turn in range(int(sys.argv[2])):
    while True:
        shown = shelf.find("scenarios", "one")
        try:
            shelf.save("scenarios", "one", f"{sys.argv[1]} {turn}", over=shown)
        except shelf.ShelfError:
            continue
        break
"""


def test_of_what_several_processes_save_under_one_name_nothing_is_lost(folder):
    turns, root = 15, Path(__file__).parents[2]
    saving = [
        subprocess.Popen([sys.executable, "-c", SAVER, who, str(turns)], cwd=root, env=os.environ | {"PYTHONPATH": "."})
        for who in ("a", "b", "c")
    ]
    try:
        assert [process.wait(120) for process in saving] == [0, 0, 0]
    finally:
        for process in saving:
            process.kill()
    kept = [*aside(folder, "replaced"), shelf.read("scenarios", "one")]
    assert sorted(kept) == sorted(f"{who} {turn}" for who in "abc" for turn in range(turns))


def test_a_name_taken_behind_our_back_is_not_overwritten(folder, monkeypatch):
    shelf.save("scenarios", "one", "first")
    monkeypatch.setattr(
        shelf, "_entry", lambda file: None
    )  # as a program that does not know the lock would come between
    with pytest.raises(ShelfError, match="cannot be saved"):
        shelf.save("scenarios", "one", "second")
    assert shelf.read("scenarios", "one") == "first"


def test_whoever_waits_too_long_for_somebody_else_is_told(folder, monkeypatch):
    monkeypatch.setattr(shelf, "PATIENCE_S", 0)
    with shelf._changing("scenarios"), pytest.raises(ShelfError, match="Somebody else is saving"):
        shelf.save("scenarios", "one", "text")


def test_what_was_replaced_or_removed_is_listed_and_opened_again():
    shelf.save("scenarios", "More / less", "first")
    replace("More / less", "second")
    shelf.remove("scenarios", "More / less")
    latest, earlier = shelf.aside("scenarios")
    assert (latest.name, latest.where, earlier.where) == ("More / less", "removed", "replaced")
    assert [shelf.read_aside("scenarios", entry) for entry in (latest, earlier)] == ["second", "first"]
    with pytest.raises(ShelfError, match="There is none called"):
        shelf.read_aside("scenarios", dataclasses.replace(latest, file="../one.json"))


@pytest.mark.parametrize("name", ["%ffffff;", "%110000;", "%d800;", "a(b)", "%41;"])
def test_a_file_named_by_hand_never_breaks_the_list(folder, name):
    shelf.save("scenarios", "one", "text")
    (folder / f"{name}.json").write_text("{}")
    (folder / "removed").mkdir()
    (folder / "removed" / f"{name}.json").write_text("{}")
    assert names() == ["one"]
    assert shelf.aside("scenarios") == ()


def test_what_people_saved_is_readable_by_its_owner_alone(folder):
    shelf.save("scenarios", "one", "text")
    replace("one", "text")
    assert {oct(file.stat().st_mode & 0o077) for file in folder.rglob("*")} == {"0o0"}


def test_listing_while_others_save_and_remove_never_fails():
    def busy(name: str) -> None:
        for _ in range(25):
            shelf.save("scenarios", name, "text")
            shelf.remove("scenarios", name)

    def look() -> None:
        for _ in range(200):
            shelf.saved("scenarios")

    assert at_once(*(lambda n=n: busy(n) for n in "abc"), look, look) == []


def test_of_two_who_remove_the_same_one_is_told():
    shelf.save("scenarios", "one", "text")
    raised = at_once(*[lambda: shelf.remove("scenarios", "one")] * 4)
    assert len(raised) == 3 and all("none called" in str(error) for error in raised)
