-- Codes nobody described are kept and shown as such.
INSERT INTO indicators (code, name, unit, direction, dimension, source, licence, url, description, status)
SELECT DISTINCT d.indicator, d.indicator, '', 0, '', '', '', '', '', 'undescribed'
FROM difference d ANTI JOIN indicators i ON i.code = d.indicator
