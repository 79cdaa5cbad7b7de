"""What happens if an assumption moves: the document, its base, its shocks and what comes of them."""
