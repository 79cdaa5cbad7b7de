"""Where do the numbers come from, how old are they, what is wrong with them, and how do I bring more?"""

import streamlit as st

from dashboard import data_parts, filters, links, load
from dashboard.language import _, number

SECTIONS = {
    "sources": (_("Sources"), data_parts.sources),
    "refresh": (_("Refresh"), data_parts.refresh),
    "import": (_("Import"), data_parts.importing),
    "export": (_("Export"), data_parts.export),
    "coverage": (_("Coverage"), data_parts.coverage),
    "findings": (_("Findings"), data_parts.findings),
    "rows": (_("Rows"), data_parts.rows),
    "settings": (_("Settings"), data_parts.settings),
}

left, right = st.columns([5, 1.2], vertical_alignment="bottom")
with left:
    section = links.segmented(
        _("Section"), tuple(SECTIONS), "section", "sources", lambda key: SECTIONS[key][0], label_visibility="collapsed"
    )
with right, st.container(horizontal_alignment="right"):
    filters.language_choice()

facts = load.status()
st.title(
    _("{observations} observations of {indicators} indicators in {markets} markets, {first} to {last}").format(
        observations=number(facts["observations"], 9),
        indicators=facts["indicators"],
        markets=facts["markets"],
        first=facts["first_year"],
        last=facts["last_year"],
    )
)
SECTIONS[section][1]()
