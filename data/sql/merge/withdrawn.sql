-- What a source stated before and no longer states, for the indicators of this arrival.
CREATE TEMP TABLE withdrawn AS
SELECT o.iso3, o.indicator, o.year, NULL::DOUBLE AS value, o.source, $snapshot AS snapshot,
       o.value AS old_value, o.snapshot AS old_snapshot
FROM observations o
SEMI JOIN incoming s ON s.source = o.source AND s.indicator = o.indicator
ANTI JOIN incoming i ON i.source = o.source AND i.indicator = o.indicator AND i.iso3 = o.iso3 AND i.year = o.year
