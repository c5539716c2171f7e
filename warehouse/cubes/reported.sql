-- One row per person an agency counted that may give no records of persons. The rows are made here
-- and are of nobody: as many as a total says, with values that give each of the agency's counts by one
-- dimension. So its tables pass the same disclosure control as tables of records, held against each
-- other by their common total. Counts by several dimensions at once are not published.
--
-- What an agency does not know and what it holds back are both unknown. A value that one of the
-- agencies that count by a dimension holds back is unknown of all of them: the sum of the others would
-- be too low, and nobody would see it.

WITH counted AS (
    SELECT r.*, array_remove(ARRAY[
        CASE WHEN age <> 'all' THEN 'age' END,
        CASE WHEN gender <> 'all' THEN 'gender' END,
        CASE WHEN citizenship <> 'all' THEN 'citizenship' END,
        CASE WHEN exploitation <> 'all' THEN 'exploitation' END,
        CASE WHEN service <> 'all' THEN 'service' END
    ], NULL) AS by
    FROM core.reported_count r
),
-- numbers up to and with each value, so that the values share the persons out among them
given AS (
    SELECT
        agency, feed, period_start, months, measure, by[1] AS by, count,
        coalesce(nullif(age, 'all'), nullif(gender, 'all'), nullif(citizenship, 'all'),
            nullif(exploitation, 'all'), service) AS value,
        sum(count) OVER (
            PARTITION BY agency, feed, period_start, measure, by
            ORDER BY age, gender, citizenship, exploitation, service
        ) AS up_to
    FROM counted WHERE cardinality(by) = 1
),
part AS (
    SELECT given.* FROM given
    JOIN (
        SELECT period_start, months, measure, by, count(DISTINCT (agency, feed)) AS feeds
        FROM given GROUP BY period_start, months, measure, by
    ) AS asked USING (period_start, months, measure, by)
    JOIN (
        SELECT period_start, months, measure, by, value, count(*) AS feeds
        FROM given GROUP BY period_start, months, measure, by, value
    ) AS answered USING (period_start, months, measure, by, value)
    WHERE asked.feeds = answered.feeds
),
-- a person may have several services
served AS (
    SELECT agency, feed, period_start, measure, jsonb_object_agg(value, count) AS persons
    FROM part WHERE by = 'service' GROUP BY agency, feed, period_start, measure
)
SELECT
    ARRAY[t.agency] AS contributors,
    concat_ws(' ', t.agency, t.feed, t.period_start, t.measure, n) AS unit,
    to_char(t.period_start, CASE t.months WHEN 3 THEN 'YYYY"-Q"Q' ELSE 'YYYY-MM' END) AS period,
    t.measure,
    nullif(age.value, 'unknown') AS reported_age,
    nullif(gender.value, 'unknown') AS reported_gender,
    nullif(citizenship.value, 'unknown') AS reported_citizenship,
    nullif(exploitation.value, 'unknown') AS reported_exploitation,
    CASE WHEN n <= (persons ->> 'case_management')::integer THEN 'yes' END AS service_case_management,
    CASE WHEN n <= (persons ->> 'shelter')::integer THEN 'yes' END AS service_shelter,
    CASE WHEN n <= (persons ->> 'legal')::integer THEN 'yes' END AS service_legal,
    CASE WHEN n <= (persons ->> 'medical')::integer THEN 'yes' END AS service_medical,
    CASE WHEN n <= (persons ->> 'mental_health')::integer THEN 'yes' END AS service_mental_health,
    CASE WHEN n <= (persons ->> 'safety_planning')::integer THEN 'yes' END AS service_safety_planning,
    CASE WHEN n <= (persons ->> 'employment')::integer THEN 'yes' END AS service_employment
FROM counted t
CROSS JOIN LATERAL generate_series(1, t.count) AS n
LEFT JOIN part AS age ON age.by = 'age'
    AND (age.agency, age.feed, age.period_start, age.measure)
        = (t.agency, t.feed, t.period_start, t.measure)
    AND n > age.up_to - age.count AND n <= age.up_to
LEFT JOIN part AS gender ON gender.by = 'gender'
    AND (gender.agency, gender.feed, gender.period_start, gender.measure)
        = (t.agency, t.feed, t.period_start, t.measure)
    AND n > gender.up_to - gender.count AND n <= gender.up_to
LEFT JOIN part AS citizenship ON citizenship.by = 'citizenship'
    AND (citizenship.agency, citizenship.feed, citizenship.period_start, citizenship.measure)
        = (t.agency, t.feed, t.period_start, t.measure)
    AND n > citizenship.up_to - citizenship.count AND n <= citizenship.up_to
LEFT JOIN part AS exploitation ON exploitation.by = 'exploitation'
    AND (exploitation.agency, exploitation.feed, exploitation.period_start, exploitation.measure)
        = (t.agency, t.feed, t.period_start, t.measure)
    AND n > exploitation.up_to - exploitation.count AND n <= exploitation.up_to
LEFT JOIN served
    ON (served.agency, served.feed, served.period_start, served.measure)
        = (t.agency, t.feed, t.period_start, t.measure)
WHERE t.by = '{}'
