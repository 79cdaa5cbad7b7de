"""Does a model read a market better once it has learned from that market's own rows?"""

import streamlit as st

from dashboard import filters
from dashboard.adapt import registered, result, rows, state, training

left, right = st.columns([5, 1.4], vertical_alignment="bottom")
with right, st.container(horizontal_alignment="right"):
    filters.language_choice()
job = state.mine()
if job is None:
    with left:
        where = rows.origin()
    rows.prepare(where)
elif job.snapshot.state == "done":
    result.result(job)
else:
    training.watch(job)
registered.own()
