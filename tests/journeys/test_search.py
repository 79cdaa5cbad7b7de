"""Typing the name of a country or a group and pressing Enter takes exactly that one."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def typed(reader, label: str, text: str) -> None:
    box = reader.page.get_by_role("combobox", name=re.compile(label)).first
    box.click()
    reader.page.keyboard.type(text)
    reader.page.get_by_role("option").first.wait_for()
    reader.page.keyboard.press("Enter")
    reader.page.keyboard.press("Escape")


def test_a_typed_country_and_enter_adds_that_country_and_no_other(full_app, visit):
    reader = visit(full_app)
    reader.go("/compare?markets=FRA,ITA")
    for text, iso3 in (("Thailand", "THA"), ("Mali", "MLI"), ("UK", "GBR"), ("德国", "DEU")):
        typed(reader, "countries", text)
        reader.page.wait_for_url(re.compile(f"(,|%2C){iso3}$"))
    reader.settle()
    assert reader.page.url.endswith("markets=FRA%2CITA%2CTHA%2CMLI%2CGBR%2CDEU")


def test_a_continent_is_one_choice_and_its_link_works_in_another_language(full_app, visit):
    reader = visit(full_app)
    reader.go("/?recipe=healthcare")
    reader.page.get_by_test_id("stPopover").get_by_role("button", name=re.compile("Filters")).click()
    typed(reader, "Region", "asia")
    reader.page.wait_for_url(re.compile("region=142$"))
    reader.settle()
    assert "Australia" not in reader.title()

    other = visit(full_app)
    other.go("/?recipe=healthcare&region=142&lang=zh")
    other.page.get_by_test_id("stPopover").get_by_role("button", name=re.compile("筛选")).click()
    expect(other.page.get_by_test_id("stMultiSelect").first).to_contain_text("亚洲")
    typed(other, "地区", "欧洲")
    other.page.wait_for_url(re.compile("region=142(,|%2C)150"))
