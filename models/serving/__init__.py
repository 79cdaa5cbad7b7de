"""Models that answer many sessions at once, each in the number format that is fastest here."""
