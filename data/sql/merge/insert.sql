-- Sorted by indicator, so that a recipe's panel touches few row groups.
INSERT INTO observations (iso3, indicator, year, value, source, snapshot)
SELECT iso3, indicator, year, value, source, snapshot FROM difference ORDER BY indicator, iso3, year
