"""core: events, victims, offences, perpetrator counts, services, filings."""

from __future__ import annotations

from warehouse.migrations import run

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE SCHEMA core;

CREATE TABLE core.reporting_entity (
    agency text NOT NULL,
    name text NOT NULL,
    sector text NOT NULL,
    feeds text[] NOT NULL,
    CONSTRAINT pk_reporting_entity PRIMARY KEY (agency),
    CONSTRAINT ck_reporting_entity_sector CHECK (char_length(sector) <= 64)
);

CREATE TABLE core.event (
    event_key uuid NOT NULL,
    stale boolean NOT NULL,
    event_type text NOT NULL,
    event_month date,
    end_month date,
    state text,
    county_fips text,
    zip3 text,
    coc_code text,
    h3_cell text,
    location_code text,
    venue text,
    "CountryOfExploitation" text,
    trafficking_status text,
    status_decided_by text,
    "isForcedLabour" smallint,
    "isSexualExploit" smallint,
    "isOtherExploit" smallint,
    referral_source text,
    service_status text,
    offender_count integer,
    arrestee_count integer,
    victim_count integer,
    agency text NOT NULL,
    feed text NOT NULL,
    delivery_id text NOT NULL,
    CONSTRAINT pk_event PRIMARY KEY (event_key),
    CONSTRAINT ck_event_event_type
        CHECK (event_type IN ('incident', 'group_b_arrest', 'enrollment', 'case')),
    CONSTRAINT ck_event_venue
        CHECK (venue IN (
            'hotel_motel', 'residence', 'street', 'cyberspace', 'shelter', 'transport',
            'commercial', 'other'
        )),
    CONSTRAINT ck_event_trafficking_status
        CHECK (trafficking_status IN ('actual', 'possible', 'not')),
    CONSTRAINT ck_event_event_month CHECK (extract(day FROM event_month) = 1),
    CONSTRAINT ck_event_end_month CHECK (extract(day FROM end_month) = 1),
    CONSTRAINT "ck_event_isForcedLabour" CHECK ("isForcedLabour" IN (0, 1)),
    CONSTRAINT "ck_event_isSexualExploit" CHECK ("isSexualExploit" IN (0, 1)),
    CONSTRAINT "ck_event_isOtherExploit" CHECK ("isOtherExploit" IN (0, 1)),
    CONSTRAINT ck_event_location_code CHECK (char_length(location_code) <= 64),
    CONSTRAINT ck_event_status_decided_by CHECK (char_length(status_decided_by) <= 64),
    CONSTRAINT ck_event_referral_source CHECK (char_length(referral_source) <= 64),
    CONSTRAINT ck_event_service_status CHECK (char_length(service_status) <= 64),
    CONSTRAINT ck_event_state CHECK (char_length(state) = 2),
    CONSTRAINT ck_event_county_fips CHECK (char_length(county_fips) = 5),
    CONSTRAINT ck_event_zip3 CHECK (char_length(zip3) = 3),
    CONSTRAINT ck_event_coc_code CHECK (char_length(coc_code) = 6),
    CONSTRAINT ck_event_h3_cell CHECK (char_length(h3_cell) = 15),
    CONSTRAINT "ck_event_CountryOfExploitation"
        CHECK (char_length("CountryOfExploitation") = 3),
    CONSTRAINT ck_event_offender_count CHECK (offender_count >= 0),
    CONSTRAINT ck_event_arrestee_count CHECK (arrestee_count >= 0),
    CONSTRAINT ck_event_victim_count CHECK (victim_count >= 0)
);
CREATE INDEX ix_event_agency ON core.event (agency, feed, event_month);

CREATE TABLE core.victim (
    victim_key uuid NOT NULL,
    stale boolean NOT NULL,
    victim_role text NOT NULL,
    "yearOfRegistration" integer,
    gender text,
    "ageBroad" text,
    age_band text,
    race text,
    ethnicity text,
    citizenship text,
    "traffickMonths" text,
    "meansDebtBondageEarnings" smallint,
    "meansThreats" smallint,
    "meansAbusePsyPhySex" smallint,
    "meansFalsePromises" smallint,
    "meansDrugsAlcohol" smallint,
    "meansDenyBasicNeeds" smallint,
    "meansExcessiveWorkHours" smallint,
    "meansWithholdDocs" smallint,
    "isForcedLabour" smallint,
    "isSexualExploit" smallint,
    "isOtherExploit" smallint,
    "typeOfLabourAgriculture" smallint,
    "typeOfLabourConstruction" smallint,
    "typeOfLabourDomesticWork" smallint,
    "typeOfLabourHospitality" smallint,
    "typeOfSexProstitution" smallint,
    "typeOfSexPornography" smallint,
    "recruiterRelationIntimatePartner" smallint,
    "recruiterRelationFriend" smallint,
    "recruiterRelationFamily" smallint,
    "recruiterRelationOther" smallint,
    agency text NOT NULL,
    feed text NOT NULL,
    delivery_id text NOT NULL,
    CONSTRAINT pk_victim PRIMARY KEY (victim_key),
    CONSTRAINT ck_victim_victim_role
        CHECK (victim_role IN ('victim', 'client', 'minor_arrested')),
    CONSTRAINT ck_victim_gender
        CHECK (gender IN ('Man', 'Woman', 'Trans/Transgender/NonConforming')),
    CONSTRAINT "ck_victim_ageBroad"
        CHECK ("ageBroad" IN (
            '0--8', '9--17', '18--20', '21--23', '24--26', '27--29', '30--38', '39--47',
            '48+'
        )),
    CONSTRAINT ck_victim_age_band
        CHECK (age_band IN (
            '00-04', '05-09', '10-14', '15-19', '20-24', '25-29', '30-34', '35-39',
            '40-44', '45-49', '50-54', '55-59', '60-64', '65-69', '70-74', '75-79',
            '80-84', '85-89', '90+'
        )),
    CONSTRAINT "ck_victim_traffickMonths"
        CHECK ("traffickMonths" IN ('0--12', '13--24', '25+')),
    CONSTRAINT ck_victim_race CHECK (char_length(race) <= 64),
    CONSTRAINT ck_victim_ethnicity CHECK (char_length(ethnicity) <= 64),
    CONSTRAINT ck_victim_citizenship CHECK (char_length(citizenship) = 3),
    CONSTRAINT "ck_victim_isForcedLabour" CHECK ("isForcedLabour" IN (0, 1)),
    CONSTRAINT "ck_victim_isSexualExploit" CHECK ("isSexualExploit" IN (0, 1)),
    CONSTRAINT "ck_victim_isOtherExploit" CHECK ("isOtherExploit" IN (0, 1)),
    CONSTRAINT "ck_victim_meansDebtBondageEarnings"
        CHECK ("meansDebtBondageEarnings" IN (0, 1)),
    CONSTRAINT "ck_victim_meansThreats" CHECK ("meansThreats" IN (0, 1)),
    CONSTRAINT "ck_victim_meansAbusePsyPhySex" CHECK ("meansAbusePsyPhySex" IN (0, 1)),
    CONSTRAINT "ck_victim_meansFalsePromises" CHECK ("meansFalsePromises" IN (0, 1)),
    CONSTRAINT "ck_victim_meansDrugsAlcohol" CHECK ("meansDrugsAlcohol" IN (0, 1)),
    CONSTRAINT "ck_victim_meansDenyBasicNeeds" CHECK ("meansDenyBasicNeeds" IN (0, 1)),
    CONSTRAINT "ck_victim_meansExcessiveWorkHours" CHECK ("meansExcessiveWorkHours" IN (0, 1)),
    CONSTRAINT "ck_victim_meansWithholdDocs" CHECK ("meansWithholdDocs" IN (0, 1)),
    CONSTRAINT "ck_victim_typeOfLabourAgriculture" CHECK ("typeOfLabourAgriculture" IN (0, 1)),
    CONSTRAINT "ck_victim_typeOfLabourConstruction"
        CHECK ("typeOfLabourConstruction" IN (0, 1)),
    CONSTRAINT "ck_victim_typeOfLabourDomesticWork"
        CHECK ("typeOfLabourDomesticWork" IN (0, 1)),
    CONSTRAINT "ck_victim_typeOfLabourHospitality" CHECK ("typeOfLabourHospitality" IN (0, 1)),
    CONSTRAINT "ck_victim_typeOfSexProstitution" CHECK ("typeOfSexProstitution" IN (0, 1)),
    CONSTRAINT "ck_victim_typeOfSexPornography" CHECK ("typeOfSexPornography" IN (0, 1)),
    CONSTRAINT "ck_victim_recruiterRelationIntimatePartner"
        CHECK ("recruiterRelationIntimatePartner" IN (0, 1)),
    CONSTRAINT "ck_victim_recruiterRelationFriend" CHECK ("recruiterRelationFriend" IN (0, 1)),
    CONSTRAINT "ck_victim_recruiterRelationFamily" CHECK ("recruiterRelationFamily" IN (0, 1)),
    CONSTRAINT "ck_victim_recruiterRelationOther" CHECK ("recruiterRelationOther" IN (0, 1))
);
CREATE INDEX ix_victim_agency ON core.victim (agency, feed);

CREATE TABLE core.victim_event (
    victim_key uuid NOT NULL,
    event_key uuid NOT NULL,
    role text NOT NULL,
    "ageBroad" text,
    minor boolean,
    sex_trafficking_indicator smallint,
    labour_trafficking_indicator smallint,
    agency text NOT NULL,
    feed text NOT NULL,
    delivery_id text NOT NULL,
    CONSTRAINT pk_victim_event PRIMARY KEY (victim_key, event_key),
    CONSTRAINT ck_victim_event_role CHECK (role IN ('victim', 'client', 'minor_arrested')),
    CONSTRAINT "ck_victim_event_ageBroad"
        CHECK ("ageBroad" IN (
            '0--8', '9--17', '18--20', '21--23', '24--26', '27--29', '30--38', '39--47',
            '48+'
        )),
    CONSTRAINT ck_victim_event_sex_trafficking_indicator
        CHECK (sex_trafficking_indicator IN (0, 1)),
    CONSTRAINT ck_victim_event_labour_trafficking_indicator
        CHECK (labour_trafficking_indicator IN (0, 1))
);
CREATE INDEX ix_victim_event_event_key ON core.victim_event (event_key);

CREATE TABLE core.offense (
    event_key uuid NOT NULL,
    offense_code text NOT NULL,
    attempted boolean,
    location_code text,
    criminal_activity text[],
    agency text NOT NULL,
    feed text NOT NULL,
    delivery_id text NOT NULL,
    CONSTRAINT pk_offense PRIMARY KEY (event_key, offense_code),
    CONSTRAINT ck_offense_offense_code CHECK (char_length(offense_code) = 3),
    CONSTRAINT ck_offense_location_code CHECK (char_length(location_code) <= 64)
);

CREATE TABLE core.perpetrator_count (
    event_key uuid NOT NULL,
    role text NOT NULL,
    gender text,
    "ageBroad" text,
    minor boolean,
    count integer NOT NULL,
    agency text NOT NULL,
    feed text NOT NULL,
    delivery_id text NOT NULL,
    CONSTRAINT ck_perpetrator_count_role CHECK (role IN ('offender', 'arrestee')),
    CONSTRAINT ck_perpetrator_count_gender
        CHECK (gender IN ('Man', 'Woman', 'Trans/Transgender/NonConforming')),
    CONSTRAINT "ck_perpetrator_count_ageBroad"
        CHECK ("ageBroad" IN (
            '0--8', '9--17', '18--20', '21--23', '24--26', '27--29', '30--38', '39--47',
            '48+'
        )),
    CONSTRAINT ck_perpetrator_count_count CHECK (count >= 0)
);
CREATE INDEX ix_perpetrator_count_event_key ON core.perpetrator_count (event_key);

CREATE TABLE core.service (
    event_key uuid NOT NULL,
    victim_key uuid,
    service_code text NOT NULL,
    service_month date,
    direction text NOT NULL,
    agency text NOT NULL,
    feed text NOT NULL,
    delivery_id text NOT NULL,
    CONSTRAINT ck_service_direction
        CHECK (direction IN ('provided', 'referred_in', 'referred_out')),
    CONSTRAINT ck_service_service_month CHECK (extract(day FROM service_month) = 1),
    CONSTRAINT ck_service_service_code CHECK (char_length(service_code) <= 64)
);
CREATE INDEX ix_service_event_key ON core.service (event_key);
CREATE INDEX ix_service_victim_key ON core.service (victim_key) WHERE victim_key IS NOT NULL;

CREATE TABLE core.filing (
    agency text NOT NULL,
    feed text NOT NULL,
    unit text NOT NULL,
    reporting_month date NOT NULL,
    status text NOT NULL,
    delivery_id text NOT NULL,
    CONSTRAINT pk_filing PRIMARY KEY (agency, feed, unit, reporting_month),
    CONSTRAINT ck_filing_status CHECK (status IN ('reported', 'zero_report')),
    CONSTRAINT ck_filing_reporting_month CHECK (extract(day FROM reporting_month) = 1),
    CONSTRAINT ck_filing_unit CHECK (char_length(unit) <= 64)
);
"""

#: Parts go with their event or victim and cannot stand without it: foreign keys, checked once per
#: statement instead of once per row.
FUNCTIONS = """
CREATE FUNCTION core.delete_parts_of_event() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM core.victim_event part USING gone WHERE part.event_key = gone.event_key;
    DELETE FROM core.offense part USING gone WHERE part.event_key = gone.event_key;
    DELETE FROM core.perpetrator_count part USING gone WHERE part.event_key = gone.event_key;
    DELETE FROM core.service part USING gone WHERE part.event_key = gone.event_key;
    RETURN NULL;
END
$$;
CREATE TRIGGER delete_parts AFTER DELETE ON core.event REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION core.delete_parts_of_event();

CREATE FUNCTION core.delete_parts_of_victim() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM core.victim_event part USING gone WHERE part.victim_key = gone.victim_key;
    DELETE FROM core.service part USING gone WHERE part.victim_key = gone.victim_key;
    RETURN NULL;
END
$$;
CREATE TRIGGER delete_parts AFTER DELETE ON core.victim REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION core.delete_parts_of_victim();

CREATE FUNCTION core.require_event() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added LEFT JOIN core.event USING (event_key) WHERE event.event_key IS NULL
    ) THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'a part of an event stands without it', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION core.require_victim() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added LEFT JOIN core.victim USING (victim_key)
        WHERE victim.victim_key IS NULL AND added.victim_key IS NOT NULL
    ) THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'a part of a victim stands without it', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END
$$;
"""

REQUIRE = """
CREATE TRIGGER require_{unit}_on_{verb} AFTER {verb} ON core.{table}
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION core.require_{unit}();
"""
PARTS = {
    "event": ("victim_event", "offense", "perpetrator_count", "service"),
    "victim": ("victim_event", "service"),
}


def upgrade() -> None:
    run(TABLES)
    run(FUNCTIONS)
    for unit, tables in PARTS.items():
        for table in tables:
            for verb in ("insert", "update"):
                run(REQUIRE.format(unit=unit, table=table, verb=verb))
