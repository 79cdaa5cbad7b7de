-- The form in which two spellings of a name are the same: case, accents, curly apostrophes and spacing do not count.
CREATE TEMP MACRO fold(spelling) AS
    lower(strip_accents(trim(regexp_replace(translate(spelling, '’‘', ''''''), '[\s\x{00A0}]+', ' ', 'g'))))
