"""suppression: what was expunged, so that no later delivery brings it back."""

from __future__ import annotations

from warehouse.migrations import run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = """
CREATE SCHEMA suppression;
"""


def upgrade() -> None:
    run(STATEMENTS)
