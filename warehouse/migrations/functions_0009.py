"""Functions of migration 0009: what goes with an expunged unit, and who may make it go."""

from __future__ import annotations

#: What goes with a unit is the same whatever the reason. ``erase`` runs inside the functions below
#: alone; nobody may call it.
ERASE = """
CREATE FUNCTION suppression.erase(in_events uuid[], in_victims uuid[]) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, suppression, pg_temp AS $$
DECLARE
    told uuid[];
    persons uuid[];
    removed jsonb := '{}';
    part text;
    rows bigint;
BEGIN
    -- an enrolment, arrest or case is about one person: without the person it goes
    in_events := in_events || ARRAY(
        SELECT DISTINCT event.event_key
        FROM core.victim_event AS link JOIN core.event USING (event_key)
        WHERE link.victim_key = ANY (in_victims) AND event.event_type <> 'incident'
            AND NOT event.event_key = ANY (in_events)
            AND NOT EXISTS (
                SELECT FROM core.victim_event AS other
                WHERE other.event_key = event.event_key
                    AND NOT other.victim_key = ANY (in_victims)
            )
    );
    -- and a person without any event
    in_victims := in_victims || ARRAY(
        SELECT DISTINCT link.victim_key FROM core.victim_event AS link
        WHERE link.event_key = ANY (in_events) AND NOT link.victim_key = ANY (in_victims)
            AND NOT EXISTS (
                SELECT FROM core.victim_event AS other
                WHERE other.victim_key = link.victim_key
                    AND NOT other.event_key = ANY (in_events)
            )
    );
    -- an incident stands without the person, but not what was told of it, which may tell of her
    told := ARRAY(
        SELECT DISTINCT link.event_key FROM core.victim_event AS link
        WHERE link.victim_key = ANY (in_victims) AND NOT link.event_key = ANY (in_events)
    );
    UPDATE core.event SET victim_count = greatest(victim_count - gone.victims, 0)
    FROM (
        SELECT link.event_key, count(*)::integer AS victims FROM core.victim_event AS link
        WHERE link.event_key = ANY (told) AND link.victim_key = ANY (in_victims)
        GROUP BY link.event_key
    ) AS gone
    WHERE event.event_key = gone.event_key AND event.victim_count IS NOT NULL;

    FOREACH part IN ARRAY ARRAY['event_text', 'event_indicator'] LOOP
        EXECUTE pg_catalog.format('DELETE FROM core.%I WHERE event_key = ANY ($1)', part)
            USING in_events || told;
        GET DIAGNOSTICS rows = ROW_COUNT;
        removed := removed || pg_catalog.jsonb_build_object(part, rows);
    END LOOP;
    FOREACH part IN ARRAY ARRAY['offense', 'perpetrator_count'] LOOP
        EXECUTE pg_catalog.format('DELETE FROM core.%I WHERE event_key = ANY ($1)', part)
            USING in_events;
        GET DIAGNOSTICS rows = ROW_COUNT;
        removed := removed || pg_catalog.jsonb_build_object(part, rows);
    END LOOP;
    FOREACH part IN ARRAY ARRAY['victim_event', 'service'] LOOP
        EXECUTE pg_catalog.format(
            'DELETE FROM core.%I WHERE event_key = ANY ($1) OR victim_key = ANY ($2)', part
        ) USING in_events, in_victims;
        GET DIAGNOSTICS rows = ROW_COUNT;
        removed := removed || pg_catalog.jsonb_build_object(part, rows);
    END LOOP;
    persons := ARRAY(
        SELECT known.person_key FROM linked.person_record AS known
        WHERE known.record_key = ANY (in_victims)
        UNION SELECT known.person_key FROM linkage.crosswalk AS known
        WHERE known.record_key = ANY (in_victims)
    );
    DELETE FROM core.event WHERE event_key = ANY (in_events);
    GET DIAGNOSTICS rows = ROW_COUNT;
    removed := removed || pg_catalog.jsonb_build_object('event', rows);
    DELETE FROM core.victim WHERE victim_key = ANY (in_victims);
    GET DIAGNOSTICS rows = ROW_COUNT;
    removed := removed || pg_catalog.jsonb_build_object('victim', rows);

    -- the trigger on core.victim did so for who stood there
    PERFORM linkage.remove_records(in_victims);
    DELETE FROM linkage.source_token AS known
    USING pg_catalog.unnest(in_events || in_victims) AS gone (record_key)
    WHERE known.record_key = gone.record_key;
    GET DIAGNOSTICS rows = ROW_COUNT;
    -- the history of persons of whom no record is left
    DELETE FROM linked.person_change AS change
    USING pg_catalog.unnest(persons) AS gone (person_key)
    WHERE gone.person_key IN (change.person_key, change.into_key)
        AND NOT EXISTS (
            SELECT FROM linked.person_record AS known WHERE known.person_key = gone.person_key
        )
        AND NOT EXISTS (
            SELECT FROM linkage.crosswalk AS known WHERE known.person_key = gone.person_key
        );
    RETURN removed || pg_catalog.jsonb_build_object('source_token', rows);
END
$$;
COMMENT ON FUNCTION suppression.erase(uuid[], uuid[]) IS
    'Remove units with all that hangs on them, and their tokens; counts by table';

CREATE FUNCTION suppression.in_turn(in_agency text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    -- the lock that the agency's loads take, too
    SELECT pg_catalog.pg_advisory_xact_lock(
        pg_catalog.hashtextextended('tributary ' || in_agency, 0)
    )
$$;

CREATE FUNCTION suppression.note(
    in_id text, in_agency text, in_feed text, in_reason text,
    in_asked integer, in_found integer, in_removed jsonb
) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO ops.erasure (erasure_id, agency, feed, reason, asked, found, removed)
    VALUES (in_id, in_agency, in_feed, in_reason, in_asked, in_found, in_removed)
$$;
"""

#: What the expunger may call.
ERASURES = """
CREATE FUNCTION suppression.expunge(
    in_request text, in_agency text, in_feed text, in_unit text, in_tokens bytea[]
) RETURNS TABLE (
    done_before boolean, units_asked integer, units_found integer, removed jsonb, withdrawn integer
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, suppression, pg_temp AS $$
DECLARE
    units uuid[];
BEGIN
    PERFORM suppression.in_turn(in_agency);
    RETURN QUERY
    SELECT true, known.asked, known.found, known.removed, 0 FROM ops.erasure AS known
    WHERE known.erasure_id = in_request;
    IF FOUND THEN
        RETURN;
    END IF;
    IF in_unit IS NULL OR in_unit NOT IN ('event', 'victim') THEN
        RAISE invalid_parameter_value USING MESSAGE = 'a unit is an event or a victim';
    END IF;
    PERFORM suppression.remember(in_agency, in_unit, in_tokens);
    units := ARRAY(
        SELECT known.record_key FROM linkage.source_token AS known
        WHERE known.agency = in_agency AND known.unit = in_unit AND known.token = ANY (in_tokens)
    );
    removed := CASE in_unit
        WHEN 'event' THEN suppression.erase(units, '{}')
        ELSE suppression.erase('{}', units)
    END;
    -- a unit whose record a newer export deleted has a token still
    done_before := false;
    units_asked := pg_catalog.cardinality(in_tokens);
    units_found := pg_catalog.cardinality(units);
    PERFORM suppression.note(
        in_request, in_agency, in_feed, 'expungement', units_asked, units_found, removed
    );
    withdrawn := 0;
    IF units_found > 0 THEN
        INSERT INTO ops.release_withdrawal (agency, feed, reason)
        VALUES (in_agency, in_feed, 'expungement') RETURNING releases INTO withdrawn;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION suppression.expunge(text, text, text, text, bytea[]) IS
    'Remove units for good, as a request asks, once: counts of what went';

CREATE FUNCTION suppression.beyond(in_agency text, in_feed text, in_before date) RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY(
        SELECT event.event_key FROM core.event LEFT JOIN ops.delivery USING (delivery_id)
        WHERE event.agency = in_agency AND event.feed = in_feed
            AND coalesce(
                greatest(event.event_month, event.end_month) + interval '1 month',
                delivery.received_at AT TIME ZONE 'UTC'
            ) <= in_before
    )
$$;
COMMENT ON FUNCTION suppression.beyond(text, text, date) IS
    'Events over before a day; where no month is known, delivered last before it';

CREATE FUNCTION suppression.retire(in_agency text, in_feed text, in_before date, in_try boolean)
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
        );
    END IF;
    removed := suppression.erase(events, victims);
    DELETE FROM core.filing WHERE filing.agency = in_agency AND filing.feed = in_feed
        AND filing.reporting_month + interval '1 month' <= in_before;
    GET DIAGNOSTICS filings = ROW_COUNT;
    removed := removed || pg_catalog.jsonb_build_object('filing', filings);
    PERFORM suppression.note_if_any('retention', in_agency, in_feed, removed);
    RETURN removed;
END
$$;
COMMENT ON FUNCTION suppression.retire(text, text, date, boolean) IS
    'Remove what a feed may no longer keep; with in_try only count the units';

CREATE FUNCTION suppression.purge(in_agency text, in_feed text, in_try boolean) RETURNS jsonb
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
        );
    END IF;
    removed := suppression.erase(events, victims);
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
COMMENT ON FUNCTION suppression.purge(text, text, boolean) IS
    'Remove all of a feed whose agreement and grace have ended';
"""

NOTE_IF_ANY = """
CREATE FUNCTION suppression.note_if_any(
    in_reason text, in_agency text, in_feed text, in_removed jsonb
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, suppression, pg_temp AS $$
DECLARE
    units integer := (in_removed ->> 'event')::integer + (in_removed ->> 'victim')::integer;
BEGIN
    IF units > 0 OR (in_removed ->> 'filing')::integer > 0 THEN
        PERFORM suppression.note(
            pg_catalog.gen_random_uuid()::text, in_agency, in_feed, in_reason, units, units,
            in_removed
        );
    END IF;
END
$$;
"""
