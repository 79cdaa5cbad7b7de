"""The reader of price tags: finding lines, reading them, and learning from drawn ones."""
