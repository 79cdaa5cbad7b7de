-- A row is a name a market goes by, in a language; aliases are what data files call it.
CREATE TABLE market_names (
    iso3 VARCHAR NOT NULL,
    language VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL            -- display | alias
);
