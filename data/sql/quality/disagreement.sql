-- Indicators for which two sources state the same cells and differ by more than 5 %, with the worst cell.
WITH both_stated AS (
    SELECT a.indicator, a.source AS source, b.source AS other, a.iso3, a.year, a.value, b.value AS other_value,
           abs(a.value - b.value) / greatest(abs(a.value), abs(b.value)) AS difference
    FROM observations a
    JOIN observations b ON b.indicator = a.indicator AND b.iso3 = a.iso3 AND b.year = a.year AND b.source > a.source
    WHERE greatest(abs(a.value), abs(b.value)) > 0
)
SELECT indicator, source, other, count(*) AS cells, count(*) FILTER (difference > 0.05) AS differing,
       arg_max(iso3, difference) AS iso3, arg_max(year, difference) AS year,
       arg_max(value, difference) AS value, arg_max(other_value, difference) AS expected
FROM both_stated
GROUP BY indicator, source, other
HAVING count(*) FILTER (difference > 0.05) > 0
ORDER BY differing DESC
LIMIT $most
