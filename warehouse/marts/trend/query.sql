SELECT 'persons' AS measure, year AS period, exploitation, count, status, revised
FROM persons_year_identified_exploitation WHERE identified = 'yes'
UNION ALL
SELECT 'persons', quarter, exploitation, count, status, revised
FROM persons_year_quarter_identified_exploitation WHERE identified = 'yes'
UNION ALL
SELECT 'incidents', quarter, '*', count, status, revised
FROM incidents_year_quarter_trafficking WHERE trafficking = 'yes'
UNION ALL
SELECT 'incidents', month, '*', count, status, revised
FROM incidents_year_quarter_month_trafficking WHERE trafficking = 'yes'
ORDER BY measure, exploitation, length(period), period
