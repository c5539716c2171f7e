WITH cells AS (
    SELECT systems, 'identified' AS breakdown, identified AS value, count, status
    FROM persons_systems_identified
    UNION ALL
    SELECT systems, 'age', age, count, status FROM persons_systems_age
    UNION ALL
    SELECT systems, 'first_system', first_system, count, status
    FROM persons_systems_first_system WHERE first_system <> 'unknown'
    UNION ALL
    SELECT systems, 'gap', gap, count, status FROM persons_systems_gap WHERE gap <> 'unknown'
),
-- from the shortest to the longest band, with the persons up to and with each
banded AS (
    SELECT
        systems,
        value,
        count,
        sum(count) OVER (
            PARTITION BY systems
            ORDER BY array_position(
                ['same month', '1-3 months', '4-12 months', 'over 12 months'], value
            )
        ) AS up_to,
        sum(count) OVER (PARTITION BY systems) AS persons,
        bool_or(count IS NULL) OVER (PARTITION BY systems) AS hidden
    FROM cells WHERE breakdown = 'gap'
),
median AS (
    SELECT systems, value AS median_gap
    FROM banded
    WHERE NOT hidden AND persons > 0
        AND up_to >= persons / 2.0 AND up_to - count < persons / 2.0
)
SELECT
    systems, breakdown, value, count, status,
    CASE breakdown WHEN 'gap' THEN median_gap END AS median_gap
FROM cells LEFT JOIN median USING (systems)
ORDER BY systems, breakdown, value
