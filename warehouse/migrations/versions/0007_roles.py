"""Roles of the shared warehouse: who reads what, agency by agency; the log of access."""

from __future__ import annotations

from warehouse.migrations import rights, run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SCHEMAS = """
CREATE SCHEMA mart;
GRANT USAGE ON SCHEMA mart TO
    tributary_publisher, tributary_expunger, tributary_steward, tributary_partner,
    tributary_analyst;
GRANT USAGE ON SCHEMA core TO tributary_publisher;
GRANT USAGE ON SCHEMA ops TO tributary_publisher, tributary_expunger, tributary_linker;
GRANT USAGE ON SCHEMA linkage TO tributary_linker;

-- what analysts see of their own agency
CREATE SCHEMA own;
GRANT USAGE ON SCHEMA own TO tributary_analyst;
GRANT USAGE ON SCHEMA core, mart TO tributary_own_rows;

-- made before functions were closed by default
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA core FROM PUBLIC;

DO $$ BEGIN
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO tributary_linker, tributary_publisher, '
        'tributary_expunger, tributary_partner, tributary_analyst',
        current_database()
    );
END $$;
"""

#: The name a session logged in with is all that tells one agency's analysts from another's. SET
#: ROLE, a setting, a function that runs as its owner: none of them changes ``session_user``.
AGENCY = """
CREATE FUNCTION ops.session_agency() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN pg_catalog.starts_with(session_user::text, 'tributary_analyst_')
        THEN pg_catalog.substr(session_user::text, 19)
    END
$$;
COMMENT ON FUNCTION ops.session_agency() IS
    'The agency whose analysts this session logged in for; null for everybody else';
REVOKE ALL ON FUNCTION ops.session_agency() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.session_agency() TO tributary_own_rows;
"""

#: Core tables by whether the publisher reads them: redacted texts are part of no publication.
COUNTED = (
    *("reporting_entity", "event", "victim", "victim_event", "offense", "event_indicator"),
    *("perpetrator_count", "service", "filing"),
)
TEXTS = ("event_text",)
LEDGER = ("delivery", "delivery_table", "delivery_rule", "delivery_change")

#: Written through the function alone; nobody changes or removes an entry.
ACCESS_LOG = """
CREATE TABLE ops.access_log (
    access_id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz DEFAULT clock_timestamp() NOT NULL,
    role text DEFAULT session_user NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    CONSTRAINT pk_access_log PRIMARY KEY (access_id),
    CONSTRAINT ck_access_log_action CHECK (action ~ '^[a-z][a-z_.]{0,63}$'),
    CONSTRAINT ck_access_log_object CHECK (object ~ '^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,199}$')
);
REVOKE UPDATE, DELETE ON ops.access_log FROM tributary_owner;
CREATE POLICY owner_insert ON ops.access_log FOR INSERT TO tributary_owner
    WITH CHECK (role = session_user);

CREATE FUNCTION ops.log_access(in_action text, in_object text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, ops, pg_temp AS $$
    INSERT INTO ops.access_log (action, object) VALUES (in_action, in_object)
$$;
COMMENT ON FUNCTION ops.log_access(text, text) IS
    'Note who did what to which release, audit or run, by its id; commit it before the deed';
REVOKE ALL ON FUNCTION ops.log_access(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.log_access(text, text) TO
    tributary_loader, tributary_linker, tributary_publisher, tributary_expunger, tributary_steward;
"""


def upgrade() -> None:
    run(SCHEMAS)
    run(AGENCY)
    for table in COUNTED + TEXTS:
        rights.own_rows(f"core.{table}")
    for table in COUNTED:
        rights.may("tributary_publisher", f"core.{table}", "SELECT")
    for table in LEDGER:
        _secure_ledger(f"ops.{table}")
    _secure_tokens()
    run(ACCESS_LOG)
    rights.secure("ops.access_log")
    rights.steward_reads("ops.access_log")
    rights.auditor_reads("ops.access_log")


def _secure_ledger(table: str) -> None:
    """Grants of 0004 become policies; analysts read the ledger through ``mart`` alone."""
    rights.secure(table)
    rights.may("tributary_loader", table, "SELECT", "INSERT", "DELETE")
    rights.steward_reads(table)
    rights.auditor_reads(table)
    rights.may("tributary_publisher", table, "SELECT")


def _secure_tokens() -> None:
    """Reached by functions alone, as before."""
    rights.secure("linkage.source_token")
    rights.through_functions("linkage.source_token", *rights.VERBS)
