"""Sliders that are answered while they move: the index in the browser, beside the server's own."""
