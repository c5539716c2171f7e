SELECT 'year' AS "by", year AS value, coding, count, status
FROM incidents_year_coding WHERE coding <> 'none'
UNION ALL
SELECT 'county', county, coding, count, status
FROM incidents_county_coding WHERE coding <> 'none'
ORDER BY "by", value, coding
