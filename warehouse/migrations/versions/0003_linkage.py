"""linkage: source tokens and the functions through which alone the loader reaches them."""

from __future__ import annotations

from warehouse.migrations import run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = """
CREATE SCHEMA linkage;

CREATE TABLE linkage.source_token (
    agency text NOT NULL,
    unit text NOT NULL,
    token bytea NOT NULL,
    record_key uuid DEFAULT gen_random_uuid() NOT NULL,
    key_epoch text NOT NULL,
    first_delivery text NOT NULL,
    deleted_as_of date,
    CONSTRAINT pk_source_token PRIMARY KEY (agency, unit, token),
    CONSTRAINT ck_source_token_unit CHECK (unit IN ('event', 'victim')),
    CONSTRAINT ck_source_token_token CHECK (octet_length(token) = 16)
);
CREATE INDEX ix_source_token_deleted ON linkage.source_token (agency, unit, token)
    WHERE deleted_as_of IS NOT NULL;
"""

#: Every name is qualified and the search path fixed, with the caller's temporary schema last.
FUNCTIONS = """
CREATE FUNCTION linkage.record_keys(
    in_agency text, in_unit text, in_epoch text, in_delivery text, in_as_of date, in_tokens bytea[]
) RETURNS TABLE (token bytea, record_key uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, linkage, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- delivered again after it was deleted, by a source that is not older than the deletion
    UPDATE linkage.source_token AS known SET deleted_as_of = NULL
    WHERE known.agency = in_agency AND known.unit = in_unit
        AND known.token = ANY (in_tokens) AND known.deleted_as_of IS NOT NULL
        AND (in_as_of IS NULL OR known.deleted_as_of <= in_as_of);

    RETURN QUERY
    SELECT known.token, known.record_key
    FROM pg_catalog.unnest(in_tokens) AS asked (token)
    JOIN linkage.source_token AS known
        ON known.agency = in_agency AND known.unit = in_unit AND known.token = asked.token
    WHERE known.deleted_as_of IS NULL;

    -- The caller holds the agency's lock; without it a race ends in a unique violation.
    RETURN QUERY
    INSERT INTO linkage.source_token (agency, unit, token, key_epoch, first_delivery)
    SELECT in_agency, in_unit, asked.token, in_epoch, in_delivery
    FROM pg_catalog.unnest(in_tokens) AS asked (token)
    WHERE NOT EXISTS (
        SELECT FROM linkage.source_token AS known
        WHERE known.agency = in_agency AND known.unit = in_unit AND known.token = asked.token
    )
    RETURNING source_token.token, source_token.record_key;
END
$$;
COMMENT ON FUNCTION linkage.record_keys(text, text, text, text, date, bytea[]) IS
    'Random keys of distinct tokens, made where missing; none where a newer export deleted it';

CREATE FUNCTION linkage.known_keys(in_agency text, in_unit text, in_tokens bytea[])
RETURNS TABLE (token bytea, record_key uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, linkage, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT known.token, known.record_key
    FROM pg_catalog.unnest(in_tokens) AS asked (token)
    JOIN linkage.source_token AS known
        ON known.agency = in_agency AND known.unit = in_unit AND known.token = asked.token;
END
$$;
COMMENT ON FUNCTION linkage.known_keys(text, text, bytea[]) IS
    'Keys of tokens that have one; makes none';

CREATE FUNCTION linkage.mark_deleted(
    in_agency text, in_unit text, in_as_of date, in_tokens bytea[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, linkage, pg_temp AS $$
BEGIN
    UPDATE linkage.source_token AS known SET deleted_as_of = in_as_of
    WHERE known.agency = in_agency AND known.unit = in_unit AND known.token = ANY (in_tokens)
        AND (known.deleted_as_of IS NULL OR known.deleted_as_of < in_as_of);
END
$$;
COMMENT ON FUNCTION linkage.mark_deleted(text, text, date, bytea[]) IS
    'Remember that units were deleted as of a day, so that an older export does not restore them';
"""


def upgrade() -> None:
    run(TABLES)
    run(FUNCTIONS)
