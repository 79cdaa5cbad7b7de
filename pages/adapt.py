"""Does a model read a market better once it has learned from that market's own rows?"""

import streamlit as st

from dashboard import adapt_list, adapt_result, adapt_rows, adapt_state, adapt_training, filters

left, right = st.columns([5, 1.4], vertical_alignment="bottom")
with right, st.container(horizontal_alignment="right"):
    filters.language_choice()
job = adapt_state.mine()
if job is None:
    with left:
        where = adapt_rows.origin()
    adapt_rows.prepare(where)
elif job.snapshot.state == "done":
    adapt_result.result(job)
else:
    adapt_training.watch(job)
adapt_list.own()
