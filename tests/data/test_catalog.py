"""The catalog: complete, consistent, and able to say everything that is wrong with it."""

import pytest

from data import catalog

GOOD = """
[source.office]
name = "An office"
url = "https://example.org/{code}"
licence = "CC0"

[indicator.X]
name = "Things"
unit = "per head"
direction = "down"
dimension = "risk"
source = "office"
description = "How many."
"""


def written(folder, text: str):
    file = folder / "catalog.toml"
    file.write_text(text)
    return file


def test_an_entry_becomes_an_indicator_with_its_publisher(tmp_path):
    found = catalog.load(written(tmp_path, GOOD))["X"]
    assert (found.direction, found.source, found.url, found.licence) == (
        -1,
        "An office",
        "https://example.org/X",
        "CC0",
    )


def test_every_fault_of_a_catalog_is_listed(tmp_path):
    text = GOOD.replace('"down"', '"left"').replace('"risk"', '"luck"').replace('source = "office"', 'source = "moon"')
    text += "minimum = 5\nmaximum = 5\n[indicator.Y]\nname = 'No more'\n"
    with pytest.raises(catalog.CatalogError) as refused:
        catalog.load(written(tmp_path, text))
    message = str(refused.value)
    for part in ("5 fault(s)", "'left'", "'luck'", "'moon'", "minimum 5 is not below", "Y: missing unit, direction"):
        assert part in message


@pytest.mark.parametrize("indicator", catalog.load().values(), ids=lambda indicator: indicator.code)
def test_every_indicator_says_what_it_is_and_whose(indicator):
    assert indicator.name and indicator.unit and indicator.description.endswith(".")
    assert indicator.licence and indicator.url.startswith("https://")


def test_what_the_world_bank_no_longer_serves_is_not_fetched():
    codes = {indicator.code for indicator in catalog.refreshable()}
    assert "SP.POP.TOTL" in codes
    assert not {code for code, found in catalog.load().items() if found.retired} & codes
    assert not {code for code in codes if code.startswith(("cldr:", "geonames:", "ecb:", "gapminder:"))}


def test_a_companion_file_may_leave_cells_and_whole_columns_out(tmp_path):
    (tmp_path / "indicators.csv").write_text(
        "\ufeffindicator,name\nX,\nSP.POP.TOTL,ours\n,nobody\nY\n", encoding="utf-8"
    )
    found = catalog.read_companion(tmp_path / "indicators.csv")
    assert {code: (one.name, one.licence, one.status) for code, one in found.items()} == {
        "X": ("X", "not stated", "extended"),
        "Y": ("Y", "not stated", "extended"),
    }


@pytest.mark.parametrize(
    ("title", "unit"),
    [("GDP (current US$)", "current US$"), ("Rate (modelled) (%)", "%"), ("Index (2010 = 100), old", ""), (None, "")],
)
def test_the_unit_of_a_world_bank_title_stands_in_its_last_brackets(title, unit):
    assert catalog.from_world_bank_title("X", title).unit == unit
