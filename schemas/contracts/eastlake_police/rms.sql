-- A small department's involvements to core; case columns repeat. What each value means stands in the
-- mapping of harbor_police.rms. A case classified 64A or 64B is possible trafficking, as police say.

CREATE VIEW core.event AS
SELECT
    event_token,
    'incident' AS event_type,
    min(incident_month) AS event_month,
    CASE WHEN bool_or(offense_code IN ('64A', '64B')) THEN 'possible' END AS trafficking_status,
    CASE WHEN bool_or(offense_code IN ('64A', '64B')) THEN 'police' END AS status_decided_by,
    CASE WHEN bool_or(offense_code = '64B') THEN 1 END AS "isForcedLabour",
    CASE WHEN bool_or(offense_code = '64A') THEN 1 END AS "isSexualExploit",
    count(DISTINCT victim_token) AS victim_count
FROM source.involvement
GROUP BY event_token;

CREATE VIEW core.offense AS
SELECT DISTINCT event_token, offense_code
FROM source.involvement
WHERE offense_code IS NOT NULL;

CREATE VIEW core.victim_event AS
SELECT
    victim_token,
    event_token,
    'victim' AS role,
    min(age_broad) AS "ageBroad",
    min(age_broad) IN ('0--8', '9--17') AS minor,
    max(CASE offense_code WHEN '64A' THEN 1 END) AS sex_trafficking_indicator,
    max(CASE offense_code WHEN '64B' THEN 1 END) AS labour_trafficking_indicator
FROM source.involvement
WHERE victim_token IS NOT NULL
GROUP BY victim_token, event_token;

-- Over several cases, what can hold only one value is that of the earliest case that states it.
CREATE VIEW core.victim AS
SELECT
    victim_token,
    'victim' AS victim_role,
    year(min(incident_month)) AS "yearOfRegistration",
    arg_min(gender, incident_month) AS gender,
    arg_min(age_broad, incident_month) AS "ageBroad",
    max(CASE offense_code WHEN '64B' THEN 1 END) AS "isForcedLabour",
    max(CASE offense_code WHEN '64A' THEN 1 END) AS "isSexualExploit"
FROM source.involvement
WHERE victim_token IS NOT NULL
GROUP BY victim_token;
