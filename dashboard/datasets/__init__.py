"""What `pages/data.py` draws."""
