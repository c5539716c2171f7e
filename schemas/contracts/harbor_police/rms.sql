-- A police RMS export to core. Rows are cases, or involvements of persons in them; case columns
-- repeat. What is not known stays NULL, never 0; so do counts of persons where no row of the case
-- names an involvement.
--
--   trafficking_status  possible, decided by police: a case classified 64A or 64B, a case flagged as
--       trafficking under whatever classification, and a child arrested for prostitution. A report
--       or an arrest is no finding.
--   "isSexualExploit", "isForcedLabour"  1 where the case states offense 64A, 64B.
--   trafficking_flagged_not_64x  1 where an incident type or a narrative says trafficking and the case
--       states neither 64A nor 64B; 0 where it states one, or where its narratives say nothing of the
--       kind. They decide nothing else: what they say stands in core.event_indicator.
--   minor_arrested  somebody under 18 arrested in a case of prostitution (40A): under 22 U.S.C. 7102
--       the commercial sex of a minor is trafficking. The child is a victim unit of this role, with
--       a token made from the case's; every other suspect and arrestee is counted, never keyed.

CREATE VIEW core.event AS
WITH rows AS (
    SELECT
        *,
        [offense_code, type_offense_1, type_offense_2, type_offense_3] AS offenses,
        [signal_1, signal_2, signal_3] AS signals,
        list_transform(narrative_indicators, lambda found: found.kind) AS told,
        coalesce(age_broad, stated_age_broad) IN ('0--8', '9--17') AS minor
    FROM source.involvement
),
cases AS (
    SELECT
        event_token,
        min(coalesce(incident_month, report_month)) AS event_month,
        max(between_month) AS end_month,
        min(county_fips) AS county_fips,
        min(zip3) AS zip3,
        min(h3_cell) AS h3_cell,
        min(location_code) AS location_code,
        min(venue) AS venue,
        bool_or(list_contains(offenses, '64A')) AS sexual,
        bool_or(list_contains(offenses, '64B')) AS labour,
        bool_or(list_contains(signals, 'human_trafficking')) AS flagged,
        bool_or(list_contains(told, 'trafficking')) AS told,
        bool_or(list_contains(offenses, '40A'))
            AND bool_or(role = 'arrestee' AND minor) AS minor_arrested,
        bool_or(role IS NOT NULL) AS persons_known,
        count(*) FILTER (role = 'offender') AS offenders,
        count(*) FILTER (role = 'arrestee') AS arrestees,
        count(DISTINCT victim_token) AS victims
    FROM rows
    GROUP BY event_token
)
SELECT
    event_token,
    'incident' AS event_type,
    event_month,
    end_month,
    county_fips,
    zip3,
    h3_cell,
    location_code,
    venue,
    CASE WHEN sexual OR labour THEN 'USA' END AS "CountryOfExploitation",
    CASE WHEN sexual OR labour OR flagged OR minor_arrested THEN 'possible' END
        AS trafficking_status,
    CASE WHEN sexual OR labour OR flagged OR minor_arrested THEN 'police' END
        AS status_decided_by,
    CASE WHEN labour THEN 1 END AS "isForcedLabour",
    CASE WHEN sexual THEN 1 END AS "isSexualExploit",
    CASE
        WHEN sexual OR labour THEN 0
        WHEN flagged OR told THEN 1
        WHEN NOT told THEN 0
    END AS trafficking_flagged_not_64x,
    CASE WHEN persons_known THEN offenders END AS offender_count,
    CASE WHEN persons_known THEN arrestees END AS arrestee_count,
    CASE WHEN persons_known THEN victims END AS victim_count
FROM cases;

-- One row per offense a case states: by its classification, or by an incident type that names one.
CREATE VIEW core.offense AS
SELECT event_token, offense_code, min(location_code) AS location_code
FROM (
    SELECT
        event_token,
        location_code,
        unnest([offense_code, type_offense_1, type_offense_2, type_offense_3]) AS offense_code
    FROM source.involvement
)
WHERE offense_code IS NOT NULL
GROUP BY event_token, offense_code;

-- What the narratives of a case say: each thing once, as its surest mention has it.
CREATE VIEW core.event_indicator AS
SELECT
    event_token,
    found.kind AS kind,
    found.code AS code,
    first(found.rule ORDER BY found.confidence DESC, found.rule) AS rule,
    max(found.confidence) AS confidence
FROM (SELECT event_token, unnest(narrative_indicators) AS found FROM source.involvement)
GROUP BY event_token, found.kind, found.code;

-- The narratives of a case, each once however many rows repeat it; the longest first.
CREATE VIEW core.event_text AS
SELECT
    event_token,
    'narrative' AS kind,
    row_number() OVER (
        PARTITION BY event_token ORDER BY length(narrative) DESC, narrative
    ) AS number,
    narrative AS redacted
FROM (SELECT DISTINCT event_token, narrative FROM source.involvement)
WHERE narrative IS NOT NULL;

-- Victims by case; first what leaves their rows, then the children arrested for prostitution. The
-- latter are numbered within the case by what is known of them.
CREATE VIEW core.victim_event AS
WITH victims AS (
    SELECT
        victim_token,
        event_token,
        coalesce(age_broad, stated_age_broad) AS age,
        [offense_code, type_offense_1, type_offense_2, type_offense_3] AS offenses
    FROM source.involvement
    WHERE victim_token IS NOT NULL
),
arrested AS (
    SELECT
        event_token,
        coalesce(age_broad, stated_age_broad) AS age,
        row_number() OVER (
            PARTITION BY event_token
            ORDER BY coalesce(age_broad, stated_age_broad), gender, race, ethnicity
        ) AS number
    FROM source.involvement
    WHERE role = 'arrestee' AND coalesce(age_broad, stated_age_broad) IN ('0--8', '9--17')
        AND event_token IN (SELECT event_token FROM core.offense WHERE offense_code = '40A')
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
GROUP BY victim_token, event_token
UNION ALL
SELECT md5(concat(event_token, '/', number)), event_token, 'minor_arrested', age, true, 1, NULL
FROM arrested;

-- Over several cases, what can hold only one value is that of the earliest case that states it.
CREATE VIEW core.victim AS
WITH victims AS (
    SELECT
        *,
        coalesce(incident_month, report_month) AS month,
        coalesce(incident_month, report_month, DATE '9999-01-01') AS rank,
        [offense_code, type_offense_1, type_offense_2, type_offense_3] AS offenses
    FROM source.involvement
    WHERE victim_token IS NOT NULL
),
arrested AS (
    SELECT
        event_token,
        year(coalesce(incident_month, report_month)) AS year,
        gender,
        race,
        ethnicity,
        coalesce(age_broad, stated_age_broad) AS age,
        row_number() OVER (
            PARTITION BY event_token
            ORDER BY coalesce(age_broad, stated_age_broad), gender, race, ethnicity
        ) AS number
    FROM source.involvement
    WHERE role = 'arrestee' AND coalesce(age_broad, stated_age_broad) IN ('0--8', '9--17')
        AND event_token IN (SELECT event_token FROM core.offense WHERE offense_code = '40A')
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
GROUP BY victim_token
UNION ALL
SELECT
    md5(concat(event_token, '/', number)), 'minor_arrested', year, gender, age, race, ethnicity,
    NULL, NULL
FROM arrested;

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
