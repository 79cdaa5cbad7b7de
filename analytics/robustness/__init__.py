"""How sure a rank is: other weights, gaps, scales and rules."""
