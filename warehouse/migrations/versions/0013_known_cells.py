"""linked.release_cell: what each agency knows of a cell, which the next release is held against."""

from __future__ import annotations

from warehouse.migrations import run

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

#: Agency to records; of what is shown it may be those counted when it was first shown.
KNOWN = """
ALTER TABLE linked.release_cell ADD COLUMN known jsonb, ADD COLUMN known_shown jsonb;
"""


def upgrade() -> None:
    run(KNOWN)
