-- How many values this source stated before, of the indicators of this file, that have neither a value nor a cell in it.
SELECT count(*)
FROM observations o
SEMI JOIN checked f ON f.indicator = o.indicator
ANTI JOIN checked c ON c.iso3 = o.iso3 AND c.indicator = o.indicator AND c.year = o.year
ANTI JOIN emptied e ON e.iso3 = o.iso3 AND e.indicator = o.indicator AND e.year = o.year
WHERE o.source = $source
