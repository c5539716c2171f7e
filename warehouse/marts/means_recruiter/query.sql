WITH told AS (
    SELECT 'meansDebtBondageEarnings' AS variable, "meansDebtBondageEarnings" AS value, count, status FROM "persons_meansDebtBondageEarnings"
    UNION ALL
    SELECT 'meansThreats' AS variable, "meansThreats" AS value, count, status FROM "persons_meansThreats"
    UNION ALL
    SELECT 'meansAbusePsyPhySex' AS variable, "meansAbusePsyPhySex" AS value, count, status FROM "persons_meansAbusePsyPhySex"
    UNION ALL
    SELECT 'meansFalsePromises' AS variable, "meansFalsePromises" AS value, count, status FROM "persons_meansFalsePromises"
    UNION ALL
    SELECT 'meansDrugsAlcohol' AS variable, "meansDrugsAlcohol" AS value, count, status FROM "persons_meansDrugsAlcohol"
    UNION ALL
    SELECT 'meansDenyBasicNeeds' AS variable, "meansDenyBasicNeeds" AS value, count, status FROM "persons_meansDenyBasicNeeds"
    UNION ALL
    SELECT 'meansExcessiveWorkHours' AS variable, "meansExcessiveWorkHours" AS value, count, status FROM "persons_meansExcessiveWorkHours"
    UNION ALL
    SELECT 'meansWithholdDocs' AS variable, "meansWithholdDocs" AS value, count, status FROM "persons_meansWithholdDocs"
    UNION ALL
    SELECT 'recruiterRelationIntimatePartner' AS variable, "recruiterRelationIntimatePartner" AS value, count, status FROM "persons_recruiterRelationIntimatePartner"
    UNION ALL
    SELECT 'recruiterRelationFriend' AS variable, "recruiterRelationFriend" AS value, count, status FROM "persons_recruiterRelationFriend"
    UNION ALL
    SELECT 'recruiterRelationFamily' AS variable, "recruiterRelationFamily" AS value, count, status FROM "persons_recruiterRelationFamily"
    UNION ALL
    SELECT 'recruiterRelationOther' AS variable, "recruiterRelationOther" AS value, count, status FROM "persons_recruiterRelationOther"
),
-- CTDC's rule: of whom any of the group is known
denominators AS (
    SELECT 'means' AS of, count FROM persons_means_told WHERE means_told = 'yes'
    UNION ALL
    SELECT 'recruiter', count FROM persons_recruiter_told WHERE recruiter_told = 'yes'
)
SELECT
    told.variable,
    told.count,
    denominators.count AS denominator,
    told.count / denominators.count AS share,
    told.status
FROM told JOIN denominators ON starts_with(told.variable, denominators.of)
WHERE told.value = 'yes'
ORDER BY told.variable
