"""Frame in, Plotly figure out: plain dicts, no streamlit, no SQL."""
