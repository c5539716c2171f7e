SELECT year, minors, count, status
FROM persons_year_minors WHERE minors <> 'neither'
ORDER BY year, minors
