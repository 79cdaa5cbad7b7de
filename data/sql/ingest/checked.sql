-- The staged rows that hold a value, with what their texts mean: market, year, number. left_out marks aggregates.
CREATE TEMP TABLE checked AS
WITH spelled AS (
    SELECT market, fold(market) AS spelling FROM (SELECT DISTINCT market FROM staged)
),
regions AS (
    SELECT fold(code) AS spelling FROM aggregates
    UNION SELECT fold(name) FROM aggregates
),
resolved AS (
    SELECT s.market, l.iso3, l.iso3 IS NULL AND r.spelling IS NOT NULL AS is_aggregate
    FROM spelled s
    LEFT JOIN lookup l ON l.spelling = s.spelling
    LEFT JOIN regions r ON r.spelling = s.spelling
)
SELECT s.line, r.iso3, s.market, trim(s.indicator) AS indicator, s.year_text,
       try_cast(nullif(regexp_extract(s.year_text, '^\s*(?:YR)?(\d{4})(?:\.0+)?(?: \[YR\d{4}\])?\s*$', 1), '') AS INTEGER)
           AS year,
       s.value, s.value_text, s.value_column, s.unit, s.source, s.snapshot, coalesce(r.is_aggregate, false) AS is_aggregate
FROM staged s
LEFT JOIN resolved r ON r.market IS NOT DISTINCT FROM s.market
WHERE s.value IS NOT NULL OR s.value_text IS NOT NULL
