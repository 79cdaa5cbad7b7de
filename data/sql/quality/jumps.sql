-- Values far off their own history, measured in the series' usual yearly step. A spike leaves it and comes back; a break
-- stays at its new level, often because a definition changed.
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
),
measured AS (
    SELECT s.*, abs(s.value - s.before) / u.step AS up, abs(s.value - s.after) / u.step AS down,
           (s.before + s.after) / 2 AS middle
    FROM steps s
    JOIN usual u USING (iso3, indicator)
    WHERE u.step > 0 AND u.years >= 8 AND s.year_before = s.year - 1 AND s.year_after = s.year + 1
),
found AS (
    SELECT 'spike' AS kind, iso3, indicator, year, value, middle AS expected, least(up, down) AS size
    FROM measured
    WHERE sign(value - before) = sign(value - after) AND least(up, down) > $spike_steps
      AND abs(value - middle) > 0.3 * greatest(abs(before), abs(after))
    UNION ALL
    SELECT 'break', iso3, indicator, year, value, before, up
    FROM measured
    WHERE up > $break_steps AND down < 0.2 * up AND abs(value - before) > 0.3 * abs(before)
)
SELECT *
FROM found
QUALIFY row_number() OVER (PARTITION BY kind ORDER BY size DESC, indicator, iso3, year) <= $most
ORDER BY kind DESC, size DESC, indicator, iso3, year
