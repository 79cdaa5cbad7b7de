"""What `pages/scenarios.py` draws."""
