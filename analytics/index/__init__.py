"""The composite index: which markets score highest under a recipe."""
