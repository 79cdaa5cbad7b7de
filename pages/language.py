"""What does a text say, in whatever language it is written, and which languages reach whom?"""

import streamlit as st

from dashboard import filters, widgets
from dashboard.i18n.translation import _
from dashboard.language import file, one_text, reach

SECTIONS = {"text": _("One text"), "file": _("A file of texts"), "reach": _("Language reach")}

left, middle, right = st.columns([2.4, 2.6, 1.2], vertical_alignment="bottom")
with left:
    section = widgets.segmented(
        _("Section"), tuple(SECTIONS), "lab", "text", SECTIONS.get, label_visibility="collapsed"
    )
with middle:
    markets = reach.market_choice() if section != "file" else []
with right, st.container(horizontal_alignment="right"):
    filters.language_choice()

if section == "text":
    one_text.one_text(markets)
elif section == "file":
    file.file_of_texts()
else:
    reach.reached(markets)
