-- Schema 2: what people say of the assistant's replies and of models.
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
-- A row is one review of a model by a person. Rows are added, never changed.
CREATE TABLE model_reviews (
    model VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    weights_sha256 VARCHAR NOT NULL, -- which weights were looked at: others need another review
    reviewer VARCHAR NOT NULL,
    reviewed_at TIMESTAMP NOT NULL,  -- UTC
    purpose BOOLEAN NOT NULL,        -- each point of the checklist: found in order
    data BOOLEAN NOT NULL,
    fairness BOOLEAN NOT NULL,
    privacy BOOLEAN NOT NULL,
    limits BOOLEAN NOT NULL,
    decision VARCHAR NOT NULL,       -- approved | approved with conditions | rejected
    note VARCHAR NOT NULL
);
-- When the data were last written, in ns: what people said leaves it as it is.
ALTER TABLE meta ADD COLUMN data_version BIGINT DEFAULT 0;
