"""Functions of migration 0012: reported counts go with what a feed may no longer keep."""

from __future__ import annotations

#: As in 0009, with ``core.reported_count``, which is named where any of it goes.
RETAINED = """
CREATE FUNCTION suppression.counts_beyond(in_agency text, in_feed text, in_before date)
RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN count(*) > 0 THEN jsonb_build_object('reported_count', count(*)) ELSE '{}' END
    FROM core.reported_count AS counted
    WHERE counted.agency = in_agency AND counted.feed = in_feed
        AND counted.period_start + make_interval(months => counted.months) <= in_before
$$;
COMMENT ON FUNCTION suppression.counts_beyond(text, text, date) IS
    'How many counts are of periods that ended before a day; empty where none is';
REVOKE ALL ON FUNCTION suppression.counts_beyond(text, text, date) FROM PUBLIC;

CREATE OR REPLACE FUNCTION suppression.retire(
    in_agency text, in_feed text, in_before date, in_try boolean
)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, suppression, pg_temp AS $$
DECLARE
    events uuid[];
    victims uuid[];
    removed jsonb;
    filings bigint;
BEGIN
    PERFORM suppression.in_turn(in_agency);
    events := suppression.beyond(in_agency, in_feed, in_before);
    -- persons of no event, of whom nothing was heard since
    victims := ARRAY(
        SELECT victim.victim_key FROM core.victim JOIN ops.delivery USING (delivery_id)
        WHERE victim.agency = in_agency AND victim.feed = in_feed
            AND delivery.received_at AT TIME ZONE 'UTC' <= in_before
            AND NOT EXISTS (
                SELECT FROM core.victim_event AS link WHERE link.victim_key = victim.victim_key
            )
    );
    IF in_try THEN
        RETURN pg_catalog.jsonb_build_object(
            'event', pg_catalog.cardinality(events), 'victim', pg_catalog.cardinality(victims)
        ) || suppression.counts_beyond(in_agency, in_feed, in_before);
    END IF;
    removed := suppression.counts_beyond(in_agency, in_feed, in_before);
    DELETE FROM core.reported_count AS counted
    WHERE counted.agency = in_agency AND counted.feed = in_feed
        AND counted.period_start + pg_catalog.make_interval(months => counted.months) <= in_before;
    removed := removed || suppression.erase(events, victims);
    DELETE FROM core.filing WHERE filing.agency = in_agency AND filing.feed = in_feed
        AND filing.reporting_month + interval '1 month' <= in_before;
    GET DIAGNOSTICS filings = ROW_COUNT;
    removed := removed || pg_catalog.jsonb_build_object('filing', filings);
    PERFORM suppression.note_if_any('retention', in_agency, in_feed, removed);
    RETURN removed;
END
$$;

CREATE OR REPLACE FUNCTION suppression.purge(in_agency text, in_feed text, in_try boolean)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, suppression, pg_temp AS $$
DECLARE
    events uuid[];
    victims uuid[];
    fakes uuid[];
    removed jsonb;
    filings bigint;
BEGIN
    PERFORM suppression.in_turn(in_agency);
    IF NOT EXISTS (
        SELECT FROM ops.agreement AS known WHERE known.agency = in_agency AND known.feed = in_feed
            AND least(known.expires, known.terminated - 1) + known.grace_days
                < (now() AT TIME ZONE 'UTC')::date
    ) THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = 'the agreement has not ended, or its grace has not';
    END IF;
    events := ARRAY(SELECT event_key FROM core.event
        WHERE event.agency = in_agency AND event.feed = in_feed);
    victims := ARRAY(SELECT victim_key FROM core.victim
        WHERE victim.agency = in_agency AND victim.feed = in_feed);
    IF in_try THEN
        RETURN pg_catalog.jsonb_build_object(
            'event', pg_catalog.cardinality(events), 'victim', pg_catalog.cardinality(victims)
        ) || suppression.counts_beyond(in_agency, in_feed, 'infinity');
    END IF;
    removed := suppression.counts_beyond(in_agency, in_feed, 'infinity');
    DELETE FROM core.reported_count AS counted
    WHERE counted.agency = in_agency AND counted.feed = in_feed;
    removed := removed || suppression.erase(events, victims);
    fakes := ARRAY(
        SELECT fake.record_key FROM linkage.fake JOIN linkage.batch USING (batch_id)
        WHERE batch.agency = in_agency AND batch.feed = in_feed
    );
    PERFORM suppression.erase('{}', fakes);
    DELETE FROM linkage.fake WHERE fake.record_key = ANY (fakes);
    DELETE FROM linkage.batch WHERE batch.agency = in_agency AND batch.feed = in_feed;
    DELETE FROM core.filing WHERE filing.agency = in_agency AND filing.feed = in_feed;
    GET DIAGNOSTICS filings = ROW_COUNT;
    removed := removed || pg_catalog.jsonb_build_object('filing', filings);
    PERFORM suppression.note_if_any('agreement', in_agency, in_feed, removed);
    RETURN removed;
END
$$;
"""

NOTED = """
CREATE OR REPLACE FUNCTION suppression.note_if_any(
    in_reason text, in_agency text, in_feed text, in_removed jsonb
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, suppression, pg_temp AS $$
DECLARE
    units integer := (in_removed ->> 'event')::integer + (in_removed ->> 'victim')::integer;
BEGIN
    IF units > 0 OR (in_removed ->> 'filing')::integer > 0 OR in_removed ? 'reported_count' THEN
        PERFORM suppression.note(
            pg_catalog.gen_random_uuid()::text, in_agency, in_feed, in_reason, units, units,
            in_removed
        );
    END IF;
END
$$;
"""
