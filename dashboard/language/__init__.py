"""What `pages/language.py` draws."""
