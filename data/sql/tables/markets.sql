-- A row is a market: a country or territory one can decide to enter.
CREATE TABLE markets (
    iso3 VARCHAR PRIMARY KEY,
    iso2 VARCHAR,                    -- none for Channel Islands
    iso_numeric VARCHAR,
    name VARCHAR NOT NULL,           -- English; other languages in market_names
    official_name VARCHAR,
    region VARCHAR NOT NULL,         -- UN M49 code of the sub-region
    continent VARCHAR NOT NULL,      -- UN M49 code
    capital VARCHAR,
    latitude DOUBLE,                 -- of the capital, degrees
    longitude DOUBLE,
    timezone VARCHAR,                -- of the capital, IANA
    currency VARCHAR,                -- ISO 4217
    first_day VARCHAR,               -- of the week: mon .. sun
    weekend VARCHAR,                 -- comma separated days
    calendars VARCHAR,               -- CLDR calendar keys, comma separated, preferred first
    measurement_system VARCHAR,
    income_group VARCHAR,            -- World Bank's, once a refresh or an import brought it
    wb_region VARCHAR                -- World Bank's region, likewise
);
