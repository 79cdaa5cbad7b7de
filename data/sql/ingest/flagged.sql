-- What this arrival says of its values otherwise than is known: flags that come, change or go. Of a value that stays as
-- it is a file without flags says nothing ($speaks); of one that is older than what stands nothing is taken.
CREATE TEMP TABLE flagged AS
WITH said AS (
    SELECT c.iso3, c.indicator, c.year, coalesce(c.source, $source) AS source, min(m.flag) AS flag,
           max(coalesce(m.snapshot, c.snapshot, $snapshot)) AS snapshot
    FROM checked c JOIN marked m ON m.line = c.line AND m.value_column IS NOT DISTINCT FROM c.value_column
    GROUP BY 1, 2, 3, 4
),
known AS (
    SELECT iso3, indicator, year, source, arg_max(flag, snapshot) AS flag, max(snapshot) AS snapshot
    FROM flags GROUP BY 1, 2, 3, 4
),
coming AS (
    SELECT i.iso3, i.indicator, i.year, i.source, coalesce(s.flag, '') AS flag, coalesce(s.snapshot, i.snapshot) AS snapshot
    FROM incoming i
    LEFT JOIN said s ON s.source = i.source AND s.indicator = i.indicator AND s.iso3 = i.iso3 AND s.year = i.year
    LEFT JOIN observations o ON o.source = i.source AND o.indicator = i.indicator AND o.iso3 = i.iso3 AND o.year = i.year
    WHERE (s.flag IS NOT NULL OR $speaks OR o.value IS NULL OR o.value <> i.value)
      AND NOT coalesce(o.value <> i.value AND i.snapshot <= o.snapshot, false)
)
SELECT c.iso3, c.indicator, c.year, c.source, c.flag, c.snapshot
FROM coming c
LEFT JOIN known k ON k.source = c.source AND k.indicator = c.indicator AND k.iso3 = c.iso3 AND k.year = c.year
WHERE c.flag <> coalesce(k.flag, '') AND (k.snapshot IS NULL OR c.snapshot > k.snapshot)
