"""What `pages/vision.py` draws."""
