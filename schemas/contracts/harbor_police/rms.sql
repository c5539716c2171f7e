-- A police RMS export to core. Rows are cases or involvements of persons in them; case columns repeat.
--
-- Police record that trafficking was reported, they do not decide that someone is a victim of it: the
-- status is 'possible'. A case flagged as trafficking but classified otherwise is 'possible', too.
-- Counts of persons are unknown (NULL), not 0, for a case whose rows name no involvement.

CREATE VIEW core.event AS
WITH cases AS (
    SELECT
        *,
        [offense_code, type_offense_1, type_offense_2, type_offense_3] AS offenses,
        [signal_1, signal_2, signal_3] AS signals
    FROM source.involvement
)
SELECT
    event_token,
    'incident' AS event_type,
    min(coalesce(incident_month, report_month)) AS event_month,
    max(between_month) AS end_month,
    min(county_fips) AS county_fips,
    min(zip3) AS zip3,
    min(h3_cell) AS h3_cell,
    min(location_code) AS location_code,
    min(venue) AS venue,
    CASE
        WHEN bool_or(list_has_any(offenses, ['64A', '64B'])
            OR list_contains(signals, 'human_trafficking')) THEN 'possible'
    END AS trafficking_status,
    CASE
        WHEN bool_or(list_has_any(offenses, ['64A', '64B'])
            OR list_contains(signals, 'human_trafficking')) THEN 'police'
    END AS status_decided_by,
    max(CASE WHEN list_contains(offenses, '64B') THEN 1 END) AS "isForcedLabour",
    max(CASE WHEN list_contains(offenses, '64A') THEN 1 END) AS "isSexualExploit",
    CASE WHEN bool_or(role IS NOT NULL) THEN count(*) FILTER (role = 'offender') END
        AS offender_count,
    CASE WHEN bool_or(role IS NOT NULL) THEN count(*) FILTER (role = 'arrestee') END
        AS arrestee_count,
    CASE WHEN bool_or(role IS NOT NULL) THEN count(DISTINCT victim_token) END AS victim_count
FROM cases
GROUP BY event_token;

-- One row per offense a case states: by its classification, or by an incident type that names one.
CREATE VIEW core.offense AS
SELECT event_token, offense_code, min(location_code) AS location_code
FROM (
    SELECT
        event_token, location_code,
        unnest([offense_code, type_offense_1, type_offense_2, type_offense_3]) AS offense_code
    FROM source.involvement
)
WHERE offense_code IS NOT NULL
GROUP BY event_token, offense_code;

-- Victims of any offense; what holds one value is that of the earliest case that states it.
CREATE VIEW core.victim AS
WITH victims AS (
    SELECT
        *,
        coalesce(incident_month, report_month) AS month,
        coalesce(incident_month, report_month, DATE '9999-01-01') AS rank,
        [offense_code, type_offense_1, type_offense_2, type_offense_3] AS offenses
    FROM source.involvement
    WHERE victim_token IS NOT NULL
)
SELECT
    victim_token,
    'victim' AS victim_role,
    year(min(month)) AS "yearOfRegistration",
    arg_min(gender, rank) AS gender,
    arg_min(coalesce(age_broad, stated_age_broad), rank) AS "ageBroad",
    arg_min(race, rank) AS race,
    arg_min(ethnicity, rank) AS ethnicity,
    max(CASE WHEN list_contains(offenses, '64B') THEN 1 END) AS "isForcedLabour",
    max(CASE WHEN list_contains(offenses, '64A') THEN 1 END) AS "isSexualExploit"
FROM victims
GROUP BY victim_token;

CREATE VIEW core.victim_event AS
WITH victims AS (
    SELECT
        victim_token,
        event_token,
        coalesce(age_broad, stated_age_broad) AS age,
        [offense_code, type_offense_1, type_offense_2, type_offense_3] AS offenses
    FROM source.involvement
    WHERE victim_token IS NOT NULL
)
SELECT
    victim_token,
    event_token,
    'victim' AS role,
    min(age) AS "ageBroad",
    min(age) IN ('0--8', '9--17') AS minor,
    max(CASE WHEN list_contains(offenses, '64A') THEN 1 END) AS sex_trafficking_indicator,
    max(CASE WHEN list_contains(offenses, '64B') THEN 1 END) AS labour_trafficking_indicator
FROM victims
GROUP BY victim_token, event_token;

-- Suspects and arrestees: how many, never who.
CREATE VIEW core.perpetrator_count AS
SELECT
    event_token,
    role,
    gender,
    coalesce(age_broad, stated_age_broad) AS "ageBroad",
    coalesce(age_broad, stated_age_broad) IN ('0--8', '9--17') AS minor,
    count(*) AS count
FROM source.involvement
WHERE role IN ('offender', 'arrestee')
GROUP BY ALL;
