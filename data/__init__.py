"""Where the numbers come from and where they are kept: catalog, sources, store, quality."""
