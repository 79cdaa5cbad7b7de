-- Every spelling that names a market: ISO codes, former World Bank codes, and names in all languages we hold.
CREATE TEMP TABLE lookup AS
WITH spellings AS (
    SELECT iso3, iso3 AS spelling FROM markets
    UNION ALL SELECT iso3, iso2 FROM markets
    UNION ALL SELECT iso3, name FROM markets
    UNION ALL SELECT iso3, official_name FROM markets
    UNION ALL SELECT iso3, name FROM market_names
    UNION ALL SELECT iso3, code FROM former_codes
)
SELECT fold(spelling) AS spelling, min(iso3) AS iso3
FROM spellings
WHERE spelling IS NOT NULL
GROUP BY 1
HAVING count(DISTINCT iso3) = 1
