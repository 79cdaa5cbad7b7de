-- What this source stated before and leaves empty now: the row or the cell is there and holds no value.
CREATE OR REPLACE TEMP TABLE emptied AS
WITH blank AS (
    SELECT DISTINCT r.iso3, trim(s.indicator) AS indicator,
           try_cast(nullif(regexp_extract(s.year_text, '(\d{4})', 1), '') AS INTEGER) AS year
    FROM staged s JOIN resolved r ON r.market IS NOT DISTINCT FROM s.market
    WHERE s.value IS NULL AND s.value_text IS NULL AND r.iso3 IS NOT NULL AND r.left_out IS NULL
)
SELECT o.iso3, o.indicator, o.year, NULL::DOUBLE AS value, o.source, $snapshot AS snapshot,
       o.value AS old_value, o.snapshot AS old_snapshot
FROM observations o
SEMI JOIN blank b ON b.iso3 = o.iso3 AND b.indicator = o.indicator AND b.year = o.year
ANTI JOIN checked c ON c.iso3 = o.iso3 AND c.indicator = o.indicator AND c.year = o.year
WHERE o.source = $source
