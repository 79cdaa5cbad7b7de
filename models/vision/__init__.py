"""Vision models: nuclei, blood cells, lines of text, and pictures of cells made by a model."""
