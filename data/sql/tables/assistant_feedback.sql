-- A row is what somebody said of one reply of the assistant.
CREATE TABLE assistant_feedback (
    id VARCHAR NOT NULL,             -- of the reply: said again, it replaces
    asked_at TIMESTAMP NOT NULL,     -- UTC
    question VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,           -- answer | ask | handover
    entries VARCHAR[] NOT NULL,      -- ids of the knowledge base's entries that were cited
    confidence DOUBLE NOT NULL,      -- 0 to 1
    intent VARCHAR NOT NULL,         -- empty where none was recognised
    verdict VARCHAR NOT NULL,        -- up | down
    comment VARCHAR NOT NULL
);
