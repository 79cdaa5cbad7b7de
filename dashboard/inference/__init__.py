"""Asking our models, for every page that does."""
