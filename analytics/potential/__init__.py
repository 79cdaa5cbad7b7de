"""What similar markets have against what a market has, with an interval and checks."""
