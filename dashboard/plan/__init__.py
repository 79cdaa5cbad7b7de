"""What `pages/plan.py` draws."""
