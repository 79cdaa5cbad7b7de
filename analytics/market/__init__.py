"""One market beside others: peers, distance, profile, working hours, entry, languages."""
