WITH recent AS (
    SELECT *, row_number() OVER (PARTITION BY agency, feed ORDER BY loaded_at DESC) = 1 AS is_newest
    FROM ops.delivery
    WHERE received_at > now() - interval '12 months'
)
SELECT
    d.agency,
    d.feed,
    r.tier,
    r.code AS rule,
    coalesce(r.table_name, '*') AS table_name,
    coalesce(r.field, '*') AS field,
    count(DISTINCT d.delivery_id)::int AS deliveries,
    sum(r.count)::int AS rows,
    coalesce(sum(r.count) FILTER (WHERE d.is_newest), 0)::int AS newest
FROM recent d
JOIN ops.delivery_rule r USING (delivery_id)
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 2, 3, rows DESC, 4, 5, 6
