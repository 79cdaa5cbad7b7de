"""Answers from a knowledge base: reading it, finding in it, replying."""
