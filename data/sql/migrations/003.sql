-- Schema 3: what publishers say a value is stays with it.
-- A row is what an arrival says a value is: estimate, provisional, break, several of them, or '' for none of these any
-- more. The newest row of a (source, indicator, iso3, year) counts; values nobody flagged have none.
CREATE TABLE flags (
    iso3 VARCHAR NOT NULL,
    indicator VARCHAR NOT NULL,
    year INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    flag VARCHAR NOT NULL,           -- '', or out of break, estimate, provisional, in this order, with blanks between
    snapshot VARCHAR NOT NULL
);
