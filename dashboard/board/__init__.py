"""A deck of slides or a sheet as content, and its PowerPoint, HTML, PDF and picture forms."""
