"""Publishers that are asked for their figures: a client each, and a refresh of the store."""
