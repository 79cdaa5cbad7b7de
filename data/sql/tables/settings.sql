-- A row is a choice of the organisation: home_market, home_currency, language.
CREATE TABLE settings (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);
