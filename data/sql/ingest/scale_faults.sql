-- Indicators whose values stand to the stored ones as a power of ten: the file is in thousands, or in fractions. Of ten
-- cells and more the one in the middle decides; of fewer each one is enough where it is a hundred and more away.
INSERT INTO faults
WITH stored AS (
    SELECT o.indicator, o.iso3, o.year, arg_max(o.value, o.snapshot) AS value
    FROM observations o SEMI JOIN checked c ON c.indicator = o.indicator
    GROUP BY o.indicator, o.iso3, o.year
),
ratios AS (
    SELECT c.indicator, min(c.line) AS line, any_value(c.value_column) AS field, count(*) AS cells,
           CASE WHEN count(*) >= 10 THEN log10(median(c.value / s.value))
                ELSE arg_max(log10(c.value / s.value), abs(log10(c.value / s.value))) END AS power
    FROM checked c
    JOIN stored s ON s.indicator = c.indicator AND s.iso3 = c.iso3 AND s.year = c.year
    WHERE s.value > 0 AND c.value > 0 AND isfinite(c.value) AND c.left_out IS NULL
    GROUP BY c.indicator
)
SELECT r.line, r.field, '', 'scale',
       MAP {'count': r.cells::VARCHAR, 'name': i.name, 'indicator': r.indicator, 'unit': i.unit,
            'power': '10^' || round(r.power)::INTEGER, 'factor': '10^' || (-round(r.power)::INTEGER)}, NULL, r.indicator
FROM ratios r
JOIN known_indicators i ON i.code = r.indicator
WHERE NOT $as_stated AND abs(r.power) > 1.9
  AND abs(r.power - round(r.power)) < CASE WHEN r.cells >= 10 THEN 0.02 ELSE 0.01 END
  AND r.indicator NOT IN (SELECT whole_indicator FROM faults WHERE whole_indicator IS NOT NULL)
