-- Nobody in a value may mean that an agency held it back, so that it is not told as zero.
SELECT 'agency counts' AS basis, period, measure, 'total' AS breakdown, 'all' AS value, count, status, revised
FROM reported_period_measure
UNION ALL
SELECT 'agency counts', period, measure, 'age', reported_age, count, status, revised
FROM reported_period_measure_reported_age WHERE status <> 'zero'
UNION ALL
SELECT 'agency counts', period, measure, 'gender', reported_gender, count, status, revised
FROM reported_period_measure_reported_gender WHERE status <> 'zero'
UNION ALL
SELECT 'agency counts', period, measure, 'citizenship', reported_citizenship, count, status, revised
FROM reported_period_measure_reported_citizenship WHERE status <> 'zero'
UNION ALL
SELECT 'agency counts', period, measure, 'exploitation', reported_exploitation, count, status, revised
FROM reported_period_measure_reported_exploitation WHERE status <> 'zero'
UNION ALL
SELECT 'agency counts', period, measure, 'service', 'case_management', count, status, revised
FROM reported_period_measure_service_case_management WHERE service_case_management = 'yes' AND status <> 'zero'
UNION ALL
SELECT 'agency counts', period, measure, 'service', 'shelter', count, status, revised
FROM reported_period_measure_service_shelter WHERE service_shelter = 'yes' AND status <> 'zero'
UNION ALL
SELECT 'agency counts', period, measure, 'service', 'legal', count, status, revised
FROM reported_period_measure_service_legal WHERE service_legal = 'yes' AND status <> 'zero'
UNION ALL
SELECT 'agency counts', period, measure, 'service', 'medical', count, status, revised
FROM reported_period_measure_service_medical WHERE service_medical = 'yes' AND status <> 'zero'
UNION ALL
SELECT 'agency counts', period, measure, 'service', 'mental_health', count, status, revised
FROM reported_period_measure_service_mental_health WHERE service_mental_health = 'yes' AND status <> 'zero'
UNION ALL
SELECT 'agency counts', period, measure, 'service', 'safety_planning', count, status, revised
FROM reported_period_measure_service_safety_planning WHERE service_safety_planning = 'yes' AND status <> 'zero'
UNION ALL
SELECT 'agency counts', period, measure, 'service', 'employment', count, status, revised
FROM reported_period_measure_service_employment WHERE service_employment = 'yes' AND status <> 'zero'
ORDER BY period, measure, breakdown, value
