"""ops: the ledger of deliveries."""

from __future__ import annotations

from warehouse.migrations import run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE ops.delivery (
    delivery_id text NOT NULL,
    agency text NOT NULL,
    feed text NOT NULL,
    contract text NOT NULL,
    contract_version text NOT NULL,
    contract_digest text NOT NULL,
    code_version text NOT NULL,
    key_epoch text NOT NULL,
    plaintext_sha256 text NOT NULL,
    status text NOT NULL,
    full_refresh boolean NOT NULL,
    trusted boolean NOT NULL,
    scope_start date,
    scope_end date,
    as_of date,
    facts jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    loaded_at timestamptz NOT NULL,
    CONSTRAINT pk_delivery PRIMARY KEY (delivery_id),
    CONSTRAINT ck_delivery_status CHECK (status IN ('accepted', 'partial', 'refused'))
);
CREATE INDEX ix_delivery_agency ON ops.delivery (agency, feed, loaded_at);

CREATE TABLE ops.delivery_table (
    delivery_id text NOT NULL,
    table_name text NOT NULL,
    rows_in integer NOT NULL,
    accepted integer NOT NULL,
    quarantined integer NOT NULL,
    refused integer NOT NULL,
    loaded integer NOT NULL,
    CONSTRAINT pk_delivery_table PRIMARY KEY (delivery_id, table_name),
    CONSTRAINT ck_delivery_table_adds_up CHECK (rows_in = accepted + quarantined + refused),
    CONSTRAINT ck_delivery_table_loaded CHECK (loaded <= accepted),
    CONSTRAINT ck_delivery_table_accepted CHECK (accepted >= 0),
    CONSTRAINT ck_delivery_table_quarantined CHECK (quarantined >= 0),
    CONSTRAINT ck_delivery_table_refused CHECK (refused >= 0),
    CONSTRAINT fk_delivery_table_delivery_id FOREIGN KEY(delivery_id)
        REFERENCES ops.delivery (delivery_id) ON DELETE CASCADE
);

CREATE TABLE ops.delivery_rule (
    delivery_id text NOT NULL,
    position integer NOT NULL,
    code text NOT NULL,
    tier text NOT NULL,
    table_name text,
    field text,
    count integer NOT NULL,
    rows integer[] NOT NULL,
    CONSTRAINT pk_delivery_rule PRIMARY KEY (delivery_id, position),
    CONSTRAINT ck_delivery_rule_tier CHECK (tier IN ('high_priority', 'error', 'warning')),
    CONSTRAINT ck_delivery_rule_count CHECK (count >= 0),
    CONSTRAINT fk_delivery_rule_delivery_id FOREIGN KEY(delivery_id)
        REFERENCES ops.delivery (delivery_id) ON DELETE CASCADE
);

CREATE TABLE ops.delivery_change (
    delivery_id text NOT NULL,
    table_name text NOT NULL,
    inserted integer NOT NULL,
    replaced integer NOT NULL,
    deleted integer NOT NULL,
    stale integer NOT NULL,
    CONSTRAINT pk_delivery_change PRIMARY KEY (delivery_id, table_name),
    CONSTRAINT ck_delivery_change_inserted CHECK (inserted >= 0),
    CONSTRAINT ck_delivery_change_replaced CHECK (replaced >= 0),
    CONSTRAINT ck_delivery_change_deleted CHECK (deleted >= 0),
    CONSTRAINT ck_delivery_change_stale CHECK (stale >= 0),
    CONSTRAINT fk_delivery_change_delivery_id FOREIGN KEY(delivery_id)
        REFERENCES ops.delivery (delivery_id) ON DELETE CASCADE
);
"""


def upgrade() -> None:
    run(TABLES)
