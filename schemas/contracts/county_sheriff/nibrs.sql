-- NIBRS to core. An incident is an event with its offenses, its individual victims and counts of
-- offenders and arrestees; a Group B arrest is an event of its own. Suspects are counted, never keyed.
--
-- Derived values (what is not known stays NULL, never 0):
--   "isSexualExploit", "isForcedLabour"  1 where offense 64A, 64B was reported (for a victim: where
--       the victim is connected to it). Other offenses, 40A to 40C too, say nothing of exploitation.
--   minor_arrested  somebody under 18 arrested for prostitution (40A). NIBRS knows only society as
--       the victim of 40A, so a trafficked child shows up as an arrestee; under 22 U.S.C. 7102 the
--       commercial sex of a minor is trafficking. The child is a victim unit of this role.
--   trafficking_status  possible, decided by police, in all of these: a reported offense or an
--       arrest is no finding.
--   recruiterRelation...  the relation of a 64A or 64B victim to the offenders, who need not have
--       recruited. 1 where any offender stands in it, 0 where all relations are known and none does.
--   location, venue  of the trafficking offense if there is one, else of a prostitution offense, else
--       of the first offense by code.

-- Of an incident that is deleted and sent again in one delivery, the rules leave the later line.
CREATE VIEW core.deleted AS
SELECT 'event' AS unit, incident_token AS token FROM source."administrative" WHERE action = 'D'
UNION ALL
SELECT 'event', arrest_token FROM source."group_b_arrest" WHERE action = 'D';

CREATE VIEW core.event AS
WITH offenses AS (
    SELECT
        incident_token,
        bool_or(offense_code = '64A') AS sexual,
        bool_or(offense_code = '64B') AS labour,
        arg_min(struct_pack(code := location_code, venue := venue), rank) AS place
    FROM (
        SELECT *, concat(CASE
            WHEN offense_code IN ('64A', '64B') THEN 1
            WHEN offense_code IN ('40A', '40B', '40C') THEN 2
            ELSE 3
        END, offense_code) AS rank
        FROM source."offense"
    )
    GROUP BY incident_token
),
victims AS (
    SELECT incident_token, count(*) AS victims
    FROM source."victim" WHERE victim_type IN ('I', 'L') GROUP BY incident_token
),
-- offender 00 says that even their number is unknown
offenders AS (
    SELECT incident_token, count(*) AS offenders
    FROM source."offender" GROUP BY incident_token HAVING NOT bool_or(offender_sequence = '00')
),
arrestees AS (
    SELECT
        incident_token, count(*) AS arrestees,
        bool_or(minor AND minor_arrested = '1') AS minor_arrested
    FROM source."arrestee" GROUP BY incident_token
)
SELECT
    a.incident_token AS event_token,
    'incident' AS event_type,
    a.incident_month AS event_month,
    -- NCIC writes Nebraska NB and Guam GM
    CASE left(a.ori, 2) WHEN 'NB' THEN 'NE' WHEN 'GM' THEN 'GU' ELSE left(a.ori, 2) END AS state,
    o.place.code AS location_code,
    o.place.venue AS venue,
    CASE WHEN o.sexual OR o.labour THEN 'USA' END AS "CountryOfExploitation",
    CASE WHEN o.sexual OR o.labour OR r.minor_arrested THEN 'possible' END AS trafficking_status,
    CASE WHEN o.sexual OR o.labour OR r.minor_arrested THEN 'police' END AS status_decided_by,
    CASE WHEN o.labour THEN 1 END AS "isForcedLabour",
    CASE WHEN o.sexual THEN 1 END AS "isSexualExploit",
    f.offenders AS offender_count,
    coalesce(r.arrestees, 0) AS arrestee_count,
    v.victims AS victim_count
FROM source."administrative" AS a
LEFT JOIN offenses AS o USING (incident_token)
LEFT JOIN victims AS v USING (incident_token)
LEFT JOIN offenders AS f USING (incident_token)
LEFT JOIN arrestees AS r USING (incident_token)
WHERE a.action = 'I'
UNION ALL
SELECT
    arrest_token, 'group_b_arrest', arrest_month,
    CASE left(ori, 2) WHEN 'NB' THEN 'NE' WHEN 'GM' THEN 'GU' ELSE left(ori, 2) END,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL
FROM source."group_b_arrest"
WHERE action = 'A';

-- Victims that are persons, and children arrested for prostitution. A token of the latter is made
-- from the incident's, so that no token of an arrestee exists before it is known to be needed.
CREATE VIEW core.victim AS
WITH connected AS (
    SELECT
        *,
        list_contains([
            exploitation_1, exploitation_2, exploitation_3, exploitation_4, exploitation_5,
            exploitation_6, exploitation_7, exploitation_8, exploitation_9, exploitation_10
        ], 'sex') AS sexual,
        list_contains([
            exploitation_1, exploitation_2, exploitation_3, exploitation_4, exploitation_5,
            exploitation_6, exploitation_7, exploitation_8, exploitation_9, exploitation_10
        ], 'labour') AS labour,
        list_distinct([
            recruiter_1, recruiter_2, recruiter_3, recruiter_4, recruiter_5,
            recruiter_6, recruiter_7, recruiter_8, recruiter_9, recruiter_10
        ]) AS recruiters
    FROM source."victim"
    WHERE victim_type IN ('I', 'L')
),
victims AS (
    SELECT
        *,
        (sexual OR labour) AS trafficked,
        CASE WHEN len(recruiters) > 0 AND NOT list_contains(recruiters, 'unknown') THEN 0 END AS no
    FROM connected
)
SELECT
    v.victim_token,
    'victim' AS victim_role,
    CAST(year(e.event_month) AS INTEGER) AS "yearOfRegistration",
    v.gender,
    v.age_broad AS "ageBroad",
    v.race,
    v.ethnicity,
    CASE WHEN v.labour THEN 1 END AS "isForcedLabour",
    CASE WHEN v.sexual THEN 1 END AS "isSexualExploit",
    CASE WHEN v.trafficked THEN if(list_contains(v.recruiters, 'intimate_partner'), 1, v.no) END
        AS "recruiterRelationIntimatePartner",
    CASE WHEN v.trafficked THEN if(list_contains(v.recruiters, 'friend'), 1, v.no) END
        AS "recruiterRelationFriend",
    CASE WHEN v.trafficked THEN if(list_contains(v.recruiters, 'family'), 1, v.no) END
        AS "recruiterRelationFamily",
    CASE WHEN v.trafficked THEN if(list_contains(v.recruiters, 'other'), 1, v.no) END
        AS "recruiterRelationOther"
FROM victims AS v
JOIN core.event AS e ON e.event_token = v.incident_token
UNION ALL
SELECT
    md5(concat(r.incident_token, '/', r.arrestee_sequence)), 'minor_arrested',
    CAST(year(e.event_month) AS INTEGER), r.gender, r.age_broad,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM source."arrestee" AS r
JOIN core.event AS e ON e.event_token = r.incident_token
WHERE r.minor AND r.minor_arrested = '1';

CREATE VIEW core.victim_event AS
SELECT
    s.victim_token,
    s.incident_token AS event_token,
    'victim' AS role,
    s.age_broad AS "ageBroad",
    s.minor,
    v."isSexualExploit" AS sex_trafficking_indicator,
    v."isForcedLabour" AS labour_trafficking_indicator
FROM source."victim" AS s
JOIN core.victim AS v USING (victim_token)
UNION ALL
SELECT
    md5(concat(incident_token, '/', arrestee_sequence)), incident_token, 'minor_arrested',
    age_broad, minor, 1, NULL
FROM source."arrestee"
WHERE minor AND minor_arrested = '1';

CREATE VIEW core.offense AS
SELECT
    incident_token AS event_token,
    offense_code,
    attempted = 'A' AS attempted,
    location_code,
    nullif(list_filter(
        [criminal_activity_1, criminal_activity_2, criminal_activity_3],
        lambda activity: activity IS NOT NULL
    ), []) AS criminal_activity
FROM source."offense"
UNION ALL
SELECT arrest_token, offense_code, NULL, NULL, NULL
FROM source."group_b_arrest"
WHERE action = 'A';

CREATE VIEW core.perpetrator_count AS
WITH person AS (
    SELECT incident_token, 'offender' AS role, gender, age_broad, minor
    FROM source."offender" WHERE offender_sequence <> '00'
    UNION ALL
    SELECT incident_token, 'arrestee', gender, age_broad, minor FROM source."arrestee"
    UNION ALL
    SELECT arrest_token, 'arrestee', gender, age_broad, minor
    FROM source."group_b_arrest" WHERE action = 'A'
)
SELECT incident_token AS event_token, role, gender, age_broad AS "ageBroad", minor, count(*) AS count
FROM person
GROUP BY ALL;

-- A month for which something was reported, or that nothing was. An ORI is public.
CREATE VIEW core.filing AS
WITH reported AS (
    SELECT ori, incident_month AS month FROM source."administrative" WHERE action = 'I'
    UNION
    SELECT ori, arrest_month FROM source."group_b_arrest" WHERE action = 'A'
)
SELECT ori AS unit, month AS reporting_month, 'reported' AS status FROM reported
UNION ALL
SELECT DISTINCT z.ori, z.reporting_month, 'zero_report'
FROM source."zero_report" AS z
ANTI JOIN reported AS r ON r.ori = z.ori AND r.month = z.reporting_month
WHERE z.action = 'A';
