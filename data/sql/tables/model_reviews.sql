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
