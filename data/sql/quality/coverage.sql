-- Described indicators: how many markets have a figure from the last $window years, and how old the newest one is.
WITH newest AS (
    SELECT max(year) AS year FROM observations
),
recent AS (
    SELECT o.indicator, count(DISTINCT o.iso3) FILTER (o.year > n.year - $window) AS markets, max(o.year) AS last_year
    FROM observations o, newest n
    GROUP BY o.indicator
)
SELECT i.code AS indicator, i.retired, coalesce(r.markets, 0) AS markets, r.last_year,
       (SELECT count(*) FROM markets) AS all_markets, (SELECT year FROM newest) AS newest_year
FROM indicators i
LEFT JOIN recent r ON r.indicator = i.code
WHERE i.status = 'described'
ORDER BY i.code
