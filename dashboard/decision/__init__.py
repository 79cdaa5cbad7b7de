"""What `pages/decision.py` draws."""
