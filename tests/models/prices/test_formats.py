"""Prices as markets write them: the currency of today, and the characters that the reader's weights know."""

from decimal import Decimal

import pandas as pd
import pytest

from data import store
from models import cards
from models.prices import formats


def test_bulgaria_pays_in_euros():
    """Since 1 January 2026: Council of the EU, 8 July 2025."""
    assert formats.currency_of("BG") == "EUR"
    assert formats.money(Decimal("12.5"), formats.currency_of("BG"), formats.locale_of("BG")) == "12,50\xa0€"


@pytest.mark.parametrize("market", sorted(formats.CHANGED))
def test_a_changed_currency_is_that_of_the_reference(market):
    known = pd.read_csv(store.REFERENCE / "markets.csv", keep_default_na=False).set_index("iso2")["currency"]
    assert formats.currency_of(market) == known[market]


def test_a_market_without_a_currency_is_named():
    with pytest.raises(ValueError, match="ZZ"):
        formats.currency_of("ZZ")


def test_the_reader_s_weights_know_every_character_that_lines_are_made_of():
    assert cards.card("reader").config["network"]["alphabet"] == formats.characters()
