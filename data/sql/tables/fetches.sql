-- A row is the last successful fetch of an indicator from the World Bank: lets a refresh skip what did not change,
-- and go on where a killed one stopped.
CREATE TABLE fetches (
    indicator VARCHAR PRIMARY KEY,
    last_updated VARCHAR NOT NULL,   -- as the API states it
    retrieved_at TIMESTAMP NOT NULL, -- UTC
    sha256 VARCHAR NOT NULL,         -- of the observations as fetched
    rows BIGINT NOT NULL,
    snapshot VARCHAR NOT NULL
);
