"""What a person sees: the shell, the filters, the charts and every cached load."""
