-- The staged rows that hold a value, with what their texts mean: market, year, number. left_out says why a row is no
-- market's present figure: aggregate (a region or group), former (a state that is no more), projection (years to come).
CREATE TEMP TABLE checked AS
SELECT s.line, r.iso3, s.market, trim(s.indicator) AS indicator, s.year_text,
       CASE WHEN length(s.year_text) = 4 AND try_cast(s.year_text AS SMALLINT)::VARCHAR = s.year_text
                 AND s.year_text[1] <> '-' THEN try_cast(s.year_text AS SMALLINT)::INTEGER  -- the pattern takes five times as long
            ELSE try_cast(nullif(
                 regexp_extract(s.year_text, '^\s*(?:YR|Y)?(\d{4})(?:\.0+)?(?: \[YR\d{4}\])?\s*$', 1), '') AS INTEGER) END
           AS year,
       s.value, s.value_text, s.value_column, s.unit, s.source, s.snapshot,
       CASE WHEN r.left_out IS NOT NULL THEN r.left_out
            WHEN year > $last_year AND year <= $last_projection THEN 'projection' END AS left_out
FROM staged s
LEFT JOIN resolved r ON r.market IS NOT DISTINCT FROM s.market
WHERE s.value IS NOT NULL OR s.value_text IS NOT NULL
