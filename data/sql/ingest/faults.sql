-- Everything wrong with the checked rows, each with its line, column and kind (data/row_faults.py has the sentences).
-- Rows that are left out have none.
-- cell is the row of `checked` that must not land; whole_indicator the code of which nothing must.
-- No more than $most of them: beyond that nothing of the file lands. A value is as long as is shown of it.
CREATE TEMP TABLE faults AS
WITH cells AS (
    SELECT rowid AS cell, * FROM checked WHERE left_out IS NULL
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
    SELECT line, 'market' AS field, coalesce(market, '') AS value, 'unknown country' AS kind,
           MAP {}::MAP(VARCHAR, VARCHAR) AS facts, cell
    FROM cells WHERE iso3 IS NULL
    UNION ALL
    SELECT line, 'indicator', '', 'no indicator', MAP {}, cell
    FROM cells WHERE indicator IS NULL OR indicator = ''
    UNION ALL
    SELECT line, 'year', coalesce(year_text, ''), 'no year', MAP {}, cell
    FROM cells WHERE year IS NULL
    UNION ALL
    SELECT line, 'year', year_text, 'year range',
           MAP {'first': $first_year::VARCHAR, 'last': $last_year::VARCHAR}, cell
    FROM cells WHERE year NOT BETWEEN $first_year AND $last_year
    UNION ALL
    SELECT line, value_column, value_text,
           CASE WHEN regexp_full_match(value_text, '[-+]?[1-9]\d{0,2},\d{3}') THEN 'either'
                WHEN regexp_full_match(value_text, '[-+]?\d{1,3}(,\d{3})+(\.\d+)?') THEN 'thousands'
                WHEN regexp_full_match(value_text, '[-+]?\d+,\d+') THEN 'comma'
                WHEN contains(value_text, '%') THEN 'percent'
                ELSE 'text' END, MAP {}, cell
    FROM cells WHERE value IS NULL
    UNION ALL
    SELECT line, value_column, value::VARCHAR, 'not finite', MAP {}, cell
    FROM cells WHERE NOT isfinite(value)
    UNION ALL
    SELECT line, value_column, value::VARCHAR, CASE WHEN value < minimum THEN 'below' ELSE 'above' END,
           MAP {'name': name, 'indicator': indicator, 'unit': catalog_unit,
                'bound': format('{:g}', CASE WHEN value < minimum THEN minimum ELSE maximum END)}, cell
    FROM bounded WHERE isfinite(value) AND (value < minimum OR value > maximum)
    UNION ALL
    SELECT line, 'unit', unit, 'unit', MAP {'name': name, 'indicator': indicator, 'unit': catalog_unit}, cell
    FROM bounded
    WHERE unit IS NOT NULL AND catalog_unit <> ''
    UNION ALL
    SELECT c.line, 'market, indicator, year', c.iso3 || ', ' || left(c.indicator, 100) || ', ' || c.year,
           CASE WHEN r.differs THEN 'contradicted' ELSE 'repeated' END, MAP {'line': r.first_line::VARCHAR}, NULL
    FROM cells c
    JOIN repeated r ON r.iso3 = c.iso3 AND r.indicator = c.indicator AND r.year = c.year
                   AND r.source IS NOT DISTINCT FROM c.source
    WHERE c.cell <> r.first_cell AND c.value IS NOT NULL
)
(SELECT line, field, left(value, 120) AS value, kind, facts, cell, NULL::VARCHAR AS whole_indicator FROM found LIMIT $most)
UNION ALL
(SELECT line, field, value, kind, map_concat(facts, MAP {'count': cells::VARCHAR}), NULL, NULL FROM set_aside LIMIT $most)
UNION ALL
SELECT min(line), any_value(value_column), '', 'fractions',
       MAP {'count': count(*)::VARCHAR, 'name': any_value(name), 'indicator': indicator,
            'unit': any_value(catalog_unit), 'factor': '100'}, NULL, indicator
FROM bounded
WHERE maximum = 100 AND minimum = 0 AND starts_with(catalog_unit, '%')
GROUP BY indicator
HAVING count(*) >= 30 AND count(DISTINCT iso3) >= 15 AND max(value) <= 1 AND max(value) > 0
