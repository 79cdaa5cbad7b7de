"""Which models are there, how good is each and for whom, and may it be released?"""

import streamlit as st

from dashboard import cards_parts, cards_review, engineers, filters, links, load
from dashboard.language import _
from dashboard.sentences import spelt

names = load.model_names()
left, _between, right = st.columns([2, 5.4, 1.4], vertical_alignment="bottom")
with right, st.container(horizontal_alignment="right"):
    filters.language_choice()
if not names:
    cards_parts.no_models()
with left:
    first = "sentiment" if "sentiment" in names else names[0]
    name = links.selectbox(_("Model"), names, "model", first, cards_parts.called)

if fault := load.model_fault(name):
    st.title(_("{model} cannot be used").format(model=name))
    st.error(_("Its files are missing or damaged, so it is not loaded."), icon=":material/error:")
    engineers.details(spelt(fault))
    st.write(_("The other models are not affected."))
    cards_parts.all_of_them(names)
    st.stop()

card = load.model_card(name)
st.title(cards_parts.headline(card))
cards_parts.figures(card, load.model_bytes(name))
left, right = st.columns(2, gap="large")
with left:
    cards_parts.by_group(card)
with right:
    cards_parts.fair(card)
    cards_parts.calibrated(card)
cards_parts.confused(card)
cards_parts.provenance(card)
cards_review.review(name, card)
cards_parts.engineering(card, cards_review.sha256_of(card))
cards_parts.all_of_them(names)
