"""How a price and a date look in a market: CLDR's formats, a drawn tag, and the tag read back by the reader."""

from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd
import streamlit as st
from babel.core import get_cldr_version

from dashboard.i18n.translation import _, language_name
from dashboard.vision import answers as vision_lab_answers
from dashboard.vision import pictures as vision_lab_pictures
from dashboard.vision import prices as vision_lab_meaning
from dashboard.vision.pictures import Chosen

PRICE, LARGE = Decimal("1299.50"), Decimal("1234567.8")


def look_here(iso2: str) -> None:
    """Formats beside a drawn tag; read back when asked for. iso2: ISO 3166 alpha-2 of the market."""
    from models.prices import formats
    from models.vision.reader import fonts

    st.subheader(_("Local price and date formats"))
    try:
        locale = formats.locale_of(iso2)
        shown = written(locale, formats.currency_of(iso2))
    except ValueError:
        st.caption(_("CLDR knows no official language or currency of this market."))
        return
    left, right = st.columns([1, 1.4], gap="medium")
    with right:
        st.dataframe(shown, hide_index=True)
        st.caption(
            _(
                "{language}, formats of Unicode CLDR {version} (Unicode-3.0), as its official language writes them."
            ).format(language=language_name(locale.split("_")[0]), version=get_cldr_version())
        )
    try:
        chosen = vision_lab_pictures.drawn_tag(iso2, 0)
    except fonts.FontError as error:
        with left:
            st.info(vision_lab_pictures.font_remedy(iso2, error), icon=":material/font_download:")
        return
    with left:
        st.image(chosen.pixels, caption=_("Sample price tag"))
    with right:
        if st.toggle(_("Test the reader on it"), key="market_tag_read"):
            _read_back(chosen, iso2)


def written(locale: str, currency: str) -> pd.DataFrame:
    """A price, a number and today's date as CLDR writes them in a locale."""
    from models.prices import formats

    today = datetime.now(UTC).date()
    return pd.DataFrame(
        [
            (_("Price"), formats.money(PRICE, currency, locale)),
            (_("Number"), formats.number(LARGE, locale)),
            (_("Date, short"), formats.day(today, locale, "short")),
            (_("Date, long"), formats.day(today, locale, "long")),
        ],
        columns=[_("Item"), _("As it is written")],
    )


def _read_back(chosen: Chosen, iso2: str) -> None:
    seen = vision_lab_answers.ask("tags", chosen)
    if seen.problem:
        st.info(seen.problem, icon=":material/info:")
        return
    lines = vision_lab_meaning.lines(seen, chosen, iso2)
    rows = [
        (line.drawn.text if line.drawn else "", line.reading.text, vision_lab_meaning.told(line),
         "" if line.right is None else _("matches") if line.right else _("differs"))
        for line in lines
    ]  # fmt: skip
    st.dataframe(
        pd.DataFrame(rows, columns=[_("Drawn"), _("Read"), _("In this market"), _("Matches the drawing")]),
        hide_index=True,
    )
    st.caption(vision_lab_answers.cost(seen, chosen))
