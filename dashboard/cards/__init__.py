"""What `pages/cards.py` draws."""
