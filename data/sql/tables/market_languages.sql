-- A row is a language used in a market. Shares overlap: people speak several.
CREATE TABLE market_languages (
    iso3 VARCHAR NOT NULL,
    language VARCHAR NOT NULL,       -- BCP 47
    script VARCHAR,                  -- ISO 15924
    population_pct DOUBLE,
    official_status VARCHAR          -- official | de_facto_official | official_regional | NULL
);
