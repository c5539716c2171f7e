"""linked: who of several agencies is one person; linkage: encodings and the crosswalk."""

from __future__ import annotations

from warehouse.migrations import rights, run
from warehouse.migrations.functions_0008 import FUNCTIONS

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = """
CREATE SCHEMA linked;

CREATE TABLE linkage.space (
    space_id integer GENERATED ALWAYS AS IDENTITY,
    schema_name text NOT NULL,
    schema_version integer NOT NULL,
    schema_digest text NOT NULL,
    epoch text NOT NULL,
    fields text[] NOT NULL,
    blocks text[] NOT NULL,
    rare text[] NOT NULL,
    keys text NOT NULL,
    CONSTRAINT pk_space PRIMARY KEY (space_id),
    CONSTRAINT uq_space_schema_digest UNIQUE (schema_digest, epoch)
);

CREATE TABLE linkage.batch (
    batch_id integer GENERATED ALWAYS AS IDENTITY,
    space_id integer NOT NULL,
    agency text NOT NULL,
    feed text NOT NULL,
    delivery_id text NOT NULL,
    as_of date,
    rows integer NOT NULL,
    fakes integer NOT NULL,
    known integer DEFAULT 0 NOT NULL,
    CONSTRAINT pk_batch PRIMARY KEY (batch_id),
    CONSTRAINT ck_batch_fakes CHECK (fakes >= 0 AND fakes <= rows)
);
CREATE INDEX ix_batch_agency ON linkage.batch (agency, feed);

CREATE TABLE linkage.fake (
    batch_id integer NOT NULL,
    record_key uuid NOT NULL,
    CONSTRAINT pk_fake PRIMARY KEY (batch_id, record_key)
);

CREATE TABLE linkage.encoding (
    record_key uuid NOT NULL,
    space_id integer NOT NULL,
    batch_id integer NOT NULL,
    alias smallint NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT pk_encoding PRIMARY KEY (record_key, space_id, alias),
    CONSTRAINT ck_encoding_alias CHECK (alias >= 0)
);
-- filters look random: compressing them only costs time
ALTER TABLE linkage.encoding ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE linkage.pending (
    record_key uuid NOT NULL,
    space_id integer NOT NULL,
    mark bigint GENERATED ALWAYS AS IDENTITY,
    CONSTRAINT pk_pending PRIMARY KEY (record_key, space_id)
);

CREATE TABLE linkage.pair (
    space_id integer NOT NULL,
    left_key uuid NOT NULL,
    right_key uuid NOT NULL,
    score real NOT NULL,
    CONSTRAINT pk_pair PRIMARY KEY (left_key, right_key, space_id),
    CONSTRAINT ck_pair_order CHECK (left_key < right_key)
);
CREATE INDEX ix_pair_right_key ON linkage.pair (right_key);

CREATE TABLE linkage.crosswalk (
    record_key uuid NOT NULL,
    person_key uuid NOT NULL,
    CONSTRAINT pk_crosswalk PRIMARY KEY (record_key)
);
CREATE INDEX ix_crosswalk_person_key ON linkage.crosswalk (person_key);

CREATE TABLE linkage.weights (
    run_id bigint NOT NULL,
    space_id integer NOT NULL,
    records integer NOT NULL,
    content text NOT NULL,
    CONSTRAINT pk_weights PRIMARY KEY (run_id)
);

CREATE TABLE linked.person_record (
    record_key uuid NOT NULL,
    person_key uuid NOT NULL,
    agency text NOT NULL,
    linked_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_person_record PRIMARY KEY (record_key)
);
CREATE INDEX ix_person_record_person_key ON linked.person_record (person_key);

CREATE TABLE linked.person_change (
    change_id bigint GENERATED ALWAYS AS IDENTITY,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    kind text NOT NULL,
    person_key uuid,
    into_key uuid,
    run_id bigint,
    CONSTRAINT pk_person_change PRIMARY KEY (change_id),
    CONSTRAINT ck_person_change_kind CHECK (kind IN ('merge', 'split', 'removed', 'rotated')),
    CONSTRAINT ck_person_change_keys
        CHECK ((kind IN ('merge', 'split')) = (person_key IS NOT NULL AND into_key IS NOT NULL))
);

CREATE TABLE ops.link_run (
    run_id bigint GENERATED ALWAYS AS IDENTITY,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    schema_name text NOT NULL,
    schema_version integer NOT NULL,
    epoch text NOT NULL,
    records_new bigint NOT NULL,
    records_standing bigint NOT NULL,
    pairs bigint NOT NULL,
    matches bigint NOT NULL,
    review bigint NOT NULL,
    merges bigint NOT NULL,
    splits bigint NOT NULL,
    expected_precision double precision NOT NULL,
    expected_recall double precision NOT NULL,
    drift double precision NOT NULL,
    drift_alarm boolean NOT NULL,
    score_histogram integer[] NOT NULL,
    most_frequent_token bigint NOT NULL,
    CONSTRAINT pk_link_run PRIMARY KEY (run_id),
    CONSTRAINT ck_link_run_expected_precision
        CHECK (expected_precision >= 0 AND expected_precision <= 1),
    CONSTRAINT ck_link_run_expected_recall CHECK (expected_recall >= 0 AND expected_recall <= 1)
);
"""

GRANTS = """
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA linkage, linked FROM PUBLIC;
GRANT USAGE ON SCHEMA linked TO tributary_linker, tributary_publisher, tributary_steward;

GRANT EXECUTE ON FUNCTION
    linkage.open_batch(
        text, text, text, date, text, integer, text, text, text[], text[], text[], integer, integer,
        text
    ),
    linkage.put_encodings(integer, text, bytea, bytea),
    linkage.close_batch(integer, bytea[]),
    linkage.unlink(text, text, uuid[])
    TO tributary_loader;
GRANT EXECUTE ON FUNCTION
    linked.publish(bigint, text[], uuid[], uuid[]), linked.rotate_person_keys()
    TO tributary_linker;

DO $$ BEGIN
    -- a link run keeps what is under way in temporary tables
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO tributary_linker', current_database());
END $$;
"""

#: Table of ``linkage`` -> what the linker may. Which records are of nobody he may not know.
LINKER = {
    "space": ("SELECT",),
    "batch": ("SELECT",),
    "encoding": ("SELECT", "DELETE"),
    "pending": ("SELECT", "DELETE"),
    "pair": rights.VERBS,
    "crosswalk": rights.VERBS,
    "weights": ("SELECT", "INSERT", "DELETE"),
    "fake": (),
}

#: Which records stand in ``core``: looked up by ``linked.publish``, told to nobody.
LOOKS = """
CREATE POLICY owner_looks ON core.victim FOR SELECT TO tributary_owner
    USING (session_user = 'tributary_linker');
"""


def upgrade() -> None:
    run(TABLES)
    run(FUNCTIONS)
    run(GRANTS)
    run(LOOKS)
    for name, verbs in LINKER.items():
        rights.secure(f"linkage.{name}")
        rights.through_functions(f"linkage.{name}", *rights.VERBS)
        if verbs:
            rights.may("tributary_linker", f"linkage.{name}", *verbs)
    for table in ("linked.person_record", "linked.person_change"):
        rights.secure(table)
        rights.through_functions(table, *rights.VERBS)
        rights.steward_reads(table)
        rights.may("tributary_publisher", table, "SELECT")
    rights.secure("ops.link_run")
    rights.may("tributary_linker", "ops.link_run", "SELECT", "INSERT")
    rights.may("tributary_publisher", "ops.link_run", "SELECT")
    rights.steward_reads("ops.link_run")
    rights.auditor_reads("ops.link_run")
