SELECT 'persons' AS measure, year AS period, exploitation, count, status, revised
FROM persons_year_exploitation WHERE exploitation <> 'none known'
UNION ALL
SELECT 'persons', quarter, exploitation, count, status, revised
FROM persons_quarter_exploitation WHERE exploitation <> 'none known'
UNION ALL
SELECT 'incidents', quarter, '*', count, status, revised
FROM incidents_quarter_trafficking WHERE trafficking = 'yes'
ORDER BY measure, exploitation, length(period), period
