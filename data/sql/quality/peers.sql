-- Latest values far from those of the same income group (or region, before income groups are known), in robust deviations.
WITH latest AS (
    SELECT o.iso3, o.indicator, o.year, o.value, coalesce(m.income_group, m.region) AS peers
    FROM observations o
    JOIN markets m ON m.iso3 = o.iso3
    JOIN indicators i ON i.code = o.indicator AND i.status = 'described' AND i.dimension <> 'size' AND i.direction <> 0
    WHERE o.year > (SELECT max(year) FROM observations) - $window
    QUALIFY row_number() OVER (PARTITION BY o.indicator, o.iso3 ORDER BY o.year DESC, o.snapshot DESC) = 1
),
grouped AS (
    SELECT indicator, peers, median(value) AS middle, mad(value) AS spread, count(*) AS markets
    FROM latest
    GROUP BY indicator, peers
)
SELECT 'peers' AS kind, l.iso3, l.indicator, l.year, l.value, g.middle AS expected, abs(l.value - g.middle) / (1.4826 * g.spread) AS size
FROM latest l
JOIN grouped g ON g.indicator = l.indicator AND g.peers = l.peers
WHERE g.spread > 0 AND g.markets >= 10 AND abs(l.value - g.middle) > $deviations * 1.4826 * g.spread
ORDER BY size DESC
LIMIT $most
