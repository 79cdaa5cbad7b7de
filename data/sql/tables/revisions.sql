-- A row is a value that a snapshot changed (or withdrew: new_value is NULL), and what stood before.
CREATE TABLE revisions (
    iso3 VARCHAR NOT NULL,
    indicator VARCHAR NOT NULL,
    year INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    old_value DOUBLE NOT NULL,
    old_snapshot VARCHAR NOT NULL,
    new_value DOUBLE,
    snapshot VARCHAR NOT NULL
);
