-- Feeds that file nothing by month count as reported from their first month to their newest, without
-- gaps: that an agency met nobody in some month is not told.
WITH met AS (
    SELECT agency, feed, min(event_month) AS first, max(event_month) AS last
    FROM core.event e
    WHERE event_month IS NOT NULL AND NOT EXISTS (
        SELECT FROM core.filing f WHERE f.agency = e.agency AND f.feed = e.feed
    )
    GROUP BY agency, feed
),
filed AS (
    SELECT agency, feed, unit, reporting_month AS month, status FROM core.filing
    UNION ALL
    SELECT agency, feed, '*', m.month::date, 'reported'
    FROM met CROSS JOIN LATERAL generate_series(first, last, interval '1 month') AS m (month)
),
span AS (
    SELECT f.agency, f.feed, f.unit, min(f.month) AS first, max(g.last) AS last
    FROM filed f
    JOIN (SELECT agency, feed, max(month) AS last FROM filed GROUP BY agency, feed) g
        USING (agency, feed)
    GROUP BY f.agency, f.feed, f.unit
)
SELECT s.agency, s.feed, s.unit, m.month::date AS month, coalesce(f.status, 'missing') AS status
FROM span s
CROSS JOIN LATERAL generate_series(s.first, s.last, interval '1 month') AS m (month)
LEFT JOIN filed f
    ON (f.agency, f.feed, f.unit, f.month) = (s.agency, s.feed, s.unit, m.month::date)
ORDER BY 1, 2, 3, 4
