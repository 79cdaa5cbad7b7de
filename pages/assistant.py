"""What does a customer want to know, which entry answers it, and when should a person take over?"""

import streamlit as st

from dashboard import filters
from dashboard.assistant import answers, parts, state
from dashboard.i18n.translation import _
from dashboard.markup import literal

base = answers.base_of(state.now())
left, right = st.columns([4, 1], vertical_alignment="bottom")
with left:
    st.title(_("What would you like to know about {base}?").format(base=literal(base.name)))
with right, st.container(horizontal_alignment="right"):
    filters.language_choice()

talk, beside = st.columns([2, 1], gap="large")
with beside:
    parts.knowledge()
    intent_model = parts.intent_choice()
with talk:
    parts.conversation(intent_model)
