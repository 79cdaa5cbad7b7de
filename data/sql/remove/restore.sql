-- What it replaced or withdrew stands again, unless somebody stated it anew since.
INSERT INTO observations (iso3, indicator, year, value, source, snapshot)
SELECT r.iso3, r.indicator, r.year, r.old_value, r.source, r.old_snapshot
FROM revisions r
ANTI JOIN observations o
    ON o.source = r.source AND o.indicator = r.indicator AND o.iso3 = r.iso3 AND o.year = r.year
ANTI JOIN (SELECT * FROM revisions WHERE snapshot > $snapshot) l
    ON l.source = r.source AND l.indicator = r.indicator AND l.iso3 = r.iso3 AND l.year = r.year
WHERE r.snapshot = $snapshot
ORDER BY r.indicator, r.iso3, r.year
