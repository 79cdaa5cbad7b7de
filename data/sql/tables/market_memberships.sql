-- A row is a market's membership of an organisation or agreement.
CREATE TABLE market_memberships (
    iso3 VARCHAR NOT NULL,
    organisation VARCHAR NOT NULL,
    since INTEGER,
    source VARCHAR NOT NULL
);
