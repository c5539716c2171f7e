SELECT 'year' AS "by", year AS value, coding, count, status
FROM incidents_year_trafficking_coding WHERE trafficking = 'yes'
UNION ALL
SELECT 'county', county, coding, count, status
FROM incidents_state_county_trafficking_coding WHERE trafficking = 'yes'
ORDER BY "by", value, coding
