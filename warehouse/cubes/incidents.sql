-- One row per police incident or arrest: the unit of the published counts of incidents.
--
-- `coding` is how the incident stands: as 64A or 64B (NIBRS human trafficking), flagged as
-- trafficking by police or by a narrative without either code, or for another sign alone (a child
-- arrested for prostitution). `trafficking` is yes for all of these.
--
-- %(places)s  [{agency, state, county}]: where an agency answers, for incidents that say no place

WITH coded AS (
    SELECT
        event_key,
        bool_or(offense_code = '64A') AS sexual,
        bool_or(offense_code = '64B') AS labour
    FROM core.offense
    GROUP BY event_key
),
incident AS (
    SELECT
        e.*,
        CASE
            WHEN c.sexual AND c.labour THEN '64A and 64B'
            WHEN c.sexual THEN '64A'
            WHEN c.labour THEN '64B'
            WHEN e.trafficking_flagged_not_64x = 1 THEN 'flagged, not 64x'
            WHEN e.trafficking_status IN ('actual', 'possible') THEN 'other sign'
            ELSE 'none'
        END AS coding
    FROM core.event e
    LEFT JOIN coded c USING (event_key)
    WHERE e.event_type IN ('incident', 'group_b_arrest')
)
SELECT
    ARRAY[i.agency] AS contributors,
    i.event_key AS unit,
    to_char(i.event_month, 'YYYY') AS year,
    to_char(i.event_month, 'YYYY"-Q"Q') AS quarter,
    to_char(i.event_month, 'YYYY-MM') AS month,
    i.coding,
    CASE i.coding WHEN 'none' THEN 'no' ELSE 'yes' END AS trafficking,
    i.venue,
    nullif(coalesce(i.state, place.state), '') AS state,
    nullif(coalesce(i.county_fips, place.county), '') AS county,
    i.h3_cell
FROM incident i
LEFT JOIN jsonb_to_recordset(%(places)s) AS place (agency text, state text, county text)
    ON place.agency = i.agency
