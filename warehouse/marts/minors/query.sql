SELECT year, minors, count, status
FROM persons_year_minors WHERE minors IN ('arrested', 'identified')
ORDER BY year, minors
