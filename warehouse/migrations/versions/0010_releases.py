"""mart and the ledger of releases: what was published, from what, and what was hidden."""

from __future__ import annotations

from warehouse.migrations import run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATEMENTS = """
SELECT 1;
"""


def upgrade() -> None:
    run(STATEMENTS)
