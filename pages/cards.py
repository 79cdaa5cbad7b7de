"""Which models are there, how good is each and for whom, and may it be released?"""

import streamlit as st

from dashboard import engineers, filters, load, widgets
from dashboard.cards import parts, review
from dashboard.i18n.faults import spelt
from dashboard.i18n.translation import _

names = load.model_names()
left, _between, right = st.columns([2, 5.4, 1.4], vertical_alignment="bottom")
with right, st.container(horizontal_alignment="right"):
    filters.language_choice()
if not names:
    parts.no_models()
with left:
    first = "sentiment" if "sentiment" in names else names[0]
    name = widgets.selectbox(_("Model"), names, "model", first, parts.called)

if fault := load.model_fault(name):
    st.title(_("{model} cannot be used").format(model=name))
    st.error(_("Its files are missing or damaged, so it is not loaded."), icon=":material/error:")
    engineers.details(spelt(fault))
    st.write(_("The other models are not affected."))
    parts.all_of_them(names)
    st.stop()

card = load.model_card(name)
st.title(parts.headline(card))
parts.figures(card, load.model_bytes(name))
left, right = st.columns(2, gap="large")
with left:
    parts.by_group(card)
with right:
    parts.fair(card)
    parts.calibrated(card)
parts.confused(card)
parts.provenance(card)
review.review(name, card)
parts.engineering(card, review.sha256_of(card))
parts.all_of_them(names)
