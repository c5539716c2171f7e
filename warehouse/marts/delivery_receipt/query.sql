SELECT
    d.agency,
    d.feed,
    d.delivery_id,
    d.plaintext_sha256 AS file_sha256,
    d.received_at,
    d.status,
    d.contract_version,
    coalesce(sum(t.rows_in), 0)::int AS rows_in,
    coalesce(sum(t.accepted), 0)::int AS accepted,
    coalesce(sum(t.quarantined), 0)::int AS quarantined,
    coalesce(sum(t.refused), 0)::int AS refused,
    (SELECT count(*)::int FROM ops.delivery_rule r WHERE r.delivery_id = d.delivery_id) AS findings
FROM ops.delivery d
LEFT JOIN ops.delivery_table t USING (delivery_id)
GROUP BY d.delivery_id
ORDER BY d.agency, d.feed, d.received_at
