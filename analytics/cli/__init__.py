"""python -m analytics: one module a command."""
