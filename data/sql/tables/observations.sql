-- A row is what one source says an indicator was, in a market and year. One row per (source, indicator, iso3, year):
-- kept by the merge, not by an index, which would cost more than the table at ten million rows.
-- snapshot is the arrival that last changed the value; what stood before is in revisions.
CREATE TABLE observations (
    iso3 VARCHAR NOT NULL,
    indicator VARCHAR NOT NULL,
    year INTEGER NOT NULL,
    value DOUBLE NOT NULL,
    source VARCHAR NOT NULL,
    snapshot VARCHAR NOT NULL
);
