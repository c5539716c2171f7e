-- Quarterly counts -> core. A zero report is a report: a quarter of zeros is filed as such.
CREATE VIEW core.reported_count AS
SELECT
    period_start,
    3 AS months,
    measure,
    age,
    gender,
    'all' AS citizenship,
    exploitation,
    service,
    CAST(count AS INTEGER) AS count
FROM source."counts";

CREATE VIEW core.filing AS
SELECT
    '*' AS unit,
    CAST(period_start + to_months(CAST(m.month AS INTEGER)) AS DATE) AS reporting_month,
    CASE WHEN max(CAST(count AS INTEGER)) > 0 THEN 'reported' ELSE 'zero_report' END AS status
FROM source."counts" CROSS JOIN range(3) AS m (month)
GROUP BY period_start, m.month;
