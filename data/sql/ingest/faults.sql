-- Everything wrong with the checked rows, each with its line, column and remedy. Aggregates were left out before.
-- cell is the row of `checked` that must not land; whole_indicator the code of which nothing must.
-- No more than $most of them: beyond that nothing of the file lands.
CREATE TEMP TABLE faults AS
WITH cells AS (
    SELECT rowid AS cell, * FROM checked WHERE NOT is_aggregate
),
repeated AS (
    SELECT iso3, indicator, year, source, min(line) AS first_line, arg_min(cell, line) AS first_cell,
           min(value) <> max(value) AS differs
    FROM cells
    WHERE iso3 IS NOT NULL AND year IS NOT NULL AND value IS NOT NULL
    GROUP BY iso3, indicator, year, source
    HAVING count(*) > 1
),
bounded AS (
    SELECT c.*, i.name, i.unit AS catalog_unit, i.minimum, i.maximum
    FROM cells c JOIN known_indicators i ON i.code = c.indicator
),
found AS (
    SELECT line, 'market' AS field, coalesce(market, '') AS value, 'unknown country' AS problem,
           'Use the ISO 3166 code (DEU) or the usual name (Germany).' AS remedy, cell
    FROM cells WHERE iso3 IS NULL
    UNION ALL
    SELECT line, 'indicator', '', 'no indicator code', 'Give the code, such as NY.GDP.PCAP.CD.', cell
    FROM cells WHERE indicator IS NULL OR indicator = ''
    UNION ALL
    SELECT line, 'year', coalesce(year_text, ''), 'not a year', 'Write four digits, such as 2023.', cell
    FROM cells WHERE year IS NULL
    UNION ALL
    SELECT line, 'year', year_text, 'year out of range',
           'Observations lie between ' || $first_year || ' and ' || $last_year || '; look for a typing slip.', cell
    FROM cells WHERE year NOT BETWEEN $first_year AND $last_year
    UNION ALL
    SELECT line, value_column, value_text, 'text in a number',
           CASE WHEN regexp_full_match(value_text, '[-+]?\d{1,3}(,\d{3})+(\.\d+)?') THEN 'Remove the thousands separators.'
                WHEN regexp_full_match(value_text, '[-+]?\d+,\d+') THEN 'Use a decimal point, not a comma.'
                WHEN contains(value_text, '%') THEN 'Remove the percent sign.'
                ELSE 'Write a plain number, or leave the cell empty if the value is missing.' END, cell
    FROM cells WHERE value IS NULL
    UNION ALL
    SELECT line, value_column, value::VARCHAR, 'not a finite number', 'Leave the cell empty if the value is missing.',
           cell
    FROM cells WHERE NOT isfinite(value)
    UNION ALL
    SELECT line, value_column, value::VARCHAR,
           'unit mismatch: ' || name || ' (' || indicator || ') is in ' || catalog_unit || ', and nothing lies '
               || CASE WHEN value < minimum THEN 'below ' || format('{:g}', minimum)
                       ELSE 'above ' || format('{:g}', maximum) END,
           'Convert the value, or check that it belongs to this indicator.', cell
    FROM bounded WHERE isfinite(value) AND (value < minimum OR value > maximum)
    UNION ALL
    SELECT line, 'unit', unit, 'unit mismatch: the catalog has ' || name || ' (' || indicator || ') in ' || catalog_unit,
           'Convert the values, or correct the unit column.', cell
    FROM bounded
    WHERE unit IS NOT NULL AND catalog_unit <> ''
      AND (NOT contains(lower(catalog_unit), lower(trim(unit))) AND NOT contains(lower(trim(unit)), lower(catalog_unit))
           OR regexp_matches(lower(unit), '\b(thousand|million|billion|trillion|mio|mn|bn)')
              AND NOT regexp_matches(lower(catalog_unit), '\b(thousand|million|billion|trillion)'))
    UNION ALL
    SELECT c.line, 'market, indicator, year', c.iso3 || ', ' || c.indicator || ', ' || c.year,
           'duplicate key: also on line ' || r.first_line
               || CASE WHEN r.differs THEN ' with another value' ELSE ' with the same value' END,
           'Keep one row for each market, indicator and year.', NULL
    FROM cells c
    JOIN repeated r ON r.iso3 = c.iso3 AND r.indicator = c.indicator AND r.year = c.year
                   AND r.source IS NOT DISTINCT FROM c.source
    WHERE c.cell <> r.first_cell AND c.value IS NOT NULL
)
(SELECT line, field, value, problem, remedy, cell, NULL::VARCHAR AS whole_indicator FROM found LIMIT $most)
UNION ALL
SELECT min(line), any_value(value_column), count(*) || ' values between 0 and 1',
       'unit mismatch: ' || any_value(name) || ' (' || indicator || ') is in ' || any_value(catalog_unit)
           || ', these look like fractions',
       'Multiply the values of ' || indicator || ' by 100.', NULL, indicator
FROM bounded
WHERE maximum = 100 AND minimum = 0 AND starts_with(catalog_unit, '%')
GROUP BY indicator
HAVING count(*) >= 30 AND count(DISTINCT iso3) >= 15 AND max(value) <= 1 AND max(value) > 0
