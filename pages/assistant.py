"""What does a customer want to know, which entry answers it, and when should a person take over?"""

import streamlit as st

from dashboard import assistant_answers, assistant_parts, assistant_state, filters
from dashboard.language import _
from dashboard.markup import literal

base = assistant_answers.base_of(assistant_state.now())
left, right = st.columns([4, 1], vertical_alignment="bottom")
with left:
    st.title(_("What would you like to know about {base}?").format(base=literal(base.name)))
with right, st.container(horizontal_alignment="right"):
    filters.language_choice()

talk, beside = st.columns([2, 1], gap="large")
with beside:
    assistant_parts.knowledge()
    intent_model = assistant_parts.intent_choice()
with talk:
    assistant_parts.conversation(intent_model)
