"""What only engineers ask for - folders, commands, codes, seeds - stands on no page of the labs but folded away."""

import pytest


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("page", ["language", "assistant", "cards"])
def test_no_internals_stand_on_a_page_of_the_labs(lab, open_page, internals, page, lang):
    assert internals(open_page(page, lang=lang)) == []
