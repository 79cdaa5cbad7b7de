-- A row is a time zone of a market, with how many city dwellers live in it.
CREATE TABLE market_timezones (iso3 VARCHAR NOT NULL, timezone VARCHAR NOT NULL, city_population BIGINT);
