"""Where do the numbers come from, how old are they, what is wrong with them, and how do I bring more?"""

import streamlit as st

from dashboard import filters, load, widgets
from dashboard.datasets import parts, refreshing
from dashboard.i18n.translation import _, number

SECTIONS = {
    "sources": (_("Sources"), _("Where the numbers come from"), parts.sources),
    "refresh": (_("Refresh"), _("Fetch the latest figures"), refreshing.refresh),
    "import": (_("Import"), _("Import your own data"), parts.importing),
    "export": (_("Export"), _("Take all data to another machine"), parts.export),
    "coverage": (_("Coverage"), _("How many countries each indicator covers"), parts.coverage),
    "findings": (_("Findings"), _("What may be wrong with the data"), parts.findings),
    "rows": (_("Rows"), _("Every stored value and its source"), parts.rows),
    "settings": (_("Settings"), _("Home country, currency and language"), parts.settings),
}

left, right = st.columns([5, 1.2], vertical_alignment="bottom")
with left:
    section = widgets.segmented(
        _("Section"), tuple(SECTIONS), "section", "sources", lambda key: SECTIONS[key][0], label_visibility="collapsed"
    )
with right, st.container(horizontal_alignment="right"):
    filters.language_choice()

facts = load.status()
name, title, draw = SECTIONS[section]
st.title(title)
st.caption(
    _("{observations} observations of {indicators} indicators in {markets} markets, {first} to {last}").format(
        observations=number(facts["observations"], 9),
        indicators=facts["indicators"],
        markets=facts["markets"],
        first=facts["first_year"],
        last=facts["last_year"],
    )
)
draw()
