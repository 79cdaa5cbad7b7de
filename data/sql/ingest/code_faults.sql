-- Codes the store does not know that are one slip from one it knows; $described were described beside the file.
INSERT INTO faults
WITH unknown AS (
    SELECT c.indicator, min(c.line) AS line
    FROM checked c ANTI JOIN known_indicators i ON i.code = c.indicator
    WHERE NOT c.is_aggregate AND length(c.indicator) > 5 AND NOT list_contains($described, c.indicator)
    GROUP BY c.indicator
),
near AS (
    SELECT u.indicator, u.line, i.code, i.name,
           damerau_levenshtein(lower(u.indicator), lower(i.code)) AS slips
    FROM unknown u, known_indicators i
    WHERE i.status <> 'undescribed' AND abs(length(u.indicator) - length(i.code)) <= 1
      AND damerau_levenshtein(lower(u.indicator), lower(i.code)) <= 1
)
SELECT line, 'indicator', indicator, 'unknown indicator code, close to a known one',
       'Did you mean ' || arg_min(code, slips) || ' (' || arg_min(name, slips) || ')? '
           || 'If it is new, describe it in an indicators.csv beside the file, or say that its codes are new.',
       NULL, indicator
FROM near
GROUP BY line, indicator
