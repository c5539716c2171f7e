SELECT fiscal_year, 'exploitation' AS breakdown, exploitation AS value, count, status
FROM persons_fiscal_year_exploitation WHERE exploitation <> 'none known'
UNION ALL
SELECT fiscal_year, 'age', age, count, status
FROM persons_fiscal_year_age_identified WHERE identified = 'yes'
UNION ALL
SELECT fiscal_year, 'gender', gender, count, status
FROM persons_fiscal_year_gender_identified WHERE identified = 'yes'
ORDER BY fiscal_year, breakdown, value
