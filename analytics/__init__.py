"""Formulas with names: frames in, frames or one frozen result out. No I/O, no clock, no streamlit."""
