-- HTCDS 2.0 to core, in the variables of CTDC's Global Synthetic Dataset (codebook v2, 2024).
--
-- A ticked choice is 1; a choice that is not ticked is unknown (NULL), never 0: a sheet has no way to
-- say no. Where the trafficking status says the person is not a victim, exploitation is not counted.
-- Recruiter: the standard has the relationship to the trafficker, who need not be the recruiter; it
-- is taken as such, and nothing is concluded from the method of recruitment.
-- What notes say stands in core.event_indicator alone: the sheet's own columns are the authority.

-- One event per case. Several persons may share a case number.
CREATE VIEW core.event AS
SELECT
    event_token,
    'case' AS event_type,
    min(incoming_month) AS event_month,
    min(past_h3_cell) FILTER (past_event = 'exploitation') AS h3_cell,
    coalesce(
        min(exploitation_country), min(past_country) FILTER (past_event = 'exploitation')
    ) AS "CountryOfExploitation",
    CASE
        WHEN bool_or(trafficking_status = 'actual') THEN 'actual'
        WHEN bool_or(trafficking_status = 'possible') THEN 'possible'
        WHEN bool_or(trafficking_status = 'not') THEN 'not'
    END AS trafficking_status,
    -- who decided the status that counts
    arg_min(
        status_decided_by,
        CASE trafficking_status WHEN 'actual' THEN 1 WHEN 'possible' THEN 2 ELSE 3 END
    ) AS status_decided_by,
    max(CASE WHEN list_contains(exploitation, 'isForcedLabour') THEN 1 END)
        FILTER (trafficking_status IS DISTINCT FROM 'not') AS "isForcedLabour",
    max(CASE WHEN list_contains(exploitation, 'isSexualExploit') THEN 1 END)
        FILTER (trafficking_status IS DISTINCT FROM 'not') AS "isSexualExploit",
    max(CASE WHEN list_contains(exploitation, 'isOtherExploit') THEN 1 END)
        FILTER (trafficking_status IS DISTINCT FROM 'not') AS "isOtherExploit",
    min(referral_source) AS referral_source,
    min(case_status) AS service_status,
    count(DISTINCT victim_token)
        FILTER (trafficking_status IS DISTINCT FROM 'not') AS victim_count
FROM source."case"
GROUP BY event_token;

-- One victim per person; over several cases a sign that was ever ticked counts, and what can hold
-- only one value is that of the earliest case that states it.
CREATE VIEW core.victim AS
WITH cases AS (
    SELECT
        * REPLACE (
            CASE WHEN trafficking_status = 'not' THEN NULL ELSE exploitation END AS exploitation,
            CASE WHEN trafficking_status = 'not' THEN NULL ELSE means END AS means,
            CASE WHEN trafficking_status = 'not' THEN NULL ELSE labour END AS labour,
            CASE WHEN trafficking_status = 'not' THEN NULL ELSE sex_exploitation END
                AS sex_exploitation,
            CASE WHEN trafficking_status = 'not' THEN NULL ELSE relationship END AS relationship
        ),
        coalesce(incoming_month, DATE '9999-01-01') AS rank
    FROM source."case"
)
SELECT
    victim_token,
    CASE WHEN bool_or(trafficking_status IN ('actual', 'possible')) THEN 'victim' ELSE 'client' END
        AS victim_role,
    year(min(incoming_month)) AS "yearOfRegistration",
    arg_min(gender, rank) AS gender,
    arg_min(age_broad, rank) AS "ageBroad",
    -- of several citizenships the first one named
    arg_min(citizenships[1], rank) AS citizenship,
    CASE
        WHEN max(months_trafficked) <= 12 THEN '0--12'
        WHEN max(months_trafficked) <= 24 THEN '13--24'
        WHEN max(months_trafficked) > 24 THEN '25+'
    END AS "traffickMonths",
    max(CASE WHEN list_contains(means, 'meansDebtBondageEarnings') THEN 1 END)
        AS "meansDebtBondageEarnings",
    max(CASE WHEN list_contains(means, 'meansThreats') THEN 1 END) AS "meansThreats",
    max(CASE WHEN list_contains(means, 'meansAbusePsyPhySex') THEN 1 END) AS "meansAbusePsyPhySex",
    max(CASE WHEN list_contains(means, 'meansFalsePromises') THEN 1 END) AS "meansFalsePromises",
    max(CASE WHEN list_contains(means, 'meansDrugsAlcohol') THEN 1 END) AS "meansDrugsAlcohol",
    max(CASE WHEN list_contains(means, 'meansDenyBasicNeeds') THEN 1 END) AS "meansDenyBasicNeeds",
    max(CASE WHEN list_contains(means, 'meansExcessiveWorkHours') THEN 1 END)
        AS "meansExcessiveWorkHours",
    max(CASE WHEN list_contains(means, 'meansWithholdDocs') THEN 1 END) AS "meansWithholdDocs",
    max(CASE WHEN list_contains(exploitation, 'isForcedLabour') THEN 1 END) AS "isForcedLabour",
    max(CASE WHEN list_contains(exploitation, 'isSexualExploit') THEN 1 END) AS "isSexualExploit",
    max(CASE WHEN list_contains(exploitation, 'isOtherExploit') THEN 1 END) AS "isOtherExploit",
    max(CASE WHEN list_contains(labour, 'typeOfLabourAgriculture') THEN 1 END)
        AS "typeOfLabourAgriculture",
    max(CASE WHEN list_contains(labour, 'typeOfLabourConstruction') THEN 1 END)
        AS "typeOfLabourConstruction",
    max(CASE WHEN list_contains(labour, 'typeOfLabourDomesticWork') THEN 1 END)
        AS "typeOfLabourDomesticWork",
    max(CASE WHEN list_contains(labour, 'typeOfLabourHospitality') THEN 1 END)
        AS "typeOfLabourHospitality",
    max(CASE WHEN list_contains(sex_exploitation, 'typeOfSexProstitution') THEN 1 END)
        AS "typeOfSexProstitution",
    max(CASE WHEN list_contains(sex_exploitation, 'typeOfSexPornography') THEN 1 END)
        AS "typeOfSexPornography",
    max(CASE WHEN relationship = 'recruiterRelationFamily' THEN 1 END)
        AS "recruiterRelationFamily",
    max(CASE WHEN relationship = 'recruiterRelationOther' THEN 1 END) AS "recruiterRelationOther"
FROM cases
GROUP BY victim_token;

-- One row per row of the sheet.
CREATE VIEW core.victim_event AS
SELECT
    victim_token,
    event_token,
    CASE WHEN trafficking_status IN ('actual', 'possible') THEN 'victim' ELSE 'client' END AS role,
    age_broad AS "ageBroad",
    -- under 18 when first trafficked, where the sheet says so, else at the incoming referral
    coalesce(minor_when_trafficked, age_broad IN ('0--8', '9--17')) AS minor,
    CASE
        WHEN trafficking_status IS DISTINCT FROM 'not'
            AND list_contains(exploitation, 'isSexualExploit') THEN 1
    END AS sex_trafficking_indicator,
    CASE
        WHEN trafficking_status IS DISTINCT FROM 'not'
            AND list_contains(exploitation, 'isForcedLabour') THEN 1
    END AS labour_trafficking_indicator
FROM source."case";

-- Referrals in and out, and the kinds of support in the plan.
CREATE VIEW core.service AS
SELECT DISTINCT
    event_token, victim_token, coalesce(incoming_reason, 'unspecified') AS service_code,
    incoming_month AS service_month, 'referred_in' AS direction
FROM source."case"
WHERE incoming_month IS NOT NULL OR incoming_reason IS NOT NULL
UNION ALL
SELECT DISTINCT
    event_token, victim_token, coalesce(outgoing_reason, 'unspecified'),
    outgoing_month, 'referred_out'
FROM source."case"
WHERE outgoing_month IS NOT NULL OR outgoing_reason IS NOT NULL
UNION ALL
SELECT DISTINCT event_token, victim_token, unnest(support), NULL, 'provided'
FROM source."case";

-- What the notes of a case say: each thing once, as its surest mention has it.
CREATE VIEW core.event_indicator AS
WITH notes AS (
    SELECT
        event_token,
        unnest([
            incoming_details_indicators,
            outgoing_details_indicators,
            comment_indicators,
            location_of_recruitment_indicators,
            location_of_exploitation_indicators,
            vulnerabilities_indicators,
            past_event_indicators
        ]) AS note
    FROM source."case"
    WHERE trafficking_status IS DISTINCT FROM 'not'
)
SELECT
    event_token,
    found.kind AS kind,
    found.code AS code,
    first(found.rule ORDER BY found.confidence DESC, found.rule) AS rule,
    max(found.confidence) AS confidence
FROM (SELECT event_token, unnest(note) AS found FROM notes)
GROUP BY event_token, found.kind, found.code;

-- What was stored under a consent that has been withdrawn. A case or person that another row of
-- this workbook still holds with consent stays.
CREATE VIEW core.deleted AS
SELECT DISTINCT 'victim' AS unit, victim_token AS token
FROM source.withdrawal
WHERE victim_token NOT IN (SELECT victim_token FROM source."case")
UNION ALL
SELECT DISTINCT 'event', event_token
FROM source.withdrawal
WHERE event_token NOT IN (SELECT event_token FROM source."case");
