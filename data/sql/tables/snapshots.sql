-- A row is one arrival of data: what came, from whom, when, and what it changed.
CREATE TABLE snapshots (
    id VARCHAR PRIMARY KEY,          -- retrieved_at and the content's hash, so that it sorts by time
    source VARCHAR NOT NULL,
    retrieved_at TIMESTAMP NOT NULL, -- UTC
    sha256 VARCHAR NOT NULL,         -- of what was read
    rows BIGINT NOT NULL,
    licence VARCHAR NOT NULL,
    status VARCHAR NOT NULL,         -- complete | partial (some rows were left out or some indicators failed)
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    withdrawn BIGINT NOT NULL,
    note VARCHAR NOT NULL
);
