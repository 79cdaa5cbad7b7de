"""What `pages/compare.py` draws."""
