"""The reader's language: translations, numbers and dates, refusals told in it, the catalogue and how it is gathered."""
