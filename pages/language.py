"""What does a text say, in whatever language it is written, and which languages reach whom?"""

import streamlit as st

from dashboard import filters, language_lab_file, language_lab_parts, language_lab_reach, links
from dashboard.language import _

SECTIONS = {"text": _("One text"), "file": _("A file of texts"), "reach": _("Language reach")}

left, middle, right = st.columns([2.4, 2.6, 1.2], vertical_alignment="bottom")
with left:
    section = links.segmented(_("Section"), tuple(SECTIONS), "lab", "text", SECTIONS.get, label_visibility="collapsed")
with middle:
    markets = language_lab_reach.market_choice() if section != "file" else []
with right, st.container(horizontal_alignment="right"):
    filters.language_choice()

if section == "text":
    language_lab_parts.one_text(markets)
elif section == "file":
    language_lab_file.file_of_texts()
else:
    language_lab_reach.reached(markets)
