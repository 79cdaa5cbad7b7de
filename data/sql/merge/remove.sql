-- Take out the rows that are replaced or withdrawn.
DELETE FROM observations o
USING (SELECT * FROM difference WHERE old_value IS NOT NULL UNION ALL SELECT * FROM withdrawn) r
WHERE o.source = r.source AND o.indicator = r.indicator AND o.iso3 = r.iso3 AND o.year = r.year
