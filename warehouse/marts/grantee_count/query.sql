SELECT fiscal_year, 'exploitation' AS breakdown, exploitation AS value, count, status
FROM persons_fiscal_year_identified_exploitation WHERE identified = 'yes'
UNION ALL
SELECT fiscal_year, 'age', age, count, status
FROM persons_fiscal_year_identified_age WHERE identified = 'yes'
UNION ALL
SELECT fiscal_year, 'gender', gender, count, status
FROM persons_fiscal_year_identified_gender WHERE identified = 'yes'
ORDER BY fiscal_year, breakdown, value
