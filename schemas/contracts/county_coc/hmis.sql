-- HMIS to core. A client is a victim unit of role `client`, an enrolment is an event of type
-- `enrollment`; neither word says that trafficking took place.
--
-- Derived flags (8, 9, 99 and blank are unknown and stay NULL, never 0):
--   sex_trafficking_indicator     1  asked or forced to exchange sex (R15.C or R15.D = 1), or any
--                                    exchange for sex (R15.1 = 1) of somebody under 18 at exit: under
--                                    22 U.S.C. 7102 a minor's commercial sex is trafficking
--                                 0  no exchange for sex ever (R15.1 = 0) and neither of the above
--                                    (an adult who exchanged sex unforced may have been a minor then)
--   labour_trafficking_indicator  1  coerced to continue work (R16.A = 1) or threatened with violence
--                                    at work (R16.1 = 1)
--                                 0  both answered no
-- An event's trafficking_status is `possible` where either is 1, else unknown: nobody at a project
-- decides whether somebody was trafficked.

CREATE VIEW core.deleted AS
SELECT 'victim' AS unit, client_token AS token FROM source."Client" WHERE deleted
UNION ALL
SELECT 'event', enrollment_token
FROM source."Enrollment" AS e
WHERE e.deleted
   OR e.client_token IN (SELECT c.client_token FROM source."Client" AS c WHERE c.deleted)
UNION ALL
SELECT 'event', enrollment_token FROM source."Withdrawal"
UNION ALL
-- blank where the client is still known from elsewhere
SELECT DISTINCT 'victim', client_token FROM source."Withdrawal" WHERE client_token IS NOT NULL;

-- One row per enrolment; everything about enrolments starts here.
CREATE VIEW core.victim_event AS
SELECT
    e.client_token AS victim_token,
    e.enrollment_token AS event_token,
    'client' AS role,
    e.age_broad AS "ageBroad",
    e.minor_at_entry AS minor,
    CASE
        WHEN '1' IN (x."AskedOrForcedToExchangeForSex",
                     x."AskedOrForcedToExchangeForSexPastThreeMonths") THEN 1
        WHEN x."ExchangeForSex" = '1' AND x.minor_at_exit THEN 1
        WHEN x."ExchangeForSex" = '0' THEN 0
    END AS sex_trafficking_indicator,
    CASE
        WHEN '1' IN (x."CoercedToContinueWork", x."WorkplaceViolenceThreats") THEN 1
        WHEN x."CoercedToContinueWork" = '0' AND x."WorkplaceViolenceThreats" = '0' THEN 0
    END AS labour_trafficking_indicator
FROM source."Enrollment" AS e
LEFT JOIN source."Exit" AS x ON x.enrollment_token = e.enrollment_token AND NOT x.deleted
WHERE e.enrollment_token NOT IN (SELECT d.token FROM core.deleted AS d WHERE d.unit = 'event');

CREATE VIEW core.event AS
SELECT
    e.enrollment_token AS event_token,
    'enrollment' AS event_type,
    e.entry_month AS event_month,
    x.exit_month AS end_month,
    upper(left(e.coc_code, 2)) AS state,
    upper(e.coc_code) AS coc_code,
    CASE WHEN 1 IN (v.sex_trafficking_indicator, v.labour_trafficking_indicator)
        THEN 'possible' END AS trafficking_status,
    v.labour_trafficking_indicator AS "isForcedLabour",
    v.sex_trafficking_indicator AS "isSexualExploit",
    e.referral_source,
    CASE WHEN x.enrollment_token IS NULL THEN 'Active' ELSE 'Closed' END AS service_status
FROM source."Enrollment" AS e
JOIN core.victim_event AS v ON v.event_token = e.enrollment_token
LEFT JOIN source."Exit" AS x ON x.enrollment_token = e.enrollment_token AND NOT x.deleted;

-- What is said of a client over all enrolments: yes at any exit is yes; no needs a no and no yes.
CREATE VIEW core.victim AS
WITH stay AS (
    SELECT
        e.client_token,
        min(e.entry_month) AS first_month,
        arg_min(e.age_broad, e.entry_month) AS age_broad,
        arg_min(e.age_band, e.entry_month) AS age_band,
        max(v.sex_trafficking_indicator) AS sexual,
        max(v.labour_trafficking_indicator) AS labour,
        max(CASE x."WorkplaceViolenceThreats" WHEN '1' THEN 1 WHEN '0' THEN 0 END) AS threats,
        max(CASE x."WorkplacePromiseDifference" WHEN '1' THEN 1 WHEN '0' THEN 0 END) AS promises
    FROM source."Enrollment" AS e
    JOIN core.victim_event AS v ON v.event_token = e.enrollment_token
    LEFT JOIN source."Exit" AS x ON x.enrollment_token = e.enrollment_token AND NOT x.deleted
    GROUP BY e.client_token
),
races AS (
    SELECT client_token, list_filter([
        CASE WHEN "AmIndAKNative" = '1' THEN 'american_indian' END,
        CASE WHEN "Asian" = '1' THEN 'asian' END,
        CASE WHEN "BlackAfAmerican" = '1' THEN 'black' END,
        CASE WHEN "MidEastNAfrican" = '1' THEN 'middle_eastern' END,
        CASE WHEN "NativeHIPacific" = '1' THEN 'pacific_islander' END,
        CASE WHEN "White" = '1' THEN 'white' END
    ], lambda race: race IS NOT NULL) AS races
    FROM source."Client"
)
SELECT
    c.client_token AS victim_token,
    'client' AS victim_role,
    CAST(year(s.first_month) AS INTEGER) AS "yearOfRegistration",
    coalesce(c.sex, CASE
        WHEN '1' IN (c."Transgender", c."NonBinary", c."CulturallySpecific", c."DifferentIdentity")
          OR (c."Woman" = '1' AND c."Man" = '1') THEN 'Trans/Transgender/NonConforming'
        WHEN c."Woman" = '1' THEN 'Woman'
        WHEN c."Man" = '1' THEN 'Man'
    END) AS gender,
    s.age_broad AS "ageBroad",
    s.age_band,
    CASE len(r.races) WHEN 0 THEN NULL WHEN 1 THEN r.races[1] ELSE 'multiple' END AS race,
    -- a 0 says no only where the question on race was answered at all
    CASE WHEN c."HispanicLatinao" = '1' THEN 'hispanic'
         WHEN c."HispanicLatinao" = '0' AND len(r.races) > 0 THEN 'not_hispanic' END AS ethnicity,
    s.threats AS "meansThreats",
    s.promises AS "meansFalsePromises",
    s.labour AS "isForcedLabour",
    s.sexual AS "isSexualExploit",
    s.sexual AS "typeOfSexProstitution"
FROM source."Client" AS c
JOIN races AS r USING (client_token)
LEFT JOIN stay AS s USING (client_token)
WHERE NOT c.deleted;

-- Each kind of service once a month and enrolment: bed nights come one row a night.
CREATE VIEW core.service AS
WITH enrolled AS (
    SELECT e.enrollment_token, e.client_token, e.project_token, e.entry_month, e.referral_source
    FROM source."Enrollment" AS e
    WHERE e.enrollment_token NOT IN (SELECT d.token FROM core.deleted AS d WHERE d.unit = 'event')
),
given AS (
    SELECT e.enrollment_token, e.client_token, 'project:' || p.project_type AS service_code,
           e.entry_month AS service_month, 'provided' AS direction
    FROM enrolled AS e JOIN source."Project" AS p USING (project_token)
    WHERE p.project_type IS NOT NULL
    UNION ALL
    SELECT e.enrollment_token, e.client_token, 'referral:' || e.referral_source, e.entry_month,
           'referred_in'
    FROM enrolled AS e
    WHERE e.referral_source IS NOT NULL
    UNION ALL
    SELECT e.enrollment_token, e.client_token,
           concat_ws(':', 'hmis', s.record_type, s.type_provided), s.service_month, 'provided'
    FROM source."Services" AS s JOIN enrolled AS e USING (enrollment_token)
    WHERE NOT s.deleted AND s.record_type IS NOT NULL
    UNION ALL
    SELECT e.enrollment_token, e.client_token, 'ce:' || v.event, v.event_month,
           CASE WHEN v.event LIKE 'referral%' THEN 'referred_out' ELSE 'provided' END
    FROM source."Event" AS v JOIN enrolled AS e USING (enrollment_token)
    WHERE NOT v.deleted AND v.event IS NOT NULL
)
SELECT DISTINCT enrollment_token AS event_token, client_token AS victim_token,
       service_code, service_month, direction
FROM given;

-- A CoC code is public. The export's last month is what was filed.
CREATE VIEW core.filing AS
SELECT DISTINCT upper(code) AS unit, end_month AS reporting_month, 'reported' AS status
FROM (SELECT unnest(string_split(coc_codes, ';')) AS code, end_month FROM source."Export")
WHERE end_month IS NOT NULL;
