-- Level shifts: one step far beyond the series' usual one, after which the level stays. Often a changed definition.
WITH cells AS (
    SELECT iso3, indicator, year, arg_max(value, snapshot) AS value
    FROM observations
    WHERE indicator IN (SELECT code FROM indicators WHERE status = 'described')
    GROUP BY iso3, indicator, year
),
steps AS (
    SELECT *, lag(value) OVER w AS before, lead(value) OVER w AS after,
           lag(year) OVER w AS year_before, lead(year) OVER w AS year_after
    FROM cells
    WINDOW w AS (PARTITION BY indicator, iso3 ORDER BY year)
),
usual AS (
    SELECT iso3, indicator, median(abs(value - before)) AS step, count(*) AS years
    FROM steps
    GROUP BY iso3, indicator
)
SELECT s.iso3, s.indicator, s.year, s.value, s.before AS expected, abs(s.value - s.before) / u.step AS size
FROM steps s
JOIN usual u USING (iso3, indicator)
WHERE u.step > 0 AND u.years >= 8 AND s.year_before = s.year - 1 AND s.year_after = s.year + 1
  AND abs(s.value - s.before) > $steps * u.step
  AND abs(s.after - s.value) < 0.2 * abs(s.value - s.before)
  AND abs(s.value - s.before) > 0.3 * abs(s.before)
ORDER BY size DESC
LIMIT $most
