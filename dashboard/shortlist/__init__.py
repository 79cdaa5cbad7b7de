"""What `pages/shortlist.py` draws."""
