"""Pages on which something breaks."""

import pytest

from dashboard.datasets import parts as data_parts
from data import store


def test_a_page_that_breaks_keeps_its_frame_and_names_the_cause(open_page, home, monkeypatch):
    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(data_parts, "sources", full)
    app = open_page("data")
    assert [error.value for error in app.error] == ["The disk is full. Make some room, then try again."]
    assert any("Reference" in caption.value for caption in app.caption)
    assert app.caption[0].value == "Data"
    assert app.title[0].value == "Where the numbers come from"


@pytest.mark.parametrize("page", ["overview", "assistant"])
def test_a_store_that_cannot_be_read_is_told_inside_the_pages_frame(open_page, home, monkeypatch, page):
    def damaged(*arguments):
        raise store.StoreError("The store cannot be read.")

    monkeypatch.setattr(store, "settings", damaged)
    app = open_page(page)
    assert [error.value for error in app.error] == ["The store cannot be read."]
    assert app.caption[0].value.endswith(page.capitalize())
    assert app.title[-1].value == "The store cannot be opened"
