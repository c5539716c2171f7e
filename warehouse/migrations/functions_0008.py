"""Functions of migration 0008: how encodings come into ``linkage``, and how records go again."""

from __future__ import annotations

#: Every name is qualified and the search path fixed, with the caller's temporary schema last.
#: Plans are made for the arrays at hand: one made for any array took 100 times as long.
_AS_OWNER = (
    "SECURITY DEFINER SET search_path = pg_catalog, linkage, pg_temp "
    "SET plan_cache_mode = force_custom_plan"
)

_FUNCTIONS = """
CREATE FUNCTION linkage.open_batch(
    in_agency text, in_feed text, in_delivery text, in_as_of date, in_schema text,
    in_version integer, in_digest text, in_epoch text, in_fields text[], in_blocks text[],
    in_rare text[], in_rows integer, in_fakes integer, in_keys text
) RETURNS integer
LANGUAGE plpgsql {as_owner} AS $$
DECLARE
    found linkage.space;
    batch integer;
BEGIN
    INSERT INTO linkage.space
        (schema_name, schema_version, schema_digest, epoch, fields, blocks, rare, keys)
    VALUES (in_schema, in_version, in_digest, in_epoch, in_fields, in_blocks, in_rare, in_keys)
    ON CONFLICT (schema_digest, epoch) DO NOTHING;
    SELECT * INTO STRICT found FROM linkage.space AS known
    WHERE known.schema_digest = in_digest AND known.epoch = in_epoch;
    IF (found.fields, found.blocks, found.rare) IS DISTINCT FROM (in_fields, in_blocks, in_rare)
    THEN
        RAISE check_violation USING MESSAGE = 'encodings of one schema differ in their columns';
    END IF;
    IF found.keys IS DISTINCT FROM in_keys THEN
        RAISE check_violation USING
            MESSAGE = 'encoded under another secret than those of the other agencies',
            TABLE = 'space', CONSTRAINT = 'one_linkage_secret';
    END IF;
    INSERT INTO linkage.batch (space_id, agency, feed, delivery_id, as_of, rows, fakes)
    VALUES (found.space_id, in_agency, in_feed, in_delivery, in_as_of, in_rows, in_fakes)
    RETURNING batch_id INTO batch;
    RETURN batch;
END
$$;

CREATE FUNCTION linkage.put_encodings(
    in_batch integer, in_key_epoch text, in_tokens bytea, in_contents bytea
) RETURNS void
LANGUAGE plpgsql {as_owner} AS $$
DECLARE
    batch linkage.batch;
    width integer;
    count integer := octet_length(in_tokens) / 16;
    tokens bytea[];
    keys uuid[];
    given_keys uuid[];
    given_aliases smallint[];
    given_contents bytea[];
    loads uuid[];
BEGIN
    SELECT * INTO STRICT batch FROM linkage.batch AS b WHERE b.batch_id = in_batch;
    SELECT 32 * cardinality(s.fields) + 8 * cardinality(s.blocks) + cardinality(s.rare)
    INTO STRICT width FROM linkage.space AS s WHERE s.space_id = batch.space_id;
    IF octet_length(in_tokens) <> 16 * count OR octet_length(in_contents) <> width * count THEN
        RAISE check_violation USING MESSAGE = 'encodings are not as long as their schema says';
    END IF;

    SELECT array_agg(made.token), array_agg(made.record_key) INTO tokens, keys
    FROM linkage.record_keys(
        batch.agency, 'victim', in_key_epoch, batch.delivery_id, batch.as_of,
        ARRAY(
            SELECT DISTINCT substr(in_tokens, 16 * i + 1, 16)
            FROM generate_series(0, count - 1) AS i
        )
    ) AS made;

    -- in arrays: a caller could have put a table of his own into the temporary schema
    SELECT array_agg(given.record_key), array_agg(given.alias), array_agg(given.content)
    INTO given_keys, given_aliases, given_contents
    FROM (
        SELECT known.record_key, substr(in_contents, width * i + 1, width) AS content,
            row_number() OVER (PARTITION BY known.record_key ORDER BY i) - 1 AS alias
        FROM generate_series(0, count - 1) AS i
        JOIN unnest(tokens, keys) AS known (token, record_key)
            ON known.token = substr(in_tokens, 16 * i + 1, 16)
        -- what a newer export of the agency gave stays
        WHERE NOT EXISTS (
            SELECT FROM linkage.encoding AS e JOIN linkage.batch AS b USING (batch_id)
            WHERE e.record_key = known.record_key AND e.space_id = batch.space_id
                AND b.as_of > batch.as_of
        )
    ) AS given;

    UPDATE linkage.batch AS b SET known = b.known + (
        SELECT count(DISTINCT e.record_key) FROM linkage.encoding AS e
        WHERE e.record_key = ANY (given_keys) AND e.space_id = batch.space_id
    ) WHERE b.batch_id = in_batch;
    loads := ARRAY(
        SELECT g.record_key
        FROM unnest(given_keys, given_aliases, given_contents) AS g (record_key, alias, content)
        LEFT JOIN linkage.encoding AS e
            ON e.record_key = g.record_key AND e.space_id = batch.space_id AND e.alias = g.alias
        GROUP BY g.record_key
        HAVING bool_or(e.content IS DISTINCT FROM g.content) OR count(*) <> (
            SELECT count(*) FROM linkage.encoding AS known
            WHERE known.record_key = g.record_key AND known.space_id = batch.space_id
        )
    );
    DELETE FROM linkage.encoding AS e
    WHERE e.record_key = ANY (loads) AND e.space_id = batch.space_id;
    INSERT INTO linkage.encoding (record_key, space_id, batch_id, alias, content)
    SELECT g.record_key, batch.space_id, in_batch, g.alias, g.content
    FROM unnest(given_keys, given_aliases, given_contents) AS g (record_key, alias, content)
    WHERE g.record_key = ANY (loads) ORDER BY g.record_key, g.alias;
    INSERT INTO linkage.pending (record_key, space_id)
    SELECT loaded.record_key, batch.space_id FROM unnest(loads) AS loaded (record_key)
    ORDER BY 1 ON CONFLICT (record_key, space_id) DO UPDATE SET mark = DEFAULT;
END
$$;
COMMENT ON FUNCTION linkage.put_encodings(integer, text, bytea, bytea) IS
    'Tokens (16 bytes each) and encodings (as wide as the schema says) of whole records';

CREATE FUNCTION linkage.remove_records(in_keys uuid[]) RETURNS void
LANGUAGE plpgsql {as_owner} AS $$
BEGIN
    -- who was one person with a record that goes is compared anew
    INSERT INTO linkage.pending (record_key, space_id)
    SELECT DISTINCT e.record_key, e.space_id
    FROM linkage.crosswalk AS gone
    JOIN linkage.crosswalk AS stays USING (person_key)
    JOIN linkage.encoding AS e ON e.record_key = stays.record_key
    WHERE gone.record_key = ANY (in_keys) AND stays.record_key <> ALL (in_keys)
    ON CONFLICT (record_key, space_id) DO UPDATE SET mark = DEFAULT;
    -- before the rest: waits for a link run that writes
    DELETE FROM linkage.crosswalk AS c WHERE c.record_key = ANY (in_keys);
    DELETE FROM linkage.encoding AS e WHERE e.record_key = ANY (in_keys);
    DELETE FROM linkage.pending AS p WHERE p.record_key = ANY (in_keys);
    DELETE FROM linkage.pair AS p WHERE p.left_key = ANY (in_keys);
    DELETE FROM linkage.pair AS p WHERE p.right_key = ANY (in_keys);
    -- who asked about a person of whom a record goes is forgotten (table of 0010)
    DELETE FROM linked.deconfliction_notice AS n
    USING linked.person_record AS gone JOIN linked.person_record AS same USING (person_key)
    WHERE gone.record_key = ANY (in_keys) AND n.record_key = same.record_key;
    WITH removed AS (
        DELETE FROM linked.person_record AS r WHERE r.record_key = ANY (in_keys) RETURNING 1
    )
    INSERT INTO linked.person_change (kind) SELECT 'removed' FROM removed;
END
$$;

CREATE FUNCTION linkage.close_batch(in_batch integer, in_fakes bytea[]) RETURNS void
LANGUAGE plpgsql {as_owner} AS $$
DECLARE
    batch linkage.batch;
    nobody uuid[];
    stale uuid[];
    again integer;
BEGIN
    SELECT * INTO STRICT batch FROM linkage.batch AS b WHERE b.batch_id = in_batch;
    nobody := ARRAY(
        SELECT known.record_key FROM linkage.source_token AS known
        WHERE known.agency = batch.agency AND known.unit = 'victim'
            AND known.token = ANY (in_fakes)
    );
    DELETE FROM linkage.fake AS f USING linkage.batch AS b
    WHERE f.record_key = ANY (nobody) AND b.batch_id = f.batch_id AND b.space_id = batch.space_id;
    GET DIAGNOSTICS again = ROW_COUNT;
    -- For each record that comes again, its share of the fakes before goes: there are as many for
    -- each real one as ever, and they come and go as records do.
    stale := ARRAY(
        SELECT f.record_key FROM linkage.fake AS f JOIN linkage.batch AS b USING (batch_id)
        WHERE b.agency = batch.agency AND b.feed = batch.feed AND b.space_id = batch.space_id
        ORDER BY f.batch_id, f.record_key
        LIMIT greatest(0, round(
            batch.fakes::numeric * (batch.known - again)
            / greatest(batch.rows - batch.fakes, 1) - again
        ))
    );
    INSERT INTO linkage.fake (batch_id, record_key)
    SELECT in_batch, fake.record_key FROM unnest(nobody) AS fake (record_key);
    DELETE FROM linkage.fake AS f WHERE f.record_key = ANY (stale);
    DELETE FROM linkage.source_token AS known
    USING unnest(stale) AS gone (record_key) WHERE known.record_key = gone.record_key;
END
$$;
COMMENT ON FUNCTION linkage.close_batch(integer, bytea[]) IS
    'Note which tokens of a batch are of nobody, and let fakes of earlier ones go in their place';

CREATE FUNCTION linkage.unlink(in_agency text, in_feed text, in_keys uuid[]) RETURNS void
LANGUAGE plpgsql {as_owner} AS $$
BEGIN
    IF EXISTS (
        SELECT FROM linkage.batch AS b WHERE b.agency = in_agency AND b.feed = in_feed
    ) THEN
        PERFORM linkage.remove_records(ARRAY(
            SELECT DISTINCT e.record_key FROM linkage.encoding AS e
            JOIN linkage.batch AS b USING (batch_id)
            WHERE e.record_key = ANY (in_keys) AND b.agency = in_agency
        ));
    END IF;
END
$$;
COMMENT ON FUNCTION linkage.unlink(text, text, uuid[]) IS
    'Take records that are delivered, but encoded no more, out of all that is linked';

CREATE FUNCTION linkage.remove_victims() RETURNS trigger
LANGUAGE plpgsql {as_owner} AS $$
BEGIN
    PERFORM linkage.remove_records(ARRAY(SELECT gone.victim_key FROM gone));
    RETURN NULL;
END
$$;
CREATE TRIGGER remove_from_linkage AFTER DELETE ON core.victim REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION linkage.remove_victims();

CREATE FUNCTION linkage.remove_tokens() RETURNS trigger
LANGUAGE plpgsql {as_owner} AS $$
BEGIN
    PERFORM linkage.remove_records(ARRAY(
        SELECT gone.record_key FROM gone WHERE gone.unit = 'victim'
    ));
    RETURN NULL;
END
$$;
CREATE TRIGGER remove_from_linkage AFTER DELETE ON linkage.source_token
    REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION linkage.remove_tokens();

CREATE FUNCTION linked.publish(
    in_run bigint, in_kinds text[], in_from uuid[], in_into uuid[]
) RETURNS void
LANGUAGE plpgsql {as_owner} AS $$
BEGIN
    INSERT INTO linked.person_change (kind, person_key, into_key, run_id)
    SELECT change.kind, change.person_key, change.into_key, in_run
    FROM unnest(in_kinds, in_from, in_into) AS change (kind, person_key, into_key)
    WHERE EXISTS (
        SELECT FROM linked.person_record AS r JOIN linkage.crosswalk AS c USING (record_key)
        WHERE r.person_key = change.person_key AND c.person_key = change.into_key
    );
    INSERT INTO linked.person_record AS r (record_key, person_key, agency)
    SELECT c.record_key, c.person_key, v.agency
    FROM linkage.crosswalk AS c
    JOIN core.victim AS v ON v.victim_key = c.record_key
    LEFT JOIN linked.person_record AS known ON known.record_key = c.record_key
    WHERE known.person_key IS DISTINCT FROM c.person_key
    ORDER BY c.record_key
    ON CONFLICT (record_key) DO UPDATE SET person_key = excluded.person_key, linked_at = now();
END
$$;
COMMENT ON FUNCTION linked.publish(bigint, text[], uuid[], uuid[]) IS
    'Bring the crosswalk of records that stand in core into linked; tells the linker nothing';

CREATE FUNCTION linked.rotate_person_keys() RETURNS void
LANGUAGE plpgsql {as_owner} AS $$
BEGIN
    LOCK TABLE linkage.crosswalk IN EXCLUSIVE MODE;
    WITH fresh AS MATERIALIZED (
        SELECT c.person_key, gen_random_uuid() AS new_key
        FROM (SELECT DISTINCT person_key FROM linkage.crosswalk) AS c
    )
    UPDATE linkage.crosswalk AS c SET person_key = fresh.new_key
    FROM fresh WHERE fresh.person_key = c.person_key;
    UPDATE linked.person_record AS r SET person_key = c.person_key
    FROM linkage.crosswalk AS c WHERE c.record_key = r.record_key;
    -- the history speaks of keys that are no more
    DELETE FROM linked.person_change AS old WHERE old.kind IN ('merge', 'split');
    INSERT INTO linked.person_change (kind) VALUES ('rotated');
END
$$;
COMMENT ON FUNCTION linked.rotate_person_keys() IS
    'Give every person a new random key; which was which is recorded nowhere';
"""

FUNCTIONS = _FUNCTIONS.replace("{as_owner}", _AS_OWNER)
