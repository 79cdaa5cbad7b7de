-- What an arrival adds or changes: incoming rows that the same source did not yet state, or states otherwise now.
-- An older arrival (an export made before) never overwrites a newer one.
CREATE TEMP TABLE difference AS
WITH stated AS (
    SELECT o.iso3, o.indicator, o.year, o.value, o.source, o.snapshot
    FROM observations o
    WHERE o.source IN (SELECT DISTINCT source FROM incoming)
)
SELECT i.iso3, i.indicator, i.year, i.value, i.source, i.snapshot,
       s.value AS old_value, s.snapshot AS old_snapshot
FROM incoming i
LEFT JOIN stated s
    ON s.source = i.source AND s.indicator = i.indicator AND s.iso3 = i.iso3 AND s.year = i.year
WHERE s.value IS NULL OR (s.value <> i.value AND i.snapshot > s.snapshot)
