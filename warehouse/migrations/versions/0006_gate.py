"""ops: what the leak gate of a delivery's node searched."""

from __future__ import annotations

from warehouse.migrations import run

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMN = "ALTER TABLE ops.delivery ADD COLUMN gate jsonb"


def upgrade() -> None:
    run(COLUMN)
