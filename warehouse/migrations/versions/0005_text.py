"""core: indicators found in texts, redacted texts, incidents flagged but not called trafficking."""

from __future__ import annotations

from warehouse.migrations import run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE core.event ADD COLUMN trafficking_flagged_not_64x smallint;
ALTER TABLE core.event ADD CONSTRAINT ck_event_trafficking_flagged_not_64x
    CHECK (trafficking_flagged_not_64x IN (0, 1));

CREATE TABLE core.event_indicator (
    event_key uuid NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    rule text NOT NULL,
    confidence double precision NOT NULL,
    agency text NOT NULL,
    feed text NOT NULL,
    delivery_id text NOT NULL,
    CONSTRAINT pk_event_indicator PRIMARY KEY (event_key, kind, code),
    CONSTRAINT ck_event_indicator_kind
        CHECK (kind IN (
            'means', 'exploitation', 'recruiter', 'recruitment', 'venue', 'movement_origin',
            'movement_destination', 'trafficking'
        )),
    CONSTRAINT ck_event_indicator_code CHECK (char_length(code) <= 64),
    CONSTRAINT ck_event_indicator_rule CHECK (char_length(rule) <= 64),
    CONSTRAINT ck_event_indicator_confidence CHECK (confidence >= 0 AND confidence <= 1)
);

CREATE TABLE core.event_text (
    event_key uuid NOT NULL,
    kind text NOT NULL,
    number smallint NOT NULL,
    redacted text NOT NULL,
    agency text NOT NULL,
    feed text NOT NULL,
    delivery_id text NOT NULL,
    CONSTRAINT pk_event_text PRIMARY KEY (event_key, kind, number),
    CONSTRAINT ck_event_text_kind CHECK (kind IN ('narrative')),
    CONSTRAINT ck_event_text_number CHECK (number >= 0),
    CONSTRAINT ck_event_text_redacted CHECK (char_length(redacted) <= 1000000)
);
"""

PARTS = ("event_indicator", "event_text")

FUNCTIONS = """
CREATE OR REPLACE FUNCTION core.delete_parts_of_event() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM core.victim_event part USING gone WHERE part.event_key = gone.event_key;
    DELETE FROM core.offense part USING gone WHERE part.event_key = gone.event_key;
    DELETE FROM core.event_indicator part USING gone WHERE part.event_key = gone.event_key;
    DELETE FROM core.event_text part USING gone WHERE part.event_key = gone.event_key;
    DELETE FROM core.perpetrator_count part USING gone WHERE part.event_key = gone.event_key;
    DELETE FROM core.service part USING gone WHERE part.event_key = gone.event_key;
    RETURN NULL;
END
$$;
"""

REQUIRE = """
CREATE TRIGGER require_event_on_{verb} AFTER {verb} ON core.{table}
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION core.require_event();
"""

ROWS = """
ALTER TABLE core.{table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE core.{table} FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON core.{table} TO tributary_loader;
GRANT SELECT ON core.{table} TO tributary_steward;
CREATE POLICY loader_writes ON core.{table} TO tributary_loader USING (true) WITH CHECK (true);
CREATE POLICY steward_reads ON core.{table} FOR SELECT TO tributary_steward USING (true);
"""


def upgrade() -> None:
    run(TABLES)
    run(FUNCTIONS)
    for table in PARTS:
        for verb in ("insert", "update"):
            run(REQUIRE.format(table=table, verb=verb))
        run(ROWS.format(table=table))
