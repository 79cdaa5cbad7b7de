"""What `pages/market.py` draws."""
