-- One row per person any agency met, whoever met him: the unit of the published counts of persons.
-- Persons that linkage has not put together, or whose records no linkage may touch, count as they
-- stand at each agency.
--
-- A person is `identified` where a contact of his was taken for trafficking, possible or actual.
-- What holds one value is that of the first contact (the first identified one, where there is one)
-- that states it. Within means and recruiters CTDC's rule holds: who has any is a no for the rest,
-- who has none is unknown.
--
-- %(places)s  [{agency, state, county}]: where an agency answers, for contacts that say no place
-- %(regions)s {country: region}

WITH told AS (
    SELECT event_key, array_agg(code) AS codes
    FROM core.event_indicator
    WHERE kind IN ('means', 'recruiter') AND confidence >= 0.5
    GROUP BY event_key
),
contact AS (
    SELECT
        coalesce(p.person_key, l.victim_key) AS person,
        l.victim_key,
        l.agency,
        r.sector,
        e.event_month AS month,
        e.trafficking_status IN ('actual', 'possible') AS identified,
        l.role,
        greatest(l.sex_trafficking_indicator, v."isSexualExploit") = 1 AS sexual,
        greatest(l.labour_trafficking_indicator, v."isForcedLabour") = 1 AS labour,
        v."isOtherExploit" = 1 AS other,
        coalesce(l.minor, coalesce(l."ageBroad", v."ageBroad") IN ('0--8', '9--17')) AS minor,
        v.gender,
        v.citizenship,
        coalesce(e.state, place.state) AS state,
        coalesce(e.county_fips, place.county) AS county,
        greatest(v."meansDebtBondageEarnings", (told.codes @> '{meansDebtBondageEarnings}')::int) AS "meansDebtBondageEarnings",
        greatest(v."meansThreats", (told.codes @> '{meansThreats}')::int) AS "meansThreats",
        greatest(v."meansAbusePsyPhySex", (told.codes @> '{meansAbusePsyPhySex}')::int) AS "meansAbusePsyPhySex",
        greatest(v."meansFalsePromises", (told.codes @> '{meansFalsePromises}')::int) AS "meansFalsePromises",
        greatest(v."meansDrugsAlcohol", (told.codes @> '{meansDrugsAlcohol}')::int) AS "meansDrugsAlcohol",
        greatest(v."meansDenyBasicNeeds", (told.codes @> '{meansDenyBasicNeeds}')::int) AS "meansDenyBasicNeeds",
        greatest(v."meansExcessiveWorkHours", (told.codes @> '{meansExcessiveWorkHours}')::int) AS "meansExcessiveWorkHours",
        greatest(v."meansWithholdDocs", (told.codes @> '{meansWithholdDocs}')::int) AS "meansWithholdDocs",
        greatest(v."recruiterRelationIntimatePartner", (told.codes @> '{recruiterRelationIntimatePartner}')::int)
            AS "recruiterRelationIntimatePartner",
        greatest(v."recruiterRelationFriend", (told.codes @> '{recruiterRelationFriend}')::int) AS "recruiterRelationFriend",
        greatest(v."recruiterRelationFamily", (told.codes @> '{recruiterRelationFamily}')::int) AS "recruiterRelationFamily",
        greatest(v."recruiterRelationOther", (told.codes @> '{recruiterRelationOther}')::int) AS "recruiterRelationOther",
        EXISTS (
            SELECT FROM core.service s
            WHERE s.victim_key = l.victim_key AND s.event_key = l.event_key
                AND s.direction = 'provided'
        ) AS served,
        EXISTS (
            SELECT FROM core.service s
            WHERE s.victim_key = l.victim_key AND s.event_key = l.event_key
                AND s.direction = 'referred_out'
        ) AS referred
    FROM core.victim_event l
    JOIN core.victim v USING (victim_key)
    JOIN core.event e USING (event_key)
    JOIN core.reporting_entity r ON r.agency = l.agency
    -- what a text tells is of its one victim; of several, nobody knows of which
    LEFT JOIN told ON told.event_key = l.event_key AND e.victim_count = 1
        AND e.trafficking_status IN ('actual', 'possible')
    LEFT JOIN linked.person_record p ON p.record_key = l.victim_key
    LEFT JOIN jsonb_to_recordset(%(places)s) AS place (agency text, state text, county text)
        ON place.agency = l.agency
    WHERE e.trafficking_status IS DISTINCT FROM 'not'
),
ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY person ORDER BY identified IS NOT TRUE, month NULLS LAST, agency
    ) AS place_in_order
    FROM contact
),
met AS (
    SELECT person, sector, min(month) AS month FROM contact GROUP BY person, sector
),
systems AS (
    SELECT
        person,
        string_agg(sector, ' + ' ORDER BY sector) AS systems,
        (array_agg(sector ORDER BY month NULLS LAST, sector))[1] AS first_system,
        (array_agg(month ORDER BY month NULLS LAST, sector))[1:2] AS months
    FROM met GROUP BY person
),
stated AS (
    SELECT
        person,
        min(victim_key::text) AS unit,
        array_agg(DISTINCT agency ORDER BY agency) AS contributors,
        coalesce(bool_or(identified), false) AS identified,
        coalesce(bool_or(sexual), false) AS sexual,
        coalesce(bool_or(labour), false) AS labour,
        coalesce(bool_or(other), false) AS other,
        bool_or(role = 'minor_arrested') AS arrested,
        (array_agg(minor ORDER BY place_in_order) FILTER (WHERE minor IS NOT NULL))[1] AS minor,
        (array_agg(gender ORDER BY place_in_order) FILTER (WHERE gender IS NOT NULL))[1] AS gender,
        (array_agg(citizenship ORDER BY place_in_order)
            FILTER (WHERE citizenship IS NOT NULL))[1] AS citizenship,
        (array_agg(month ORDER BY place_in_order) FILTER (WHERE month IS NOT NULL))[1] AS month,
        (array_agg(state ORDER BY place_in_order) FILTER (WHERE state <> ''))[1] AS state,
        (array_agg(county ORDER BY place_in_order) FILTER (WHERE county <> ''))[1] AS county,
        bool_or(served) AS served,
        bool_or(referred) AS referred,
        max("meansDebtBondageEarnings") AS debt, max("meansThreats") AS threats,
        max("meansAbusePsyPhySex") AS abuse, max("meansFalsePromises") AS promises,
        max("meansDrugsAlcohol") AS drugs, max("meansDenyBasicNeeds") AS needs,
        max("meansExcessiveWorkHours") AS hours, max("meansWithholdDocs") AS documents,
        max("recruiterRelationIntimatePartner") AS partner,
        max("recruiterRelationFriend") AS friend, max("recruiterRelationFamily") AS family,
        max("recruiterRelationOther") AS other_recruiter
    FROM ranked GROUP BY person
),
grouped AS (
    SELECT
        *,
        greatest(debt, threats, abuse, promises, drugs, needs, hours, documents) = 1 AS any_means,
        greatest(partner, friend, family, other_recruiter) = 1 AS any_recruiter
    FROM stated
)
SELECT
    contributors,
    unit,
    to_char(month, 'YYYY') AS year,
    to_char(month, 'YYYY"-Q"Q') AS quarter,
    -- the federal fiscal year begins in October (OTIP, OVC)
    to_char(month + interval '3 months', '"FY"YYYY') AS fiscal_year,
    CASE
        WHEN NOT identified THEN 'none known'
        WHEN sexual AND labour THEN 'both'
        WHEN sexual THEN 'sexual'
        WHEN labour THEN 'labour'
        WHEN other THEN 'other'
        ELSE 'not stated'
    END AS exploitation,
    CASE WHEN identified THEN 'yes' ELSE 'no' END AS identified,
    CASE WHEN minor THEN 'minor' WHEN NOT minor THEN 'adult' END AS age,
    -- whole persons in one value each: what it decides is known to the readers of every table
    CASE
        WHEN identified AND minor AND arrested THEN 'arrested'
        WHEN identified AND minor THEN 'identified'
        WHEN identified AND NOT minor THEN 'identified adult'
        WHEN identified THEN 'identified, age unknown'
        WHEN minor THEN 'other minor'
        WHEN NOT minor THEN 'other adult'
        ELSE 'other, age unknown'
    END AS minors,
    gender,
    CASE
        WHEN NOT identified THEN NULL
        WHEN citizenship = 'USA' THEN 'USA'
        ELSE %(regions)s::jsonb ->> citizenship
    END AS origin,
    state,
    county,
    systems,
    -- which came first says something of several alone
    CASE WHEN months[2] IS NOT NULL THEN first_system END AS first_system,
    CASE
        WHEN months[2] IS NULL THEN NULL
        WHEN months[2] = months[1] THEN 'same month'
        WHEN months[2] <= months[1] + interval '3 months' THEN '1-3 months'
        WHEN months[2] <= months[1] + interval '12 months' THEN '4-12 months'
        ELSE 'over 12 months'
    END AS gap,
    CASE WHEN served THEN 'yes' ELSE 'no' END AS served,
    CASE WHEN referred THEN 'yes' ELSE 'no' END AS referred,
    CASE WHEN any_means THEN 'yes' ELSE 'no' END AS means_told,
    CASE WHEN any_recruiter THEN 'yes' ELSE 'no' END AS recruiter_told,
    CASE WHEN debt = 1 THEN 'yes' WHEN any_means THEN 'no' ELSE 'not told' END AS "meansDebtBondageEarnings",
    CASE WHEN threats = 1 THEN 'yes' WHEN any_means THEN 'no' ELSE 'not told' END AS "meansThreats",
    CASE WHEN abuse = 1 THEN 'yes' WHEN any_means THEN 'no' ELSE 'not told' END AS "meansAbusePsyPhySex",
    CASE WHEN promises = 1 THEN 'yes' WHEN any_means THEN 'no' ELSE 'not told' END AS "meansFalsePromises",
    CASE WHEN drugs = 1 THEN 'yes' WHEN any_means THEN 'no' ELSE 'not told' END AS "meansDrugsAlcohol",
    CASE WHEN needs = 1 THEN 'yes' WHEN any_means THEN 'no' ELSE 'not told' END AS "meansDenyBasicNeeds",
    CASE WHEN hours = 1 THEN 'yes' WHEN any_means THEN 'no' ELSE 'not told' END AS "meansExcessiveWorkHours",
    CASE WHEN documents = 1 THEN 'yes' WHEN any_means THEN 'no' ELSE 'not told' END AS "meansWithholdDocs",
    CASE WHEN partner = 1 THEN 'yes' WHEN any_recruiter THEN 'no' ELSE 'not told' END
        AS "recruiterRelationIntimatePartner",
    CASE WHEN friend = 1 THEN 'yes' WHEN any_recruiter THEN 'no' ELSE 'not told' END AS "recruiterRelationFriend",
    CASE WHEN family = 1 THEN 'yes' WHEN any_recruiter THEN 'no' ELSE 'not told' END AS "recruiterRelationFamily",
    CASE WHEN other_recruiter = 1 THEN 'yes' WHEN any_recruiter THEN 'no' ELSE 'not told' END
        AS "recruiterRelationOther"
FROM grouped JOIN systems USING (person)
