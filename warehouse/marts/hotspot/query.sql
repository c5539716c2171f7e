WITH areas AS (
    SELECT 'county' AS area_kind, county AS area, trafficking, count, status
    FROM incidents_state_county_trafficking
    UNION ALL
    SELECT 'h3', h3_cell, trafficking, count, status FROM incidents_h3_cell_trafficking
    UNION ALL
    SELECT 'venue', venue, trafficking, count, status FROM incidents_venue_trafficking
)
SELECT
    yes.area_kind,
    yes.area,
    yes.count,
    -- hidden where either part is
    yes.count + no.count AS incidents,
    yes.status
FROM areas yes
JOIN areas no ON no.area_kind = yes.area_kind AND no.area = yes.area AND no.trafficking = 'no'
WHERE yes.trafficking = 'yes'
ORDER BY area_kind, area
