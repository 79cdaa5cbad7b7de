"""Facts about markets that change rarely: names, places, languages, currencies, memberships. See README.md."""
