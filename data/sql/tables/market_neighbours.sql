-- A row is a land border, once in each direction.
CREATE TABLE market_neighbours (iso3 VARCHAR NOT NULL, neighbour VARCHAR NOT NULL);
