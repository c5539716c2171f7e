SELECT year, minors, count, status
FROM persons_minors_year WHERE minors <> 'neither'
ORDER BY year, minors
