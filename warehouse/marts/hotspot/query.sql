WITH areas AS (
    SELECT 'county' AS area_kind, county AS area, c.count, a.count AS incidents, c.status
    FROM incidents_state_county_trafficking c JOIN incidents_state_county a USING (state, county)
    WHERE trafficking = 'yes'
    UNION ALL
    SELECT 'h3', h3_cell, c.count, a.count, c.status
    FROM incidents_h3_cell_trafficking c JOIN incidents_h3_cell a USING (h3_cell)
    WHERE trafficking = 'yes'
    UNION ALL
    SELECT 'venue', venue, c.count, a.count, c.status
    FROM incidents_venue_trafficking c JOIN incidents_venue a USING (venue)
    WHERE trafficking = 'yes'
)
SELECT area_kind, area, count, incidents, status FROM areas ORDER BY area_kind, area
