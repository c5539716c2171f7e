"""linked: who of several agencies is one person; linkage: encodings and the crosswalk."""

from __future__ import annotations

from warehouse.migrations import run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SCHEMA linked;
GRANT USAGE ON SCHEMA linked TO tributary_linker, tributary_publisher, tributary_steward;
"""


def upgrade() -> None:
    run(STATEMENTS)
