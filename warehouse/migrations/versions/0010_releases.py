"""mart and the ledger of releases: what was published, from what, and what was hidden; blind
deconfliction."""

from __future__ import annotations

from warehouse.migrations import rights, run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

LEDGER = """
CREATE TABLE ops.release (
    release_id bigint GENERATED ALWAYS AS IDENTITY,
    created_at timestamptz NOT NULL,
    status text NOT NULL,
    code_version text NOT NULL,
    contracts jsonb NOT NULL,
    deliveries text[] NOT NULL,
    cubes jsonb NOT NULL,
    gate jsonb NOT NULL,
    CONSTRAINT pk_release PRIMARY KEY (release_id),
    CONSTRAINT ck_release_status
        CHECK (status IN ('published', 'superseded', 'withdrawn', 'refused'))
);

CREATE TABLE linked.release_cell (
    release_id bigint NOT NULL,
    cube text NOT NULL,
    position integer NOT NULL,
    cell jsonb NOT NULL,
    count integer NOT NULL,
    shown integer,
    status text NOT NULL,
    reason text,
    lower integer,
    upper integer,
    CONSTRAINT pk_release_cell PRIMARY KEY (release_id, cube, position)
);

CREATE TABLE mart.release (
    release_id bigint NOT NULL,
    published_at timestamptz NOT NULL,
    status text NOT NULL,
    withdrawn_at timestamptz,
    code_version text NOT NULL,
    agencies text[] NOT NULL,
    deliveries integer NOT NULL,
    CONSTRAINT pk_release PRIMARY KEY (release_id),
    CONSTRAINT ck_release_status
        CHECK (status IN ('published', 'superseded', 'withdrawn', 'refused'))
);

CREATE TABLE ops.privacy_spend (
    spend_id bigint GENERATED ALWAYS AS IDENTITY,
    spent_at timestamptz DEFAULT clock_timestamp() NOT NULL,
    data text NOT NULL,
    year integer NOT NULL,
    release text NOT NULL,
    epsilon double precision NOT NULL,
    CONSTRAINT pk_privacy_spend PRIMARY KEY (spend_id),
    CONSTRAINT ck_privacy_spend_epsilon CHECK (epsilon > 0 AND epsilon < 'Infinity')
);
-- what was spent cannot be taken back
REVOKE UPDATE, DELETE ON ops.privacy_spend FROM tributary_owner;
"""

PRODUCTS = """
CREATE TABLE mart.coverage (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    agency text,
    feed text,
    unit text,
    month date,
    status text,
    CONSTRAINT pk_coverage PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.data_quality (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    agency text NOT NULL,
    feed text,
    tier text,
    rule text,
    table_name text,
    field text,
    deliveries integer,
    "rows" integer,
    newest integer,
    CONSTRAINT pk_data_quality PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.delivery_receipt (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    agency text NOT NULL,
    feed text,
    delivery_id text,
    file_sha256 text,
    received_at timestamptz,
    status text,
    contract_version text,
    rows_in integer,
    accepted integer,
    quarantined integer,
    refused integer,
    findings integer,
    CONSTRAINT pk_delivery_receipt PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.flagged (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    "by" text,
    value text,
    coding text,
    count integer,
    status text,
    CONSTRAINT pk_flagged PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.flow (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    origin text,
    state text,
    count integer,
    status text,
    CONSTRAINT pk_flow PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.grantee_count (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    fiscal_year text,
    breakdown text,
    value text,
    count integer,
    status text,
    CONSTRAINT pk_grantee_count PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.hotspot (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    area_kind text,
    area text,
    count integer,
    incidents integer,
    status text,
    "class" text,
    coverage text,
    CONSTRAINT pk_hotspot PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.means_recruiter (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    variable text,
    count integer,
    denominator integer,
    share double precision,
    status text,
    CONSTRAINT pk_means_recruiter PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.minors (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    year text,
    minors text,
    count integer,
    status text,
    CONSTRAINT pk_minors PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.multi_system_contact (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    systems text,
    breakdown text,
    value text,
    count integer,
    status text,
    median_gap text,
    CONSTRAINT pk_multi_system_contact PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.service_gap (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    identified text,
    referred text,
    served text,
    count integer,
    status text,
    CONSTRAINT pk_service_gap PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.suppression (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    cube text,
    margin text,
    published integer,
    zero integer,
    suppressed integer,
    CONSTRAINT pk_suppression PRIMARY KEY (release_id, "row")
);

CREATE TABLE mart.trend (
    release_id bigint NOT NULL,
    "row" integer NOT NULL,
    measure text,
    period text,
    exploitation text,
    count integer,
    status text,
    revised boolean,
    "trend" text,
    CONSTRAINT pk_trend PRIMARY KEY (release_id, "row")
);
"""

#: Read by every member; by each agency its own rows.
FOR_ALL = (
    "coverage",
    "flagged",
    "flow",
    "grantee_count",
    "hotspot",
    "means_recruiter",
    "minors",
    "multi_system_contact",
    "service_gap",
    "suppression",
    "trend",
)
FOR_OWN = ("data_quality", "delivery_receipt")
#: Products made of records of persons or incidents.
WITHDRAWN = tuple(name for name in FOR_ALL if name != "coverage")

WITHDRAW = """
CREATE FUNCTION mart.withdraw(in_agency text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, mart, pg_temp AS $$
DECLARE
    gone bigint[];
BEGIN
    SELECT pg_catalog.array_agg(release_id) INTO gone FROM mart.release
    WHERE status IN ('published', 'superseded') AND in_agency = ANY (agencies);
    UPDATE mart.release SET status = 'withdrawn', withdrawn_at = pg_catalog.now()
    WHERE release_id = ANY (gone);
    UPDATE ops.release SET status = 'withdrawn' WHERE release_id = ANY (gone);
{deletes}
    RETURN coalesce(pg_catalog.cardinality(gone), 0);
END
$$;
COMMENT ON FUNCTION mart.withdraw(text) IS
    'Take back what was published from records of an agency; returns the releases withdrawn';
REVOKE ALL ON FUNCTION mart.withdraw(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mart.withdraw(text) TO tributary_expunger, tributary_publisher;
"""

#: Two police agencies are told that each knows a person the other knows, and nothing else. The
#: question names the asking agency's own records; the answer, agencies. An agency can ask or be
#: named where the contract of the feed that met the person says so, and its agreement holds.
DECONFLICTION = """
ALTER TABLE ops.agreement ADD COLUMN deconfliction boolean DEFAULT false NOT NULL;

CREATE TABLE ops.deconfliction (
    request_id text NOT NULL,
    asked_at timestamptz DEFAULT clock_timestamp() NOT NULL,
    agency text NOT NULL,
    feed text NOT NULL,
    asked integer NOT NULL,
    hits integer NOT NULL,
    CONSTRAINT pk_deconfliction PRIMARY KEY (request_id),
    CONSTRAINT ck_deconfliction_asked CHECK (asked >= 0),
    CONSTRAINT ck_deconfliction_hits CHECK (hits >= 0)
);
CREATE INDEX ix_deconfliction_agency ON ops.deconfliction (agency, asked_at);

CREATE TABLE linked.deconfliction_notice (
    record_key uuid NOT NULL,
    other_agency text NOT NULL,
    agency text NOT NULL,
    asked_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_deconfliction_notice PRIMARY KEY (record_key, other_agency)
);

CREATE FUNCTION linked.deconflict(
    in_request text, in_agency text, in_feed text, in_tokens bytea[], in_months integer,
    in_daily integer
) RETURNS TABLE (number integer, contact text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, linked, pg_temp AS $$
#variable_conflict use_column
DECLARE
    agreed text[];
    numbers integer[];
    contacts text[];
    keys uuid[];
BEGIN
    -- one question of an agency at a time, or two could both be the last of the day
    PERFORM pg_advisory_xact_lock(hashtextextended('tributary deconfliction ' || in_agency, 0));
    agreed := ARRAY(
        SELECT known.agency || '.' || known.feed FROM ops.agreement AS known
        JOIN core.reporting_entity AS entity USING (agency)
        WHERE known.deconfliction AND entity.sector = 'law_enforcement'
            AND (now() AT TIME ZONE 'UTC')::date <= least(known.expires, known.terminated - 1)
    );
    IF NOT coalesce(in_agency || '.' || in_feed = ANY (agreed), false) THEN
        RAISE insufficient_privilege USING MESSAGE = 'no agreement lets this feed ask';
    END IF;
    IF cardinality(in_tokens) + (
        SELECT coalesce(sum(done.asked), 0) FROM ops.deconfliction AS done
        WHERE done.agency = in_agency AND done.asked_at > now() - interval '1 day'
    ) > least(in_daily, 1000) THEN
        RAISE program_limit_exceeded USING MESSAGE = 'the agency has asked enough for a day';
    END IF;

    SELECT array_agg(met.number), array_agg(met.agency), array_agg(met.record_key)
    INTO numbers, contacts, keys
    FROM (
        SELECT DISTINCT asked.number::integer AS number, other.agency, other.record_key
        FROM unnest(in_tokens) WITH ORDINALITY AS asked (token, number)
        JOIN linkage.source_token AS own
            ON own.agency = in_agency AND own.unit = 'victim' AND own.token = asked.token
        JOIN linked.person_record AS mine ON mine.record_key = own.record_key
        JOIN linked.person_record AS other
            ON other.person_key = mine.person_key AND other.agency <> in_agency
        JOIN core.victim_event AS my_contact ON my_contact.victim_key = mine.record_key
        JOIN core.event AS my_event ON my_event.event_key = my_contact.event_key
        JOIN core.victim_event AS their_contact ON their_contact.victim_key = other.record_key
        JOIN core.event AS their_event ON their_event.event_key = their_contact.event_key
        WHERE in_agency || '.' || my_contact.feed = ANY (agreed)
            AND other.agency || '.' || their_contact.feed = ANY (agreed)
            AND their_event.event_month BETWEEN
                my_event.event_month - make_interval(months => in_months)
                AND my_event.event_month + make_interval(months => in_months)
    ) AS met;

    INSERT INTO linked.deconfliction_notice AS known (record_key, other_agency, agency)
    SELECT DISTINCT told.record_key, in_agency, told.agency
    FROM unnest(keys, contacts) AS told (record_key, agency)
    ON CONFLICT (record_key, other_agency) DO UPDATE SET asked_at = now();
    INSERT INTO ops.deconfliction (request_id, agency, feed, asked, hits)
    SELECT in_request, in_agency, in_feed, cardinality(in_tokens), count(DISTINCT hit.number)
    FROM unnest(numbers) AS hit (number);
    RETURN QUERY SELECT DISTINCT told.number, told.contact
    FROM unnest(numbers, contacts) AS told (number, contact) ORDER BY 1, 2;
END
$$;
COMMENT ON FUNCTION linked.deconflict(text, text, text, bytea[], integer, integer) IS
    'Which agencies met the persons behind an agency''s own tokens; tells those agencies, too';
REVOKE ALL ON FUNCTION linked.deconflict(text, text, text, bytea[], integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION linked.deconflict(text, text, text, bytea[], integer, integer)
    TO tributary_publisher;
GRANT USAGE ON SCHEMA linked TO tributary_own_rows;
"""

#: The function above runs as the owner, who sees core for it in sessions of the publisher alone.
LOOKS = """
CREATE POLICY owner_deconflicts ON core.{table} FOR SELECT TO tributary_owner
    USING (session_user = 'tributary_publisher');
"""

DELETE = "    DELETE FROM mart.{name} WHERE release_id = ANY (gone);\n"
PUBLISHER = "tributary_publisher"


def upgrade() -> None:
    run(LEDGER)
    run(PRODUCTS)
    for table in ("ops.release", "linked.release_cell", "mart.release"):
        rights.secure(table)
        rights.steward_reads(table)
    rights.may(PUBLISHER, "ops.release", "SELECT", "INSERT", "UPDATE")
    rights.may(PUBLISHER, "linked.release_cell", "SELECT", "INSERT")
    rights.may(PUBLISHER, "mart.release", "SELECT", "INSERT", "UPDATE")
    rights.auditor_reads("ops.release")
    rights.readable_by_all_members("mart.release")
    for table in ("ops.release", "mart.release"):
        rights.through_functions(table, "SELECT", "UPDATE")
    for name in (*FOR_ALL, *FOR_OWN):
        _product(name)
    _budget()
    _deconfliction()
    deletes = "".join(DELETE.format(name=name) for name in WITHDRAWN)
    run(WITHDRAW.format(deletes=deletes))


def _budget() -> None:
    rights.secure("ops.privacy_spend")
    rights.may(PUBLISHER, "ops.privacy_spend", "SELECT", "INSERT")
    rights.steward_reads("ops.privacy_spend")
    rights.auditor_reads("ops.privacy_spend")


def _deconfliction() -> None:
    run(DECONFLICTION)
    for table in ("reporting_entity", "event", "victim_event"):
        run(LOOKS.format(table=table))
    rights.secure("ops.deconfliction")
    rights.through_functions("ops.deconfliction", "SELECT", "INSERT")
    rights.steward_reads("ops.deconfliction")
    rights.auditor_reads("ops.deconfliction")
    rights.secure("linked.deconfliction_notice")
    rights.through_functions("linked.deconfliction_notice", *rights.VERBS)
    rights.own_rows("linked.deconfliction_notice")
    rights.steward_reads("linked.deconfliction_notice")


def _product(name: str) -> None:
    table = f"mart.{name}"
    rights.secure(table)
    rights.may(PUBLISHER, table, "SELECT", "INSERT", "DELETE")
    rights.steward_reads(table)
    if name in FOR_OWN:
        rights.own_rows(table)
    else:
        rights.readable_by_all_members(table)
    if name in WITHDRAWN:
        rights.through_functions(table, "SELECT", "DELETE")
