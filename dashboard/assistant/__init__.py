"""What `pages/assistant.py` draws."""
