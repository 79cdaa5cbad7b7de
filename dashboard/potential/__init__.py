"""What `pages/potential.py` draws."""
