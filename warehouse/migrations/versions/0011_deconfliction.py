"""Blind deconfliction: two police agencies learn that both know a person, and nothing else."""

from __future__ import annotations

from warehouse.migrations import rights, run

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

#: The question names the asking agency's own records; the answer, agencies. An agency can ask or be
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


def upgrade() -> None:
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
