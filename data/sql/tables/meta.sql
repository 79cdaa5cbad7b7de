-- One row: which version of the tables this file holds, and which reference facts and catalog it was built from.
CREATE TABLE meta (
    schema_version INTEGER NOT NULL,
    reference_sha256 VARCHAR NOT NULL,
    data_version BIGINT DEFAULT 0    -- when the data were last written, in ns; settings and what people said leave it as it is
);
