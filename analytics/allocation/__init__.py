"""Where money and people go: the problem, the best plan, what binds, and why there is none."""
