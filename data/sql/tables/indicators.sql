-- A row is an indicator: what a value means and who publishes it.
CREATE TABLE indicators (
    code VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    unit VARCHAR NOT NULL,
    direction INTEGER NOT NULL,      -- 1 more is better, -1 less is better, 0 neither
    dimension VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    licence VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    description VARCHAR NOT NULL,
    minimum DOUBLE,
    maximum DOUBLE,
    api_source INTEGER,              -- the World Bank API's source number
    retired VARCHAR,
    status VARCHAR NOT NULL          -- described | extended | undescribed
);
