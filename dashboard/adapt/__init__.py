"""What `pages/adapt.py` draws."""
