-- Later arrivals that replaced a value of the removed one: they replaced what stood before it instead.
UPDATE revisions AS l SET old_value = r.old_value, old_snapshot = r.old_snapshot
FROM revisions r
WHERE r.snapshot = $snapshot AND l.old_snapshot = $snapshot
  AND l.source = r.source AND l.indicator = r.indicator AND l.iso3 = r.iso3 AND l.year = r.year
