"""What `pages/ranking.py` draws."""
