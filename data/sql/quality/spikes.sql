-- Values that leave their own history and come back: far from both neighbouring years, measured in the series' usual step.
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
SELECT s.iso3, s.indicator, s.year, s.value, (s.before + s.after) / 2 AS expected,
       least(abs(s.value - s.before), abs(s.value - s.after)) / u.step AS size
FROM steps s
JOIN usual u USING (iso3, indicator)
WHERE u.step > 0 AND u.years >= 8 AND s.year_before = s.year - 1 AND s.year_after = s.year + 1
  AND sign(s.value - s.before) = sign(s.value - s.after)
  AND least(abs(s.value - s.before), abs(s.value - s.after)) > $steps * u.step
  AND abs(s.value - (s.before + s.after) / 2) > 0.3 * greatest(abs(s.before), abs(s.after))
ORDER BY size DESC
LIMIT $most
