-- Codes the store does not know that are one slip from one it knows; $described were described beside the file.
-- One slip leaves the first two or the last two letters of a code of six and more as they are: only such pairs are
-- compared. Shorter codes are too easily another one.
INSERT INTO faults
WITH unknown AS (
    SELECT c.indicator, lower(c.indicator) AS folded, min(c.line) AS line
    FROM checked c ANTI JOIN known_indicators i ON i.code = c.indicator
    WHERE c.left_out IS NULL AND length(c.indicator) > 5 AND NOT list_contains($described, c.indicator)
    GROUP BY c.indicator
),
known AS (
    SELECT code, name, lower(code) AS folded FROM known_indicators WHERE status <> 'undescribed' AND length(code) > 5
),
near AS (
    SELECT u.indicator, u.line, k.code, k.name, damerau_levenshtein(u.folded, k.folded) AS slips
    FROM unknown u JOIN known k ON left(k.folded, 2) = left(u.folded, 2)
    WHERE abs(length(u.folded) - length(k.folded)) <= 1 AND slips <= 1
    UNION ALL
    SELECT u.indicator, u.line, k.code, k.name, damerau_levenshtein(u.folded, k.folded) AS slips
    FROM unknown u JOIN known k ON right(k.folded, 2) = right(u.folded, 2)
    WHERE left(k.folded, 2) <> left(u.folded, 2) AND abs(length(u.folded) - length(k.folded)) <= 1 AND slips <= 1
)
SELECT line, 'indicator', indicator, 'close code',
       MAP {'code': arg_min(code, slips), 'name': arg_min(name, slips)}, NULL, indicator
FROM near
GROUP BY line, indicator
