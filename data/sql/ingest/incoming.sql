-- The rows that land: those without a fault of their own. Of equal duplicates one stays; of differing ones none.
CREATE TEMP TABLE incoming AS
WITH clean AS (
    SELECT rowid AS cell, * FROM checked WHERE left_out IS NULL
)
SELECT iso3, indicator, year, min(value) AS value, coalesce(source, $source) AS source,
       max(coalesce(snapshot, $snapshot)) AS snapshot
FROM clean
ANTI JOIN (SELECT cell FROM faults WHERE cell IS NOT NULL) f USING (cell)
ANTI JOIN (SELECT whole_indicator FROM faults WHERE whole_indicator IS NOT NULL) w ON w.whole_indicator = clean.indicator
GROUP BY iso3, indicator, year, coalesce(source, $source)
HAVING count(*) = 1 OR min(value) = max(value)
