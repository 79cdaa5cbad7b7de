-- What an arrival does, indicator by indicator. not_taken: values that differ and are older than what stands.
WITH arriving AS (
    SELECT indicator, count(*) FILTER (arrives) AS rows
    FROM (SELECT indicator, true AS arrives FROM incoming UNION ALL SELECT indicator, false FROM withdrawn)
    GROUP BY indicator
),
differing AS (
    SELECT indicator, count(*) FILTER (old_value IS NULL) AS added, count(old_value) AS changed
    FROM difference GROUP BY indicator
),
gone AS (
    SELECT indicator, count(*) AS withdrawn FROM withdrawn GROUP BY indicator
),
older AS (
    SELECT i.indicator, count(*) AS not_taken
    FROM incoming i
    JOIN observations o ON o.source = i.source AND o.indicator = i.indicator AND o.iso3 = i.iso3 AND o.year = i.year
    WHERE o.value <> i.value AND i.snapshot <= o.snapshot
    GROUP BY i.indicator
)
SELECT a.indicator, a.rows, coalesce(d.added, 0) AS added, coalesce(d.changed, 0) AS changed,
       coalesce(g.withdrawn, 0) AS withdrawn, coalesce(o.not_taken, 0) AS not_taken
FROM arriving a
LEFT JOIN differing d USING (indicator)
LEFT JOIN gone g USING (indicator)
LEFT JOIN older o USING (indicator)
ORDER BY a.indicator
