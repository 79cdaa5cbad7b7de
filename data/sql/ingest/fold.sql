-- The form in which two spellings of a name are the same: case, accents, curly apostrophes and spacing do not count.
-- Only Latin, Greek and Cyrillic letters lose their marks: Hindi and Japanese marks carry sense.
CREATE OR REPLACE TEMP MACRO spaced(spelling) AS
    trim(regexp_replace(translate(spelling, '’‘', ''''''), '[\s\x{00A0}]+', ' ', 'g'));
CREATE OR REPLACE TEMP MACRO fold(spelling) AS
    CASE WHEN regexp_full_match(spelling, '[\x{0000}-\x{052F}\x{1E00}-\x{206F}]*')
         THEN lower(strip_accents(spaced(spelling)))
         ELSE lower(nfc_normalize(spaced(spelling))) END
