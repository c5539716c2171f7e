"""Roles of the shared warehouse: who reads what, agency by agency; the log of access."""

from __future__ import annotations

from warehouse.migrations import run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SCHEMA mart;
GRANT USAGE ON SCHEMA mart TO
    tributary_publisher, tributary_expunger, tributary_steward, tributary_partner;
GRANT USAGE ON SCHEMA core TO tributary_publisher;
GRANT USAGE ON SCHEMA ops TO tributary_publisher, tributary_expunger, tributary_linker;
GRANT USAGE ON SCHEMA linkage TO tributary_linker;

DO $$ BEGIN
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO '
        'tributary_linker, tributary_publisher, tributary_expunger, tributary_partner',
        current_database()
    );
END $$;
"""


def upgrade() -> None:
    run(STATEMENTS)
