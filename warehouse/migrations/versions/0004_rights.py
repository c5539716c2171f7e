"""Rights and row-level security: everything is taken from PUBLIC, each role gets what it needs."""

from __future__ import annotations

from warehouse.migrations import run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CORE = (
    "reporting_entity",
    "event",
    "victim",
    "victim_event",
    "offense",
    "perpetrator_count",
    "service",
    "filing",
)

CLOSED = """
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TYPES FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA linkage FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA core, ops, linkage FROM PUBLIC;

DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO tributary_loader, tributary_steward, tributary_auditor',
        current_database()
    );
    -- the loader stages rows in temporary tables
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO tributary_loader', current_database());
END $$;
"""

GRANTS = """
GRANT USAGE ON SCHEMA core TO tributary_loader, tributary_steward;
GRANT USAGE ON SCHEMA ops TO tributary_loader, tributary_steward, tributary_auditor;
GRANT USAGE ON SCHEMA linkage TO tributary_loader;

GRANT SELECT ON
    ops.delivery, ops.delivery_table, ops.delivery_rule, ops.delivery_change
    TO tributary_loader, tributary_steward, tributary_auditor;
-- an entry is never changed; that of a refused delivery gives way when it is delivered again
GRANT INSERT, DELETE ON
    ops.delivery, ops.delivery_table, ops.delivery_rule, ops.delivery_change
    TO tributary_loader;

GRANT EXECUTE ON FUNCTION
    linkage.record_keys(text, text, text, text, date, bytea[]),
    linkage.known_keys(text, text, bytea[]),
    linkage.mark_deleted(text, text, date, bytea[])
    TO tributary_loader;
"""

#: Later roles get policies of their own; without one a role sees nothing, the owner included.
ROWS = """
ALTER TABLE core.{table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE core.{table} FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON core.{table} TO tributary_loader;
GRANT SELECT ON core.{table} TO tributary_steward;
CREATE POLICY loader_writes ON core.{table} TO tributary_loader USING (true) WITH CHECK (true);
CREATE POLICY steward_reads ON core.{table} FOR SELECT TO tributary_steward USING (true);
"""


def upgrade() -> None:
    run(CLOSED)
    run(GRANTS)
    for table in CORE:
        run(ROWS.format(table=table))
