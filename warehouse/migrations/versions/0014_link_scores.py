"""ops.link_scores: how scores are spread between two agencies; how low recall may be."""

from __future__ import annotations

from warehouse.migrations import rights, run

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE ops.link_scores (
    run_id bigint NOT NULL,
    one text NOT NULL,
    other text NOT NULL,
    histogram integer[] NOT NULL,
    CONSTRAINT pk_link_scores PRIMARY KEY (run_id, one, other),
    CONSTRAINT fk_link_scores_run_id_link_run
        FOREIGN KEY (run_id) REFERENCES ops.link_run (run_id) ON DELETE CASCADE
);
ALTER TABLE ops.link_run ADD COLUMN least_recall double precision;
UPDATE ops.link_run SET least_recall = expected_recall;
ALTER TABLE ops.link_run ALTER COLUMN least_recall SET NOT NULL;
ALTER TABLE ops.link_run ADD CONSTRAINT ck_link_run_least_recall
    CHECK (least_recall >= 0 AND least_recall <= 1);
"""


def upgrade() -> None:
    run(TABLES)
    rights.secure("ops.link_scores")
    rights.may("tributary_linker", "ops.link_scores", "SELECT", "INSERT")
    rights.steward_reads("ops.link_scores")
    rights.auditor_reads("ops.link_scores")
