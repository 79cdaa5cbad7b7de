"""Somebody else's encoder under our text models: read, served once for all of them, with what it learned here."""
