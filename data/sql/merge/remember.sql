-- Values about to be replaced or withdrawn go to the revisions first: nothing is lost.
INSERT INTO revisions (iso3, indicator, year, source, old_value, old_snapshot, new_value, snapshot)
SELECT iso3, indicator, year, source, old_value, old_snapshot, value, snapshot
FROM (SELECT * FROM difference WHERE old_value IS NOT NULL UNION ALL SELECT * FROM withdrawn)
